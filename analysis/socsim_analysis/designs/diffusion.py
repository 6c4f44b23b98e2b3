"""Diffusion: how far and how fast a behaviour spreads over a network.

The unit is the world: one network in which the behaviour is seeded. People who are seeded count for nothing that follows.

Source: Centola (2010), Science 329(5996), 1194-1197 (pairs of clustered and random networks).
"""

from __future__ import annotations

import math

import pandas as pd

from socsim_analysis.designs.tables import Column, Table, in_arm
from socsim_analysis.designs.units import Statistic, UnitValues, contrast, statistic, summarised

__all__ = ["ADOPTIONS", "STATISTICS", "adopters_by_round", "reach", "reach_difference", "time_to_half"]

ADOPTIONS = Table(
    "adoptions",
    "one person in a network",
    (
        Column("world", "label", "the network; the same name in two arms is a matched pair"),
        Column("arm", "label", "the kind of network", optional=True),
        Column("person", "label", "who may adopt"),
        Column("adopted", "number", "round of adoption; missing if the person never adopted", low=0, gaps=True),
        Column("seed", "flag", "whether the experimenter made the person adopt", optional=True),
    ),
    key=("arm", "world", "person"),
)


def reach(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Share of people who adopted by the end, a mean over networks; 0 to 1. Seeds do not count."""
    return summarised("diffusion.reach", _reach(frame, arm), "mean over networks")


def reach_difference(frame: pd.DataFrame, arm: object, against: object) -> UnitValues:
    """Share reached in one kind of network less that in another, by matched pair where networks have the same name."""
    return contrast(
        "diffusion.reach_difference", _reach(frame, arm), _reach(frame, against), f"reach of {arm!r} less {against!r}"
    )


def time_to_half(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """First round by which at least half of the people had adopted, a mean over networks that got there; others are noted.

    Seeds do not count.
    """
    rows = _free(frame, arm)
    values = rows.groupby("world")["adopted"].agg(_half)
    never = float(values.isna().mean()) if len(values) else 0.0
    left_out = {"networks that were not half reached": never} if never else {}
    return summarised(
        "diffusion.time_to_half", values.dropna(), "mean over networks of which half was reached", left_out=left_out
    )


def adopters_by_round(frame: pd.DataFrame, arm: object = None) -> pd.DataFrame:
    """Share of people who had adopted by each round: columns ``world, round, share``.

    From round 0 to that of the last adoption in any network; seeds do not count.
    """
    rows = _free(frame, arm)
    last = rows["adopted"].max()
    rounds = range(int(last) + 1) if pd.notna(last) else range(1)
    made = [(world, at, float((adopted <= at).mean())) for world, adopted in rows.groupby("world")["adopted"] for at in rounds]
    return pd.DataFrame(made, columns=["world", "round", "share"])


def _half(adopted: pd.Series) -> float:
    times = adopted.dropna().sort_values().to_numpy(dtype=float)
    needed = math.ceil(len(adopted) / 2)
    return float(times[needed - 1]) if len(times) >= needed else math.nan


def _free(frame: pd.DataFrame, arm: object) -> pd.DataFrame:
    rows = in_arm(ADOPTIONS.check(frame), arm)
    return rows[~rows["seed"]]


def _reach(frame: pd.DataFrame, arm: object) -> pd.Series:
    rows = _free(frame, arm)
    return rows["adopted"].notna().astype(float).groupby(rows["world"]).mean()


STATISTICS: tuple[Statistic, ...] = tuple(
    statistic("diffusion", "world", (ADOPTIONS,), one) for one in (reach, reach_difference, time_to_half)
)
"""Statistics of this design."""
