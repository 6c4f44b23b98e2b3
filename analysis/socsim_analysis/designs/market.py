"""Cultural markets: whether seeing what others chose makes success unequal, and hard to foretell.

The unit is the world: people who see each other's downloads; worlds share songs and starting conditions.

Source: Salganik, Dodds & Watts (2006), Science 311(5762), 854-856.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from socsim.measures import gini, unpredictabilities
from socsim_analysis.designs.tables import Column, Table, TableError, in_arm, told
from socsim_analysis.designs.units import Statistic, UnitValues, statistic, summarised

__all__ = ["DOWNLOADS", "STATISTICS", "inequality", "song_unpredictability", "unpredictability"]

DOWNLOADS = Table(
    "downloads",
    "one song in one world, at the end",
    (
        Column("world", "label", "people who see each other's downloads"),
        Column("arm", "label", "the condition", optional=True),
        Column("song", "label", "what may be chosen; every world has all of them"),
        Column("downloads", "whole", "how often it was chosen", low=0),
    ),
    key=("arm", "world", "song"),
)


def inequality(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Gini coefficient of songs' market shares m, a mean over worlds.

    G = (sum over songs i and j of |m_i - m_j|) / (2 S sum of m), with S songs: 0 if all are chosen alike, (S - 1)/S if all choose
    one. A world without any download is left out.

    Example:
        Two songs with 1 and 3 downloads: G = .25.
    """
    shares = _shares(frame, arm)
    values = pd.Series([gini(row) for row in shares.to_numpy()], index=shares.index, dtype=float)
    return summarised("market.inequality", values, "mean over worlds")


def unpredictability(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Mean difference of a song's market share between two worlds, over all songs and pairs of worlds.

    U = (sum over songs of u_i) / S, with u_i the mean of |m_ij - m_ik| over all pairs of worlds j, k: 0 where worlds are alike,
    2/S at most. One world alone has none.

    Worlds' mean differences from the others are not independent, as every pair counts for both: an interval over them would be
    about half as wide as it should be. So the value of a world is its pseudo-value n U - (n - 1) U(without it), of which the mean
    is U and whose spread is that of U over samples of worlds (Arvesen 1969, Annals of Mathematical Statistics 40, 2076-2100). A
    pseudo-value may lie below 0. Of two worlds alone, both have U.

    Example:
        Two songs with shares (.5, .5) in one world and (1, 0) in another: U = .5.
    """
    shares = _shares(frame, arm).dropna()
    n = len(shares)
    differences = np.abs(shares.to_numpy()[:, None, :] - shares.to_numpy()[None, :, :])
    means = differences.mean(axis=2).sum(axis=1) / (n - 1) if n > 1 and shares.shape[1] else np.full(n, np.nan)
    whole = means.mean() if n else np.nan
    pseudo = whole + 2.0 * (n - 1) / (n - 2) * (means - whole) if n > 2 else means
    how = "mean over songs and pairs of worlds; of each world its pseudo-value"
    return summarised("market.unpredictability", pd.Series(pseudo, index=shares.index, dtype=float), how)


def song_unpredictability(frame: pd.DataFrame, arm: object = None) -> pd.DataFrame:
    """For every song, the mean difference of its market share between two worlds: columns ``song, share, unpredictability``."""
    shares = _shares(frame, arm).dropna()
    found = unpredictabilities(shares.to_numpy())
    return pd.DataFrame({"song": shares.columns.to_numpy(), "share": shares.mean().to_numpy(), "unpredictability": found})


def _shares(frame: pd.DataFrame, arm: object) -> pd.DataFrame:
    """Market shares by world (rows) and song (columns); NaN in a world without downloads."""
    rows = in_arm(DOWNLOADS.check(frame), arm)
    table = rows.pivot(index="world", columns="song", values="downloads").astype(float)
    if table.isna().any(axis=None):
        world = table.index[table.isna().any(axis=1)][0]
        song = table.columns[table.loc[world].isna()][0]
        raise TableError(
            f"column 'song' lacks {told(song)} in world {told(world)}; every world needs a row for each song, with 0 for none"
        )
    totals = table.sum(axis=1)
    return table.div(totals.where(totals > 0), axis=0)


STATISTICS: tuple[Statistic, ...] = tuple(
    statistic("market", "world", (DOWNLOADS,), one) for one in (inequality, unpredictability)
)
"""Statistics of this design."""
