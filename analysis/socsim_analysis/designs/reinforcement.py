"""Reinforcement: whether a second neighbour who has adopted makes adopting likelier than the first one alone.

The unit is the world. A decision is a time at which somebody who has not adopted could; who is asked again counts again. Rates by
number of neighbours are no effects of neighbours by themselves: who has many differs from who has few.

Sources: Centola (2010), Science 329(5996), 1194-1197; Romero, Meeder & Kleinberg (2011), WWW, 695-704.
"""

from __future__ import annotations

import pandas as pd

from socsim_analysis.designs.tables import Column, Table, in_arm
from socsim_analysis.designs.units import Statistic, UnitValues, statistic, summarised

__all__ = ["DECISIONS", "STATISTICS", "rates_by_neighbours", "second_over_first"]

DECISIONS = Table(
    "decisions",
    "one decision of somebody who has not adopted",
    (
        Column("world", "label", "the network"),
        Column("arm", "label", "the kind of network", optional=True),
        Column("person", "label", "who decides"),
        Column("exposed", "whole", "how many neighbours had adopted by then", low=0),
        Column("adopted", "flag", "whether the person did; missing without an answer", gaps=True),
    ),
)


def second_over_first(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Rate of adopting with two neighbours who have, over that with one, less 1: above 0 where the second one adds.

    The estimate is R - 1, with R the ratio of the rates' means over worlds that have decisions of both kinds. A world's ratio is
    not defined where nobody adopts with one neighbour, so its value is the linearised one, R - 1 + (r_2 - R r_1) / mean r_1, of
    which the mean is the estimate (Cochran 1977, Sampling Techniques, chapter 6). NaN where nobody anywhere adopts with one
    neighbour.

    Example:
        Of those with one neighbour 1 in 10 adopts, of those with two 3 in 10: 2.
    """
    table = _rates(frame, arm).reindex(columns=[1, 2]).dropna()
    first, second = table[1], table[2]
    ratio = second.mean() / first.mean() if len(table) and first.mean() > 0 else float("nan")
    values = ratio - 1.0 + (second - ratio * first) / first.mean()
    return summarised("reinforcement.second_over_first", values, "ratio of mean rates over worlds, less 1; linearised by world")


def rates_by_neighbours(frame: pd.DataFrame, arm: object = None) -> pd.DataFrame:
    """Share of decisions to adopt by number of neighbours who have: columns ``exposed, decisions, adopted, rate``."""
    rows = in_arm(DECISIONS.check(frame), arm).dropna(subset=["adopted"])
    found = rows.groupby("exposed")["adopted"].agg(decisions="size", adopted="sum", rate="mean")
    return found.reset_index()


def _rates(frame: pd.DataFrame, arm: object) -> pd.DataFrame:
    """Rates by world (rows) and number of neighbours (columns)."""
    rows = in_arm(DECISIONS.check(frame), arm).dropna(subset=["adopted"])
    return rows.pivot_table(index="world", columns="exposed", values="adopted", aggfunc="mean").astype(float)


STATISTICS: tuple[Statistic, ...] = (statistic("reinforcement", "world", (DECISIONS,), second_over_first),)
"""Statistics of this design."""
