"""Neighbour arrays on which dynamics run. Row i lists those whom i reads; ties that count both ways stand in both rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

__all__ = ["Integers", "Neighbours", "Reals", "complete_graph", "neighbours_from_edges"]

Reals = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Compressed rows: i reads ``indices[indptr[i]:indptr[i + 1]]``, with ``weights`` at the same places (1 where None).

    Shapes: ``indptr`` (n + 1,), ``indices`` and ``weights`` (ties,). Nobody reads itself.

    Raises:
        ValueError: the arrays do not fit together, or a weight is negative or not finite.
    """

    indptr: Integers
    indices: Integers
    weights: Reals | None = None

    def __post_init__(self) -> None:
        if self.indptr.size < 1 or self.indptr[0] != 0 or self.indptr[-1] != self.indices.size or np.any(self.degrees < 0):
            raise ValueError("indptr must rise from 0 to the number of indices")
        if self.indices.size and not 0 <= self.indices.min() <= self.indices.max() < self.n:
            raise ValueError(f"indices must be agents from 0 to {self.n - 1}")
        if np.any(self.indices == np.repeat(np.arange(self.n), self.degrees)):
            raise ValueError("an agent cannot read itself: leave ties of an agent to itself out")
        if self.weights is not None and (
            self.weights.shape != self.indices.shape or not np.all(np.isfinite(self.weights) & (self.weights >= 0))
        ):
            raise ValueError("weights must be one finite number of 0 or more for each tie")

    @property
    def n(self) -> int:
        """Number of agents."""
        return int(self.indptr.size) - 1

    @cached_property
    def degrees(self) -> Integers:
        """How many each agent reads, shape (n,)."""
        return np.diff(self.indptr)

    @cached_property
    def rows(self) -> Integers:
        """The reader of each tie, shape (ties,)."""
        return np.repeat(np.arange(self.n), self.degrees)

    @property
    def is_complete(self) -> bool:
        """Everybody reads everybody else (rows without repeats assumed)."""
        return self.indices.size == self.n * (self.n - 1)

    @cached_property
    def _ones(self) -> Any:
        return scipy.sparse.csr_array((np.ones(self.indices.size), self.indices, self.indptr), shape=(self.n, self.n))

    @cached_property
    def _weighted(self) -> Any:
        if self.weights is None:
            return self._ones
        return scipy.sparse.csr_array((self.weights, self.indices, self.indptr), shape=(self.n, self.n))

    def counts(self, chosen: NDArray[np.bool_]) -> Reals:
        """How many of those whom each agent reads are chosen; both of shape (n,)."""
        return np.asarray(self._ones @ chosen.astype(float), dtype=float)

    def weighted_sums(self, values: Reals) -> Reals:
        """Σ_j w_ij v_j over those whom i reads; both of shape (n,)."""
        return np.asarray(self._weighted @ values, dtype=float)

    def means(self, values: Reals) -> Reals:
        """Σ_j w_ij v_j / Σ_j w_ij over those whose value is known; the agent's own where there is nobody; both of shape (n,)."""
        known = ~np.isnan(values)
        total = self.weighted_sums(known.astype(float))
        sums = self.weighted_sums(np.where(known, values, 0.0))
        return np.where(total > 0, sums / np.where(total > 0, total, 1.0), values)

    def shares(self, chosen: NDArray[np.bool_]) -> Reals:
        """Share of those whom each agent reads that are chosen, weights aside; 0 where it reads nobody; shape (n,)."""
        return self.counts(chosen) / np.maximum(self.degrees, 1)

    def read_by_only(self, readers: Integers) -> Neighbours:
        """The same agents, of whom all but ``readers`` read nobody: what a step needs in which only these act."""
        kept = np.zeros(self.n, dtype=np.int64)
        kept[readers] = self.degrees[readers]
        indptr = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
        places = np.arange(indptr[-1]) + np.repeat(self.indptr[:-1] - indptr[:-1], kept)
        return Neighbours(indptr, self.indices[places], None if self.weights is None else self.weights[places])

    def pick(self, readers: Integers, rng: np.random.Generator) -> Integers:
        """One of those whom each reader reads, uniformly, weights aside; the reader itself where it reads nobody.

        One uniform number is drawn for each reader. ``readers`` may have any shape; the result has the same.
        """
        degrees = self.degrees[readers]
        places = self.indptr[readers] + (rng.random(readers.shape) * degrees).astype(np.int64)
        if self.indices.size == 0:
            return readers.copy()
        return np.where(degrees > 0, self.indices[np.minimum(places, self.indices.size - 1)], readers)


def complete_graph(n: int) -> Neighbours:
    """Everybody reads everybody else: n (n - 1) entries, so for thousands of agents, not for millions."""
    others = np.arange(n - 1)[None, :] + (np.arange(n - 1)[None, :] >= np.arange(n)[:, None])
    return Neighbours(np.arange(n + 1, dtype=np.int64) * max(n - 1, 0), others.ravel().astype(np.int64))


def neighbours_from_edges(n: int, edges: Iterable[tuple[int, int]], *, directed: bool = False) -> Neighbours:
    """Rows sorted by agent. An edge (i, j) means that i reads j, and j reads i unless ``directed``.

    Raises:
        ValueError: an end is not an agent from 0 to n - 1, or an edge joins an agent with itself.

    Example:
        >>> neighbours_from_edges(3, [(0, 1), (1, 2)]).indices.tolist()
        [1, 0, 2, 1]
    """
    pairs = np.array(list(edges), dtype=np.int64).reshape(-1, 2)
    if not directed:
        pairs = np.concatenate([pairs, pairs[:, ::-1]])
    pairs = np.unique(pairs, axis=0)
    if pairs.size and not 0 <= pairs.min() <= pairs.max() < n:
        raise ValueError(f"ends of edges must be agents from 0 to {n - 1}")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(pairs[:, 0], minlength=n))]).astype(np.int64)
    return Neighbours(indptr, pairs[:, 1].copy())
