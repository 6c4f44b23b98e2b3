"""Obedience: how far people go on a ladder of shocks that an experimenter tells them to give.

A person's last level is the greatest at which it still obeyed: 0 for nobody shocked at all, the highest level for full obedience.

Source: Milgram (1963), Journal of Abnormal and Social Psychology 67(4), 371-378 (30 levels of 15 volts).
"""

from __future__ import annotations

import pandas as pd

from socsim_analysis.designs.tables import Column, Table, TableError, in_arm
from socsim_analysis.designs.units import Statistic, Unit, UnitValues, by_unit, statistic

__all__ = ["LEVELS", "STATISTICS", "STOPS", "full_obedience", "last_level", "still_obeying"]

LEVELS = 30
"""Levels of Milgram's ladder."""

STOPS = Table(
    "obedience",
    "how far one person went",
    (
        Column("world", "label", "the session"),
        Column("arm", "label", "the condition", optional=True),
        Column("person", "label", "the subject"),
        Column("last_level", "whole", "greatest level at which the person obeyed; missing if unknown", low=0, gaps=True),
    ),
    key=("arm", "world", "person"),
)


def full_obedience(frame: pd.DataFrame, arm: object = None, levels: int = LEVELS, unit: Unit = "person") -> UnitValues:
    """Share of people who obeyed to the end."""
    rows = _known(frame, arm, levels)
    full = (rows["last_level"] == levels).astype(float)
    return by_unit("obedience.full_obedience", rows.assign(full=full), "full", unit, "share of people")


def last_level(frame: pd.DataFrame, arm: object = None, levels: int = LEVELS, unit: Unit = "person") -> UnitValues:
    """Mean of the greatest level at which people obeyed; 0 to ``levels``."""
    rows = _known(frame, arm, levels)
    return by_unit("obedience.last_level", rows, "last_level", unit, "mean over people")


def still_obeying(frame: pd.DataFrame, arm: object = None, levels: int = LEVELS) -> pd.DataFrame:
    """Share of people who obeyed at each level: columns ``level, people, share``; it never rises."""
    last = _known(frame, arm, levels)["last_level"]
    rows = [(level, int((last >= level).sum()), float((last >= level).mean())) for level in range(1, levels + 1)]
    return pd.DataFrame(rows, columns=["level", "people", "share"])


def _known(frame: pd.DataFrame, arm: object, levels: int) -> pd.DataFrame:
    rows = in_arm(STOPS.check(frame), arm).dropna(subset=["last_level"])
    if (rows["last_level"] > levels).any():
        raise TableError(f"column 'last_level' goes up to {rows['last_level'].max():g}, but there are {levels} levels")
    return rows


STATISTICS: tuple[Statistic, ...] = tuple(statistic("obedience", "person", (STOPS,), one) for one in (full_obedience, last_level))
"""Statistics of this design."""
