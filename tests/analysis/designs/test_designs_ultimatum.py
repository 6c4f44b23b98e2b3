"""Ultimatum games, by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from socsim_analysis.designs import ultimatum
from socsim_analysis.designs.tables import TableError

DECISIONS = pd.DataFrame(
    {
        "world": [1, 2, 3, 4],
        "person": [1, 2, 3, 4],
        "endowment": [100, 100, 10, 10],
        "offer": [50, 40, 5, None],
        "min_accept": [0, 20, 3, 5],
    }
)
RESPONSES = pd.DataFrame(
    {
        "world": [1, 2, 3, 4],
        "person": [1, 1, 1, 1],
        "endowment": 10,
        "offer": [2, 2, 5, 5],
        "accepted": [True, False, True, None],
    }
)


def test_offers_and_least_offers() -> None:
    assert ultimatum.offer_share(DECISIONS).estimate == pytest.approx((0.5 + 0.4 + 0.5) / 3)
    assert ultimatum.half_share(DECISIONS).estimate == pytest.approx(2 / 3)
    assert ultimatum.min_accept_share(DECISIONS).estimate == pytest.approx((0 + 0.2 + 0.3 + 0.5) / 4)


def test_acceptance_from_least_offers_and_from_answers() -> None:
    assert ultimatum.acceptance(DECISIONS).values.tolist() == [1, 1, 0, 0]
    assert ultimatum.acceptance(DECISIONS, offer=0.3).estimate == 0.75
    assert ultimatum.acceptance(RESPONSES).estimate == 0.5
    assert ultimatum.acceptance(RESPONSES, offer=0.5).values.to_dict() == {(3, 1): 1.0}


def test_curves_from_both_tables() -> None:
    found = ultimatum.acceptance_curve(DECISIONS, offers=[0.0, 0.2, 0.5])
    assert found["share"].tolist() == [0.25, 0.5, 1.0]
    same = ultimatum.acceptance_curve(DECISIONS, offers=[0.0, 0.2, 0.5], method="isotonic")
    assert same["share"].tolist() == pytest.approx(found["share"].tolist())
    assert ultimatum.acceptance_curve(RESPONSES).to_dict("list") == {"offer": [0.2, 0.5], "n": [2, 1], "share": [0.5, 1.0]}


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(TableError, match="column 'offer' is more than the endowment"):
        ultimatum.offer_share(DECISIONS.assign(offer=101))
    with pytest.raises(TableError, match="column 'endowment' is 0"):
        ultimatum.acceptance_curve(RESPONSES.assign(endowment=0))
    with pytest.raises(TableError, match=r"needed are ultimatum decisions: .*min_accept; or ultimatum responses: .*accepted"):
        ultimatum.acceptance(DECISIONS.drop(columns="min_accept"))
