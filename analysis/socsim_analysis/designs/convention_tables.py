"""Tables of conventions: which name people chose in every round, and what that makes for every group with a committed minority.

Source: Centola, Becker, Brackbill & Baronchelli (2018), Science 360(6393), 1116-1119.
"""

from __future__ import annotations

import math

import pandas as pd

from socsim_analysis.designs.tables import Column, Table, TableError, constant_within, of_arm, one_of

__all__ = ["CHOICES", "WINDOW", "WORLDS", "alternative_shares", "free_choices", "worlds", "worlds_in"]

WINDOW = 5
"""Rounds at the end over which shares are averaged, as in the human figure."""

CHOICES = Table(
    "conventions",
    "one choice of a person",
    (
        Column("world", "label", "the group that coordinates"),
        Column("arm", "label", "the condition", optional=True),
        Column("round", "whole", "1 is the first after which the minority is there, where there is one", low=1),
        Column("person", "label", "who chooses"),
        Column("chosen", "label", "the name chosen; missing, or empty, without an answer", gaps=True),
        Column("committed", "flag", "whether the person always chooses the alternative, whatever others do", optional=True),
        Column("alternative", "label", "the name that the committed push, the same in all rows of a world", optional=True),
    ),
)

WORLDS = Table(
    "convention groups",
    "one group with a committed minority",
    (
        Column("world", "label", "the group that coordinates"),
        Column("arm", "label", "the condition", optional=True),
        Column("committed_share", "number", "share of the group that is committed", low=0, high=1),
        Column(
            "share_end", "number", "share of the others' choices that are the alternative, mean of the last rounds", low=0, high=1
        ),
        Column("share_final", "number", "the same in the last round", low=0, high=1),
        Column(
            "majority_round",
            "number",
            "first round in which it is more than half; missing if none",
            low=1,
            optional=True,
            gaps=True,
        ),
    ),
    key=("arm", "world"),
)


def alternative_shares(frame: pd.DataFrame) -> pd.DataFrame:
    """Share of the alternative among choices of people who are not committed: columns ``arm, world, round, share``.

    Raises:
        TableError: see `Table.check`; a world has no alternative, or several.
    """
    table = CHOICES.check(frame)
    constant_within(table, "alternative", ["arm", "world"])
    if (table["alternative"] == "").any():
        raise TableError("column 'alternative' names nothing in some rows: say which name the committed push")
    free = free_choices(table)
    shares = (free["chosen"] == free["alternative"]).astype(float).groupby([free["arm"], free["world"], free["round"]]).mean()
    return shares.rename("share").reset_index()


def worlds(frame: pd.DataFrame, window: int = WINDOW) -> pd.DataFrame:
    """Groups with a committed minority, a table like `WORLDS`, from a table like `CHOICES`.

    Rounds in which nobody who is free chose anything do not count; a group without any other is left out. The committed share is
    that of all people who are in the group's rows.
    """
    table = CHOICES.check(frame)
    shares = alternative_shares(frame)
    rows = []
    for (arm, world), group in shares.groupby(["arm", "world"], sort=True):
        people = table[(table["arm"] == arm) & (table["world"] == world)].groupby("person")["committed"].any()
        share = group.sort_values("round")["share"]
        above = group.loc[group["share"] > 0.5, "round"]
        majority = float(above.min()) if len(above) else math.nan
        rows.append((world, arm, float(people.mean()), float(share.tail(window).mean()), float(share.iloc[-1]), majority))
    return WORLDS.check(pd.DataFrame(rows, columns=WORLDS.names))


def worlds_in(frame: pd.DataFrame, arm: object = None, window: int = WINDOW) -> pd.DataFrame:
    """Groups of one arm, from a table like `WORLDS` or `CHOICES`."""
    table, checked = one_of(frame, (WORLDS, CHOICES))
    return of_arm(checked if table is WORLDS else worlds(frame, window), checked, arm)


def free_choices(table: pd.DataFrame) -> pd.DataFrame:
    """Choices that were made by people who are not committed; one that failed, of a run, is empty and no name."""
    return table[~table["committed"] & table["chosen"].notna() & (table["chosen"] != "")]
