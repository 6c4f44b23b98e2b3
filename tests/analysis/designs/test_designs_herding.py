"""Herding, by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from socsim_analysis.designs import herding
from socsim_analysis.designs.tables import TableError

SCORES = pd.DataFrame(
    [
        (1, "up", "a", 4.0), (1, "up", "b", 6.0), (1, "none", "c", 2.0), (1, "none", "d", 6.0), (1, "down", "e", 3.0),
        (2, "up", "a", 9.0), (2, "none", "b", 6.0), (2, "none", "c", None),
        (3, "up", "a", 100.0),
    ],
    columns=["world", "first_vote", "item", "score"],
)  # fmt: skip


def test_effects_are_differences_within_worlds_that_have_both() -> None:
    found = herding.up_effect(SCORES)
    assert found.values.to_dict() == {1: 1.0, 2: 3.0}
    assert found.estimate == 2.0
    assert found.left_out == {"units with one side only": pytest.approx(1 / 3)}
    assert herding.down_effect(SCORES).values.to_dict() == {1: -1.0}


def test_the_relative_effect_is_a_ratio_of_means_over_worlds() -> None:
    found = herding.up_relative_effect(SCORES)
    assert found.values.to_dict() == {1: 0.25, 2: 0.5}
    assert found.estimate == pytest.approx((5.0 + 9.0) / (4.0 + 6.0) - 1.0)
    assert herding.down_relative_effect(SCORES).estimate == pytest.approx(-0.25)


def test_worlds_of_one_kind_each_are_held_against_each_other() -> None:
    frame = SCORES[((SCORES["world"] == 1) & (SCORES["first_vote"] == "none")) | (SCORES["world"] == 3)]
    found = herding.up_effect(frame)
    assert found.against is not None
    assert found.estimate == 96.0


def test_first_votes_have_names() -> None:
    with pytest.raises(TableError, match="column 'first_vote' holds 'left'; it must be one of up, down, none"):
        herding.up_effect(SCORES.assign(first_vote="left"))
