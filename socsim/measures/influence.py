"""What people make of what others say: weight on others, convergence, drift, conformity.

None of these is evidence of influence by itself. First answers regress to the mean when asked again, and what several people
are told at once moves all of them; hold each against an arm in which nothing was shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from socsim.measures.groups import Groups, group_codes

__all__ = ["ConformitySlope", "OthersWeight", "conformity_slope", "convergence_ratio", "drift", "weight_on_others"]


@dataclass(frozen=True)
class OthersWeight:
    """Weights on others by row (NaN where excluded), their mean and median, and what was left out.

    ``n`` rows count; ``excluded_share`` of all rows is the sum of ``missing_share`` (a value is missing) and ``near_share`` (own
    first answer and peer too close). ``outside_share`` of the counted rows lies outside 0 … 1.
    """

    weights: NDArray[np.float64]
    mean: float
    median: float
    n: int
    excluded_share: float
    missing_share: float
    near_share: float
    outside_share: float


@dataclass(frozen=True)
class ConformitySlope:
    """Slope and intercept of revision on distance, the interval of the slope, and the rows and units they come from."""

    slope: float
    intercept: float
    low: float
    high: float
    n: int
    units: int


def _rows(*columns: ArrayLike) -> list[NDArray[np.float64]]:
    arrays = [np.asarray(column, dtype=float).ravel() for column in columns]
    if len({array.size for array in arrays}) > 1:
        raise ValueError(f"rows need equally many values in each column, got {', '.join(str(array.size) for array in arrays)}")
    return arrays


def weight_on_others(
    first: ArrayLike, second: ArrayLike, peer: ArrayLike, *, minimum_distance: float, clip: bool = False
) -> OthersWeight:
    """Weight on others in a revision: w = (r2 - r1) / (peer - r1); 0 keeps one's own answer, 1 adopts the peer's.

    It has no bounds: below 0 one moved away, above 1 beyond the peer. Rows in which |peer - r1| is below the minimum
    distance (or 0) are excluded, as the ratio is not defined or explodes there, and so are rows with a missing value; both
    are counted. The mean depends on few near rows; the median does so less. Source: weight of advice, Harvey & Fischer
    1997 and Yaniv 2004 (*Organ. Behav. Hum. Decis. Process.* 70 and 93).

    Mean and median are NaN where no row is left; shares are NaN without any rows.

    Args:
        first: answer before, one per row.
        second: answer after.
        peer: answer shown, or the mean of several.
        minimum_distance: smallest |peer - r1| of a row that counts, in units of the scale, 0 or more.
        clip: whether to set weights outside 0 … 1 to the nearer bound, as some studies do; their share is given either way.

    Raises:
        ValueError: columns not equally long, or a negative distance.

    Example:
        >>> weight_on_others([2.0, 4.0, 3.0], [3.0, 4.0, 3.0], [6.0, 5.0, 3.0], minimum_distance=0.5).weights.tolist()
        [0.25, 0.0, nan]
    """
    if not minimum_distance >= 0.0:
        raise ValueError(f"the smallest distance must be 0 or more, got {minimum_distance}")
    before, after, shown = _rows(first, second, peer)
    known = ~(np.isnan(before) | np.isnan(after) | np.isnan(shown))
    distance = shown - before
    far = known & (np.abs(distance) >= minimum_distance) & (distance != 0.0)
    weights = np.full(before.size, np.nan)
    weights[far] = (after[far] - before[far]) / distance[far]
    counted = weights[far]
    outside = (counted < 0.0) | (counted > 1.0)
    if clip:
        weights, counted = np.clip(weights, 0.0, 1.0), np.clip(counted, 0.0, 1.0)
    rows, n = before.size, counted.size
    missing = float((~known).mean()) if rows else float("nan")
    near = float((known & ~far).mean()) if rows else float("nan")
    return OthersWeight(
        weights=weights,
        mean=float(counted.mean()) if n else float("nan"),
        median=float(np.median(counted)) if n else float("nan"),
        n=n,
        excluded_share=1.0 - n / rows if rows else float("nan"),
        missing_share=missing,
        near_share=near,
        outside_share=float(outside.mean()) if n else float("nan"),
    )


def convergence_ratio(initial: ArrayLike, final: ArrayLike) -> float:
    """Share of the variance that went: (Var0 - VarT) / Var0, of those who answered at both times.

    1 where all agree in the end, 0 without change, below 0 (without bound) where people moved apart. NaN with fewer than two
    people, or where they did not differ at first by more than rounding error. Source: the loss of diversity of
    Lorenz et al. 2011, *PNAS* 108, as a ratio.

    Raises:
        ValueError: not equally many values.

    Example:
        >>> convergence_ratio([1.0, 3.0, 5.0], [2.0, 3.0, 4.0])
        0.75
    """
    before, after = _both(initial, final)
    if before.size < 2 or np.ptp(before) <= 1e-9 * max(1.0, float(np.abs(before).max())):
        return float("nan")
    return float(1.0 - after.var() / before.var())


def drift(initial: ArrayLike, final: ArrayLike) -> float:
    """Change of the mean, mean(final - initial), in units of the scale, of those who answered at both times; NaN without any.

    Averaging with equal weights both ways leaves it at 0, so that it shows a pull that does not come from the others.
    Source: DeGroot 1974, *JASA* 69, whose doubly stochastic weights keep the mean.

    Raises:
        ValueError: not equally many values.

    Example:
        >>> drift([1.0, 3.0, float("nan")], [2.0, 4.0, 7.0])
        1.0
    """
    before, after = _both(initial, final)
    return float((after - before).mean()) if before.size else float("nan")


def _both(initial: ArrayLike, final: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    before, after = _rows(initial, final)
    known = ~(np.isnan(before) | np.isnan(after))
    return before[known], after[known]


def conformity_slope(
    first: ArrayLike, second: ArrayLike, peer: ArrayLike, *, agents: Groups | None = None, level: float = 0.95
) -> ConformitySlope:
    """Least-squares slope b of the revision on the distance: r2 - r1 = a + b (peer - r1); 0 without conformity, 1 with full.

    Unlike the mean of `weight_on_others` it needs no exclusion of near rows, as these weigh little. It has no bounds. Because
    r1 is on both sides, noise in first answers gives a positive slope without any influence (regression to the mean): compare
    with a control. The interval is b ± t(G - 1) · se with standard errors robust to clusters (Liang & Zeger 1986, with
    G/(G-1) · (n-1)/(n-2)), one per agent, or per row where no agents are given. Source: DeGroot 1974, *JASA* 69, with
    equal weights.

    Rows with a missing value are left out. All NaN with fewer than three rows or where distances do not differ by more than
    rounding error; the interval is NaN with a single agent.

    Args:
        first: answer before, one per row.
        second: answer after.
        peer: answer shown, or the mean of several.
        agents: whose row it is; rows of an agent count as dependent.
        level: of the interval.

    Raises:
        ValueError: columns not equally long, or a level outside 0 … 1.

    Example:
        >>> conformity_slope([0.0, 0.0, 0.0], [0.5, 1.0, 1.5], [1.0, 2.0, 3.0]).slope
        0.5
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"the level must lie between 0 and 1, got {level}")
    before, after, shown = _rows(first, second, peer)
    unit = np.arange(before.size) if agents is None else group_codes(agents)
    if unit.size != before.size:
        raise ValueError(f"one agent per row is needed, got {before.size} rows and {unit.size} agents")
    known = ~(np.isnan(before) | np.isnan(after) | np.isnan(shown)) & (unit >= 0)
    x, y = (shown - before)[known], (after - before)[known]
    unit = np.unique(unit[known], return_inverse=True)[1]
    n, units = x.size, int(unit.max(initial=-1)) + 1
    if n < 3 or np.ptp(x) <= 1e-9 * max(1.0, float(np.abs(x).max())):
        nan = float("nan")
        return ConformitySlope(nan, nan, nan, nan, n, units)
    centred = x - x.mean()
    slope = float(centred @ (y - y.mean()) / (centred @ centred))
    intercept = float(y.mean() - slope * x.mean())
    half = _half_width(centred, y - intercept - slope * x, unit, level)
    return ConformitySlope(slope, intercept, slope - half, slope + half, n, units)


def _half_width(centred: NDArray[np.float64], residuals: NDArray[np.float64], unit: NDArray[np.intp], level: float) -> float:
    from scipy.special import stdtrit

    sums = np.bincount(unit, weights=centred * residuals)
    n, units = centred.size, sums.size
    if units < 2:
        return float("nan")
    correction = units / (units - 1) * (n - 1) / (n - 2)
    error = np.sqrt(correction * float(sums @ sums)) / float(centred @ centred)
    return float(stdtrit(units - 1, 0.5 + level / 2.0) * error)
