"""Herding: what a first vote that the experimenter put there does to the score in the end.

Items get a positive first vote (arm ``up``), a negative one (``down``) or none (``none``), by lot. The unit is the world; a world
may hold items of all arms, or be run once in each arm.

Source: Muchnik, Aral & Taylor (2013), Science 341(6146), 647-651.
"""

from __future__ import annotations

import pandas as pd

from socsim_analysis.designs.tables import Column, Table, TableError
from socsim_analysis.designs.units import Statistic, Unit, UnitValues, contrast, statistic, summarised, unit_means

__all__ = ["ARMS", "SCORES", "STATISTICS", "down_effect", "down_relative_effect", "up_effect", "up_relative_effect"]

ARMS = ("up", "down", "none")

SCORES = Table(
    "herding",
    "one item, at the end",
    (
        Column("world", "label", "people who could see each other"),
        Column("arm", "label", "the first vote: up, down or none"),
        Column("item", "label", "what was voted on"),
        Column("score", "number", "the score at the end, without the vote put there; missing if unknown", gaps=True),
    ),
    key=("arm", "world", "item"),
)


def up_effect(frame: pd.DataFrame, unit: Unit = "world") -> UnitValues:
    """Score of items with a positive first vote less that of items with none."""
    return _difference("up", frame, unit)


def down_effect(frame: pd.DataFrame, unit: Unit = "world") -> UnitValues:
    """Score of items with a negative first vote less that of items with none."""
    return _difference("down", frame, unit)


def up_relative_effect(frame: pd.DataFrame) -> UnitValues:
    """Score of items with a positive first vote over that of items with none, less 1.

    The ratio of means over worlds; .25 on the news site of Muchnik et al. Not defined where items with no vote have a score of 0
    or less.
    """
    return _relative("up", frame)


def down_relative_effect(frame: pd.DataFrame) -> UnitValues:
    """Score of items with a negative first vote over that of items with none, less 1."""
    return _relative("down", frame)


def _means(frame: pd.DataFrame, unit: Unit) -> dict[str, pd.Series]:
    rows = SCORES.check(frame)
    strange = [one for one in pd.unique(rows["arm"]) if one not in ARMS]
    if strange:
        raise TableError(f"column 'arm' holds {strange[0]!r}; it must be one of {', '.join(ARMS)}")
    return {arm: unit_means(rows[rows["arm"] == arm], "score", unit) for arm in ARMS}


def _difference(arm: str, frame: pd.DataFrame, unit: Unit) -> UnitValues:
    means = _means(frame, unit)
    return contrast(f"herding.{arm}_effect", means[arm], means["none"], "mean score of items, less that without a vote")


def _relative(arm: str, frame: pd.DataFrame) -> UnitValues:
    means = _means(frame, "world")
    both = pd.DataFrame({"treated": means[arm], "control": means["none"]}).dropna()
    control = both["control"].where(both["control"] > 0)
    how = "ratio of means over worlds that have both, less 1"
    return summarised(f"herding.{arm}_relative_effect", both["treated"] / control - 1.0, how, weights=both["control"])


STATISTICS: tuple[Statistic, ...] = tuple(
    statistic("herding", "world", (SCORES,), one) for one in (up_effect, down_effect, up_relative_effect, down_relative_effect)
)
"""Statistics of this design."""
