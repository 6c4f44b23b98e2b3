"""Polarization of groups: whether discussion moves groups further to the side that they leaned to.

The unit is the group that talks. Only people with an opinion before and after count, so that both are of the same people.

Sources: Moscovici & Zavalloni (1969), JPSP 12(2), 125-135; Isenberg (1986), JPSP 50(6), 1141-1151.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from socsim_analysis.designs.tables import Column, Table, in_arm
from socsim_analysis.designs.units import Statistic, Unit, UnitValues, statistic, summarised

__all__ = ["OPINIONS", "STATISTICS", "choice_shift", "extremity_change", "lean_shift", "spread_change"]

OPINIONS = Table(
    "group opinions",
    "one person before and after the discussion",
    (
        Column("world", "label", "people who could see each other"),
        Column("arm", "label", "the condition", optional=True),
        Column("group", "label", "the group that talks, within the world", optional=True),
        Column("person", "label", "who holds the opinion"),
        Column("before", "number", "opinion before; missing without an answer", gaps=True),
        Column("after", "number", "opinion after; missing without an answer", gaps=True),
    ),
    key=("arm", "world", "group", "person"),
)


def choice_shift(frame: pd.DataFrame, arm: object = None, unit: Unit = "group") -> UnitValues:
    """Mean opinion after less before, a mean over groups; positive is upward on the scale."""
    how = "mean over groups of their mean opinion after less before"
    return _over_groups("choice_shift", frame, arm, unit, how, lambda group: float((group["after"] - group["before"]).mean()))


def lean_shift(frame: pd.DataFrame, arm: object = None, midpoint: float = 0.0, unit: Unit = "group") -> UnitValues:
    """Shift of the mean opinion to the side of the midpoint on which the group was before: positive is polarization.

    A group whose mean was exactly at the midpoint leaned to no side and is left out.
    """

    def shift(group: pd.DataFrame) -> float:
        lean = np.sign(group["before"].mean() - midpoint)
        return float(lean * (group["after"] - group["before"]).mean()) if lean else float("nan")

    how = "mean over groups of the shift of their mean to the side that they leaned to"
    return _over_groups("lean_shift", frame, arm, unit, how, shift)


def extremity_change(frame: pd.DataFrame, arm: object = None, midpoint: float = 0.0, unit: Unit = "group") -> UnitValues:
    """Change of the mean distance of opinions from the midpoint, a mean over groups; positive is more extreme."""

    def change(group: pd.DataFrame) -> float:
        return float(((group["after"] - midpoint).abs() - (group["before"] - midpoint).abs()).mean())

    return _over_groups(
        "extremity_change", frame, arm, unit, "mean over groups of people's change of distance from the midpoint", change
    )


def spread_change(frame: pd.DataFrame, arm: object = None, unit: Unit = "group") -> UnitValues:
    """Change of the standard deviation (divisor n - 1) of opinions within groups; negative is convergence.

    Groups of one person are left out.
    """
    how = "mean over groups of their standard deviation after less before"
    return _over_groups("spread_change", frame, arm, unit, how, lambda group: float(group["after"].std() - group["before"].std()))


def _over_groups(
    name: str, frame: pd.DataFrame, arm: object, unit: Unit, how: str, of: Callable[[pd.DataFrame], float]
) -> UnitValues:
    """Groups' values; by world, the mean of its groups, weighted so that the estimate stays that over groups."""
    rows = in_arm(OPINIONS.check(frame), arm).dropna(subset=["before", "after"])
    groups = {key: of(group) for key, group in rows.groupby(["world", "group"], sort=True)}
    index = pd.MultiIndex.from_tuples(list(groups), names=["world", "group"]) if groups else None
    values = pd.Series(list(groups.values()), index=index, dtype=float)
    if unit != "world" or values.empty:
        return summarised(f"group_polarization.{name}", values, how)
    known = values.dropna().groupby("world")
    return summarised(f"group_polarization.{name}", known.mean(), how, weights=known.size())


STATISTICS: tuple[Statistic, ...] = tuple(
    statistic("group_polarization", "group", (OPINIONS,), one)
    for one in (choice_shift, lean_shift, extremity_change, spread_change)
)
"""Statistics of this design."""
