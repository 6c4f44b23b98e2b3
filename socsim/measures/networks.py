"""Opinions along ties: how alike those are who read each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["neighbour_correlation", "neighbour_means"]


def neighbour_correlation(opinions: ArrayLike, authors: ArrayLike, readers: ArrayLike) -> float:
    """Pearson correlation of the opinions at the two ends of a tie, over all ties; between -1 and 1.

    For undirected ties, given once each way, it is Newman's numeric assortativity coefficient (Newman 2003, *Phys. Rev. E*
    67, eq. 21). In a population without any sorting it is slightly below 0, not 0. Ties with a missing opinion at either
    end are left out. NaN with fewer than two ties, or where opinions at either end do not differ by more than
    rounding error.

    Args:
        opinions: one number per agent, NaN where missing.
        authors: agent at one end of each tie.
        readers: agent at the other end.

    Example:
        >>> neighbour_correlation([1.0, 1.0, 3.0, 3.0], [0, 1, 2, 3], [1, 0, 3, 2])
        1.0
    """
    x = np.asarray(opinions, dtype=float)
    a, b = x[np.asarray(authors, dtype=np.int64)], x[np.asarray(readers, dtype=np.int64)]
    both = ~(np.isnan(a) | np.isnan(b))
    a, b = a[both], b[both]
    if a.size < 2:
        return float("nan")
    rounding = 1e-9 * max(1.0, float(np.abs(x[~np.isnan(x)]).max()))
    if np.ptp(a) <= rounding or np.ptp(b) <= rounding:
        return float("nan")
    a, b = a - a.mean(), b - b.mean()
    r = float(a @ b / np.sqrt((a @ a) * (b @ b)))
    return max(-1.0, min(1.0, r))


def neighbour_means(opinions: ArrayLike, authors: ArrayLike, readers: ArrayLike) -> NDArray[np.float64]:
    """For each agent the mean opinion of the authors it reads, in units of the scale; NaN where none has one.

    Example:
        >>> neighbour_means([1.0, 3.0, 9.0], [1, 2], [0, 0]).tolist()
        [6.0, nan, nan]
    """
    x = np.asarray(opinions, dtype=float)
    a, r = np.asarray(authors, dtype=np.int64), np.asarray(readers, dtype=np.int64)
    known = ~np.isnan(x[a])
    sums = np.bincount(r[known], weights=x[a[known]], minlength=x.size)
    counts = np.bincount(r[known], minlength=x.size)
    means: NDArray[np.float64] = np.divide(sums, counts, out=np.full(x.size, np.nan), where=counts > 0)
    return means
