"""Polarization of groups, by hand."""

from __future__ import annotations

from statistics import stdev

import pandas as pd
import pytest
from socsim_analysis.designs import group_polarization
from socsim_analysis.designs.tables import TableError

OPINIONS = pd.DataFrame(
    [
        (1, "x", "a", 5, 6), (1, "x", "b", 6, 7), (1, "x", "c", 7, None),
        (1, "y", "a", 2, 1), (1, "y", "b", 4, 2),
        (2, "x", "a", 4, 7), (2, "x", "b", 4, 3),
    ],
    columns=["world", "group", "person", "before", "after"],
)  # fmt: skip


def test_groups_by_hand() -> None:
    assert group_polarization.choice_shift(OPINIONS).values.tolist() == [1.0, -1.5, 1.0]
    assert group_polarization.lean_shift(OPINIONS, midpoint=4).values.to_dict() == {(1, "x"): 1.0, (1, "y"): 1.5}
    assert group_polarization.extremity_change(OPINIONS, midpoint=4).values.tolist() == [1.0, 1.5, 2.0]
    spread = [stdev([6, 7]) - stdev([5, 6]), stdev([1, 2]) - stdev([2, 4]), stdev([7, 3])]
    assert group_polarization.spread_change(OPINIONS).values.tolist() == pytest.approx(spread)


def test_worlds_are_means_of_groups_and_the_estimate_stays() -> None:
    groups, by_world = (group_polarization.choice_shift(OPINIONS, unit=unit) for unit in ("group", "world"))
    assert by_world.values.to_dict() == {1: -0.25, 2: 1.0}
    assert groups.estimate == by_world.estimate == pytest.approx(0.5 / 3)


def test_a_table_without_groups_has_one_per_world() -> None:
    frame = pd.DataFrame({"world": [1, 1, 2], "person": [1, 2, 1], "before": 0.0, "after": [1.0, 2.0, 3.0]})
    assert group_polarization.choice_shift(frame).values.to_dict() == {(1, ""): 1.5, (2, ""): 3.0}
    assert len(group_polarization.spread_change(frame).values) == 1


def test_a_person_is_in_a_group_once() -> None:
    with pytest.raises(TableError, match="columns arm, world, group, person must name a row"):
        group_polarization.choice_shift(OPINIONS.assign(person="a"))
