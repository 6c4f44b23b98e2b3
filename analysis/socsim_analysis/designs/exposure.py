"""Exposure: what seeing something, assigned by lot, does to opinions.

The unit is the person where people do not meet; else hand over ``unit="world"``. The effect is that of being assigned: who was
treated counts as treated, whether or not it looked.

Source: Bail et al. (2018), PNAS 115(37), 9216-9221.
"""

from __future__ import annotations

import pandas as pd

from socsim_analysis.designs.tables import Column, Table, in_arm
from socsim_analysis.designs.units import Statistic, Unit, UnitValues, contrast, statistic, summarised, unit_means

__all__ = ["CHANGES", "STATISTICS", "change_control", "change_difference", "change_treated"]

CHANGES = Table(
    "exposure",
    "one person before and after",
    (
        Column("world", "label", "people who could see each other"),
        Column("arm", "label", "the condition of the whole world, or the kind of people", optional=True),
        Column("person", "label", "who holds the opinion"),
        Column("treated", "flag", "whether the person was assigned to see it"),
        Column("before", "number", "opinion before; missing without an answer", gaps=True),
        Column("after", "number", "opinion after; missing without an answer", gaps=True),
    ),
    key=("arm", "world", "person"),
)


def change_difference(frame: pd.DataFrame, arm: object = None, unit: Unit = "person") -> UnitValues:
    """Mean change of opinion of people who were treated less that of people who were not.

    By person, a difference of two means; by world, the mean of worlds' differences. People without both opinions are left out:
    how many, which may depend on the treatment, is noted by `change_treated` and `change_control`.
    """
    rows = _changes(frame, arm)
    treated, control = (unit_means(rows[rows["treated"] == flag], "change", unit) for flag in (True, False))
    return contrast("exposure.change_difference", treated, control, "mean change of the treated less that of the others")


def change_treated(frame: pd.DataFrame, arm: object = None, unit: Unit = "person") -> UnitValues:
    """Mean change of opinion of people who were treated."""
    return _side("change_treated", frame, arm, unit, treated=True)


def change_control(frame: pd.DataFrame, arm: object = None, unit: Unit = "person") -> UnitValues:
    """Mean change of opinion of people who were not treated."""
    return _side("change_control", frame, arm, unit, treated=False)


def _changes(frame: pd.DataFrame, arm: object) -> pd.DataFrame:
    rows = in_arm(CHANGES.check(frame), arm)
    return rows.assign(change=rows["after"] - rows["before"])


def _side(name: str, frame: pd.DataFrame, arm: object, unit: Unit, *, treated: bool) -> UnitValues:
    rows = _changes(frame, arm)
    rows = rows[rows["treated"] == treated]
    missing = float(rows["change"].isna().mean()) if len(rows) else 0.0
    left_out = {"people without both opinions": missing} if missing else {}
    return summarised(f"exposure.{name}", unit_means(rows, "change", unit), f"mean over {_PLURAL[unit]}", left_out=left_out)


_PLURAL = {"person": "people", "world": "worlds", "group": "groups"}

STATISTICS: tuple[Statistic, ...] = tuple(
    statistic("exposure", "person", (CHANGES,), one) for one in (change_difference, change_treated, change_control)
)
"""Statistics of this design."""
