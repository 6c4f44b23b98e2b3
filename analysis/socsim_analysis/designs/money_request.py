"""The 11-20 money request game: how many steps ahead of another people think.

Each of two asks for 11 to 20 and gets it; who asks for exactly one less than the other gets 20 more. 20 is no step of thinking,
19 one, 18 two, 17 three.

Source: Arad & Rubinstein (2012), American Economic Review 102(7), 3561-3573.
"""

from __future__ import annotations

import pandas as pd

from socsim_analysis.designs.tables import Column, Table, in_arm
from socsim_analysis.designs.units import Statistic, Unit, UnitValues, by_unit, statistic

__all__ = ["LEAST", "MOST", "REQUESTS", "STATISTICS", "one_to_three_steps", "request", "request_share", "request_shares"]

LEAST, MOST = 11, 20
"""Least and greatest request."""

REQUESTS = Table(
    "money requests",
    "one request of a person",
    (
        Column("world", "label", "people who could see each other"),
        Column("arm", "label", "the version of the game", optional=True),
        Column("person", "label", "who asks"),
        Column("request", "whole", "what is asked for; missing without an answer", low=LEAST, high=MOST, gaps=True),
    ),
)


def request(frame: pd.DataFrame, arm: object = None, unit: Unit = "person") -> UnitValues:
    """Mean request; 11 to 20."""
    return by_unit("money_request.request", _known(frame, arm), "request", unit, "mean over requests")


def one_to_three_steps(frame: pd.DataFrame, arm: object = None, unit: Unit = "person") -> UnitValues:
    """Share of requests from 17 to 19, which are one to three steps of thinking ahead."""
    rows = _known(frame, arm)
    flag = rows["request"].between(17, 19).astype(float)
    return by_unit("money_request.one_to_three_steps", rows.assign(flag=flag), "flag", unit, "share of all requests")


def request_share(frame: pd.DataFrame, arm: object = None, amount: int = 20, unit: Unit = "person") -> UnitValues:
    """Share of requests for one amount (20, if none is named)."""
    rows = _known(frame, arm)
    flag = (rows["request"] == amount).astype(float)
    return by_unit("money_request.request_share", rows.assign(flag=flag), "flag", unit, "share of all requests")


def request_shares(frame: pd.DataFrame, arm: object = None) -> pd.DataFrame:
    """Share of each request: columns ``request, n, share``, from 11 to 20. Shares are NaN without any request."""
    rows = _known(frame, arm)
    counts = rows["request"].astype(int).value_counts().reindex(range(LEAST, MOST + 1), fill_value=0)
    shares = counts / counts.sum() if len(rows) else counts * float("nan")
    return pd.DataFrame({"request": counts.index.to_numpy(), "n": counts.to_numpy(), "share": shares.to_numpy(dtype=float)})


def _known(frame: pd.DataFrame, arm: object) -> pd.DataFrame:
    return in_arm(REQUESTS.check(frame), arm).dropna(subset=["request"])


STATISTICS: tuple[Statistic, ...] = tuple(
    statistic("money_request", "person", (REQUESTS,), one) for one in (request, one_to_three_steps, request_share)
)
"""Statistics of this design."""
