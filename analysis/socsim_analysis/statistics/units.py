"""The unit of inference: the largest set of people who could see each other.

Two people belong to one unit where a chain of ties or of shared groups leads from one to the other, whatever its direction: the
units are the weakly connected components. Answers of one unit go together, so units are averaged, resampled and permuted whole,
never split. What could be seen is what was declared, not what happened to be read. Where the same people answer in several worlds
and nobody met anybody, pass the person as a group: then all answers of one person are one unit.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

__all__ = ["UnitMeans", "broken_units", "connected_units", "draw_units", "unit_means", "unit_numbers"]

Codes = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class UnitMeans:
    """One row per unit that has a value: its number, its mean, and the rows (or their weight) behind it."""

    units: Codes
    means: Reals
    weights: Reals


def unit_numbers(labels: Iterable[Hashable]) -> Codes:
    """Numbers from 0 in the order of first appearance: equal labels, equal numbers.

    Example:
        >>> unit_numbers(["b", "a", "b"]).tolist()
        [0, 1, 0]
    """
    numbers: dict[Hashable, int] = {}
    return np.asarray([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.int64)


def connected_units(
    nodes: Sequence[Hashable],
    ties: Iterable[tuple[Hashable, Hashable]] = (),
    groups: Iterable[Sequence[Hashable | None]] = (),
) -> Codes:
    """The unit of each node, numbered from 0 in the order of first appearance; without ties and groups each node is its own.

    Args:
        nodes: people, one entry each; in several worlds pairs such as ``(replicate, agent)``.
        ties: pairs of nodes of whom one could see the other.
        groups: any number of lists as long as ``nodes``; nodes with the same label in one list could see each other. None (or
            NaN) is nobody's group. Lists do not share labels: give a list per phase or kind of group.

    Raises:
        ValueError: a node is named twice, a tie names a node that is not there, or a list of groups has another length.

    Example:
        >>> connected_units(["ann", "bob", "cem", "dee"], [("ann", "cem")]).tolist()
        [0, 1, 0, 2]
        >>> connected_units(["ann", "bob", "cem", "dee"], groups=[[1, 1, 2, None]]).tolist()
        [0, 0, 1, 2]
    """
    at = {node: number for number, node in enumerate(nodes)}
    if len(at) != len(nodes):
        raise ValueError("a node is named twice; in several worlds name people by world and number")
    try:
        pairs = [(at[one], at[other]) for one, other in ties]
    except KeyError as error:
        raise ValueError(f"a tie names {error.args[0]!r}, who is not among the nodes") from error
    for labels in groups:
        pairs.extend(_within_groups(labels, len(nodes)))
    sources = np.asarray([one for one, _ in pairs], dtype=np.int64)
    targets = np.asarray([other for _, other in pairs], dtype=np.int64)
    graph = coo_array((np.ones(len(pairs)), (sources, targets)), shape=(len(nodes), len(nodes)))
    _, found = connected_components(graph, directed=False) if nodes else (0, np.empty(0, dtype=np.int64))
    return unit_numbers(found.tolist())


def _within_groups(labels: Sequence[Hashable | None], n: int) -> list[tuple[int, int]]:
    """Everybody tied to the first of their group."""
    if len(labels) != n:
        raise ValueError(f"{len(labels)} group labels for {n} nodes")
    first: dict[Hashable, int] = {}
    present = [(number, label) for number, label in enumerate(labels) if label is not None and label == label]
    return [(first.setdefault(label, number), number) for number, label in present]


def unit_means(values: ArrayLike, units: ArrayLike, weights: ArrayLike | None = None) -> UnitMeans:
    """The (weighted) mean of every unit: Σ w x / Σ w over its rows; missing values (NaN) are left out, and units without any.

    Args:
        values: one number per row.
        units: whole number of the unit of each row.
        weights: weight of each row, 0 or more; equal where not given.

    Raises:
        ValueError: lengths differ, or a weight is negative or missing.

    Example:
        >>> unit_means([1.0, 3.0, 5.0, float("nan")], [0, 0, 1, 2]).means.tolist()
        [2.0, 5.0]
    """
    x, labels = np.asarray(values, dtype=float).ravel(), np.asarray(units).ravel()
    w = np.ones(x.size) if weights is None else np.asarray(weights, dtype=float).ravel()
    if not x.size == labels.size == w.size:
        raise ValueError(f"{x.size} values, {labels.size} units and {w.size} weights")
    if np.isnan(w).any() or (w < 0.0).any():
        raise ValueError("weights must be 0 or more and not missing")
    kept = ~np.isnan(x) & (w > 0.0)
    names, codes = np.unique(labels[kept], return_inverse=True)
    totals = np.bincount(codes, w[kept], len(names)) if names.size else np.empty(0)
    sums = np.bincount(codes, w[kept] * x[kept], len(names)) if names.size else np.empty(0)
    return UnitMeans(names.astype(np.int64), np.asarray(sums / totals), np.asarray(totals, dtype=float))


def draw_units(units: ArrayLike, rng: np.random.Generator | int) -> Codes:
    """Row numbers of a bootstrap sample of whole units: as many units as there are, drawn with replacement.

    A unit drawn twice has all its rows twice. Empty where there are no rows.
    """
    labels = np.asarray(units).ravel()
    if not labels.size:
        return np.empty(0, dtype=np.int64)
    order = np.argsort(labels, kind="stable")
    _, starts, sizes = np.unique(labels[order], return_index=True, return_counts=True)
    drawn = np.random.default_rng(rng).integers(len(starts), size=len(starts))
    return np.concatenate([order[starts[unit] : starts[unit] + sizes[unit]] for unit in drawn]).astype(np.int64)


def broken_units(units: ArrayLike, parts: Iterable[Hashable]) -> tuple[int, ...]:
    """Numbers of the units whose rows lie in more than one of ``parts`` (folds, arms, blocks); empty where all are whole.

    Example:
        >>> broken_units([0, 0, 1, 1], ["a", "a", "a", "b"])
        (1,)
    """
    labels, pieces = np.asarray(units).ravel(), unit_numbers(parts)
    if labels.size != pieces.size:
        raise ValueError(f"{labels.size} units and {pieces.size} parts")
    pairs = np.unique(np.column_stack([labels, pieces]), axis=0)
    names, counts = np.unique(pairs[:, 0], return_counts=True)
    return tuple(int(name) for name in names[counts > 1])
