"""Raking a table of counts to given margins, and sharing out whole people.

Pure arithmetic: it knows nothing of people or files.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["RakingError", "largest_remainder", "rake"]

Array = NDArray[np.float64]


class RakingError(ValueError):
    """The table cannot be raked to the margins; ``axis`` and ``position`` name the worst margin."""

    def __init__(self, axis: int, position: int, target: float, reached: float) -> None:
        super().__init__(f"margin {axis}/{position}: target {target:.6g}, reached {reached:.6g}")
        self.axis = axis
        self.position = position
        self.target = target
        self.reached = reached


def rake(seed: Array, margins: Sequence[Array], *, tolerance: float = 1e-9, max_rounds: int = 5000) -> Array:
    """Iterative proportional fitting: the table nearest to ``seed`` (in relative entropy) that has the given margins.

    Each round multiplies, axis by axis, every slice by target / current sum until all margins agree within
    ``tolerance`` (absolute, on a table that sums to 1). Cells that are 0 stay 0, odds ratios of the seed are kept.

    Args:
        seed: non-negative table with one axis per variable, not all zero.
        margins: per axis the target shares; each is normalised to sum to 1.
        tolerance: largest absolute difference of any margin.
        max_rounds: rounds after which the table counts as not rakable.

    Returns:
        The fitted table; sums to 1.

    Raises:
        RakingError: zeros of the seed make the margins unreachable.

    Source:
        Deming, W. E. and Stephan, F. F. (1940). On a least squares adjustment of a sampled frequency table when the
        expected marginal totals are known. Annals of Mathematical Statistics 11, 427-444.
    """
    targets = [np.asarray(margin, dtype=float) / np.sum(margin) for margin in margins]
    table = np.asarray(seed, dtype=float) / np.sum(seed)
    for _ in range(max_rounds):
        for axis, target in enumerate(targets):
            table = table * _factors(table, axis, target)
        worst = max((_difference(table, axis, target) for axis, target in enumerate(targets)), key=lambda found: found[0])
        if worst[0] <= tolerance:
            return np.asarray(table / table.sum())
    _, axis, position = worst
    raise RakingError(axis, position, float(targets[axis][position]), float(_margin(table, axis)[position]))


def _margin(table: Array, axis: int) -> Array:
    others = tuple(other for other in range(table.ndim) if other != axis)
    return np.asarray(table.sum(axis=others))


def _factors(table: Array, axis: int, target: Array) -> Array:
    current = _margin(table, axis)
    empty = (current <= 0.0) & (target > 0.0)
    if empty.any():
        position = int(np.argmax(empty))
        raise RakingError(axis, position, float(target[position]), 0.0)
    ratio = np.divide(target, current, out=np.zeros_like(target), where=current > 0.0)
    return ratio.reshape([-1 if other == axis else 1 for other in range(table.ndim)])


def _difference(table: Array, axis: int, target: Array) -> tuple[float, int, int]:
    gaps = np.abs(_margin(table, axis) - target)
    position = int(np.argmax(gaps))
    return float(gaps[position]), axis, position


def largest_remainder(shares: Array, total: int) -> NDArray[np.int64]:
    """Whole numbers in proportion to ``shares`` that sum to ``total`` (Hamilton's method; ties go to the first).

    Example:
        >>> largest_remainder(np.array([0.5, 0.3, 0.2]), 7).tolist()
        [4, 2, 1]
    """
    exact = np.asarray(shares, dtype=float) / np.sum(shares) * total
    counts = np.floor(exact + 1e-9).astype(np.int64)
    remainders = exact - counts
    for position in np.argsort(-remainders, kind="stable")[: total - int(counts.sum())]:
        counts[position] += 1
    return counts
