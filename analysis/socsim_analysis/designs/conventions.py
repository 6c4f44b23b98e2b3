"""Conventions (naming games): whether a group agrees on a name, on which, and how many committed people can turn it.

The unit is the world: the group that coordinates. Among people who are not committed, the share of the alternative at the end is
the mean over the last rounds; a group *tipped* if more than half of the choices of its last round are the alternative.

Sources: Centola & Baronchelli (2015), PNAS 112(7), 1989-1994; Centola, Becker, Brackbill & Baronchelli (2018), Science 360(6393),
1116-1119.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from socsim_analysis.designs.convention_tables import CHOICES, WINDOW, WORLDS, free_choices, worlds_in
from socsim_analysis.designs.tables import TableError, in_arm, told
from socsim_analysis.designs.units import Statistic, UnitValues, statistic, summarised

__all__ = [
    "STATISTICS",
    "Bracket",
    "alternative_share",
    "consensus_share",
    "dominance",
    "largest_share_not_tipped",
    "rounds_to_majority",
    "smallest_share_tipped",
    "tipped_share",
    "tipping_bracket",
    "winners",
]


@dataclass(frozen=True)
class Bracket:
    """Between which committed shares groups tip: NaN where no group stayed, or none tipped."""

    largest_not_tipped: float
    smallest_tipped: float
    overlap: bool
    """Whether some group stayed with a committed share with which, or with less than which, another one tipped."""


def alternative_share(
    frame: pd.DataFrame, arm: object = None, window: int = WINDOW, at_least: float = 0.0, at_most: float = 1.0
) -> UnitValues:
    """Share of the alternative among people who are not committed, at the end.

    Mean over the last ``window`` rounds of a group, then over groups; 0 to 1. Only groups with a committed share from
    ``at_least`` to ``at_most`` count.

    Raises:
        TableError: no group has such a committed share.
    """
    groups = worlds_in(frame, arm, window).set_index("world")
    within = (groups["committed_share"] >= at_least) & (groups["committed_share"] <= at_most)
    if len(groups) and not within.any():
        raise TableError(f"no group has a committed share from {at_least:g} to {at_most:g}")
    groups = groups[within]
    return summarised("conventions.alternative_share", groups["share_end"], "mean over groups of their last rounds")


def tipped_share(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Share of groups that tipped: more than half of the free choices of the last round are the alternative."""
    return summarised("conventions.tipped_share", _tipped(frame, arm)["tipped"], "share of groups")


def largest_share_not_tipped(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Largest committed share with which a group did not tip."""
    groups = _tipped(frame, arm)
    values = groups.loc[groups["tipped"] == 0.0, "committed_share"]
    how = "largest committed share of groups that did not tip"
    return summarised("conventions.largest_share_not_tipped", values, how, summary="largest")


def smallest_share_tipped(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Smallest committed share with which a group tipped."""
    groups = _tipped(frame, arm)
    values = groups.loc[groups["tipped"] == 1.0, "committed_share"]
    how = "smallest committed share of groups that tipped"
    return summarised("conventions.smallest_share_tipped", values, how, summary="smallest")


def tipping_bracket(frame: pd.DataFrame, arm: object = None) -> Bracket:
    """Largest committed share not tipped and smallest tipped, and whether they overlap.

    Example:
        Groups with 10 % (stayed), 20 % (stayed) and 25 % (tipped) give .20 to .25 without overlap.
    """
    low, high = largest_share_not_tipped(frame, arm).estimate, smallest_share_tipped(frame, arm).estimate
    return Bracket(low, high, low >= high)


def rounds_to_majority(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """First round in which more than half of the free choices are one name: the alternative, or any where there is none.

    Mean over groups that got there; the share of the others is noted.
    """
    named = not CHOICES.fits(frame) or ("alternative" in frame.columns and bool((frame["alternative"] != "").any()))
    if named:
        values = worlds_in(frame, arm).set_index("world")["majority_round"]
    else:
        shares = _name_shares(frame, arm)
        above = shares[shares["share"] > 0.5].groupby("world")["round"].min()
        values = above.reindex(pd.Index(shares["world"].unique(), name="world"))
    never = float(values.isna().mean()) if len(values) else 0.0
    left_out = {"groups without a majority": never} if never else {}
    how = "mean over groups with a majority"
    return summarised("conventions.rounds_to_majority", values.dropna(), how, left_out=left_out)


def winners(frame: pd.DataFrame, arm: object = None) -> pd.DataFrame:
    """The name most chosen in each group's last round: columns ``world, name, share``; two equally frequent ones win together.

    Only choices of people who are not committed count.
    """
    shares = _name_shares(frame, arm)
    last = shares[shares["round"] == shares.groupby("world")["round"].transform("max")]
    best = last[last["share"] == last.groupby("world")["share"].transform("max")]
    return best[["world", "name", "share"]].reset_index(drop=True)


def consensus_share(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Share of the free choices of a group's last round that are its most frequent name."""
    values = winners(frame, arm).groupby("world")["share"].first()
    return summarised("conventions.consensus_share", values, "mean over groups")


def dominance(frame: pd.DataFrame, arm: object = None, name: object = None) -> UnitValues:
    """Share of groups won by one name: the one that wins most groups, or the one named.

    A name that shares the first place with others counts as one part of these. Left to itself, the most frequent winner is chosen
    by the data, so with k names that are all as good the share is above 1/k; name it to hold it against 1/k.
    """
    won = winners(frame, arm)
    parts = won.assign(part=1.0 / won.groupby("world")["name"].transform("size"))
    totals = parts.groupby("name")["part"].sum()
    chosen = name if name is not None or totals.empty else totals.idxmax()
    values = parts["part"].where(parts["name"] == chosen, 0.0).groupby(parts["world"]).sum()
    return summarised("conventions.dominance", values, f"share of groups won by {told(chosen)}")


def _tipped(frame: pd.DataFrame, arm: object) -> pd.DataFrame:
    groups = worlds_in(frame, arm).set_index("world")
    return groups.assign(tipped=(groups["share_final"] > 0.5).astype(float))


def _name_shares(frame: pd.DataFrame, arm: object) -> pd.DataFrame:
    """Share of each name among free choices: ``world, round, name, share``."""
    free = free_choices(in_arm(CHOICES.check(frame), arm))
    counts = free.groupby(["world", "round", "chosen"]).size().rename("n").reset_index()
    share = counts["n"] / counts.groupby(["world", "round"])["n"].transform("sum")
    return counts.assign(share=share if len(counts) else math.nan).rename(columns={"chosen": "name"})


_GROUPS = (WORLDS, CHOICES)
STATISTICS: tuple[Statistic, ...] = (
    *(
        statistic("conventions", "world", _GROUPS, one)
        for one in (alternative_share, tipped_share, largest_share_not_tipped, smallest_share_tipped, rounds_to_majority)
    ),
    *(statistic("conventions", "world", (CHOICES,), one) for one in (consensus_share, dominance)),
)
"""Statistics of this design."""
