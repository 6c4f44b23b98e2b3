"""Known results of classical dynamics, with their conditions; shares over replicates within binomial tolerance."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats

from socsim.dynamics import (
    SIR,
    Deffuant,
    HegselmannKrause,
    NamingGame,
    Voter,
    complete_graph,
    consensus,
    run,
    settled,
)


def clusters(opinions: np.ndarray, gap: float, least: float) -> int:
    """Groups separated by more than ``gap`` that hold at least the share ``least``."""
    ranked = np.sort(opinions)
    sizes = [len(part) for part in np.split(ranked, np.nonzero(np.diff(ranked) > gap)[0] + 1)]
    return sum(size >= least * len(opinions) for size in sizes)


def consistent(k: int, n: int, low: float, high: float) -> bool:
    """Whether k of n can come from a probability between low and high, at the level of one in a thousand."""
    return bool(scipy.stats.binom.sf(k - 1, n, high) > 5e-4 and scipy.stats.binom.cdf(k, n, low) > 5e-4)


def deffuant_counts(epsilon: float, replicates: int) -> list[int]:
    graph = complete_graph(1000)
    counts = []
    for seed in range(replicates):
        rng = np.random.default_rng(seed)
        end = run(Deffuant(epsilon), rng.random(1000), graph, rng, 400, settled(1e-4)).states[-1]
        counts.append(clusters(end, epsilon / 2, 0.01))
    return counts


@pytest.mark.parametrize(("epsilon", "low", "high"), [(0.2, 2, 2), (0.3, 1, 1), (0.5, 1, 1)])
def test_deffuant_leaves_the_known_number_of_clusters(epsilon: float, low: int, high: int) -> None:
    assert low <= np.median(deffuant_counts(epsilon, 3)) <= high


@pytest.mark.slow
@pytest.mark.parametrize(("epsilon", "low", "high"), [(0.05, 8, 10), (0.1, 4, 5.5), (0.2, 2, 2.5), (0.3, 1, 1.2)])
def test_deffuant_leaves_the_known_mean_number_of_clusters(epsilon: float, low: float, high: float) -> None:
    assert low <= np.mean(deffuant_counts(epsilon, 20)) <= high


@pytest.mark.parametrize(("epsilon", "low", "high"), [(0.15, 0.0, 0.02), (0.2, 0.03, 0.2), (0.22, 0.55, 0.8), (0.25, 0.97, 1.0)])
def test_hegselmann_krause_reaches_consensus_with_the_known_probability(epsilon: float, low: float, high: float) -> None:
    # The bounds at 0.22 hold for n = 1000: a plain n x n implementation gave 26 of 40.
    graph, reached = complete_graph(1000), 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        end = run(HegselmannKrause(epsilon), rng.random(1000), graph, rng, 500, settled(1e-9)).states[-1]
        reached += clusters(end, 1e-3, 0.0) == 1
    assert consistent(reached, 100, low, high)


def test_voter_consensus_takes_about_n_ln_2_sweeps_from_halves() -> None:
    n, graph = 60, complete_graph(60)
    start = np.arange(n) % 2
    rng = np.random.default_rng(1)
    times = [run(Voter(), start, graph, rng, 5000, consensus).steps for _ in range(150)]
    error = np.std(times, ddof=1) / math.sqrt(len(times))
    assert abs(np.mean(times) - n * math.log(2)) < 3.5 * error + 1.0


def test_voter_fixation_probability_is_the_share_at_the_start() -> None:
    n, graph, rng = 30, complete_graph(30), np.random.default_rng(2)
    start = (np.arange(n) < 9).astype(np.int64)
    won = sum(int(run(Voter(), start, graph, rng, 5000, consensus).states[-1][0]) for _ in range(200))
    assert consistent(won, 200, 0.3, 0.3)


def naming_takeovers(committed: int, replicates: int, sweeps: int) -> int:
    n, graph, taken = 200, complete_graph(200), 0
    fixed = np.arange(n) < committed
    start = np.column_stack([fixed, ~fixed])
    for seed in range(replicates):
        end = run(NamingGame(fixed), start, graph, np.random.default_rng(seed), sweeps, consensus)
        taken += end.stopped
    return taken


def test_a_committed_minority_tips_the_naming_game_above_a_tenth_only() -> None:
    assert consistent(naming_takeovers(12, 8, 200), 8, 0.0, 0.02)
    assert consistent(naming_takeovers(24, 8, 200), 8, 0.98, 1.0)


def test_sir_final_size_on_a_complete_graph_solves_the_final_size_equation() -> None:
    n, r0 = 1000, 2.0
    graph, rng = complete_graph(n), np.random.default_rng(3)
    start = (np.arange(n) < 20).astype(np.int64)
    model = SIR(1 - math.exp(-r0 / n), 1.0)
    sizes = [np.mean(run(model, start, graph, rng, 200, settled()).states[-1] == 2) for _ in range(20)]
    expected = 0.8
    for _ in range(100):
        expected = 1 - 0.98 * math.exp(-r0 * expected)
    assert np.mean(sizes) == pytest.approx(expected, abs=0.02)
