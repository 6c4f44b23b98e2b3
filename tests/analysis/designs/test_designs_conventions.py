"""Conventions, by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from socsim_analysis.designs import conventions
from socsim_analysis.designs.convention_tables import alternative_shares, worlds
from socsim_analysis.designs.tables import TableError


def choices() -> pd.DataFrame:
    """Groups of four free people and 0, 1 or 1 committed ones, who choose "new"; three rounds."""
    made = {
        "none": (0, [["old"] * 4, ["old", "old", "old", "new"], ["old"] * 4]),
        "stays": (1, [["old"] * 4, ["new", "new", "new", "old"], ["new", "new", "old", "old"]]),
        "tips": (1, [["old"] * 4, ["new", "new", "old", "old"], ["new", "new", "new", None]]),
    }
    rows = []
    for world, (committed, rounds) in made.items():
        for turn, chosen in enumerate(rounds, start=1):
            rows += [(world, turn, person, name, False) for person, name in enumerate(chosen)]
            rows += [(world, turn, 10 + person, "new", True) for person in range(committed)]
    frame = pd.DataFrame(rows, columns=["world", "round", "person", "chosen", "committed"])
    return frame.assign(alternative="new")


def test_shares_are_of_people_who_are_not_committed() -> None:
    shares = alternative_shares(choices()).set_index(["world", "round"])["share"]
    assert shares["tips"].tolist() == [0.0, 0.5, 1.0]
    assert shares["stays"].tolist() == [0.0, 0.75, 0.5]


def test_groups_by_hand() -> None:
    found = worlds(choices(), window=2).set_index("world")
    assert found["committed_share"].to_dict() == pytest.approx({"none": 0.0, "stays": 0.2, "tips": 0.2})
    assert found["share_end"].to_dict() == pytest.approx({"none": 0.125, "stays": 0.625, "tips": 0.75})
    assert found["share_final"].to_dict() == pytest.approx({"none": 0.0, "stays": 0.5, "tips": 1.0})
    assert found["majority_round"].to_dict() == pytest.approx({"none": math.nan, "stays": 2, "tips": 3}, nan_ok=True)


def test_statistics_of_groups() -> None:
    assert conventions.alternative_share(choices(), window=2).estimate == pytest.approx((0.125 + 0.625 + 0.75) / 3)
    assert conventions.tipped_share(choices()).values.to_dict() == {"none": 0.0, "stays": 0.0, "tips": 1.0}
    found = conventions.rounds_to_majority(choices())
    assert found.values.to_dict() == {"stays": 2.0, "tips": 3.0}
    assert found.left_out == {"groups without a majority": pytest.approx(1 / 3)}


def test_the_bracket_says_where_it_overlaps() -> None:
    assert conventions.tipping_bracket(choices()) == conventions.Bracket(0.2, 0.2, True)
    only = choices()[lambda frame: frame["world"] != "stays"]
    assert conventions.tipping_bracket(only) == conventions.Bracket(0.0, 0.2, False)
    stayed = conventions.tipping_bracket(choices()[lambda frame: frame["world"] == "none"])
    assert (stayed.largest_not_tipped, stayed.overlap) == (0.0, False)
    assert math.isnan(stayed.smallest_tipped)


def test_winners_and_dominance() -> None:
    won = conventions.winners(choices())
    assert won.to_dict("list") == {
        "world": ["none", "stays", "stays", "tips"],
        "name": ["old", "new", "old", "new"],
        "share": [1.0, 0.5, 0.5, 1.0],
    }
    assert conventions.consensus_share(choices()).estimate == pytest.approx(2.5 / 3)
    assert conventions.dominance(choices(), name="new").values.to_dict() == {"none": 0.0, "stays": 0.5, "tips": 1.0}
    assert conventions.dominance(choices()).estimate == 0.5
    assert conventions.dominance(choices(), name="other").estimate == 0.0


def test_without_an_alternative_any_name_may_get_the_majority() -> None:
    frame = choices().drop(columns=["alternative", "committed"])[lambda one: one["world"] != "stays"]
    assert conventions.rounds_to_majority(frame).values.to_dict() == {"none": 1.0, "tips": 1.0}
    with pytest.raises(TableError, match="column 'alternative' names nothing"):
        conventions.tipped_share(frame)


def test_a_group_pushes_one_name() -> None:
    frame = choices()
    frame.loc[0, "alternative"] = "other"
    with pytest.raises(TableError, match="column 'alternative' has several values within arm, world"):
        conventions.tipped_share(frame)


def test_a_choice_that_failed_is_no_name() -> None:
    rows = [("w", 1, str(person), name) for person, name in enumerate(("F", "J", "F", "", None))]
    table = pd.DataFrame(rows, columns=["world", "round", "person", "chosen"])
    assert conventions.consensus_share(table).estimate == pytest.approx(2 / 3)
    assert list(conventions.winners(table)["name"]) == ["F"]
