"""Location and spread of opinions on a numeric scale. Missing values (NaN) are left out, never replaced."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["mean", "mean_absolute_difference", "mean_pairwise_difference", "spread"]


def _present(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=float).ravel()
    present: NDArray[np.float64] = array[~np.isnan(array)]
    return present


def mean(opinions: ArrayLike) -> float:
    """Arithmetic mean, in units of the scale: Σ x / n. NaN where no value is present.

    Example:
        >>> mean([1.0, 2.0, float("nan"), 6.0])
        3.0
    """
    present = _present(opinions)
    return float(present.mean()) if present.size else float("nan")


def spread(opinions: ArrayLike) -> float:
    """Sample standard deviation, in units of the scale: √(Σ (x - x̄)² / (n - 1)); 0 or more.

    0 for a constant; NaN with fewer than two values.

    Example:
        >>> spread([1.0, 3.0, 5.0])
        2.0
    """
    present = _present(opinions)
    return float(present.std(ddof=1)) if present.size > 1 else float("nan")


def mean_absolute_difference(first: ArrayLike, second: ArrayLike) -> float:
    """Mean of ``|a - b|`` over pairs in which both are present, in units of the scale; 0 or more, NaN without a pair.

    Raises:
        ValueError: the two are not equally long.

    Example:
        >>> mean_absolute_difference([1.0, 2.0, 3.0], [2.0, 2.0, float("nan")])
        0.5
    """
    a, b = np.asarray(first, dtype=float).ravel(), np.asarray(second, dtype=float).ravel()
    if a.size != b.size:
        raise ValueError(f"pairs need equally many values, got {a.size} and {b.size}")
    difference = _present(np.abs(a - b))
    return float(difference.mean()) if difference.size else float("nan")


def mean_pairwise_difference(opinions: ArrayLike) -> float:
    """Gini's mean difference, in units of the scale: the mean of ``|x_i - x_j|`` over all pairs of two people.

    2 Σ (2i - n - 1) x_(i) / (n (n - 1)) over the sorted values (Yitzhaki & Schechtman 2013, *The Gini Methodology*); 0 or
    more, 2σ/√π for a normal distribution; NaN with fewer than two values.

    Example:
        >>> round(mean_pairwise_difference([1.0, 2.0, 4.0]), 12)
        2.0
    """
    present = np.sort(_present(opinions))
    n = present.size
    if n < 2:
        return float("nan")
    ranks = 2.0 * np.arange(1, n + 1) - n - 1
    return float(2.0 * (ranks @ (present - present[0])) / (n * (n - 1)))
