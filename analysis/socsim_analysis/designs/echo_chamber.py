"""Echo chambers: whether people follow their like, how unequal followers are, and whether partisans have more of them.

The unit is the world: a platform whose people may follow each other. A correlation needs two people who differ in both.

Sources: Cinelli, De Francisci Morales, Galeazzi, Quattrociocchi & Starnini (2021), PNAS 118(9), e2023301118 (leanings of people
and of their neighbours); Krackhardt & Stern (1988), Social Psychology Quarterly 51(2), 123-140 (E-I index); Larooij & Törnberg
(2025), arXiv:2508.03385 (all three of a simulated platform).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from socsim.measures import gini
from socsim_analysis.designs.tables import Column, Table, in_arm
from socsim_analysis.designs.units import Statistic, UnitValues, statistic, summarised

__all__ = ["FOLLOWERS", "STATISTICS", "amplification", "ei_index", "follower_gini", "leaning_correlation"]

FOLLOWERS = Table(
    "followers",
    "one person on a platform",
    (
        Column("world", "label", "the platform"),
        Column("arm", "label", "the condition", optional=True),
        Column("person", "label", "who follows and is followed"),
        Column("leaning", "number", "from one side, below 0, to the other, above 0", gaps=True),
        Column("leaning_followed", "number", "mean leaning of those followed; missing where there are none", gaps=True),
        Column("followed_own", "whole", "how many of the own side the person follows", low=0),
        Column("followed_other", "whole", "how many others the person follows", low=0),
        Column("followers", "whole", "how many follow the person", low=0),
    ),
    key=("arm", "world", "person"),
)


def leaning_correlation(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Correlation of people's leaning with the mean leaning of those they follow, a mean over platforms; -1 to 1.

    Who follows nobody is left out.
    """
    return _by_world("leaning_correlation", frame, arm, lambda rows: _correlation(rows["leaning"], rows["leaning_followed"]))


def ei_index(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """E-I index of whom people follow: (other - own side) / all, a mean over platforms; -1 all within, 1 all between sides.

    Example:
        Of ten ties nine within sides: -.8.
    """
    return _by_world("ei_index", frame, arm, _ei_index)


def follower_gini(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Gini coefficient of numbers of followers, of people without any too, a mean over platforms; 0 where all have as many."""
    return _by_world("follower_gini", frame, arm, lambda rows: gini(rows["followers"].to_numpy(dtype=float)))


def amplification(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Correlation of how far people lean, to either side, with their number of followers, a mean over platforms; -1 to 1."""
    return _by_world("amplification", frame, arm, lambda rows: _correlation(rows["leaning"].abs(), rows["followers"]))


def _by_world(name: str, frame: pd.DataFrame, arm: object, of: Callable[[pd.DataFrame], float]) -> UnitValues:
    rows = in_arm(FOLLOWERS.check(frame), arm)
    values = pd.Series({world: of(group) for world, group in rows.groupby("world")}, dtype=float).rename_axis("world")
    return summarised(f"echo_chamber.{name}", values, "mean over platforms")


def _ei_index(rows: pd.DataFrame) -> float:
    own, other = float(rows["followed_own"].sum()), float(rows["followed_other"].sum())
    return (other - own) / (other + own) if own + other > 0 else float("nan")


def _correlation(x: pd.Series, y: pd.Series) -> float:
    both = x.notna() & y.notna()
    a, b = x[both].to_numpy(dtype=float), y[both].to_numpy(dtype=float)
    if len(a) < 2 or min(np.ptp(a), np.ptp(b)) == 0.0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


STATISTICS: tuple[Statistic, ...] = tuple(
    statistic("echo_chamber", "world", (FOLLOWERS,), one) for one in (leaning_correlation, ei_index, follower_gini, amplification)
)
"""Statistics of this design."""
