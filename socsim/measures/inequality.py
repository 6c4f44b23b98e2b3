"""Inequality of success, and how unpredictable it is across worlds that began alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["gini", "top_share", "unpredictabilities", "unpredictability"]


def _amounts(values: ArrayLike) -> NDArray[np.float64]:
    x = np.asarray(values, dtype=float).ravel()
    x = np.sort(x[~np.isnan(x)])
    if x.size and (x[0] < 0.0 or np.isinf(x[-1])):
        raise ValueError("amounts must be finite and 0 or more")
    return x


def gini(values: ArrayLike) -> float:
    """Gini coefficient: Σ_i Σ_j |x_i - x_j| / (2 n Σ x), from 0 (all have the same) to (n-1)/n (one has all).

    Σ (2i - n - 1) x_(i) / (n Σ x) over the sorted values; half the relative mean difference of pairs drawn with replacement.
    Missing values are left out; NaN where nobody has anything. Sources: Gini 1912; as used by Salganik, Dodds & Watts 2006.

    Raises:
        ValueError: an amount is negative or infinite.

    Example:
        >>> gini([0.0, 0.0, 0.0, 8.0])
        0.75
    """
    x = _amounts(values)
    if x.size == 0 or x[-1] == 0.0:
        return float("nan")
    x = x / x[-1]
    n = x.size
    ranks = 2.0 * np.arange(1, n + 1) - n - 1
    return float(max(0.0, ranks @ (x - x[0]) / (n * x.sum())))


def top_share(values: ArrayLike, share: float) -> float:
    """Part of the total that the top share of people holds: 1 - L(1 - share) on the Lorenz curve; from ``share`` to 1.

    The curve is straight between people, so that half a person holds half of what it has. Missing values are left out;
    ``share`` itself for a constant; NaN where nobody has anything. Source: Lorenz 1905, *Publ. Amer. Stat. Assoc.* 9.

    Args:
        values: amount of each person, 0 or more.
        share: of people, from 0 to 1.

    Raises:
        ValueError: an amount is negative or infinite, or the share lies outside 0 … 1.

    Example:
        >>> top_share([1.0, 1.0, 2.0, 4.0], 0.25)
        0.5
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"the share of people must lie in 0 … 1, got {share}")
    x = _amounts(values)[::-1]
    if x.size == 0 or x[0] == 0.0:
        return float("nan")
    held = np.concatenate(([0.0], np.cumsum(x / x[0])))
    return float(np.interp(share * x.size, np.arange(x.size + 1), held / held[-1]))


def unpredictabilities(worlds: ArrayLike) -> NDArray[np.float64]:
    """For each item the mean difference of its market share between two worlds: Σ_{j<k} |m_ij - m_ik| / C(W, 2), from 0 to 1.

    See `unpredictability`.

    Raises:
        ValueError: another shape, or an amount that is negative or infinite.

    Example:
        >>> unpredictabilities([[3.0, 1.0], [1.0, 3.0]]).tolist()
        [0.5, 0.5]
    """
    amounts = np.asarray(worlds, dtype=float)
    if amounts.ndim != 2:
        raise ValueError(f"worlds have the shape (worlds, items), got {amounts.shape}")
    if (amounts < 0.0).any() or np.isinf(amounts).any():
        raise ValueError("amounts must be finite and 0 or more")
    totals = amounts.sum(axis=1)
    shares = np.sort(amounts[totals > 0.0] / totals[totals > 0.0, None], axis=0)
    w = len(shares)
    if w < 2:
        return np.full(amounts.shape[1], np.nan)
    ranks = 2.0 * np.arange(1, w + 1) - w - 1
    differences: NDArray[np.float64] = 2.0 * (ranks @ (shares - shares[0])) / (w * (w - 1))
    return differences


def unpredictability(worlds: ArrayLike) -> float:
    """Unpredictability U: mean over items of the mean difference of their market shares between two worlds; from 0 to 2/items.

    0 where success is the same in all worlds, and with a single item. Even without any influence it is above 0, as finite
    numbers of choices differ by chance: compare with worlds in which people decide alone. Source: Salganik, Dodds & Watts 2006,
    *Science* 311.

    Worlds in which nothing was chosen, or with a missing (NaN) amount, are left out; NaN with fewer than two worlds or no items.

    Args:
        worlds: amounts (downloads, votes, shares) of the shape (worlds, items), scaled to shares within each world.

    Raises:
        ValueError: another shape, or an amount that is negative or infinite.

    Example:
        >>> unpredictability([[3.0, 1.0], [1.0, 3.0]])
        0.5
    """
    each = unpredictabilities(worlds)
    return float(each.mean()) if each.size else float("nan")
