"""The numbers behind a verdict, for one run or for many at once: difference, standard error, degrees of freedom, and ends.

With n worlds of mean x̄, standard deviation s and skewness G₁, and a human estimate h with standard error u and f degrees of
freedom, the difference x̄ - h has the standard error e = √(s²/n + u²), with the degrees of freedom of Welch and Satterthwaite,

    ν = e⁴ / ((s²/n)²/(n - 1) + u⁴/f),

and the interval ± t(1 - α, ν) e. Hall's correction for skewness (see `socsim_analysis.statistics.intervals`) enters with
A = G₁/√n · (s/√n)/e; on each side the end that is farther out counts. Theory has the cube of (s/√n)/e for many worlds; with few
worlds the correction does not do enough then, as simulations show (`socsim_analysis.statistics.equivalence`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.stats
from numpy.typing import ArrayLike, NDArray

from socsim_analysis.statistics.intervals import LEAST_UNITS, corrected_quantile, skewness

__all__ = ["OUTCOMES", "Bounds", "HumanEstimate", "VerdictMethod", "WorldSummary", "bounds_of", "outcomes_of", "summaries"]

Reals = NDArray[np.float64]
VerdictMethod = Literal["wider of both", "t"]

OUTCOMES = ("no verdict", "inconclusive", "match", "differ")
"""Outcomes by the numbers that `outcomes_of` gives."""


@dataclass(frozen=True)
class HumanEstimate:
    """What is known of people: a value, and its interval where the source has one; without, the value is taken for exact.

    ``degrees`` are those of the interval: n - 1 for the mean of n people with a t interval, infinite for a normal one. Where the
    interval is longer on one side the longer side counts for both.

    Raises:
        ValueError: the value is not finite, only one end is given, or the value lies outside of the interval.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    level: float = 0.95
    degrees: float = math.inf

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError("the human estimate is missing or infinite")
        if math.isnan(self.low) != math.isnan(self.high):
            raise ValueError("the human interval needs both ends, or none")
        if not math.isnan(self.low) and not (self.low <= self.value <= self.high and math.isfinite(self.high - self.low)):
            raise ValueError(f"the human estimate {self.value} lies outside of its interval {self.low} to {self.high}")
        if not (0.0 < self.level < 1.0 and self.degrees > 0.0):
            raise ValueError("the level of the human interval lies between 0 and 1, its degrees of freedom above 0")

    @property
    def fixed(self) -> bool:
        """Whether there is no interval, so that the value is taken for exact."""
        return math.isnan(self.low)

    @property
    def error(self) -> float:
        """Standard error: the longer side of the interval over its quantile; 0 where the value is taken for exact.

        Example:
            >>> round(HumanEstimate(0.5, 0.402, 0.598).error, 4)
            0.05
        """
        if self.fixed:
            return 0.0
        quantile = float(scipy.stats.t.ppf(0.5 + self.level / 2.0, self.degrees))
        return max(self.value - self.low, self.high - self.value) / quantile


@dataclass(frozen=True)
class WorldSummary:
    """Of each run: mean, standard error s/√n and skewness over its ``worlds`` worlds; the error is 0 where worlds do not
    differ."""

    means: Reals
    errors: Reals
    skews: Reals
    worlds: int


@dataclass(frozen=True)
class Bounds:
    """Of each run: ends of the 90 % and 95 % intervals of the difference, its standard error and degrees of freedom."""

    low90: Reals
    high90: Reals
    low95: Reals
    high95: Reals
    errors: Reals
    degrees: Reals


def summaries(rows: ArrayLike) -> WorldSummary:
    """Summary of runs, one per row, one column per world; at least two worlds and no missing values."""
    x = np.atleast_2d(np.asarray(rows, dtype=float))
    n = x.shape[1]
    errors = x.std(axis=1, ddof=1) / math.sqrt(n)
    flat = np.ptp(x, axis=1) <= 1e-12 * np.maximum(1.0, np.abs(x).max(axis=1))
    return WorldSummary(x.mean(axis=1), np.where(flat, 0.0, errors), np.where(flat, 0.0, skewness(x)), n)


def bounds_of(
    run: WorldSummary, human: ArrayLike, human_error: float, human_degrees: float, method: VerdictMethod = "wider of both"
) -> Bounds:
    """Intervals of run - human.

    Args:
        run: summary of runs.
        human: the human value, one for all runs or one for each.
        human_error: its standard error; 0 where it is taken for exact.
        human_degrees: its degrees of freedom.
        method: with the correction for skewness where it makes an interval wider, or without.
    """
    difference, own, theirs = run.means - np.asarray(human, dtype=float), run.errors**2, human_error**2
    errors = np.sqrt(own + theirs)
    spread = own**2 / (run.worlds - 1) + theirs**2 / human_degrees
    degrees = np.divide(errors**4, spread, out=np.full_like(errors, math.inf), where=spread > 0.0)
    share = np.divide(run.errors, errors, out=np.zeros_like(errors), where=errors > 0.0)
    skew = run.skews / math.sqrt(run.worlds) * share if method == "wider of both" else np.zeros_like(errors)
    ends = [_ends(difference, errors, scipy.stats.t.ppf(quantile, degrees), skew) for quantile in (0.95, 0.975)]
    return Bounds(*ends[0], *ends[1], errors, degrees)


def _ends(difference: Reals, errors: Reals, quantile: Reals, skew: Reals) -> tuple[Reals, Reals]:
    above = np.maximum(quantile, corrected_quantile(skew, quantile))
    below = np.minimum(-quantile, corrected_quantile(skew, -quantile))
    return difference - above * errors, difference - below * errors


def outcomes_of(run: WorldSummary, bounds: Bounds, margin: float) -> NDArray[np.int64]:
    """Number of each run's outcome among `OUTCOMES`: *differ* is looked at first, then *match*, else *inconclusive*.

    No verdict with fewer than `LEAST_UNITS` worlds, or where they do not differ.
    """
    excludes_zero = (bounds.low95 > 0.0) | (bounds.high95 < 0.0)
    differ = excludes_zero & ~((bounds.low95 > -margin) & (bounds.high95 < margin))
    match = (bounds.low90 > -margin) & (bounds.high90 < margin)
    found = np.where(differ, 3, np.where(match, 2, 1))
    return np.where((run.errors > 0.0) & (run.worlds >= LEAST_UNITS), found, 0).astype(np.int64)
