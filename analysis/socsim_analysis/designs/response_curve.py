"""Response curves: how often people choose A, by how many of k others do.

Raw shares P(m) for m = 0 ... k; a flat curve is no influence, a step at k/2 the strongest. The slope β of
P = ½ [1 + tanh β (2m/k - 1 + h)] says how strong: in a well-mixed group a majority keeps itself where β > 1. The unit is the
person, for β the world.

Source: Latané (1981), American Psychologist 36(4), 343-356; Morgan, Rendell, Ehn, Hoppitt & Laland (2012), Proc. R. Soc. B
279(1729), 653-662; De Marzo, Castellano & Garcia (2024), arXiv:2409.02822 (β).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from socsim.measures import ResponseCurve, fit_response_curve
from socsim_analysis.designs.tables import Column, Table, TableError, in_arm
from socsim_analysis.designs.units import Statistic, Unit, UnitValues, by_unit, contrast, statistic, summarised, unit_means

__all__ = ["SEEN_CHOICES", "STATISTICS", "beta", "curves", "response_shares", "share_at", "swing"]

SEEN_CHOICES = Table(
    "response curve",
    "one choice of a person who sees those of others",
    (
        Column("world", "label", "people who could see each other"),
        Column("arm", "label", "the condition", optional=True),
        Column("item", "label", "what is chosen between", optional=True),
        Column("person", "label", "who chooses"),
        Column("k", "whole", "others seen", low=0),
        Column("m", "whole", "those of them who chose A", low=0),
        Column("chose_a", "flag", "whether the person chooses A; missing without an answer", gaps=True),
    ),
)


def response_shares(frame: pd.DataFrame, arm: object = None) -> pd.DataFrame:
    """Share that chooses A by how many others do: columns ``k, m, n, share``; combinations that nobody saw have no row."""
    choices = _rows(frame, arm, None).groupby(["k", "m"])["chose_a"]
    return pd.DataFrame({"n": choices.size(), "share": choices.mean()}).reset_index()


def share_at(frame: pd.DataFrame, arm: object = None, k: int | None = None, m: int = 0, unit: Unit = "person") -> UnitValues:
    """Share that chooses A where m of k others do (none, if m is not named).

    ``k`` may be left out where it is always the same.
    """
    rows = _rows(frame, arm, _one_k(frame, arm, k))
    how = f"share of choices with {m} of the others"
    return by_unit("response_curve.share_at", rows[rows["m"] == m], "chose_a", unit, how)


def swing(frame: pd.DataFrame, arm: object = None, k: int | None = None, unit: Unit = "person") -> UnitValues:
    """Share that chooses A where all k others do, less that where none does; -1 to 1, and 0 without influence."""
    of = _one_k(frame, arm, k)
    rows = _rows(frame, arm, of)
    everybody, nobody = (unit_means(rows[rows["m"] == m], "chose_a", unit) for m in (of, 0))
    return contrast("response_curve.swing", everybody, nobody, "share with all others, less share with none")


def curves(frame: pd.DataFrame, arm: object = None) -> dict[tuple[object, object], ResponseCurve]:
    """The fitted curve of each (world, item), by maximum likelihood; see `socsim.measures.fit_response_curve`."""
    rows = _rows(frame, arm, None)
    mean = np.where(rows["k"] > 0, 2.0 * rows["m"] / rows["k"].where(rows["k"] > 0, 1) - 1.0, np.nan)
    rows = rows.assign(mean=mean)
    return {
        (world, item): fit_response_curve(of["chose_a"], of["mean"])
        for (world, item), of in rows.groupby(["world", "item"], sort=True)
    }


def beta(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Slope β of the response curve: in each world the median over items of the fitted slopes, a mean over worlds.

    0 is no influence, 1 that of a group on the edge of keeping its majority; not bounded. An item in which one share shown tells
    all choices apart has an infinite slope, and counts so in the median; a world whose median is infinite is left out, and noted.
    """
    found: dict[object, list[float]] = {}
    for (world, _), curve in curves(frame, arm).items():
        found.setdefault(world, []).append(curve.beta)
    values = {world: float(np.nanmedian(slopes)) if not np.isnan(slopes).all() else np.nan for world, slopes in found.items()}
    series = pd.Series(values, dtype=float)
    series.index.name = "world"
    return summarised("response_curve.beta", series, "mean over worlds of the median over items of the fitted slopes")


def _rows(frame: pd.DataFrame, arm: object, k: int | None) -> pd.DataFrame:
    rows = in_arm(SEEN_CHOICES.check(frame), arm).dropna(subset=["chose_a"])
    if (rows["m"] > rows["k"]).any():
        raise TableError("column 'm' is more than k in some rows")
    return rows if k is None else rows[rows["k"] == k]


def _one_k(frame: pd.DataFrame, arm: object, k: int | None) -> int:
    there = sorted(int(one) for one in pd.unique(_rows(frame, arm, None)["k"]))
    if k is None and len(there) > 1:
        raise TableError(f"column 'k' holds {', '.join(map(str, there))}; say which one is meant")
    return k if k is not None else (there[0] if there else 0)


STATISTICS: tuple[Statistic, ...] = (
    *(statistic("response_curve", "person", (SEEN_CHOICES,), one) for one in (share_at, swing)),
    statistic("response_curve", "world", (SEEN_CHOICES,), beta),
)
"""Statistics of this design."""
