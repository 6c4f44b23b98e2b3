"""Clusters against connected components, effective numbers against scipy, consensus against trying all windows."""

from __future__ import annotations

import itertools
import math

import networkx as nx
import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from socsim.measures import cluster_count, cluster_labels, consensus_share, effective_number, fragmentation, time_to_consensus

opinions = st.lists(st.integers(0, 60).map(lambda x: x / 4.0), min_size=1, max_size=25)
weights = st.lists(st.integers(0, 30), min_size=1, max_size=10).filter(any)


@settings(max_examples=40, deadline=None)
@given(opinions, st.sampled_from([0.0, 0.25, 1.0, 4.0]))
def test_clusters_are_the_components_of_close_opinions(values: list[float], bandwidth: float) -> None:
    graph: nx.Graph[int] = nx.empty_graph(len(values))
    graph.add_edges_from(
        (i, j) for i, j in itertools.combinations(range(len(values)), 2) if abs(values[i] - values[j]) <= bandwidth
    )
    parts = sorted(nx.connected_components(graph), key=lambda part: min(values[i] for i in part))
    expected = [next(number for number, part in enumerate(parts) if i in part) for i in range(len(values))]
    assert cluster_labels(values, bandwidth).tolist() == expected
    assert cluster_count(values, bandwidth) == len(parts)
    together = sum((len(part) / len(values)) ** 2 for part in parts)
    assert fragmentation(values, bandwidth) == pytest.approx(1 - together)
    assert fragmentation(values[::-1], bandwidth) == pytest.approx(1 - together)
    assert 0.0 <= fragmentation(values, bandwidth) <= 1 - 1 / len(parts) + 1e-12


def test_small_clusters_are_left_out() -> None:
    values = [1.0, 1.1, 1.2, 1.3, 5.0, 9.0, 9.1, 9.2, 9.3, 9.4]
    assert cluster_labels(values, 0.5, minimum_share=0.2).tolist() == [0, 0, 0, 0, -1, 1, 1, 1, 1, 1]
    assert cluster_count(values, 0.5, minimum_share=0.1) == 3
    assert fragmentation(values, 0.5, minimum_share=0.2) == pytest.approx(1 - (16 + 25) / 81)
    assert math.isnan(fragmentation(values, 0.5, minimum_share=0.6))


def test_clusters_of_nobody_one_and_some_missing() -> None:
    assert cluster_labels([], 1.0).size == 0
    assert cluster_count([math.nan, math.nan], 1.0) == 0
    assert cluster_labels([math.nan, 2.0], 1.0).tolist() == [-1, 0]
    assert cluster_count([3.0, 3.0, 3.0], 0.0) == 1
    assert fragmentation([3.0, 3.0], 0.0) == 0.0
    assert math.isnan(fragmentation([], 1.0))
    for wrong in ({"bandwidth": -1.0}, {"bandwidth": math.nan}, {"bandwidth": 1.0, "minimum_share": 2.0}):
        with pytest.raises(ValueError, match="must"):
            cluster_labels([1.0], **wrong)


@settings(max_examples=40, deadline=None)
@given(weights)
def test_effective_numbers_equal_their_formulas(counts: list[int]) -> None:
    p = np.array(counts) / sum(counts)
    taken = int((p > 0).sum())
    assert effective_number(counts) == pytest.approx(1 / float(p @ p))
    assert effective_number(counts, order=1.0) == pytest.approx(math.exp(scipy.stats.entropy(p)))
    assert effective_number(counts, order=1.0 + 1e-6) == pytest.approx(effective_number(counts, order=1.0), rel=1e-4)
    assert effective_number(counts, order=0.0) == pytest.approx(taken)
    assert effective_number(counts, order=math.inf) == pytest.approx(1 / p.max())
    assert effective_number(counts, order=5000.0) == pytest.approx(1 / p.max(), rel=0.01)
    for order in (0.0, 0.5, 1.0, 2.0, 3.0):
        assert 1.0 - 1e-9 <= effective_number(counts, order=order) <= taken + 1e-9
        assert effective_number(counts[::-1], order=order) == pytest.approx(effective_number(counts, order=order))


def test_effective_number_of_equal_single_and_no_groups() -> None:
    assert effective_number([5, 5, 5, 5]) == pytest.approx(4.0)
    assert effective_number([9]) == 1.0
    assert math.isnan(effective_number([]))
    assert math.isnan(effective_number([0, 0]))
    assert math.isnan(effective_number([1.0, math.nan]))
    with pytest.raises(ValueError, match="distribution"):
        effective_number([1.0, -1.0])
    with pytest.raises(ValueError, match="order"):
        effective_number([1.0], order=-1.0)


@settings(max_examples=40, deadline=None)
@given(opinions, st.sampled_from([0.0, 0.5, 3.0, 20.0]))
def test_consensus_is_the_fullest_window(values: list[float], tolerance: float) -> None:
    fullest = max(sum(low <= value <= low + tolerance for value in values) for low in values)
    assert consensus_share(values, tolerance) == fullest / len(values)
    assert consensus_share([*values[::-1], math.nan], tolerance) == fullest / len(values)


def test_consensus_does_not_fail_by_rounding() -> None:
    assert consensus_share([0.1 + 0.2, 0.3], 0.0) == 1.0
    assert math.isnan(consensus_share([], 0.0))
    assert consensus_share([5.0], 0.0) == 1.0
    with pytest.raises(ValueError, match="tolerance"):
        consensus_share([1.0], -1.0)


def test_time_to_consensus_is_the_first_step_of_lasting_agreement() -> None:
    path = [[1, 5, 9], [5, 5, 5], [4, 5, 9], [5, 5, 6], [5, 5, 5], [5, 5, 5]]
    assert time_to_consensus(path, 0.0) == 4
    assert time_to_consensus(path, 1.0) == 3
    assert time_to_consensus(path, 1.0, share=0.6) == 1
    assert math.isnan(time_to_consensus(path[:3], 0.0))
    assert time_to_consensus([[2.0, 2.0]], 0.0) == 0


def test_time_to_consensus_of_missing_answers_and_no_steps() -> None:
    assert time_to_consensus([[1.0, 2.0], [math.nan, 2.0]], 0.0) == 1
    assert math.isnan(time_to_consensus([[2.0, 2.0], [math.nan, math.nan]], 0.0))
    assert math.isnan(time_to_consensus(np.empty((0, 4)), 0.0))
    with pytest.raises(ValueError, match="shape"):
        time_to_consensus([1.0, 2.0], 0.0)
    with pytest.raises(ValueError, match="share"):
        time_to_consensus([[1.0]], 0.0, share=0.0)
