"""Public goods games, by hand: the same games in every round."""

from __future__ import annotations

import pandas as pd
import pytest
from socsim_analysis.designs import public_goods
from socsim_analysis.designs.tables import TableError


def contributions() -> pd.DataFrame:
    """Two players in three games of 3, 3 and 1 rounds, of 10 coins; one leaves in the last round of the second game."""
    made = {
        "a": [(10, 8), (6, 4), (2, 0)],
        "b": [(10, 10), (10, 10), (10, None)],
        "c": [(0, 0)],
    }
    return pd.DataFrame(
        [
            {"world": game, "person": player, "round": turn, "endowment": 10, "contribution": coins}
            for game, rounds in made.items()
            for turn, both in enumerate(rounds, start=1)
            for player, coins in enumerate(both)
        ]
    )


@pytest.mark.parametrize(
    ("name", "a", "b"),
    [
        ("contribution", (0.9 + 0.5 + 0.1) / 3, 1.0),
        ("first_contribution", 0.9, 1.0),
        ("last_contribution", 0.1, 1.0),
        ("contribution_change", -0.8, 0.0),
    ],
)
def test_games_that_are_long_enough_count_alike(name: str, a: float, b: float) -> None:
    found = getattr(public_goods, name)(contributions(), upto=3)
    assert found.values.to_dict() == pytest.approx({"a": a, "b": b})
    assert found.estimate == pytest.approx((a + b) / 2)


def test_every_round_is_over_the_same_games() -> None:
    found = public_goods.contribution_by_round(contributions(), upto=2)
    assert found.to_dict("list") == {"round": [1, 2], "games": [2, 2], "share": [pytest.approx(0.95), pytest.approx(0.75)]}
    assert public_goods.first_contribution(contributions(), upto=1).estimate == pytest.approx(1.9 / 3)


def test_games_of_different_length_need_a_common_one() -> None:
    with pytest.raises(TableError, match=r"column 'round' ends at different rounds in different games \(1 to 3\); give `upto`"):
        public_goods.contribution(contributions())
    equal = contributions()[lambda frame: frame["world"] != "c"]
    assert public_goods.contribution(equal).estimate == public_goods.contribution(contributions(), upto=3).estimate
    assert public_goods.contribution(contributions(), upto=9).values.empty


def test_amounts_that_cannot_be_are_refused() -> None:
    with pytest.raises(TableError, match="column 'contribution' is more than the endowment"):
        public_goods.contribution(contributions().assign(contribution=11), upto=1)
    with pytest.raises(TableError, match="column 'endowment' is 0"):
        public_goods.contribution(contributions().assign(endowment=0, contribution=0), upto=1)
