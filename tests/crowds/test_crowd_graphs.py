"""Graphs in arrays: networkx's own where nothing is drawn, and networkx's in distribution where something is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import networkx as nx
import numpy as np
import pytest
import scipy.stats
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socsim import crowds
from socsim.crowds.pairs import sample_indices
from socsim.dynamics import Neighbours

WORLDS = 300
"""Graphs of each kind. Means are compared by a z test at 1e-4; seeds are fixed."""


def edges(neighbours: Neighbours) -> set[tuple[int, int]]:
    return set(zip(neighbours.rows.tolist(), neighbours.indices.tolist(), strict=True))


def edges_of(graph: Any) -> set[tuple[int, int]]:
    return {(u, v) for u, v in graph.edges} | {(v, u) for u, v in graph.edges}


def features(graph: Any) -> dict[str, float]:
    """What describes a small graph: ties, variance and third moment of degrees, clustering, pairs within two steps."""
    degrees = np.array([degree for _, degree in graph.degree])
    within = sum(len(near) - 1 for _, near in nx.all_pairs_shortest_path_length(graph, cutoff=2))
    return {
        "ties": graph.number_of_edges(),
        "variance": float(degrees.var()),
        "third": float(((degrees - degrees.mean()) ** 3).mean()),
        "clustering": nx.average_clustering(graph),
        "near": within,
    }


def assert_same_distribution(ours: Callable[[int], Neighbours], theirs: Callable[[int], Any], worlds: int = WORLDS) -> None:
    mine = [features(crowds.to_networkx(ours(seed))) for seed in range(worlds)]
    other = [features(theirs(seed)) for seed in range(worlds)]
    for name in mine[0]:
        a, b = (np.array([one[name] for one in found]) for found in (mine, other))
        if np.ptp(np.concatenate([a, b])) == 0.0:
            continue
        z = (a.mean() - b.mean()) / np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / worlds)
        assert abs(z) < scipy.stats.norm.isf(0.5e-4), f"{name}: {a.mean():.3f} against {b.mean():.3f}"


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_ring_is_a_cycle() -> None:
    assert edges(crowds.ring(7)) == edges_of(nx.cycle_graph(7))


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("dim", [(5,), (3, 4), (2, 3, 4), (1, 4), (6, 1)])
def test_a_grid_is_that_of_networkx(dim: tuple[int, ...], periodic: bool) -> None:
    made = nx.grid_graph(dim[::-1], periodic=periodic)  # networkx names the last side first
    made.remove_edges_from(list(nx.selfloop_edges(made)))
    number = {node: place for place, node in enumerate(sorted(made))}
    numbered = nx.relabel_nodes(made, number)
    assert edges(crowds.grid(dim, periodic=periodic)) == edges_of(numbered)


@pytest.mark.parametrize(("n", "p"), [(20, 0.1), (12, 0.5), (30, 0.02)])
def test_random_ties_are_distributed_as_in_networkx(n: int, p: float) -> None:
    assert_same_distribution(lambda s: crowds.erdos_renyi(n, p, rng(s)), lambda s: nx.gnp_random_graph(n, p, seed=s))


def test_directed_random_ties_are_as_many_as_expected_and_as_often_mutual() -> None:
    found = [crowds.erdos_renyi(20, 0.2, rng(seed), directed=True) for seed in range(400)]
    ties = np.array([one.indices.size for one in found])
    assert scipy.stats.ttest_1samp(ties, 20 * 19 * 0.2).pvalue > 1e-4
    mutual = np.array([sum((v, u) in edges(one) for u, v in edges(one)) / 2 for one in found])
    assert scipy.stats.ttest_1samp(mutual, 190 * 0.04).pvalue > 1e-4


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_no_tie_and_every_tie(p: float) -> None:
    assert crowds.erdos_renyi(9, p, rng(0)).indices.size == 72 * p
    assert crowds.erdos_renyi(9, p, rng(0), directed=True).indices.size == 72 * p


@pytest.mark.parametrize(("n", "k", "p"), [(20, 4, 0.0), (20, 4, 0.1), (20, 4, 1.0), (13, 5, 0.5), (8, 6, 0.7)])
def test_small_worlds_are_distributed_as_in_networkx(n: int, k: int, p: float) -> None:
    assert_same_distribution(lambda s: crowds.watts_strogatz(n, k, p, rng(s)), lambda s: nx.watts_strogatz_graph(n, k, p, seed=s))


@pytest.mark.parametrize(("n", "m"), [(20, 1), (20, 3), (7, 6)])
def test_preferential_ties_are_distributed_as_in_networkx(n: int, m: int) -> None:
    assert_same_distribution(lambda s: crowds.barabasi_albert(n, m, rng(s)), lambda s: nx.barabasi_albert_graph(n, m, seed=s))


@pytest.mark.parametrize(("d", "n"), [(3, 20), (4, 15), (2, 30)])
def test_regular_graphs_are_distributed_as_in_networkx(d: int, n: int) -> None:
    assert_same_distribution(lambda s: crowds.random_regular(d, n, rng(s)), lambda s: nx.random_regular_graph(d, n, seed=s))


def test_blocks_are_tied_as_in_networkx() -> None:
    sizes, p = [8, 5, 7], [[0.5, 0.1, 0.0], [0.1, 0.9, 0.2], [0.0, 0.2, 0.3]]
    assert_same_distribution(
        lambda s: crowds.stochastic_block_model(sizes, p, rng(s)), lambda s: nx.stochastic_block_model(sizes, p, seed=s)
    )
    counts = np.zeros((3, 3))
    for seed in range(WORLDS):
        made = crowds.stochastic_block_model(sizes, p, rng(seed))
        blocks = np.repeat(np.arange(3), sizes)
        np.add.at(counts, (blocks[made.rows], blocks[made.indices]), 1.0)
    pairs = np.outer(sizes, sizes) - np.diag(sizes)
    sd = np.sqrt(2 * np.array(p) * (1 - np.array(p)) * pairs * WORLDS)  # each pair stands in a table of blocks twice
    assert np.all(np.abs(counts - np.array(p) * pairs * WORLDS) <= 4.5 * sd)


@pytest.mark.parametrize("degrees", [[3, 3, 2, 2, 1, 1], [0, 0, 0], [], [1, 1], [2, 2, 2]])
def test_everybody_has_the_ties_asked_for(degrees: list[int]) -> None:
    for seed in range(50):
        assert crowds.configuration_model(degrees, rng(seed)).degrees.tolist() == degrees


def test_graphs_of_given_degrees_are_equally_likely() -> None:
    """All 2-regular graphs on 6 agents: 60 rings of six and 10 pairs of triangles, so one in seven is two triangles."""
    two = sum(not nx.is_connected(crowds.to_networkx(crowds.configuration_model([2] * 6, rng(seed)))) for seed in range(3000))
    assert scipy.stats.binomtest(two, 3000, 1 / 7).pvalue > 1e-4


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: crowds.random_regular(3, 5, rng(0)), "even sum"),
        (lambda: crowds.random_regular(5, 5, rng(0)), "n must be 6 or more"),
        (lambda: crowds.configuration_model([3, 3, 1, 1], rng(0)), "no graph"),
        (lambda: crowds.erdos_renyi(5, 1.5, rng(0)), "p must lie between 0 and 1"),
        (lambda: crowds.barabasi_albert(3, 3, rng(0)), "n must be 4 or more"),
        (lambda: crowds.watts_strogatz(4, 4, 0.1, rng(0)), "n must be 5 or more"),
        (lambda: crowds.stochastic_block_model([2, 2], [[0.1, 0.2], [0.3, 0.1]], rng(0)), "symmetric"),
        (lambda: crowds.ring(2), "n must be 3 or more"),
        (lambda: crowds.neighbours_from_pairs(3, np.array([0, 1]), np.array([1, 0])), "twice"),
        (lambda: crowds.neighbours_from_pairs(3, np.array([0]), np.array([3])), "0 to 2"),
    ],
)
def test_impossible_graphs_are_refused(call: Callable[[], object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()


@given(st.integers(0, 2000), st.floats(0, 1), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_chosen_indices_rise_and_stay_inside(size: int, p: float, seed: int) -> None:
    found = sample_indices(size, p, rng(seed))
    assert np.all(np.diff(found) > 0)
    assert not found.size or (found[0] >= 0 and found[-1] < size)


def test_each_index_is_chosen_as_often_as_it_should() -> None:
    counts = np.zeros(30)
    for seed in range(4000):
        counts[sample_indices(30, 0.3, rng(seed))] += 1
    assert scipy.stats.chisquare(counts, np.full(30, counts.mean())).pvalue > 1e-4
    assert abs(counts.sum() / (30 * 4000) - 0.3) < 4 * np.sqrt(0.21 / (30 * 4000))
    assert sample_indices(10**12, 1e-11, rng(1)).size < 60


@given(
    n=st.integers(1, 12),
    pairs=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=30, unique=True),
    directed=st.booleans(),
)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_arrays_go_to_networkx_and_to_files_and_back(
    n: int, pairs: Sequence[tuple[int, int]], directed: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chosen = {(u % n, v % n) if directed else tuple(sorted((u % n, v % n))) for u, v in pairs if u % n != v % n}
    readers, authors = (np.array([pair[side] for pair in chosen], dtype=np.int64) for side in (0, 1))
    made = crowds.neighbours_from_pairs(n, readers, authors, directed=directed)
    graph = crowds.to_networkx(made)
    arcs = set(graph.edges) if graph.is_directed() else edges_of(graph)
    assert {(v, u) for u, v in arcs} == edges(made)
    path = tmp_path_factory.mktemp("ties") / "ties.parquet"
    crowds.write_neighbours(made, path)
    again = crowds.read_neighbours(path, n, directed=True)
    assert again.indptr.tolist() == made.indptr.tolist()
    assert again.indices.tolist() == made.indices.tolist()


def test_a_graph_too_large_for_networkx_is_refused() -> None:
    with pytest.raises(ValueError, match=r"10 ties are too many .* larger `most`"):
        crowds.to_networkx(crowds.ring(5), most=9)
