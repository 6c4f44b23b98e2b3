"""Whether opinions have one mode or more: Hartigan's dip, its test, and the bimodality coefficient beside it.

For continuous opinions only. On an item with a few options nearly everybody shares an answer with somebody; the dip then
measures the steps of the scale. Use `socsim.measures.agreement` there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Bimodality", "DipTest", "bimodality", "dip", "dip_test"]

_MOST_TIED = 0.1
"""Largest share of values that may repeat another one."""

_FEWEST = 4


@dataclass(frozen=True)
class DipTest:
    """The dip, its p-value under a uniform distribution, and how many values and simulated samples it comes from."""

    dip: float
    p_value: float
    n: int
    draws: int


@dataclass(frozen=True)
class Bimodality:
    """The bimodality coefficient with the dip test, without which it means little: a single skewed mode raises it, too."""

    coefficient: float
    dip: float
    p_value: float
    n: int
    draws: int


def dip(opinions: ArrayLike) -> float:
    """Hartigan's dip: the least, over all unimodal distributions G, of the largest |F - G|, with F that of the opinions.

    Between 1/(2n), where one mode fits as well as it can, and 1/4, where two points share all. Found by greatest convex
    minorants and least concave majorants in O(n log n). Source: Hartigan & Hartigan 1985, *Annals of Statistics* 13; Hartigan
    1985, algorithm AS 217.

    Missing values are left out; NaN with fewer than four values or where all are equal.

    Raises:
        ValueError: more than a tenth of the values repeat another one, as on an item with a few options.

    Example:
        >>> round(dip([0.0, 0.01, 0.02, 0.98, 0.99, 1.0]), 4)
        0.2449
    """
    x = _continuous(opinions)
    return _dip(x) if x.size else float("nan")


def dip_test(opinions: ArrayLike, rng: np.random.Generator, *, draws: int = 2000) -> DipTest:
    """Test of one mode against more: p = (1 + number of uniform samples of equal size with at least this dip) / (draws + 1).

    Uniform samples are the least favourable ones in the sense of Hartigan & Hartigan 1985; p lies in [1/(draws + 1), 1]. Takes
    a few µs per value and draw. A small p speaks for more than one mode; a large one is no proof of one mode.

    Missing, few, equal and repeated values as in `dip`; p is NaN where the dip is.

    Args:
        opinions: one number per agent.
        rng: generator of the samples.
        draws: number of samples, 1 or more.

    Raises:
        ValueError: no draws, or repeated values.

    Example:
        >>> dip_test([1.0, 1.0, 1.0, 1.0], np.random.default_rng(1)).dip
        nan
    """
    if draws < 1:
        raise ValueError(f"a p-value by simulation needs at least one draw, got {draws}")
    x = _continuous(opinions)
    n = int((~np.isnan(np.asarray(opinions, dtype=float))).sum())
    if not x.size:
        return DipTest(float("nan"), float("nan"), n, draws)
    found = _dip(x)
    larger = sum(_dip(np.sort(rng.random(n))) >= found - 1e-12 for _ in range(draws))
    return DipTest(found, (1 + larger) / (draws + 1), n, draws)


def bimodality(opinions: ArrayLike, rng: np.random.Generator, *, draws: int = 2000) -> Bimodality:
    """Bimodality coefficient (g² + 1) / (κ + 3 (n-1)² / ((n-2)(n-3))) with the dip test.

    g is the sample skewness and κ the sample excess kurtosis, both corrected for bias. Above 0, in large samples up to 1:
    5/9 ≈ 0.556 for a uniform one, 1/3 for a normal one; larger for two modes, but also for one skewed mode, so that it is
    given with the dip only. Source: Pfister et al. 2013, *Frontiers in Psychology* 4:700.

    Missing, few, equal and repeated values as in `dip_test`.

    Raises:
        ValueError: no draws, or repeated values.

    Example:
        >>> round(bimodality([0.0, 0.1, 0.2, 0.8, 0.9, 1.0], np.random.default_rng(1), draws=9).coefficient, 3)
        0.297
    """
    tested = dip_test(opinions, rng, draws=draws)
    x = _continuous(opinions)
    return Bimodality(_coefficient(x) if x.size else float("nan"), tested.dip, tested.p_value, tested.n, draws)


def _coefficient(x: NDArray[np.float64]) -> float:
    n = x.size
    z = (x - x.mean()) / x.std()
    skewness = float((z**3).mean()) * np.sqrt(n * (n - 1)) / (n - 2)
    excess = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (float((z**4).mean()) - 3.0) + 6.0)
    return float((skewness**2 + 1.0) / (excess + 3.0 * (n - 1) ** 2 / ((n - 2) * (n - 3))))


def _continuous(opinions: ArrayLike) -> NDArray[np.float64]:
    """The values present, sorted; none where a dip is not defined."""
    x = np.asarray(opinions, dtype=float).ravel()
    x = np.sort(x[~np.isnan(x)])
    if x.size < _FEWEST or x[0] == x[-1]:
        return np.empty(0)
    different = int((np.diff(x) > 0.0).sum()) + 1
    if different < (1.0 - _MOST_TIED) * x.size:
        raise ValueError(
            f"the dip is for continuous opinions, but of {x.size} values only {different} differ: on a scale with few options it "
            "measures the steps of the scale, and its p-value does not hold; use agreement() on the counts"
        )
    return x


def _dip(ordered: NDArray[np.float64]) -> float:
    """The dip of sorted values that are not all equal."""
    x, counts = np.unique(ordered, return_counts=True)
    above: NDArray[np.float64] = np.cumsum(counts).astype(float)  # n F(x)
    below: NDArray[np.float64] = above - counts  # n F(x-)
    before = _knots_before(x.tolist(), below.tolist())
    after = [x.size - 1 - k for k in _knots_before((-x[::-1]).tolist(), (-above[::-1]).tolist())][::-1]
    low, high, deviation = 0, x.size - 1, 1.0
    while True:
        minorant = _chain(before, high, low)[::-1]
        majorant = _chain(after, low, high)
        gap, start, stop = _widest(x, below, above, minorant, majorant)
        if gap < deviation:
            break
        left, right = slice(low, start), slice(stop + 1, high + 1)  # a mode may hold a jump, so its ends are left out
        rise = above[left] - np.interp(x[left], x[minorant], below[minorant])
        fall = np.interp(x[right], x[majorant], above[majorant]) - below[right]
        deviation = max(deviation, _inner(rise), _inner(fall))
        if (start, stop) == (low, high):
            break
        low, high = start, stop
    return deviation / (2.0 * ordered.size)


def _inner(differences: NDArray[np.float64]) -> float:
    return float(differences.max()) if differences.size else 0.0


def _knots_before(x: list[float], y: list[float]) -> list[int]:
    """For each point the one before it on the greatest convex minorant of the points up to it."""
    before = [0] * len(x)
    for j in range(1, len(x)):
        k = j - 1
        while k > 0:
            i = before[k]
            if (y[k] - y[i]) * (x[j] - x[k]) < (y[j] - y[k]) * (x[k] - x[i]):
                break
            k = i
        before[j] = k
    return before


def _chain(following: list[int], start: int, end: int) -> list[int]:
    """The knots from start to end."""
    chain = [start]
    while chain[-1] != end:
        chain.append(following[chain[-1]])
    return chain


def _widest(
    x: NDArray[np.float64], below: NDArray[np.float64], above: NDArray[np.float64], minorant: list[int], majorant: list[int]
) -> tuple[float, int, int]:
    """Largest distance of majorant and minorant, and the modal interval there: a knot of each, the minorant's first."""
    g, h = np.asarray(minorant), np.asarray(majorant)
    at_g = np.interp(x[g], x[h], above[h]) - below[g]
    at_h = above[h] - np.interp(x[h], x[g], below[g])
    i, j = int(at_g.argmax()), int(at_h.argmax())
    if at_g[i] > at_h[j]:
        return float(at_g[i]), int(g[i]), int(h[np.searchsorted(h, g[i])])
    return float(at_h[j]), int(g[np.searchsorted(g, h[j], side="right") - 1]), int(h[j])
