"""Distances between two distributions over the same options.

Weights (counts, percentages) are scaled to sum to 1. All are 0 for equal distributions and symmetric.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["jensen_shannon_distance", "normalised", "total_variation", "wasserstein_1"]


def normalised(weights: ArrayLike) -> NDArray[np.float64]:
    """Weights scaled to sum to 1 along the last axis.

    Raises:
        ValueError: a weight is negative or not finite, or all are zero.
    """
    array = np.asarray(weights, dtype=float)
    if array.size == 0 or not np.isfinite(array).all() or (array < 0.0).any():
        raise ValueError("a distribution needs finite weights of 0 or more")
    totals = array.sum(axis=-1, keepdims=True)
    if (totals <= 0.0).any():
        raise ValueError("a distribution needs at least one positive weight")
    scaled: NDArray[np.float64] = array / totals
    return scaled


def _pair(p: ArrayLike, q: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    a, b = normalised(p), normalised(q)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"two distributions over the same options are needed, got shapes {a.shape} and {b.shape}")
    return a, b


def total_variation(p: ArrayLike, q: ArrayLike) -> float:
    """Total variation distance: ½ Σ |p - q|, between 0 and 1: the share of probability that must move.

    Source: Levin & Peres 2017, *Markov Chains and Mixing Times*, proposition 4.2.

    Example:
        >>> total_variation([0.5, 0.5, 0.0], [0.5, 0.0, 0.5])
        0.5
    """
    a, b = _pair(p, q)
    return float(0.5 * np.abs(a - b).sum())


def wasserstein_1(p: ArrayLike, q: ArrayLike, values: ArrayLike) -> float:
    """Wasserstein-1 distance, in units of ``values``: ∫ |F_p - F_q| dx, between 0 and the range of the values.

    The least probability times distance that turns one into the other (Ramdas, García Trillos & Cuturi 2017, eq. 8).

    Args:
        p: first distribution.
        q: second distribution.
        values: number of each option, in any order.

    Example:
        >>> wasserstein_1([1, 0, 0], [0, 0, 1], [11, 12, 20])
        9.0
    """
    a, b = _pair(p, q)
    x = np.asarray(values, dtype=float)
    if x.shape != a.shape or not np.isfinite(x).all():
        raise ValueError(f"one finite value per option is needed, got shape {x.shape} for {a.size} options")
    order = np.argsort(x, kind="stable")
    gap = np.cumsum((a - b)[order])[:-1]
    return float(np.abs(gap) @ np.diff(x[order]))


def jensen_shannon_distance(p: ArrayLike, q: ArrayLike) -> float:
    """Jensen–Shannon distance: √(½ KL(p‖m) + ½ KL(q‖m)) with m = (p + q)/2 and logarithms of base 2; between 0 and 1.

    This is the distance, the square root of the divergence (Endres & Schindelin 2003, *IEEE Trans. Inf. Theory* 49).

    Example:
        >>> jensen_shannon_distance([1, 0], [0, 1])
        1.0
    """
    a, b = _pair(p, q)
    m = (a + b) / 2.0
    divergence = sum(float(side[side > 0.0] @ np.log2(side[side > 0.0] / m[side > 0.0])) for side in (a, b)) / 2.0
    return float(np.sqrt(min(1.0, max(0.0, divergence))))
