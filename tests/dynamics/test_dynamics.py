"""Classical dynamics against straightforward loops, known results with their conditions, and what must always hold.

Known results that are drawn have a binomial or normal tolerance stated beside them.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socsim.dynamics import (
    SIR,
    Axelrod,
    BoundedRepulsion,
    ComplexContagion,
    Deffuant,
    DeGroot,
    FriedkinJohnsen,
    HegselmannKrause,
    IndependentCascade,
    Majority,
    NamingGame,
    NoisyVoter,
    QVoter,
    SocialImpact,
    Sznajd,
    Voter,
    WattsThreshold,
    clusters_of,
    simulate,
)
from socsim.network.ties import Ties, ties_from_graph


def ties_of(graph: Any) -> Ties:
    return ties_from_graph(graph, np.arange(graph.number_of_nodes()))


def complete(n: int) -> Ties:
    others = np.tile(np.arange(n), (n, 1))[~np.eye(n, dtype=bool)]
    return Ties(n, np.arange(n + 1) * (n - 1), others, np.ones(n * (n - 1)))


def random_ties(n: int, seed: int) -> Ties:
    """With weights, with direction, and with somebody who reads nobody."""
    rng = np.random.default_rng(seed)
    graph = nx.gnp_random_graph(n, 0.3, seed=seed, directed=True)
    graph.remove_edges_from([(u, 0) for u in list(graph.predecessors(0))])
    for u, v in graph.edges:
        graph[u][v]["weight"] = float(rng.uniform(0.5, 2.0))
    return ties_of(graph)


GRAPHS = [random_ties(12, seed) for seed in range(6)]


def mean_read(x: np.ndarray, ties: Ties, i: int) -> float:
    own, weights = ties.read_by(i), ties.weights_of(i)
    if not len(own):
        return float(x[i])
    return float(sum(w * x[j] for j, w in zip(own, weights, strict=True)) / sum(weights))


@pytest.mark.parametrize("ties", GRAPHS)
def test_models_in_which_all_act_at_once_are_their_formulas(ties: Ties) -> None:
    rng = np.random.default_rng(3)
    x, first = rng.random(ties.n), rng.random(ties.n)
    peers = [mean_read(x, ties, i) for i in range(ties.n)]
    assert DeGroot(0.3).step(x, first, ties, rng) == pytest.approx([0.7 * x[i] + 0.3 * peers[i] for i in range(ties.n)])
    expected = [0.4 * peers[i] + 0.6 * first[i] for i in range(ties.n)]
    assert FriedkinJohnsen(0.4).step(x, first, ties, rng) == pytest.approx(expected)
    near = [[x[i], *(x[j] for j in ties.read_by(i) if abs(x[j] - x[i]) <= 0.25)] for i in range(ties.n)]
    assert HegselmannKrause(0.25).step(x, first, ties, rng) == pytest.approx([sum(own) / len(own) for own in near])
    active = (rng.random(ties.n) < 0.3).astype(np.int64)
    reads = [active[ties.read_by(i)] for i in range(ties.n)]
    watts = [max(active[i], int(len(own) > 0 and own.sum() / len(own) >= 0.4)) for i, own in enumerate(reads)]
    assert WattsThreshold(0.4).step(active, active, ties, rng).tolist() == watts
    centola = [max(active[i], int(own.sum() >= 2)) for i, own in enumerate(reads)]
    assert ComplexContagion(2).step(active, active, ties, rng).tolist() == centola


@pytest.mark.parametrize("ties", GRAPHS)
def test_social_impact_is_its_formula(ties: Ties) -> None:
    rng = np.random.default_rng(4)
    state = rng.integers(2, size=ties.n)
    expected = []
    for i in range(ties.n):
        pairs = list(zip(ties.read_by(i), ties.weights_of(i), strict=True))
        against = [w for j, w in pairs if state[j] != state[i]]
        support = [1.0, *(w for j, w in pairs if state[j] == state[i])]
        persuasion = math.sqrt(len(against)) * (sum(against) / len(against)) if against else 0.0
        stays = math.sqrt(len(support)) * (sum(support) / len(support))
        expected.append(1 - state[i] if persuasion > stays else state[i])
    assert SocialImpact().step(state, state, ties, rng).tolist() == expected


MODELS = [DeGroot(), FriedkinJohnsen(), HegselmannKrause(), Deffuant(), BoundedRepulsion()]
OPINIONS = [Voter(), NoisyVoter(0.1), QVoter(2, 0.1), Majority(), Sznajd(), SocialImpact()]
SPREADING = [IndependentCascade(0.3), SIR(0.3, 0.4), WattsThreshold(0.3), ComplexContagion(2)]


@given(st.integers(0, 5), st.integers(0, 2**32), st.sampled_from(MODELS))
@settings(max_examples=40, deadline=None)
def test_opinions_stay_within_their_range_and_consensus_stays(graph: int, seed: int, model: Any) -> None:
    ties, rng = GRAPHS[graph], np.random.default_rng(seed)
    found = simulate(model, rng.random(ties.n), ties, 5, rng)
    assert found.shape == (6, ties.n)
    assert found.min() >= 0.0
    assert found.max() <= 1.0
    agreed = simulate(model, np.full(ties.n, 0.4), ties, 3, rng)
    assert agreed == pytest.approx(np.full((4, ties.n), 0.4))


@given(st.integers(0, 5), st.integers(0, 2**32), st.sampled_from(OPINIONS))
@settings(max_examples=40, deadline=None)
def test_nobody_has_an_opinion_that_nobody_had(graph: int, seed: int, model: Any) -> None:
    ties, rng = GRAPHS[graph], np.random.default_rng(seed)
    found = simulate(model, rng.integers(2, size=ties.n), ties, 5, rng)
    assert set(np.unique(found)) <= {0, 1}
    agreed = simulate(model, np.ones(ties.n, dtype=np.int64), ties, 3, rng)
    assert set(np.unique(agreed)) == {1}


@given(st.integers(0, 5), st.integers(0, 2**32), st.sampled_from(SPREADING))
@settings(max_examples=40, deadline=None)
def test_what_spreads_never_goes_back_and_needs_a_source(graph: int, seed: int, model: Any) -> None:
    ties, rng = GRAPHS[graph], np.random.default_rng(seed)
    start = (rng.random(ties.n) < 0.2).astype(np.int64)
    found = simulate(model, start, ties, 8, rng)
    assert (np.diff(found, axis=0) >= 0).all()
    assert simulate(model, np.zeros(ties.n, dtype=np.int64), ties, 3, rng).max() == 0
    for before, after in itertools.pairwise(found):
        new = np.flatnonzero((before == 0) & (after == 1))
        assert all((before[ties.read_by(i)] == 1).any() for i in new.tolist())


@pytest.mark.parametrize(("confidence", "about"), [(0.05, 9), (0.1, 5), (0.2, 2), (0.3, 1)])
def test_deffuant_leaves_so_many_clusters(confidence: float, about: int) -> None:
    """n = 1000, complete graph, uniform start, convergence .5, clusters of 1 % or more; medians of three runs."""
    counts = []
    ties = complete(1000)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        found = simulate(Deffuant(confidence), rng.random(1000), ties, 60, rng)
        counts.append(clusters_of(found[-1], confidence / 4, 0.01))
    assert abs(sorted(counts)[1] - about) <= (1 if about > 2 else 0)


@pytest.mark.slow
@pytest.mark.parametrize(("confidence", "low", "high"), [(0.20, 0.0, 0.25), (0.22, 0.2, 0.8), (0.25, 0.9, 1.0)])
def test_hegselmann_krause_agrees_with_so_much_probability(confidence: float, low: float, high: float) -> None:
    """n = 1000, complete graph, uniform start: consensus with probability about .1, .5 and 1; 40 runs, so ± .16 (2 SE)."""
    ties, agreed = complete(1000), 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        found = simulate(HegselmannKrause(confidence), rng.random(1000), ties, 40, rng)
        agreed += clusters_of(found[-1], 1e-3) == 1
    assert low <= agreed / 40 <= high


def test_voters_on_a_complete_graph_agree_after_n_ln_2_sweeps() -> None:
    """n = 60 from 30 to 30: mean n ln 2 = 41.6 sweeps; 120 runs with a standard deviation of about 0.6 n give ± 7 (2 SE)."""
    ties, times, wins = complete(60), [], 0
    for seed in range(120):
        rng = np.random.default_rng(seed)
        start = np.repeat([0, 1], 30)
        found = simulate(Voter(), start, ties, 2000, rng, until=lambda state: len(set(state.tolist())) == 1)
        times.append(len(found) - 1)
        wins += int(found[-1][0])
    assert 60 * math.log(2) == pytest.approx(np.mean(times), abs=8.0)
    assert 0.36 <= wins / 120 <= 0.64


def test_a_voters_chance_of_winning_is_its_share() -> None:
    """n = 30 with 9 ones: .3; 200 runs, ± .065 (2 SE)."""
    ties, wins = complete(30), 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        start = np.repeat([1, 0], [9, 21])
        found = simulate(Voter(), start, ties, 3000, rng, until=lambda state: len(set(state.tolist())) == 1)
        wins += int(found[-1][0])
    assert wins / 200 == pytest.approx(0.3, abs=0.08)


def names(n: int, committed: int) -> np.ndarray:
    start = np.zeros((n, 2), dtype=bool)
    start[:committed, 0] = True
    start[committed:, 1] = True
    return start


@pytest.mark.parametrize(("share", "tips"), [(0.05, False), (0.15, True)])
def test_a_committed_minority_tips_a_convention_near_a_tenth(share: float, tips: bool) -> None:
    """n = 200, complete graph, everybody else knows the other name alone; 300 sweeps, three runs."""
    ties, committed = complete(200), round(200 * share)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        found = simulate(NamingGame(committed), names(200, committed), ties, 300, rng, until=lambda s: not s[:, 1].any())
        assert (not found[-1][:, 1].any()) == tips


def test_axelrod_ends_where_neighbours_are_the_same_or_have_nothing_in_common() -> None:
    rng = np.random.default_rng(2)
    ties = ties_of(nx.convert_node_labels_to_integers(nx.grid_2d_graph(4, 4)))
    found = simulate(Axelrod(), rng.integers(3, size=(16, 3)), ties, 600, rng)[-1]
    for i in range(16):
        for j in ties.read_by(i):
            assert int((found[i] == found[j]).sum()) in (0, 3)


def test_cascades_reach_what_percolation_reaches() -> None:
    """Chance .5 on a path of three from its end: the next with .5, the last with .25; 2,000 runs, ± .022 and ± .019 (2 SE)."""
    ties, reached = ties_of(nx.path_graph(3)), np.zeros(3)
    for seed in range(2000):
        rng = np.random.default_rng(seed)
        reached += simulate(IndependentCascade(0.5), np.array([1, 0, 0]), ties, 4, rng)[-1] > 0
    assert reached[1] / 2000 == pytest.approx(0.5, abs=0.03)
    assert reached[2] / 2000 == pytest.approx(0.25, abs=0.03)


def test_thresholds_decide_how_far_it_goes_on_a_ring() -> None:
    """Two neighbours each (k = 2): one active neighbour is half; four each (k = 4): two next to each other suffice."""
    ring, wide = ties_of(nx.cycle_graph(20)), ties_of(nx.watts_strogatz_graph(20, 4, 0.0))
    one, two = np.zeros(20, dtype=np.int64), np.zeros(20, dtype=np.int64)
    one[0], two[[0, 1]] = 1, 1
    rng = np.random.default_rng(0)
    assert simulate(WattsThreshold(0.5), one, ring, 20, rng)[-1].sum() == 20
    assert simulate(WattsThreshold(0.51), one, ring, 20, rng)[-1].sum() == 1
    assert simulate(ComplexContagion(2), two, wide, 20, rng)[-1].sum() == 20
    assert simulate(ComplexContagion(2), one, wide, 20, rng)[-1].sum() == 1


def test_the_same_seed_gives_the_same_and_a_wrong_size_is_refused() -> None:
    ties = GRAPHS[0]
    runs = [simulate(Deffuant(), np.linspace(0, 1, ties.n), ties, 5, np.random.default_rng(9)) for _ in range(2)]
    assert (runs[0] == runs[1]).all()
    with pytest.raises(ValueError, match="3 states for 12 agents"):
        simulate(Voter(), np.zeros(3), ties, 1, np.random.default_rng(0))
    with pytest.raises(ValueError, match="know a name"):
        simulate(NamingGame(), np.zeros((12, 2), dtype=bool), ties, 1, np.random.default_rng(0))


def test_clusters_are_counted_by_gaps() -> None:
    assert clusters_of(np.array([]), 0.1) == 0
    assert clusters_of(np.array([0.5]), 0.1) == 1
    assert clusters_of(np.array([0.9, 0.1, 0.15, 0.5]), 0.1) == 3
    assert clusters_of(np.array([0.9, 0.1, 0.15, 0.5]), 0.1, 0.5) == 1
