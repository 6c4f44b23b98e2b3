"""Segregation along ties against networkx and counting."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socsim.measures import (
    cross_cutting_exposure,
    cross_cutting_shares,
    external_internal_index,
    modularity,
    neighbour_correlation,
    nominal_assortativity,
)

ALL = (nominal_assortativity, modularity, external_internal_index, cross_cutting_exposure)


def _ends(graph: nx.Graph[int] | nx.DiGraph[int]) -> tuple[list[int], list[int]]:
    edges = list(graph.edges)
    if not graph.is_directed():
        edges += [(v, u) for u, v in edges]
    return [u for u, _ in edges], [v for _, v in edges]


def _labelled(graph: nx.Graph[int] | nx.DiGraph[int], seed: int) -> list[int]:
    labels = [int(label) for label in np.random.default_rng(seed).integers(0, 3, graph.number_of_nodes())]
    nx.set_node_attributes(graph, dict(enumerate(labels)), "group")
    return labels


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("directed", [False, True])
def test_mixing_equals_networkx(seed: int, directed: bool) -> None:
    graph = nx.gnp_random_graph(20, 0.2, seed=seed, directed=directed)
    labels, ends = _labelled(graph, seed), _ends(graph)
    parts = [{node for node in graph if labels[node] == group} for group in set(labels)]
    assert nominal_assortativity(labels, *ends) == pytest.approx(nx.attribute_assortativity_coefficient(graph, "group"))
    assert neighbour_correlation(labels, *ends) == pytest.approx(nx.numeric_assortativity_coefficient(graph, "group"))
    assert modularity(labels, *ends) == pytest.approx(nx.community.modularity(graph, parts))


@pytest.mark.parametrize("seed", range(4))
def test_index_and_exposure_equal_counting(seed: int) -> None:
    graph = nx.gnp_random_graph(20, 0.2, seed=seed, directed=True)
    labels = _labelled(graph, seed)
    between = sum(labels[u] != labels[v] for u, v in graph.edges)
    within = graph.number_of_edges() - between
    assert external_internal_index(labels, *_ends(graph)) == pytest.approx((between - within) / (between + within))
    each = [[labels[u] != labels[v] for u in graph.predecessors(v)] for v in graph]
    expected = [np.mean(others) if others else math.nan for others in each]
    assert cross_cutting_shares(labels, *_ends(graph)) == pytest.approx(expected, nan_ok=True)
    assert cross_cutting_exposure(labels, *_ends(graph)) == pytest.approx(np.nanmean(expected))


worlds = st.integers(2, 9).flatmap(
    lambda n: st.tuples(
        st.lists(st.sampled_from("abc"), min_size=n, max_size=n),
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), min_size=1, max_size=20),
        st.permutations(range(n)),
    )
)


@settings(max_examples=40, deadline=None)
@given(worlds)
def test_names_of_groups_and_agents_do_not_matter(world: tuple[list[str], list[tuple[int, int]], list[int]]) -> None:
    labels, ties, order = world
    a, r = [u for u, _ in ties], [v for _, v in ties]
    renamed = [{"a": 3, "b": 1, "c": 2}[label] for label in labels]
    moved = [renamed[order.index(agent)] for agent in range(len(labels))]
    for measure, low in zip(ALL, (-1.0, -0.5, -1.0, 0.0), strict=True):
        value = measure(labels, a, r)
        assert measure(moved, [order[u] for u in a], [order[v] for v in r]) == pytest.approx(value, nan_ok=True)
        assert math.isnan(value) or low - 1e-9 <= value <= 1.0 + 1e-9


def test_segregation_at_its_extremes() -> None:
    apart, mixed = ([0, 1, 2, 3], [1, 0, 3, 2]), ([0, 2, 1, 3], [2, 0, 3, 1])
    labels = ["a", "a", "b", "b"]
    assert [measure(labels, *apart) for measure in ALL] == pytest.approx([1.0, 0.5, -1.0, 0.0])
    assert [measure(labels, *mixed) for measure in ALL] == pytest.approx([-1.0, -0.5, 1.0, 1.0])


def test_segregation_without_ties_in_one_group_and_with_missing_groups() -> None:
    for measure in ALL:
        assert math.isnan(measure(["a", "b"], [], []))
        assert math.isnan(measure(["a", None], [0, 1], [1, 0]))
        known = measure(["a", "b", "b"], [0, 1, 1, 2], [1, 0, 2, 1])
        assert measure(["a", "b", "b", None, math.nan], [0, 1, 1, 2, 3, 0, 4], [1, 0, 2, 1, 0, 3, 3]) == known
    single = ["a", "a", "a"], [0, 1, 1, 2], [1, 0, 2, 1]
    assert math.isnan(nominal_assortativity(*single))
    assert [measure(*single) for measure in ALL[1:]] == [0.0, -1.0, 0.0]


def test_ends_that_do_not_exist_are_refused() -> None:
    for measure in ALL:
        with pytest.raises(ValueError, match="0 … 1"):
            measure(["a", "b"], [0, 2], [1, 0])
        with pytest.raises(ValueError, match="two ends"):
            measure(["a", "b"], [0, 1], [1])
