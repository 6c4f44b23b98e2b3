"""Shuffles for control arms: other people on the same graph, or other ties with the same degrees.

A shuffle that would change nothing is refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from networkx.algorithms.threshold import is_threshold_graph
from numpy.typing import NDArray

from socsim.errors import Problem, ScenarioError
from socsim.network.swapping import find_swap, swap_edges
from socsim.network.ties import ties_from_graph

__all__ = ["permute_people", "rewire"]

_ROUNDS = 20
_EXHAUSTIVE = 3_000


def permute_people(node_of_agent: NDArray[np.int64], graph: Any, rng: np.random.Generator) -> NDArray[np.int64]:
    """Put people on other nodes, at random, so that who reads whom differs from before.

    Args:
        node_of_agent: node on which each agent stands.
        graph: the graph, kept as it is.
        rng: the stream to draw from.

    Raises:
        ScenarioError: the graph is empty or complete, so no exchange of people changes who reads whom.
    """
    n, ties = graph.number_of_nodes(), graph.number_of_edges()
    if ties == 0 or ties == n * (n - 1) // (1 if graph.is_directed() else 2):
        kind = "has no ties" if ties == 0 else "ties everybody to everybody"
        raise ScenarioError(_refusal(f"the network {kind}: permute_people would change nothing", "Leave this arm out"))
    before = ties_from_graph(graph, node_of_agent)
    # The permutations that change nothing are a proper subgroup, so each draw succeeds with probability 1/2 or more.
    while True:
        permuted = node_of_agent[rng.permutation(n)]
        after = ties_from_graph(graph, permuted)
        if not (np.array_equal(before.indptr, after.indptr) and np.array_equal(before.indices, after.indices)):
            return permuted


def rewire(graph: Any, rng: np.random.Generator) -> Any:
    """A graph with the same degrees (with direction: in and out) and other ties; see `socsim.network.swapping`.

    Args:
        graph: the graph, left as it is. Weights stay with the first end of a tie.
        rng: the stream to draw from.

    Raises:
        ScenarioError: no swap of two ties is possible (an empty graph, a star, a complete graph), or none was found.
    """
    message = "the network's degrees leave no other ties: rewire would change nothing"
    fix = "Use shuffled: permute_people, or leave this arm out"
    if graph.number_of_edges() < 2 or (not graph.is_directed() and is_threshold_graph(graph)):
        raise ScenarioError(_refusal(message, fix))
    before = _relation(graph)
    for _ in range(_ROUNDS):
        swapped = swap_edges(graph, rng)
        if _relation(swapped) != before:
            return swapped
    if graph.number_of_edges() > _EXHAUSTIVE:
        raise ScenarioError(_refusal("no tie could be rewired in many tries", fix))
    found = find_swap(graph, rng)
    if found is None:
        raise ScenarioError(_refusal(message, fix))
    return found


def _refusal(message: str, fix: str) -> Problem:
    return Problem(message, "arms", fix=fix)


def _relation(graph: Any) -> set[Any]:
    if graph.is_directed():
        return set(graph.edges())
    return {frozenset(edge) for edge in graph.edges()}
