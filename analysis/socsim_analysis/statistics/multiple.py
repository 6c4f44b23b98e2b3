"""Adjusted p values where several hypotheses are tested.

Missing p values (NaN) stay missing and do not count among the m tests. With p₍₁₎ ≤ … ≤ p₍ₘ₎:

- Holm (1979) holds the probability of any false rejection: max over j ≤ i of (m - j + 1) p₍ⱼ₎, at most 1.
- Benjamini & Hochberg (1995) hold the expected share of false ones among rejections, for independent or positively dependent
  tests: min over j ≥ i of m p₍ⱼ₎/j, at most 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["benjamini_hochberg", "holm"]

Reals = NDArray[np.float64]


def holm(p: ArrayLike) -> Reals:
    """Holm's adjusted p values, in the order given.

    Example:
        >>> holm([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.06, 0.06]
    """
    found, kept, order, ranked = _ranked(p)
    m = ranked.size
    found[kept[order]] = np.minimum(np.maximum.accumulate(ranked * np.arange(m, 0, -1)), 1.0)
    return found


def benjamini_hochberg(p: ArrayLike) -> Reals:
    """Adjusted p values of Benjamini and Hochberg, in the order given.

    Example:
        >>> benjamini_hochberg([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.04, 0.04]
    """
    found, kept, order, ranked = _ranked(p)
    m = ranked.size
    found[kept[order]] = np.minimum(np.minimum.accumulate((ranked * m / np.arange(1, m + 1))[::-1])[::-1], 1.0)
    return found


def _ranked(p: ArrayLike) -> tuple[Reals, NDArray[np.int64], NDArray[np.int64], Reals]:
    """A place for the answers, where p is present, the order of those, and them in order."""
    values = np.asarray(p, dtype=float).ravel()
    kept = np.flatnonzero(~np.isnan(values))
    if ((values[kept] < 0.0) | (values[kept] > 1.0)).any():
        raise ValueError("p values lie between 0 and 1")
    order = np.argsort(values[kept], kind="stable")
    return np.full(values.size, np.nan), kept, order, values[kept][order]
