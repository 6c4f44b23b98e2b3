"""Degree-preserving edge swaps on networkx graphs, with and without direction.

Two ties a-b and c-d become a-d and c-b unless that makes a loop or a double tie; tries that fail count as steps, so all
graphs that can be reached are equally likely in the long run (Fosdick et al. 2018, Configuring random graph models with
fixed degree sequences, SIAM Review 60, 315-355). With direction, who has how many readers and reads how many people is
kept; reversals of directed triangles, which no swap of two ties reaches, are left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["find_swap", "swap_edges"]

_BLOCK = 65_536


class _Edges:
    """Ties as two lists of node positions with a set of keys; undirected ties are kept with both orientations in mind."""

    def __init__(self, graph: Any) -> None:
        self.nodes = list(graph)
        position = {node: i for i, node in enumerate(self.nodes)}
        self.directed = bool(graph.is_directed())
        self.data = [data for _, _, data in graph.edges(data=True)]
        self.heads = [position[v] for _, v in graph.edges()]
        self.tails = [position[u] for u, _ in graph.edges()]
        self.keys = {self.key(u, v) for u, v in zip(self.tails, self.heads, strict=True)}

    def key(self, u: int, v: int) -> int:
        if not self.directed and u > v:
            u, v = v, u
        return u * len(self.nodes) + v

    def swap(self, i: int, j: int, flip: bool) -> bool:
        """Exchange the heads of ties i and j (of j turned round, with ``flip``) if that is possible."""
        a, b, c, d = self.tails[i], self.heads[i], self.tails[j], self.heads[j]
        if flip:
            c, d = d, c
        if a in (c, d) or b in (c, d):
            return False
        first, second = self.key(a, d), self.key(c, b)
        if first in self.keys or second in self.keys:
            return False
        self.keys -= {self.key(a, b), self.key(c, d)}
        self.keys |= {first, second}
        self.heads[i], self.tails[j], self.heads[j] = d, c, b
        return True

    def graph(self, like: Any) -> Any:
        """The ties as a graph with the nodes and attributes of ``like``; a tie's data stays with its first end."""
        made = like.__class__()
        made.add_nodes_from(like.nodes(data=True))
        made.graph.update(like.graph)
        triples = zip(self.tails, self.heads, self.data, strict=True)
        made.add_edges_from((self.nodes[u], self.nodes[v], data) for u, v, data in triples)
        return made


def swap_edges(graph: Any, rng: np.random.Generator, *, tries_per_edge: int = 10) -> Any:
    """A graph with the same degrees after ``tries_per_edge`` tries per tie.

    Args:
        graph: simple graph, directed or not; it is left as it is.
        rng: the stream to draw from.
        tries_per_edge: tries per tie; ten mix well (Milo et al. 2003, arXiv:cond-mat/0312028, use about as many).
    """
    edges = _Edges(graph)
    count = len(edges.heads)
    left = count * tries_per_edge if count > 1 else 0
    while left > 0:
        block = min(left, _BLOCK)
        firsts, seconds = rng.integers(count, size=block).tolist(), rng.integers(count, size=block).tolist()
        flips = rng.integers(2, size=block).tolist()
        for i, j, flip in zip(firsts, seconds, flips, strict=True):
            edges.swap(i, j, bool(flip) and not edges.directed)
        left -= block
    return edges.graph(graph)


def find_swap(graph: Any, rng: np.random.Generator) -> Any | None:
    """The graph after one swap, found by going through pairs of ties in random order; None if there is no swap.

    Every pair is tried, so the time is quadratic in the number of ties where no swap exists.
    """
    edges = _Edges(graph)
    order = rng.permutation(len(edges.heads)).tolist()
    for place, i in enumerate(order):
        for j in order[:place]:
            if edges.swap(i, j, False) or (not edges.directed and edges.swap(i, j, True)):
                return edges.graph(graph)
    return None
