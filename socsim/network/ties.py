"""Whom each agent reads, as compressed arrays for the hot path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ties", "ties_from_graph"]


@dataclass(frozen=True, slots=True)
class Ties:
    """Reading relation in agent numbers, row by row.

    Attributes:
        n: number of agents.
        indptr: agent i reads ``indices[indptr[i]:indptr[i + 1]]``.
        indices: agent numbers, ascending within an agent.
        weights: weight of each tie, 1 where none is declared.
    """

    n: int
    indptr: NDArray[np.int64]
    indices: NDArray[np.int64]
    weights: NDArray[np.float64]

    def read_by(self, agent: int) -> NDArray[np.int64]:
        """Agents whom ``agent`` reads, ascending."""
        return self.indices[self.indptr[agent] : self.indptr[agent + 1]]

    def weights_of(self, agent: int) -> NDArray[np.float64]:
        """Weights of the ties to `read_by`, in its order."""
        return self.weights[self.indptr[agent] : self.indptr[agent + 1]]

    def transposed(self) -> Ties:
        """By whom each agent is read: row i holds the agents who read i, ascending."""
        order = np.argsort(self.indices, kind="stable")
        readers = np.repeat(np.arange(self.n), np.diff(self.indptr))[order]
        indptr = np.concatenate([[0], np.cumsum(np.bincount(self.indices, minlength=self.n))]).astype(np.int64)
        return Ties(self.n, indptr, readers, self.weights[order])

    def isolated(self) -> NDArray[np.int64]:
        """Agents who read nobody and are read by nobody."""
        tied = np.diff(self.indptr) > 0
        tied[self.indices] = True
        return np.flatnonzero(~tied)


def ties_from_graph(graph: Any, node_of_agent: NDArray[np.int64]) -> Ties:
    """The reading relation of agents standing on a graph's nodes.

    With direction, an arc u → v means that v reads u; without, both read each other.

    Args:
        graph: nodes 0 to n - 1, edge attribute ``weight`` where declared.
        node_of_agent: node on which each agent stands, a permutation.
    """
    n = len(node_of_agent)
    agent_of_node = np.empty(n, dtype=np.int64)
    agent_of_node[node_of_agent] = np.arange(n)
    triples = list(graph.edges(data="weight", default=1.0))
    authors = agent_of_node[np.array([u for u, _, _ in triples], dtype=np.int64)]
    readers = agent_of_node[np.array([v for _, v, _ in triples], dtype=np.int64)]
    weights = np.array([w for _, _, w in triples], dtype=np.float64)
    if not graph.is_directed():
        authors, readers = np.concatenate([authors, readers]), np.concatenate([readers, authors])
        weights = np.concatenate([weights, weights])
    order = np.lexsort((authors, readers))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(readers, minlength=n))]).astype(np.int64)
    return Ties(n, indptr, authors[order], weights[order])
