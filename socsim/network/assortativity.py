"""Assortativity that can be followed while people change places.

Both coefficients are those of Newman (2003, Mixing patterns in networks, Physical Review E 67, 026126), as in networkx's
``attribute_assortativity_coefficient`` and ``numeric_assortativity_coefficient``: between -1 and 1, not a number where
everybody is alike or there are no ties. After an exchange of two people only sums over their ties change.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

__all__ = ["CategoryMixing", "Mixing", "NumberMixing"]


class Mixing(Protocol):
    """The assortativity of values on nodes, under exchanges of two nodes' values."""

    def coefficient(self) -> float:
        """The coefficient as it stands."""

    def exchange(self, u: int, v: int) -> None:
        """Exchange the values of nodes u and v; done twice, it undoes itself."""


class _Neighbours:
    """Per node the other ends of its ties, and how often it begins and ends one (equal without direction)."""

    def __init__(self, graph: Any) -> None:
        n = graph.number_of_nodes()
        self.others: list[list[int]] = [[] for _ in range(n)]
        self.out, self.into = [0] * n, [0] * n
        self.ties = graph.number_of_edges()
        both = not graph.is_directed()
        for u, v in graph.edges():
            self.others[u].append(v)
            self.others[v].append(u)
            self.out[u] += 1
            self.into[v] += 1
            if both:
                self.out[v] += 1
                self.into[u] += 1
        self.ends = self.ties * (2 if both else 1)


class CategoryMixing:
    """r = (Σ e_cc - Σ a_c b_c) / (1 - Σ a_c b_c): e_cc is the share of ties within category c, a_c and b_c are the shares
    of ties that begin and end in c."""

    def __init__(self, graph: Any, categories: Sequence[str]) -> None:
        self._graph = _Neighbours(graph)
        codes = {category: code for code, category in enumerate(dict.fromkeys(categories))}
        self._code = [codes[category] for category in categories]
        self._begin = np.bincount(self._code, weights=self._graph.out, minlength=len(codes)).astype(int).tolist()
        self._end = np.bincount(self._code, weights=self._graph.into, minlength=len(codes)).astype(int).tolist()
        self._same = sum(self._code[u] == self._code[v] for u, v in graph.edges())

    def coefficient(self) -> float:
        ends = self._graph.ends
        if ends == 0:
            return math.nan
        chance = sum(a * b for a, b in zip(self._begin, self._end, strict=True)) / ends**2
        return (self._same / self._graph.ties - chance) / (1 - chance) if chance < 1 else math.nan

    def exchange(self, u: int, v: int) -> None:
        code, graph = self._code, self._graph
        x, y = code[u], code[v]
        if x == y or u == v:
            return
        change = sum((code[w] == y) - (code[w] == x) for w in graph.others[u] if w != v)
        change += sum((code[w] == x) - (code[w] == y) for w in graph.others[v] if w != u)
        self._same += change
        for totals, degree in ((self._begin, graph.out), (self._end, graph.into)):
            totals[x] += degree[v] - degree[u]
            totals[y] += degree[u] - degree[v]
        code[u], code[v] = y, x


class NumberMixing:
    """Pearson correlation of the values at the two ends of a tie (ties without direction count both ways)."""

    def __init__(self, graph: Any, values: Sequence[float]) -> None:
        self._graph = _Neighbours(graph)
        raw = np.array(values, dtype=np.float64)
        spread = float(raw.std())
        self._value = ((raw - raw.mean()) / spread if spread > 0 else raw - raw.mean()).tolist()
        v, g = self._value, self._graph
        self._product = sum(v[a] * v[b] for a, b in graph.edges())
        self._begin = [sum(d * x for d, x in zip(g.out, v, strict=True)), sum(d * x * x for d, x in zip(g.out, v, strict=True))]
        self._end = [sum(d * x for d, x in zip(g.into, v, strict=True)), sum(d * x * x for d, x in zip(g.into, v, strict=True))]

    def coefficient(self) -> float:
        if self._graph.ends == 0:
            return math.nan
        ends = self._graph.ends
        a, b = self._begin[0] / ends, self._end[0] / ends
        variance = (self._begin[1] / ends - a * a) * (self._end[1] / ends - b * b)
        return (self._product / self._graph.ties - a * b) / math.sqrt(variance) if variance > 1e-24 else math.nan

    def exchange(self, u: int, v: int) -> None:
        value, graph = self._value, self._graph
        x, y = value[u], value[v]
        if x == y or u == v:
            return
        at_u = sum(value[w] for w in graph.others[u] if w != v)
        at_v = sum(value[w] for w in graph.others[v] if w != u)
        self._product += (y - x) * (at_u - at_v)
        for sums, degree in ((self._begin, graph.out), (self._end, graph.into)):
            more = degree[u] - degree[v]
            sums[0] += more * (y - x)
            sums[1] += more * (y * y - x * x)
        value[u], value[v] = y, x
