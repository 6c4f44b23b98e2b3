"""Dictator games: how much of an endowment people give to somebody who has no say.

The estimate is over decisions; the unit is the person, whose decisions go together.

Sources: Engel (2011), Experimental Economics 14(4), 583-610; Mei, Xie, Yuan & Jackson (2024), PNAS 121(9), e2313925121.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from socsim_analysis.designs.tables import Column, Table, TableError, in_arm
from socsim_analysis.designs.units import Statistic, Unit, UnitValues, by_unit, statistic

__all__ = ["GIVEN", "STATISTICS", "given_share", "half_share", "more_than_half_share", "nothing_share"]

GIVEN = Table(
    "dictator decisions",
    "one decision of a person",
    (
        Column("world", "label", "people who could see each other"),
        Column("arm", "label", "the condition", optional=True),
        Column("person", "label", "who gives"),
        Column("endowment", "number", "what there is to give", low=0),
        Column("given", "number", "what is given; missing without an answer", low=0, gaps=True),
    ),
)


def given_share(frame: pd.DataFrame, arm: object = None, unit: Unit = "person") -> UnitValues:
    """Share of the endowment given, a mean over decisions; 0 to 1."""
    return _mean("given_share", frame, arm, unit, lambda share: share)


def nothing_share(frame: pd.DataFrame, arm: object = None, unit: Unit = "person") -> UnitValues:
    """Share of decisions in which nothing is given."""
    return _mean("nothing_share", frame, arm, unit, lambda share: share == 0.0)


def half_share(frame: pd.DataFrame, arm: object = None, unit: Unit = "person") -> UnitValues:
    """Share of decisions in which exactly half is given."""
    return _mean("half_share", frame, arm, unit, lambda share: pd.Series(np.isclose(share, 0.5), index=share.index))


def more_than_half_share(frame: pd.DataFrame, arm: object = None, unit: Unit = "person") -> UnitValues:
    """Share of decisions in which more than half is given."""
    return _mean("more_than_half_share", frame, arm, unit, lambda share: (share > 0.5) & ~np.isclose(share, 0.5))


def _mean(name: str, frame: pd.DataFrame, arm: object, unit: Unit, of: Callable[[pd.Series], pd.Series]) -> UnitValues:
    rows = in_arm(GIVEN.check(frame), arm).dropna(subset=["given"])
    if (rows["endowment"] == 0).any():
        raise TableError("column 'endowment' is 0 in some rows: there is no share of nothing")
    if (rows["given"] > rows["endowment"]).any():
        raise TableError("column 'given' is more than the endowment in some rows")
    value = of(rows["given"] / rows["endowment"]).astype(float)
    return by_unit(f"dictator.{name}", rows.assign(value=value), "value", unit, "mean over decisions")


STATISTICS: tuple[Statistic, ...] = tuple(
    statistic("dictator", "person", (GIVEN,), one) for one in (given_share, nothing_share, half_share, more_than_half_share)
)
"""Statistics of this design."""
