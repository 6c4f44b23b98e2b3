"""Exposure, by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from socsim_analysis.designs import exposure
from socsim_analysis.designs.tables import TableError

CHANGES = pd.DataFrame(
    [
        (1, "a", True, 4.0, 5.0), (1, "b", True, 4.0, 4.5), (1, "c", False, 4.0, 4.0), (1, "d", False, 3.0, None),
        (2, "a", True, 1.0, 4.0), (2, "b", False, 2.0, 3.0),
    ],
    columns=["world", "person", "treated", "before", "after"],
)  # fmt: skip


def test_by_person_two_means_are_held_against_each_other() -> None:
    found = exposure.change_difference(CHANGES)
    assert found.values.tolist() == [1.0, 0.5, 3.0]
    assert found.against is not None
    assert found.against.tolist() == [0.0, 1.0]
    assert found.estimate == pytest.approx(1.5 - 0.5)


def test_by_world_differences_are_within_worlds() -> None:
    found = exposure.change_difference(CHANGES, unit="world")
    assert found.values.to_dict() == {1: 0.75, 2: 2.0}
    assert found.estimate == 1.375


def test_sides_note_who_dropped_out() -> None:
    assert exposure.change_treated(CHANGES).left_out == {}
    control = exposure.change_control(CHANGES)
    assert control.estimate == 0.5
    assert control.left_out == {"people without both opinions": pytest.approx(1 / 3)}


def test_who_was_treated_is_known() -> None:
    with pytest.raises(TableError, match=r"column 'treated' .* has no value"):
        exposure.change_difference(CHANGES.assign(treated=[True, None, True, False, True, False]))
