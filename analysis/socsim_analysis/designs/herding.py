"""Herding: what a first vote that the experimenter put there does to the score in the end.

Items get a positive first vote (``up``), a negative one (``down``) or none (``none``), by lot. The unit is the world; a world may
hold items of all three kinds, or be run once with each.

Source: Muchnik, Aral & Taylor (2013), Science 341(6146), 647-651.
"""

from __future__ import annotations

import pandas as pd

from socsim_analysis.designs.tables import Column, Table, TableError, in_arm
from socsim_analysis.designs.units import Statistic, Unit, UnitValues, contrast, statistic, summarised, unit_means

__all__ = ["FIRST_VOTES", "SCORES", "STATISTICS", "down_effect", "down_relative_effect", "up_effect", "up_relative_effect"]

FIRST_VOTES = ("up", "down", "none")

SCORES = Table(
    "herding",
    "one item, at the end",
    (
        Column("world", "label", "people who could see each other"),
        Column("arm", "label", "the condition of the whole world", optional=True),
        Column("first_vote", "label", "the vote put there: up, down or none"),
        Column("item", "label", "what was voted on"),
        Column("score", "number", "the score at the end, without the vote put there; missing if unknown", gaps=True),
    ),
    key=("arm", "world", "first_vote", "item"),
)


def up_effect(frame: pd.DataFrame, arm: object = None, unit: Unit = "world") -> UnitValues:
    """Score of items with a positive first vote less that of items with none."""
    return _difference("up", frame, arm, unit)


def down_effect(frame: pd.DataFrame, arm: object = None, unit: Unit = "world") -> UnitValues:
    """Score of items with a negative first vote less that of items with none."""
    return _difference("down", frame, arm, unit)


def up_relative_effect(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Score of items with a positive first vote over that of items with none, less 1.

    The ratio of means over worlds; .25 on the news site of Muchnik et al. Not defined where items with no vote have a score of 0
    or less.
    """
    return _relative("up", frame, arm)


def down_relative_effect(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Score of items with a negative first vote over that of items with none, less 1."""
    return _relative("down", frame, arm)


def _means(frame: pd.DataFrame, arm: object, unit: Unit) -> dict[str, pd.Series]:
    rows = in_arm(SCORES.check(frame), arm)
    strange = [one for one in pd.unique(rows["first_vote"]) if one not in FIRST_VOTES]
    if strange:
        raise TableError(f"column 'first_vote' holds {strange[0]!r}; it must be one of {', '.join(FIRST_VOTES)}")
    return {vote: unit_means(rows[rows["first_vote"] == vote], "score", unit) for vote in FIRST_VOTES}


def _difference(vote: str, frame: pd.DataFrame, arm: object, unit: Unit) -> UnitValues:
    means = _means(frame, arm, unit)
    return contrast(f"herding.{vote}_effect", means[vote], means["none"], "mean score of items, less that without a vote")


def _relative(vote: str, frame: pd.DataFrame, arm: object) -> UnitValues:
    means = _means(frame, arm, "world")
    both = pd.DataFrame({"treated": means[vote], "control": means["none"]}).dropna()
    control = both["control"].where(both["control"] > 0)
    how = "ratio of means over worlds that have both, less 1"
    return summarised(f"herding.{vote}_relative_effect", both["treated"] / control - 1.0, how, weights=both["control"])


STATISTICS: tuple[Statistic, ...] = tuple(
    statistic("herding", "world", (SCORES,), one) for one in (up_effect, down_effect, up_relative_effect, down_relative_effect)
)
"""Statistics of this design."""
