"""Echo chambers: how the leaning of people goes with that of those they read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from socsim.measures.networks import neighbour_means
from socsim.measures.segregation import tie_ends

__all__ = ["LeaningDensity", "leaning_density"]


@dataclass(frozen=True)
class LeaningDensity:
    """Joint density of own leaning (first axis) and mean leaning of those one reads (second axis).

    ``density`` sums to 1 over cells times their area; ``edges`` are the bounds of the cells on both axes; ``correlation`` is that
    of the two leanings over ``n`` people, NaN where either does not differ.
    """

    density: NDArray[np.float64]
    edges: NDArray[np.float64]
    correlation: float
    n: int


def leaning_density(
    leanings: ArrayLike, authors: ArrayLike, readers: ArrayLike, low: float, high: float, *, bins: int = 20
) -> LeaningDensity:
    """Joint density of everybody's leaning and the mean leaning of those they read, over a grid of bins × bins cells.

    Mass along the diagonal at both ends is the picture of echo chambers; one blob in the middle that of none. Source: Cinelli et
    al. 2021, *PNAS* 118(9). Neighbours' means vary less than leanings do, the less the more one reads,
    so that the picture is never symmetric.

    People without a leaning, or who read nobody with one, are left out; where nobody is left the density is NaN and n is 0.
    A constant gives all mass in one cell.

    Args:
        leanings: one number per agent, NaN where missing.
        authors: agent at one end of each tie; ties without direction are given once each way.
        readers: agent at the other end.
        low: low end of the scale.
        high: high end of the scale.
        bins: number of cells along each axis.

    Raises:
        ValueError: a leaning outside the scale, high not above low, no bins, or ends of ties that do not fit.

    Example:
        >>> leaning_density([0.0, 0.0, 1.0, 1.0], [1, 0, 3, 2], [0, 1, 2, 3], 0.0, 1.0, bins=2).density.tolist()
        [[2.0, 0.0], [0.0, 2.0]]
    """
    if not high > low or bins < 1:
        raise ValueError(f"a grid needs a high end above its low end and at least one bin, got {low} … {high} and {bins}")
    x = np.asarray(leanings, dtype=float).ravel()
    if (x < low).any() or (x > high).any():
        raise ValueError(f"leanings must lie on the scale {low} … {high}")
    a, r = tie_ends(x.size, authors, readers)
    around = np.clip(neighbour_means(x, a, r), low, high)
    both = ~(np.isnan(x) | np.isnan(around))
    edges = np.linspace(low, high, bins + 1)
    n = int(both.sum())
    if n == 0:
        return LeaningDensity(np.full((bins, bins), np.nan), edges, float("nan"), 0)
    counts = np.histogram2d(x[both], around[both], bins=(edges, edges))[0]
    area = ((high - low) / bins) ** 2
    return LeaningDensity(counts / (n * area), edges, _correlation(x[both], around[both], high - low), n)


def _correlation(x: NDArray[np.float64], y: NDArray[np.float64], unit: float) -> float:
    if x.size < 2 or min(np.ptp(x), np.ptp(y)) <= 1e-9 * unit:
        return float("nan")
    x, y = x - x.mean(), y - y.mean()
    return max(-1.0, min(1.0, float(x @ y / np.sqrt((x @ x) * (y @ y)))))
