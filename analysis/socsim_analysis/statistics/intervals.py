"""Intervals of a mean over independent units, of a proportion, and of people nested in clusters.

Below `LEAST_UNITS` units, and where units do not differ, there is none: few or equal units do not show how much units vary. With
n units, mean x̄, standard error s/√n and level 1 - 2α:

- ``t``: x̄ ± t(1 - α, n - 1) s/√n.
- ``skewness-corrected t``: the statistic T = (x̄ - μ)/(s/√n) is made nearly symmetric by Hall's (1992) transformation
  y = T + A T²/3 + A² T³/27 + A/6 with A = G₁/√n and G₁ the sample skewness; its inverse, at y = ±t(1 - α, n - 1), gives the ends.
- ``wider of both``: on each side the end of these two that is farther out.
- ``studentised bootstrap``: x̄ - q s/√n with q the quantiles of (x̄* - x̄)/(s*/√n) over resamples (Efron & Tibshirani 1993,
  12.5). A side is infinite where too many resamples do not vary, which happens with few units on a coarse scale.
- ``BCa bootstrap``: bias-corrected and accelerated quantiles of x̄* (Efron 1987).

``auto`` takes t below `FEW_UNITS` units and the studentised bootstrap from there on. How often each misses the true mean of
skewed units was simulated; see `socsim_analysis.statistics.equivalence`, which uses ``wider of both``.

Hall, P. (1992). On the removal of skewness by transformation. J. R. Stat. Soc. B 54, 221–228. Efron, B. (1987). Better bootstrap
confidence intervals. J. Am. Stat. Assoc. 82, 171–185.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.stats
from numpy.typing import ArrayLike, NDArray

from socsim_analysis.statistics.resampling import bca_ends, studentised_ends

__all__ = [
    "FEW_UNITS",
    "LEAST_UNITS",
    "Method",
    "UnitInterval",
    "checked_level",
    "clustered_interval",
    "corrected_quantile",
    "interval_over_units",
    "no_interval",
    "present",
    "skewness",
    "units_differ",
    "wilson_interval",
]

LEAST_UNITS = 5
"""Fewest units for an interval."""

FEW_UNITS = 20
"""From this many units on, ``auto`` resamples."""

Method = Literal["auto", "t", "skewness-corrected t", "wider of both", "studentised bootstrap", "BCa bootstrap"]
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class UnitInterval:
    """An estimate with its interval; ``low`` and ``high`` are NaN where there is none, and ``method`` says why."""

    estimate: float
    low: float
    high: float
    level: float
    method: str
    units: int


def no_interval(estimate: float, level: float, units: int, reason: str) -> UnitInterval:
    """An estimate without an interval."""
    return UnitInterval(estimate, math.nan, math.nan, level, f"none ({reason})", units)


def units_differ(values: Reals) -> bool:
    """Whether values are not all the same, but for rounding of the last digits."""
    return bool(values.size > 1 and float(np.ptp(values)) > 1e-12 * max(1.0, float(np.abs(values).max())))


def interval_over_units(
    values: ArrayLike, level: float = 0.95, *, method: Method = "auto", rng: np.random.Generator | int = 0
) -> UnitInterval:
    """Mean of one value per unit with its interval; missing values (NaN) are left out. NaN where nothing is present.

    Args:
        values: one number per unit.
        level: share of intervals that should hold the true mean, between 0 and 1.
        method: see the module; ``auto`` by default.
        rng: where resamples come from: a generator, or a seed.

    Raises:
        ValueError: a value is infinite, or the level is not between 0 and 1.

    Example:
        >>> found = interval_over_units([0.2, -0.1, 0.4, 0.3, 0.1])
        >>> round(found.low, 3), round(found.high, 3), found.method
        (-0.059, 0.419, 't')
    """
    x = present(values)
    checked_level(level)
    n, centre = int(x.size), float(x.mean()) if x.size else math.nan
    if n < LEAST_UNITS:
        return no_interval(centre, level, n, f"fewer than {LEAST_UNITS} units")
    if not units_differ(x):
        return no_interval(centre, level, n, "units do not differ")
    if method == "auto":
        method = "t" if n < FEW_UNITS else "studentised bootstrap"
    low, high = _WAYS[method](x, (1.0 - level) / 2.0, np.random.default_rng(rng))
    return UnitInterval(centre, low, high, level, method, n)


def present(values: ArrayLike) -> Reals:
    """Values without the missing ones.

    Raises:
        ValueError: a value is infinite.
    """
    x = np.asarray(values, dtype=float).ravel()
    if np.isinf(x).any():
        raise ValueError("a value is infinite; give finite numbers, and NaN for missing ones")
    kept: Reals = x[~np.isnan(x)]
    return kept


def checked_level(level: float) -> None:
    """Refuse a level that is none."""
    if not 0.0 < level < 1.0:
        raise ValueError(f"the level of an interval lies between 0 and 1, not at {level}")


def skewness(rows: Reals) -> Reals:
    """G₁ of each row, √(n(n - 1))/(n - 2) · m₃/m₂^1.5, as in scipy with ``bias=False``; 0 for a constant row or n < 3."""
    n = rows.shape[-1]
    if n < 3:
        return np.zeros(rows.shape[:-1])
    centred = rows - rows.mean(axis=-1, keepdims=True)
    second, third = (centred**2).mean(axis=-1), (centred**3).mean(axis=-1)
    ratio = np.divide(third, second**1.5, out=np.zeros_like(third), where=second > 0.0)
    return np.asarray(ratio * math.sqrt(n * (n - 1)) / (n - 2))


def corrected_quantile(skew: ArrayLike, quantile: ArrayLike) -> Reals:
    """T at which Hall's transformation of the studentised statistic reaches ``quantile``; ``skew`` is A of the module's text."""
    a, y = np.asarray(skew, dtype=float), np.asarray(quantile, dtype=float)
    safe = np.where(np.abs(a) < 1e-8, 1.0, a)
    return np.where(np.abs(a) < 1e-8, y, 3.0 / safe * (np.cbrt(1.0 + safe * (y - safe / 6.0)) - 1.0))


def _t(x: Reals, tail: float, rng: np.random.Generator) -> tuple[float, float]:
    del rng
    half = float(scipy.stats.t.ppf(1.0 - tail, x.size - 1)) * _error(x)
    return float(x.mean()) - half, float(x.mean()) + half


def _corrected(x: Reals, tail: float, rng: np.random.Generator) -> tuple[float, float]:
    del rng
    quantile = float(scipy.stats.t.ppf(1.0 - tail, x.size - 1))
    upper, lower = corrected_quantile(float(skewness(x)) / math.sqrt(x.size), [quantile, -quantile])
    return float(x.mean() - upper * _error(x)), float(x.mean() - lower * _error(x))


def _wider(x: Reals, tail: float, rng: np.random.Generator) -> tuple[float, float]:
    (one, two), (three, four) = _t(x, tail, rng), _corrected(x, tail, rng)
    return min(one, three), max(two, four)


def _error(x: Reals) -> float:
    return float(x.std(ddof=1)) / math.sqrt(x.size)


_WAYS: dict[str, Callable[[Reals, float, np.random.Generator], tuple[float, float]]] = {
    "t": _t,
    "skewness-corrected t": _corrected,
    "wider of both": _wider,
    "studentised bootstrap": studentised_ends,
    "BCa bootstrap": bca_ends,
}


def wilson_interval(successes: int, n: int, level: float = 0.95) -> UnitInterval:
    """Share of ``n`` independent people with Wilson's (1927) interval; NaN without people, no interval below `LEAST_UNITS`.

    With p = successes/n and z = z(1 - α): (p + z²/2n ± z √(p(1 - p)/n + z²/4n²)) / (1 + z²/n); within 0 and 1. Unlike a mean over
    units it has width where all people answer alike, since the spread of a share follows from the share.

    Raises:
        ValueError: not 0 ≤ successes ≤ n.

    Example:
        >>> found = wilson_interval(15, 148)
        >>> round(found.low, 3), round(found.high, 3)
        (0.062, 0.16)
    """
    checked_level(level)
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is no share")
    if n < LEAST_UNITS:
        return no_interval(successes / n if n else math.nan, level, n, f"fewer than {LEAST_UNITS} units")
    share, z = successes / n, float(scipy.stats.norm.ppf(0.5 + level / 2.0))
    middle, scale = share + z * z / (2 * n), 1.0 + z * z / n
    half = z * math.sqrt(share * (1.0 - share) / n + z * z / (4 * n * n))
    return UnitInterval(share, max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale), level, "Wilson", n)


def clustered_interval(
    values: ArrayLike, clusters: ArrayLike, level: float = 0.95, *, weights: ArrayLike | None = None
) -> UnitInterval:
    """Mean over people who are nested in clusters, with the interval for clusters drawn at random.

    x̄ = Σ w x / Σ w; with e_g = Σ w (x - x̄) over the people of cluster g the variance is G/(G - 1) · Σ e_g² / (Σ w)² (Liang &
    Zeger 1986; as statsmodels does with ``cov_type="cluster"``), and the ends are x̄ ± t(1 - α, G - 1) times its root.
    ``units`` counts clusters. Every person counts alike here; to count every cluster alike take `interval_over_units` of
    `unit_means`. With few clusters of very unequal size the interval is too short.

    Args:
        values: one number per person; missing ones (NaN) are left out.
        clusters: whole number of the cluster of each.
        level: share of intervals that should hold the true mean.
        weights: weight of each person, above 0; equal where not given.

    Raises:
        ValueError: lengths differ, or a weight is not above 0.

    Example:
        >>> found = clustered_interval([1, 2, 3, 4, 2, 4, 5, 7], [0, 0, 1, 1, 2, 2, 3, 4])
        >>> round(found.estimate, 2), round(found.low, 2), round(found.high, 2), found.units
        (3.5, 1.32, 5.68, 5)
    """
    checked_level(level)
    x, labels = np.asarray(values, dtype=float).ravel(), np.asarray(clusters).ravel()
    w = np.ones(x.size) if weights is None else np.asarray(weights, dtype=float).ravel()
    if not x.size == labels.size == w.size:
        raise ValueError(f"{x.size} values, {labels.size} clusters and {w.size} weights")
    if not (w > 0.0).all():
        raise ValueError("weights must be above 0")
    kept = ~np.isnan(x)
    x, w, (names, codes) = present(x), w[kept], np.unique(labels[kept], return_inverse=True)
    groups = len(names)
    centre = float(np.average(x, weights=w)) if x.size else math.nan
    if groups < LEAST_UNITS:
        return no_interval(centre, level, groups, f"fewer than {LEAST_UNITS} clusters")
    if not units_differ(x):
        return no_interval(centre, level, groups, "people do not differ")
    scores = np.bincount(codes, w * (x - centre), groups)
    error = math.sqrt(groups / (groups - 1) * float(scores @ scores)) / float(w.sum())
    if error <= 1e-12 * max(1.0, abs(centre)):
        return no_interval(centre, level, groups, "clusters do not differ")
    half = float(scipy.stats.t.ppf(0.5 + level / 2.0, groups - 1)) * error
    return UnitInterval(centre, centre - half, centre + half, level, "cluster-robust t", groups)
