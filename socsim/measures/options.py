"""Distributions over answer options: shares and entropy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["shannon_entropy", "shares"]


def shares(choices: Sequence[int | None], size: int) -> NDArray[np.float64]:
    """Share of each option 0 … size-1 among the answers given; None (no answer) is left out.

    Returns:
        ``size`` numbers in [0, 1] that sum to 1; all NaN where there is no answer.

    Raises:
        ValueError: a choice lies outside 0 … size-1.

    Example:
        >>> shares([0, 2, 2, None], 3).tolist() == [1 / 3, 0.0, 2 / 3]
        True
    """
    given = np.asarray([choice for choice in choices if choice is not None], dtype=np.int64)
    if given.size == 0:
        return np.full(size, np.nan)
    if given.min() < 0 or given.max() >= size:
        raise ValueError(f"choices must lie in 0 … {size - 1}")
    return np.bincount(given, minlength=size) / given.size


def shannon_entropy(probabilities: ArrayLike) -> float:
    """Shannon entropy in bits: -Σ p log₂ p (Shannon 1948), between 0 and log₂ k. NaN where a probability is missing.

    Raises:
        ValueError: a probability is negative, or they do not sum to 1.

    Example:
        >>> shannon_entropy([0.5, 0.25, 0.25])
        1.5
    """
    p = np.asarray(probabilities, dtype=float).ravel()
    if p.size == 0 or np.isnan(p).any():
        return float("nan")
    if p.min() < 0.0 or abs(p.sum() - 1.0) > 1e-6:
        raise ValueError("probabilities must be 0 or more and sum to 1")
    positive = p[p > 0.0]
    return float(max(0.0, -(positive @ np.log2(positive))))
