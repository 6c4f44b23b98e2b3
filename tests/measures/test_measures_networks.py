"""Opinions along ties against networkx and by hand."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import pytest

from socsim.measures import neighbour_correlation, neighbour_means


def _both_ways(graph: nx.Graph[int]) -> tuple[list[int], list[int]]:
    edges = [(u, v) for u, v in graph.edges] + [(v, u) for u, v in graph.edges]
    return [u for u, _ in edges], [v for _, v in edges]


@pytest.mark.parametrize("seed", range(5))
def test_correlation_equals_numeric_assortativity(seed: int) -> None:
    graph = nx.karate_club_graph()
    x = np.random.default_rng(seed).integers(1, 8, 34)
    nx.set_node_attributes(graph, {node: int(x[node]) for node in graph}, "opinion")
    expected = nx.numeric_assortativity_coefficient(graph, "opinion")
    assert neighbour_correlation(x, *_both_ways(graph)) == pytest.approx(expected, abs=1e-12)


def test_correlation_is_missing_where_it_is_not_defined() -> None:
    assert math.isnan(neighbour_correlation([2.0, 2.0, 2.0], [0, 1], [1, 2]))
    assert math.isnan(neighbour_correlation([1 / 3, 1 / 3 + 1e-16, 1 / 3], [0, 1, 2], [1, 2, 0]))
    assert math.isnan(neighbour_correlation([1.0, 2.0], [], []))
    assert math.isnan(neighbour_correlation([1.0, math.nan, 3.0], [0, 1], [1, 2]))


def test_missing_opinions_drop_their_ties_only() -> None:
    x = [1.0, 1.2, math.nan, 4.0, 4.4]
    full = neighbour_correlation([1.0, 1.2, 4.0, 4.4], [0, 1, 2, 3], [1, 0, 3, 2])
    assert neighbour_correlation(x, [0, 1, 3, 4, 2, 0], [1, 0, 4, 3, 0, 2]) == pytest.approx(full)


def test_neighbour_means_use_those_who_answered() -> None:
    means = neighbour_means([1.0, 3.0, math.nan, 7.0], [1, 2, 3, 2], [0, 0, 0, 1])
    assert means[0] == 5.0
    assert np.isnan(means[1:]).all()
