"""How far something spread: size, depth, breadth and structural virality of cascades, and adoption by number of exposures.

A cascade is given by parents: for each adopter the index of the one it has it from, or -1 for a root.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Cascade",
    "ExposureHazard",
    "cascade_breadth",
    "cascade_depth",
    "cascade_size",
    "cascades",
    "exposure_hazard",
    "structural_virality",
]

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Cascade:
    """One tree: its root, and its measures as the functions of these names give them."""

    root: int
    size: int
    depth: int
    breadth: int
    structural_virality: float


@dataclass(frozen=True)
class ExposureHazard:
    """For 0, 1, … exposures: how many reached that number without having adopted, how many then adopted, and the ratio."""

    exposures: Indices
    at_risk: Indices
    adopted: Indices
    hazard: NDArray[np.float64]


def cascades(parents: ArrayLike) -> tuple[Cascade, ...]:
    """All trees of a forest in the order of their roots; none for an empty one. Takes O(n log n).

    Args:
        parents: for each adopter the index of the one it has it from, -1 for a root. Who never adopted is not in it.

    Raises:
        ValueError: a parent that is not there, or parents that go in a circle.

    Example:
        >>> [(tree.root, tree.size, tree.depth, tree.breadth) for tree in cascades([-1, 0, 0, 1, -1])]
        [(0, 4, 2, 2), (4, 1, 0, 1)]
    """
    up = _parents(parents)
    depth, root = _depths(up)
    below = _sizes_below(up, depth)
    roots = np.flatnonzero(up < 0)
    size = below[roots]
    deepest, widest, paths = (np.zeros(up.size, dtype=np.int64) for _ in range(3))
    np.maximum.at(deepest, root, depth)
    level, count = np.unique(np.column_stack((root, depth)), axis=0, return_counts=True)
    if up.size:
        np.maximum.at(widest, level[:, 0], count)
    inner = np.flatnonzero(up >= 0)
    np.add.at(paths, root[inner], below[inner] * (below[root[inner]] - below[inner]))
    return tuple(
        Cascade(
            int(r), int(n), int(deepest[r]), int(widest[r]), 2.0 * int(paths[r]) / (int(n) * (int(n) - 1)) if n > 1 else np.nan
        )
        for r, n in zip(roots, size, strict=True)
    )


def _parents(parents: ArrayLike) -> Indices:
    given = np.asarray(parents)
    if given.dtype.kind == "f" and np.isnan(given).any():
        raise ValueError("a parent is missing (NaN): a root is -1, and who never adopted is left out")
    up: Indices = given.astype(np.int64).ravel()
    if (up != given.ravel()).any():
        raise ValueError("parents are indices, so whole numbers")
    if up.size and (up.min() < -1 or up.max() >= up.size):
        raise ValueError(f"parents must be -1 or lie in 0 … {up.size - 1}")
    return up


def _depths(up: Indices) -> tuple[Indices, Indices]:
    """Ties between each adopter and its root, and that root."""
    root = np.where(up < 0, np.arange(up.size), up)
    depth = (up >= 0).astype(np.int64)
    for _ in range(up.size.bit_length()):  # each round doubles how far up is seen
        depth, root = depth + depth[root], root[root]
    circling = np.flatnonzero(up[root] >= 0)
    if circling.size:
        raise ValueError(f"parents go in a circle, for instance above {int(circling[0])}")
    return depth, root


def _sizes_below(up: Indices, depth: Indices) -> Indices:
    """Number of adopters in the tree below each, itself counted."""
    below = np.ones(up.size, dtype=np.int64)
    order = np.argsort(-depth, kind="stable")
    bounds = np.flatnonzero(np.diff(depth[order])) + 1
    for level in np.split(order, bounds):
        if level.size and up[level[0]] >= 0:
            np.add.at(below, up[level], below[level])
    return below


def _single(parents: ArrayLike) -> Cascade | None:
    trees = cascades(parents)
    if len(trees) > 1:
        raise ValueError(f"one cascade has one root, got {len(trees)}; use cascades() for a forest")
    return trees[0] if trees else None


def cascade_size(parents: ArrayLike) -> int:
    """Number of adopters in one cascade, with its root; 0 for an empty one. Source: Goel et al. 2016, *Management Science* 62.

    Raises:
        ValueError: several roots, or as `cascades`.

    Example:
        >>> cascade_size([-1, 0, 0, 1])
        4
    """
    tree = _single(parents)
    return tree.size if tree else 0


def cascade_depth(parents: ArrayLike) -> float:
    """Largest number of ties between root and adopter; 0 for a root alone, NaN for an empty cascade.

    Source: Vosoughi, Roy & Aral 2018, *Science* 359.

    Raises:
        ValueError: several roots, or as `cascades`.

    Example:
        >>> cascade_depth([-1, 0, 0, 1])
        2.0
    """
    tree = _single(parents)
    return float(tree.depth) if tree else float("nan")


def cascade_breadth(parents: ArrayLike) -> float:
    """Largest number of adopters at one depth; from 1 to n - 1 (1 for a root alone), NaN for an empty cascade.

    Source: Vosoughi, Roy & Aral 2018, *Science* 359.

    Raises:
        ValueError: several roots, or as `cascades`.

    Example:
        >>> cascade_breadth([-1, 0, 0, 1])
        2.0
    """
    tree = _single(parents)
    return float(tree.breadth) if tree else float("nan")


def structural_virality(parents: ArrayLike) -> float:
    """Mean number of ties between two adopters, 1/(n(n-1)) Σ_{i≠j} d_ij, the Wiener index of the tree as a mean.

    2 - 2/n for a broadcast from one root (the least there is) up to (n+1)/3 for a chain. The sum over pairs is that of
    2 s (n - s) over ties, with s adopters below a tie. NaN for a root alone or an empty cascade. Source: Goel et al. 2016,
    *Management Science* 62.

    Raises:
        ValueError: several roots, or as `cascades`.

    Example:
        >>> structural_virality([-1, 0, 0, 0])
        1.5
    """
    tree = _single(parents)
    return tree.structural_virality if tree else float("nan")


def exposure_hazard(exposures: ArrayLike, adopted: ArrayLike) -> ExposureHazard:
    """Share of people who adopt at exactly k exposures, of those who had k without having adopted; between 0 and 1, with counts.

    hazard(k) = adopted(k) / at_risk(k), where everybody was at risk at all numbers up to their last one. Who adopted at
    k = 0 did so without any exposure. Where exposures come several at a time, people pass the numbers between without adopting
    at them. It is no effect of exposure: people with many exposures differ in other ways, too. Source: the p(k) of Romero,
    Meeder & Kleinberg 2011 (*WWW*), with ordinal time as in Cosley et al. 2010 (*ICWSM*).

    People with a missing value are left out. Without anybody all arrays are empty; a number that nobody reached does not occur.

    Args:
        exposures: number of exposures at adoption, or at the end for who had not adopted (censored).
        adopted: whether the person adopted (1 or 0).

    Raises:
        ValueError: not equally many values, numbers below 0 or not whole, or ``adopted`` not 0 or 1.

    Example:
        >>> table = exposure_hazard([1, 1, 2, 2, 0], [1, 0, 1, 0, 0])
        >>> table.at_risk.tolist(), table.adopted.tolist(), table.hazard.tolist()
        ([5, 4, 2], [0, 1, 1], [0.0, 0.25, 0.5])
    """
    k, done = np.asarray(exposures, dtype=float).ravel(), np.asarray(adopted, dtype=float).ravel()
    if k.size != done.size:
        raise ValueError(f"each person needs both values, got {k.size} and {done.size}")
    known = ~(np.isnan(k) | np.isnan(done))
    k, done = k[known], done[known]
    if (k < 0.0).any() or (k != np.floor(k)).any() or not np.isfinite(k).all() or not np.isin(done, (0.0, 1.0)).all():
        raise ValueError("exposures must be whole numbers of 0 or more, and adopted 0 or 1")
    last = k.astype(np.int64)
    ended, events = np.bincount(last), np.bincount(last[done == 1.0], minlength=int(last.max(initial=-1)) + 1)
    at_risk = np.cumsum(ended[::-1])[::-1].astype(np.int64)
    return ExposureHazard(np.arange(at_risk.size), at_risk, events.astype(np.int64), events / at_risk)
