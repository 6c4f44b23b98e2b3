"""Response curves, by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from socsim_analysis.designs import response_curve
from socsim_analysis.designs.tables import TableError

CHOICES = pd.DataFrame(
    [
        (1, "a", 2, 0, 0), (1, "a", 2, 2, 1), (1, "a", 2, 1, 1), (1, "a", 2, 0, 1),
        (1, "b", 2, 0, 0), (1, "b", 2, 2, 1), (1, "b", 2, 1, 0), (1, "b", 2, 1, None),
    ],
    columns=["world", "person", "k", "m", "chose_a"],
)  # fmt: skip


def test_shares_by_how_many_others_choose_so() -> None:
    assert response_curve.response_shares(CHOICES).to_dict("list") == {
        "k": [2, 2, 2],
        "m": [0, 1, 2],
        "n": [3, 2, 2],
        "share": [pytest.approx(1 / 3), 0.5, 1.0],
    }
    assert response_curve.share_at(CHOICES, m=1).values.tolist() == [1.0, 0.0]
    assert response_curve.share_at(CHOICES).estimate == pytest.approx(1 / 3)


def test_the_swing_is_within_people() -> None:
    found = response_curve.swing(CHOICES)
    assert found.values.to_dict() == {(1, "a"): 0.5, (1, "b"): 1.0}
    assert found.estimate == 0.75


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(TableError, match="column 'm' is more than k"):
        response_curve.swing(CHOICES.assign(k=1))
    with pytest.raises(TableError, match="column 'k' holds 2, 3; say which"):
        response_curve.swing(CHOICES.assign(k=[2, 2, 2, 2, 3, 3, 3, 3]))
