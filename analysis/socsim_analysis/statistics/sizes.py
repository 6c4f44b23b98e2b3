"""Effect sizes in a form that can be compared between studies, each with its interval.

Two samples of independent units (worlds, or people who could not see each other), missing values (NaN) left out. With fewer than
`LEAST_UNITS` units on a side, or where no unit differs from the others of its side, there is no interval.
"""

from __future__ import annotations

import math

import numpy as np
import scipy.optimize
import scipy.special
import scipy.stats
from numpy.typing import ArrayLike, NDArray

from socsim_analysis.statistics.intervals import LEAST_UNITS, UnitInterval, checked_level, no_interval, present

__all__ = ["cohen_d", "cohen_h", "hedges_g", "log_ratio"]

Reals = NDArray[np.float64]


def cohen_d(first: ArrayLike, second: ArrayLike, level: float = 0.95) -> UnitInterval:
    """(mean of first - mean of second) / s, with the pooled s² = Σ of both sums of squares / (n₁ + n₂ - 2).

    The interval is that of the noncentral t distribution (Steiger & Fouladi 1997), exact for normal units of equal variance:
    all δ for which t = d √(n₁n₂/(n₁ + n₂)) is not in a tail of (1 - level)/2. NaN where the pooled variance is 0 or a side is
    empty.

    Example:
        >>> round(cohen_d([3.0, 4.0, 5.0, 6.0, 7.0], [1.0, 2.0, 3.0, 4.0, 5.0]).estimate, 4)
        1.2649
    """
    checked_level(level)
    a, b = present(first), present(second)
    units = a.size + b.size
    pooled = _pooled(a, b)
    if not pooled > 0.0:
        return no_interval(math.nan, level, units, "units do not differ" if units > 2 else "too few units")
    d = float(a.mean() - b.mean()) / pooled
    if min(a.size, b.size) < LEAST_UNITS:
        return no_interval(d, level, units, f"fewer than {LEAST_UNITS} units on a side")
    root, tail = math.sqrt(a.size * b.size / units), (1.0 - level) / 2.0
    low, high = (noncentrality(d * root, units - 2, share) / root for share in (1.0 - tail, tail))
    return UnitInterval(d, low, high, level, "noncentral t", units)


def _pooled(a: Reals, b: Reals) -> float:
    """Pooled standard deviation; NaN where it cannot be had, 0 for constants."""
    if not a.size or not b.size or a.size + b.size < 3:
        return math.nan
    squares = float(((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum())
    pooled = math.sqrt(squares / (a.size + b.size - 2))
    return pooled if pooled > 1e-12 * max(1.0, abs(float(a.mean())), abs(float(b.mean()))) else 0.0


def noncentrality(t: float, degrees: float, share: float) -> float:
    """The noncentrality at which ``share`` of the noncentral t distribution lies below ``t``.

    A negative t is mirrored, and where scipy has no number far out in a tail the limit is taken.
    """
    if t < 0.0:
        return -noncentrality(-t, degrees, 1.0 - share)

    def excess(shift: float) -> float:
        below = float(scipy.stats.nct.cdf(t, degrees, shift)) if shift else float(scipy.stats.t.cdf(t, degrees))
        return (below if math.isfinite(below) else float(shift < t)) - share

    reach = 6.0 + t
    while excess(t + reach) > 0.0 or excess(t - reach) < 0.0:
        reach *= 1.5
    return float(scipy.optimize.brentq(excess, t - reach, t + reach, xtol=1e-10))


def hedges_g(first: ArrayLike, second: ArrayLike, level: float = 0.95) -> UnitInterval:
    """`cohen_d` without its bias: g = J d with J = Γ(m/2) / (√(m/2) Γ((m - 1)/2)) and m = n₁ + n₂ - 2 (Hedges 1981).

    Both ends are those of d times J.

    Example:
        >>> round(hedges_g([3.0, 4.0, 5.0, 6.0, 7.0], [1.0, 2.0, 3.0, 4.0, 5.0]).estimate, 4)
        1.1418
    """
    d = cohen_d(first, second, level)
    half = (d.units - 2) / 2.0
    if math.isnan(d.estimate) or half <= 0.5:
        return UnitInterval(math.nan, math.nan, math.nan, level, d.method, d.units)
    factor = math.exp(float(scipy.special.gammaln(half) - scipy.special.gammaln(half - 0.5))) / math.sqrt(half)
    return UnitInterval(d.estimate * factor, d.low * factor, d.high * factor, level, d.method, d.units)


def cohen_h(first: int, n_first: int, second: int, n_second: int, level: float = 0.95) -> UnitInterval:
    """2 arcsin √p₁ - 2 arcsin √p₂ of two shares of independent people, from -π to π (Cohen 1988, chapter 6).

    The interval is h ± z √(1/n₁ + 1/n₂), since the transformed share has nearly the variance 1/n; it is rough for shares near 0
    or 1 of few people. NaN where a side is empty.

    Args:
        first: people of the first side for whom it holds.
        n_first: people of the first side.
        second: of the second side.
        n_second: people of the second side.
        level: share of intervals that should hold the true value.

    Raises:
        ValueError: more people than there are, or a negative number.

    Example:
        >>> round(cohen_h(40, 100, 30, 100).estimate, 4)
        0.2102
    """
    checked_level(level)
    if not (0 <= first <= n_first and 0 <= second <= n_second):
        raise ValueError(f"{first} of {n_first} against {second} of {n_second} are no shares")
    units = n_first + n_second
    if not n_first or not n_second:
        return no_interval(math.nan, level, units, "a side is empty")
    h = 2.0 * (math.asin(math.sqrt(first / n_first)) - math.asin(math.sqrt(second / n_second)))
    if min(n_first, n_second) < LEAST_UNITS:
        return no_interval(h, level, units, f"fewer than {LEAST_UNITS} units on a side")
    half = float(scipy.stats.norm.ppf(0.5 + level / 2.0)) * math.sqrt(1.0 / n_first + 1.0 / n_second)
    return UnitInterval(h, max(h - half, -math.pi), min(h + half, math.pi), level, "arcsine, normal", units)


def log_ratio(first: ArrayLike, second: ArrayLike, level: float = 0.95) -> UnitInterval:
    """ln(mean of first / mean of second), for quantities with a true zero (Hedges, Gurevitch & Curtis 1999).

    The variance is v₁ + v₂ with v = s²/(n x̄²); the ends are ± t(1 - α, ν) times its root, with ν of Welch and Satterthwaite. NaN
    where a mean is not above 0: a ratio says nothing there.

    Example:
        >>> round(log_ratio([2.0, 4.0], [1.0, 2.0]).estimate, 4)
        0.6931
    """
    checked_level(level)
    a, b = present(first), present(second)
    units = a.size + b.size
    if not a.size or not b.size or a.mean() <= 0.0 or b.mean() <= 0.0:
        return no_interval(math.nan, level, units, "a mean is not above 0")
    estimate = math.log(a.mean() / b.mean())
    if min(a.size, b.size) < LEAST_UNITS:
        return no_interval(estimate, level, units, f"fewer than {LEAST_UNITS} units on a side")
    if not _pooled(a, b) > 0.0:
        return no_interval(estimate, level, units, "units do not differ")
    shares = [float(x.var(ddof=1)) / (x.size * float(x.mean()) ** 2) for x in (a, b)]
    degrees = sum(shares) ** 2 / sum(share**2 / (x.size - 1) for share, x in zip(shares, (a, b), strict=True))
    half = float(scipy.stats.t.ppf(0.5 + level / 2.0, degrees)) * math.sqrt(sum(shares))
    return UnitInterval(estimate, estimate - half, estimate + half, level, "log, Welch t", units)
