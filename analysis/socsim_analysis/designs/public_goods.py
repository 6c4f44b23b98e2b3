"""Public goods games: what people put into a common pot, round by round.

The unit is the game (world), whose players see each other's contributions. Averages by round over games of different lengths mix
change over time with other games; so every statistic is over games that all have the rounds it speaks of: the first ``upto``
rounds of games that last at least so long, or, without ``upto``, all rounds of games of equal length. Of a game, the value in a
round is the mean over players who contributed then, as shares of the endowment; the estimate is the mean over games.

Sources: Zelmer (2003), Experimental Economics 6(3), 299-310; Alsobay, Rand, Watts & Almaatouq (2025).
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from socsim_analysis.designs.tables import Column, Table, TableError, in_arm
from socsim_analysis.designs.units import Statistic, UnitValues, statistic, summarised

__all__ = [
    "CONTRIBUTIONS",
    "STATISTICS",
    "contribution",
    "contribution_by_round",
    "contribution_change",
    "first_contribution",
    "last_contribution",
]

CONTRIBUTIONS = Table(
    "public goods",
    "one contribution of a player in a round",
    (
        Column("world", "label", "the game: players who share a pot"),
        Column("arm", "label", "the rules", optional=True),
        Column("person", "label", "the player"),
        Column("round", "whole", "1 is the first", low=1),
        Column("endowment", "number", "what the player could contribute", low=0),
        Column("contribution", "number", "what the player contributed; missing without an answer", low=0, gaps=True),
    ),
    key=("arm", "world", "person", "round"),
)


def contribution(frame: pd.DataFrame, arm: object = None, upto: int | None = None) -> UnitValues:
    """Share of the endowment contributed, a mean over rounds and then over games; 0 to 1."""
    return _over_games("contribution", "the mean over rounds", _games(frame, arm, upto), lambda games: games.mean(axis=1))


def first_contribution(frame: pd.DataFrame, arm: object = None, upto: int | None = None) -> UnitValues:
    """Share of the endowment contributed in the first round, a mean over games."""
    return _over_games("first_contribution", "the first round", _games(frame, arm, upto), lambda games: games.iloc[:, 0])


def last_contribution(frame: pd.DataFrame, arm: object = None, upto: int | None = None) -> UnitValues:
    """Share of the endowment contributed in the last round (round ``upto``), a mean over games."""
    return _over_games("last_contribution", "the last round", _games(frame, arm, upto), lambda games: games.iloc[:, -1])


def contribution_change(frame: pd.DataFrame, arm: object = None, upto: int | None = None) -> UnitValues:
    """Share of the endowment contributed in the last round (round ``upto``) less that in the first, a mean over games."""
    return _over_games(
        "contribution_change", "last less first", _games(frame, arm, upto), lambda games: games.iloc[:, -1] - games.iloc[:, 0]
    )


def contribution_by_round(frame: pd.DataFrame, arm: object = None, upto: int | None = None) -> pd.DataFrame:
    """Share of the endowment contributed by round: columns ``round, games, share``; the same games in every round."""
    games = _games(frame, arm, upto)
    return pd.DataFrame({"round": games.columns.to_numpy(), "games": games.count().to_numpy(), "share": games.mean().to_numpy()})


def _games(frame: pd.DataFrame, arm: object, upto: int | None) -> pd.DataFrame:
    """Mean shares by game (rows) and round (columns) of the games that have all the rounds."""
    rows = in_arm(CONTRIBUTIONS.check(frame), arm)
    if (rows["endowment"] == 0).any():
        raise TableError("column 'endowment' is 0 in some rows: there is no share of nothing")
    if (rows["contribution"] > rows["endowment"]).any():
        raise TableError("column 'contribution' is more than the endowment in some rows")
    lengths = rows.groupby("world")["round"].max()
    if upto is None and lengths.nunique() > 1:
        raise TableError(
            f"column 'round' ends at different rounds in different games ({lengths.min()} to {lengths.max()}); "
            "give `upto` to compare the same rounds of games that are long enough"
        )
    last = upto if upto is not None else (int(lengths.max()) if len(lengths) else 0)
    kept = rows[rows["world"].isin(lengths[lengths >= last].index) & (rows["round"] <= last)]
    table = kept.assign(share=kept["contribution"] / kept["endowment"]).pivot_table(
        index="world", columns="round", values="share", aggfunc="mean"
    )
    return table.reindex(columns=range(1, last + 1)).astype(float)


def _over_games(name: str, what: str, games: pd.DataFrame, of: Callable[[pd.DataFrame], pd.Series]) -> UnitValues:
    values = of(games) if games.size else pd.Series(dtype=float)
    return summarised(f"public_goods.{name}", values, f"mean over {len(games)} games of {what}, each a mean over players")


STATISTICS: tuple[Statistic, ...] = tuple(
    statistic("public_goods", "world", (CONTRIBUTIONS,), one)
    for one in (contribution, first_contribution, last_contribution, contribution_change)
)
"""Statistics of this design."""
