"""Ultimatum games: what people offer, and which offers they accept.

Two tables: `DECISIONS` holds a person's offer and the least offer that it would accept (strategy method), `RESPONSES` answers to
offers that were made. The unit is the person in the first; of two who play each other it is the world.

Sources: Oosterbeek, Sloof & van de Kuilen (2004), Experimental Economics 7(2), 171-188; Mei, Xie, Yuan & Jackson (2024), PNAS
121(9), e2313925121.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from socsim_analysis.designs.acceptance import Method, curve_of_answers, curve_of_thresholds
from socsim_analysis.designs.tables import Column, Table, TableError, in_arm, one_of
from socsim_analysis.designs.units import Statistic, Unit, UnitValues, by_unit, statistic

__all__ = [
    "DECISIONS",
    "RESPONSES",
    "STATISTICS",
    "acceptance",
    "acceptance_curve",
    "half_share",
    "min_accept_share",
    "offer_share",
]

_WHO = (
    Column("world", "label", "people who could see each other"),
    Column("arm", "label", "the condition", optional=True),
    Column("person", "label", "who decides"),
    Column("endowment", "number", "what there is to share", low=0),
)
DECISIONS = Table(
    "ultimatum decisions",
    "what a person offers and would accept",
    (
        *_WHO,
        Column("offer", "number", "what is offered to the other; missing without an answer", low=0, gaps=True),
        Column("min_accept", "number", "the least offer that is accepted; missing without an answer", low=0, gaps=True),
    ),
)
RESPONSES = Table(
    "ultimatum responses",
    "a person's answer to an offer",
    (
        *_WHO,
        Column("offer", "number", "what is offered to the person", low=0),
        Column("accepted", "flag", "whether it accepts; missing without an answer", gaps=True),
    ),
)
TENTHS = tuple(step / 10 for step in range(11))
"""Sizes of offers as shares of the endowment, from 0 to 1."""


def offer_share(frame: pd.DataFrame, arm: object = None, unit: Unit = "person") -> UnitValues:
    """Share of the endowment offered, a mean over decisions; 0 to 1."""
    rows = _shares(DECISIONS, frame, arm, ("offer",))
    return by_unit("ultimatum.offer_share", rows, "offer", unit, "mean over decisions")


def half_share(frame: pd.DataFrame, arm: object = None, unit: Unit = "person") -> UnitValues:
    """Share of offers that are exactly half of the endowment."""
    rows = _shares(DECISIONS, frame, arm, ("offer",)).dropna(subset=["offer"])
    half = np.isclose(rows["offer"], 0.5).astype(float)
    return by_unit("ultimatum.half_share", rows.assign(half=half), "half", unit, "share of all offers")


def min_accept_share(frame: pd.DataFrame, arm: object = None, unit: Unit = "person") -> UnitValues:
    """Least offer accepted, as a share of the endowment, a mean over decisions."""
    rows = _shares(DECISIONS, frame, arm, ("min_accept",))
    return by_unit("ultimatum.min_accept_share", rows, "min_accept", unit, "mean over decisions")


def acceptance(frame: pd.DataFrame, arm: object = None, offer: float = 0.2, unit: Unit = "person") -> UnitValues:
    """Share that accepts an offer of a given share of the endowment (a fifth, if none is named).

    From `DECISIONS`, people whose least offer is up to it; from `RESPONSES`, answers to exactly this offer.
    """
    name = "ultimatum.acceptance"
    table, _ = one_of(frame, (DECISIONS, RESPONSES))
    if table is DECISIONS:
        rows = _shares(DECISIONS, frame, arm, ("min_accept",)).dropna(subset=["min_accept"])
        yes = (rows["min_accept"] <= offer + 1e-9).astype(float)
        return by_unit(name, rows.assign(yes=yes), "yes", unit, "share of decisions with a least offer up to it")
    rows = _shares(RESPONSES, frame, arm, ("offer",))
    rows = rows[np.isclose(rows["offer"], offer)]
    return by_unit(name, rows, "accepted", unit, "share of answers to this offer")


def acceptance_curve(
    frame: pd.DataFrame, arm: object = None, offers: Iterable[float] = TENTHS, method: Method = "raw"
) -> pd.DataFrame:
    """Share that accepts by the offer's share of the endowment: columns ``offer, n, share``.

    From `DECISIONS`, raw shares at ``offers`` (they never fall); a logistic curve is fitted to every person's answers at these
    offers. From `RESPONSES`, at the offers that were made; see `curve_of_answers`.
    """
    table, _ = one_of(frame, (DECISIONS, RESPONSES))
    if table is RESPONSES:
        rows = _shares(RESPONSES, frame, arm, ("offer",))
        return curve_of_answers(rows["offer"].round(9), rows["accepted"], method)
    least = _shares(DECISIONS, frame, arm, ("min_accept",))["min_accept"].dropna()
    at = list(offers)
    if method == "raw":
        return curve_of_thresholds(least, at)
    made = pd.Series(np.repeat(at, len(least)), dtype=float)
    answers = pd.Series(np.tile(least.to_numpy(dtype=float), len(at))) <= made + 1e-9
    return curve_of_answers(made, answers, method)


def _shares(table: Table, frame: pd.DataFrame, arm: object, columns: tuple[str, ...]) -> pd.DataFrame:
    """Rows of one arm with amounts as shares of the endowment."""
    rows = in_arm(table.check(frame), arm)
    if (rows["endowment"] == 0).any():
        raise TableError("column 'endowment' is 0 in some rows: there is no share of nothing")
    for column in columns:
        if (rows[column] > rows["endowment"]).any():
            raise TableError(f"column {column!r} is more than the endowment in some rows")
    return rows.assign(**{column: rows[column] / rows["endowment"] for column in columns})


STATISTICS: tuple[Statistic, ...] = (
    *(statistic("ultimatum", "person", (DECISIONS,), one) for one in (offer_share, half_share, min_accept_share)),
    statistic("ultimatum", "person", (DECISIONS, RESPONSES), acceptance),
)
"""Statistics of this design."""
