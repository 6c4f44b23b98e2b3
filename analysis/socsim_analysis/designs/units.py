"""What a statistic of a study gives: one value for every independent unit, and the estimate made of them.

A *unit* is what may be drawn again independently: a world, a group, or a person who met nobody. Intervals and tests need the
units; the published figure is the estimate. Both always agree: an estimate is the (weighted) mean, median, largest or smallest
of the values, less the (weighted) mean of ``against`` where two sets of units are held against each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd

from socsim_analysis.designs.tables import Table, TableError

__all__ = [
    "Statistic",
    "Summary",
    "Unit",
    "UnitValues",
    "by_unit",
    "contrast",
    "estimate_of",
    "statistic",
    "summarised",
    "unit_means",
]

Unit = Literal["world", "group", "person"]
Summary = Literal["mean", "median", "largest", "smallest"]

_COLUMNS: Mapping[Unit, list[str]] = {"world": ["world"], "group": ["world", "group"], "person": ["world", "person"]}


@dataclass(frozen=True, eq=False)
class UnitValues:
    """Values of a statistic by unit, and its estimate; make it with `summarised`, `by_unit` or `contrast`."""

    name: str
    """Of the statistic, as in `STATISTICS`."""
    values: pd.Series
    """One finite value per unit, indexed by unit."""
    estimate: float
    """As published; NaN where there is no unit."""
    how: str
    """How the estimate follows from the rows, in a sentence."""
    weights: pd.Series | None = None
    """Weights of the units in the estimate, where they do not count alike."""
    against: pd.Series | None = None
    """Values of the units of the other side, where the estimate is a difference of two means over different units."""
    summary: Summary = "mean"
    left_out: Mapping[str, float] = field(default_factory=dict)
    """Share of rows (or units) that were left out, by reason."""


@dataclass(frozen=True)
class Statistic:
    """A statistic that a finding can name."""

    name: str
    design: str
    description: str
    unit: Unit
    """What is independent, unless the caller says otherwise."""
    tables: tuple[Table, ...]
    """Tables that it can be computed from: any one of them."""
    function: Callable[..., UnitValues]

    def __call__(self, frame: pd.DataFrame, **options: object) -> UnitValues:
        """The statistic of a table; options are the keywords of ``function``."""
        return self.function(frame, **options)


def statistic(design: str, unit: Unit, tables: Sequence[Table], function: Callable[..., UnitValues]) -> Statistic:
    """A statistic called after its design and function, described by the first line of the function's docstring."""
    said = (function.__doc__ or "").strip().partition("\n")[0]
    return Statistic(f"{design}.{function.__name__}", design, said, unit, tuple(tables), function)


def estimate_of(values: pd.Series, weights: pd.Series | None = None, summary: Summary = "mean") -> float:
    """Mean, weighted mean, median, largest or smallest of values; NaN without values or where all weights are 0."""
    if values.empty:
        return math.nan
    if summary != "mean":
        found = {"median": values.median, "largest": values.max, "smallest": values.min}[summary]()
        return float(found)
    if weights is None:
        return float(values.mean())
    total = float(weights.sum())
    return float((values * weights).sum() / total) if total > 0 else math.nan


def summarised(
    name: str,
    values: pd.Series,
    how: str,
    *,
    weights: pd.Series | None = None,
    summary: Summary = "mean",
    left_out: Mapping[str, float] | None = None,
) -> UnitValues:
    """Values by unit with their estimate. Units without a finite value are left out, and their share is noted."""
    values = values.astype(float)
    kept = values[np.isfinite(values)]
    noted = dict(left_out or {})
    if len(kept) < len(values):
        noted["units without a value"] = 1.0 - len(kept) / len(values)
    weights = None if weights is None else weights.loc[kept.index].astype(float)
    estimate = estimate_of(kept, weights, summary)
    return UnitValues(name, kept, estimate, how, weights, summary=summary, left_out=MappingProxyType(noted))


def by_unit(
    name: str, rows: pd.DataFrame, value: str, unit: Unit, how: str, left_out: Mapping[str, float] | None = None
) -> UnitValues:
    """The mean of a column within each unit, units weighted by their rows, so that the estimate is the mean over all rows.

    Which unit is chosen changes what is independent, never the estimate.

    Raises:
        TableError: the rows have no such unit.
    """
    found = rows.dropna(subset=[value]).groupby(_unit_columns(rows, unit))[value]
    return summarised(name, found.mean(), how, weights=found.size(), left_out=left_out)


def unit_means(rows: pd.DataFrame, value: str, unit: Unit) -> pd.Series:
    """The mean of a column within each unit."""
    return rows.dropna(subset=[value]).groupby(_unit_columns(rows, unit))[value].mean().astype(float)


def contrast(name: str, treated: pd.Series, control: pd.Series, how: str) -> UnitValues:
    """Treated less control: the mean of differences within units that have both, else a difference of means over units.

    Where some units have both and others do not, the others are left out, and their share is noted.
    """
    both = treated.index.intersection(control.index)
    if len(both):
        every = len(treated.index.union(control.index))
        left_out = {"units with one side only": 1.0 - len(both) / every} if len(both) < every else {}
        return summarised(name, treated.loc[both] - control.loc[both], f"{how}; differences within units", left_out=left_out)
    estimate = estimate_of(treated) - estimate_of(control)
    return UnitValues(name, treated, estimate, f"{how}; no unit has both, so units of one side against those of the other",
                      against=control)  # fmt: skip


def _unit_columns(rows: pd.DataFrame, unit: Unit) -> list[str]:
    columns = _COLUMNS.get(unit)
    if columns is None or not set(columns) <= set(rows.columns):
        possible = ", ".join(one for one, needed in _COLUMNS.items() if set(needed) <= set(rows.columns))
        raise TableError(f"unit {unit!r} is none that this table has; it has {possible}")
    return columns
