"""Cascades against networkx, hazards against following everybody."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socsim.measures import cascade_breadth, cascade_depth, cascade_size, cascades, exposure_hazard, structural_virality

trees = st.integers(1, 20).flatmap(lambda n: st.tuples(*(st.integers(0, max(0, i - 1)) for i in range(1, n))))


@settings(max_examples=50, deadline=None)
@given(trees)
def test_measures_of_a_tree_equal_networkx_whatever_the_order(above: tuple[int, ...]) -> None:
    parents = [-1, *above]
    n = len(parents)
    graph: nx.Graph[int] = nx.empty_graph(n)
    graph.add_edges_from((child, parent) for child, parent in enumerate(parents) if parent >= 0)
    depths = nx.single_source_shortest_path_length(graph, 0)
    order = np.random.default_rng(n).permutation(n)
    moved = np.full(n, -1)
    for child, parent in enumerate(parents):
        moved[order[child]] = -1 if parent < 0 else order[parent]
    for given_parents in (parents, moved):
        assert cascade_size(given_parents) == n
        assert cascade_depth(given_parents) == max(depths.values())
        assert cascade_breadth(given_parents) == max(np.bincount(list(depths.values())))
        expected = 2 * nx.wiener_index(graph) / (n * (n - 1)) if n > 1 else math.nan
        assert structural_virality(given_parents) == pytest.approx(expected, nan_ok=True)
        if n > 1:
            assert 2 - 2 / n - 1e-12 <= expected <= (n + 1) / 3 + 1e-12


def test_virality_of_a_broadcast_and_a_chain() -> None:
    assert structural_virality([-1] + [0] * 99) == pytest.approx(2 - 2 / 100)
    assert structural_virality(np.arange(-1, 99)) == pytest.approx(101 / 3)


def test_long_chains_are_fast_and_exact() -> None:
    n = 20_000
    assert cascade_depth(np.arange(-1, n - 1)) == n - 1
    assert structural_virality(np.arange(-1, n - 1)) == pytest.approx((n + 1) / 3)


def test_a_forest_is_measured_tree_by_tree() -> None:
    forest = cascades([-1, 0, -1, 2, 2, 4, -1])
    assert [(tree.root, tree.size, tree.depth, tree.breadth) for tree in forest] == [(0, 2, 1, 1), (2, 4, 2, 2), (6, 1, 0, 1)]
    assert forest[1].structural_virality == structural_virality([-1, 0, 0, 2])
    assert math.isnan(forest[2].structural_virality)
    with pytest.raises(ValueError, match="one root"):
        structural_virality([-1, -1])


def test_cascades_of_nobody_and_of_a_root_alone() -> None:
    assert cascades([]) == ()
    assert cascade_size([]) == 0
    assert math.isnan(cascade_depth([]))
    assert math.isnan(cascade_breadth([]))
    assert math.isnan(structural_virality([]))
    assert (cascade_size([-1]), cascade_depth([-1]), cascade_breadth([-1])) == (1, 0.0, 1.0)


@pytest.mark.parametrize(
    ("parents", "reason"),
    [
        ([0], "circle"),
        ([1, 0], "circle"),
        ([-1, 2, 3, 1], "circle"),
        ([-1, 5], "0 … 1"),
        ([-1, -2], "-1"),
        ([math.nan], "missing"),
        ([-1, 0.5], "whole"),
    ],
)
def test_what_is_no_forest_is_refused(parents: list[float], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        cascades(parents)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=20))
def test_hazard_equals_following_everybody(people: list[tuple[int, bool]]) -> None:
    at_risk, adopted = [0] * 7, [0] * 7
    for last, done in people:
        for k in range(last + 1):
            at_risk[k] += 1
            adopted[k] += k == last and done
    reached = max((last for last, _ in people), default=-1) + 1
    found = exposure_hazard([last for last, _ in people], [done for _, done in people])
    assert found.exposures.tolist() == list(range(reached))
    assert found.at_risk.tolist() == at_risk[:reached]
    assert found.adopted.tolist() == adopted[:reached]
    assert found.hazard.tolist() == [a / b for a, b in zip(adopted[:reached], at_risk[:reached], strict=True)]
    assert all(0.0 <= value <= 1.0 for value in found.hazard)


def test_hazard_of_missing_and_impossible_people() -> None:
    assert exposure_hazard([1, math.nan, 2], [1, 1, math.nan]).at_risk.tolist() == [1, 1]
    assert exposure_hazard([0, 0], [1, 1]).hazard.tolist() == [1.0]
    for exposures, adopted in (([-1], [0]), ([0.5], [0]), ([1], [2]), ([math.inf], [0])):
        with pytest.raises(ValueError, match="whole"):
            exposure_hazard(exposures, adopted)
    with pytest.raises(ValueError, match="both values"):
        exposure_hazard([1], [])
