"""Repeated games with two moves, such as the prisoner's dilemma: how often people cooperate, overall and round by round.

The unit is the world: a pair that plays each other, or a person who plays a machine. The estimate is over all moves.

Sources: Axelrod & Hamilton (1981), Science 211(4489), 1390-1396; Akata et al. (2025), Playing repeated games with large language
models, arXiv 2305.16867 (people against a model).
"""

from __future__ import annotations

import pandas as pd

from socsim_analysis.designs.tables import Column, Table, in_arm
from socsim_analysis.designs.units import Statistic, Unit, UnitValues, by_unit, statistic

__all__ = ["MOVES", "STATISTICS", "cooperation", "cooperation_by_round", "cooperation_in_round"]

MOVES = Table(
    "repeated game",
    "one move of a player",
    (
        Column("world", "label", "the players who meet each other"),
        Column("arm", "label", "the condition, such as the kind of opponent", optional=True),
        Column("person", "label", "the player; machines that play against people have no rows"),
        Column("round", "whole", "1 is the first", low=1),
        Column("cooperated", "flag", "whether the move is the cooperative one; missing without a move", gaps=True),
    ),
    key=("arm", "world", "person", "round"),
)


def cooperation(frame: pd.DataFrame, arm: object = None, unit: Unit = "world") -> UnitValues:
    """Share of cooperative moves over all rounds; 0 to 1."""
    rows = in_arm(MOVES.check(frame), arm)
    return by_unit("repeated_games.cooperation", rows, "cooperated", unit, "share of all moves")


def cooperation_in_round(frame: pd.DataFrame, arm: object = None, at_round: int = 1, unit: Unit = "world") -> UnitValues:
    """Share of cooperative moves in one round (the first, if none is named)."""
    rows = in_arm(MOVES.check(frame), arm)
    rows = rows[rows["round"] == at_round]
    return by_unit("repeated_games.cooperation_in_round", rows, "cooperated", unit, "share of all moves of the round")


def cooperation_by_round(frame: pd.DataFrame, arm: object = None) -> pd.DataFrame:
    """Share of cooperative moves in every round: columns ``round, n, share``.

    Where games differ in length, later rounds are those of longer games.
    """
    rows = in_arm(MOVES.check(frame), arm).dropna(subset=["cooperated"])
    moves = rows.groupby("round")["cooperated"]
    return pd.DataFrame({"n": moves.size(), "share": moves.mean()}).reset_index()


STATISTICS: tuple[Statistic, ...] = tuple(
    statistic("repeated_games", "world", (MOVES,), one) for one in (cooperation, cooperation_in_round)
)
"""Statistics of this design."""
