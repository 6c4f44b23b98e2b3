"""Fits recover what generated the data, with intervals of the stated coverage, and held-out steps tell models apart."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import scipy.stats

from socsim.dynamics import DeGroot, FriedkinJohnsen, HegselmannKrause, Neighbours, NoisyVoter, neighbours_from_edges, run
from socsim.dynamics.fitting import DynamicFit, fit_adoptions, fit_opinions, fit_stances

REPLICATES = 120


def sparse(n: int, degree: float, rng: np.random.Generator) -> Neighbours:
    pairs = rng.integers(n, size=(int(n * degree / 2), 2))
    return neighbours_from_edges(n, [(int(i), int(j)) for i, j in pairs if i != j])


def noisy(dynamic: Any, start: np.ndarray, graph: Neighbours, rng: np.random.Generator, steps: int, sd: float) -> np.ndarray:
    states = [start]
    for _ in range(steps):
        states.append(dynamic.step(states[-1], graph, rng) + rng.normal(0, sd, graph.n))
    return np.stack(states)


def named(fits: tuple[DynamicFit, ...], model: str) -> DynamicFit:
    return next(fit for fit in fits if fit.model == model)


@cache
def opinions(model: str, seed: int, steps: int = 6, train: int = 4) -> tuple[DynamicFit, ...]:
    rng = np.random.default_rng(seed)
    graph, start = sparse(60, 8, rng), rng.random(60)
    dynamics = {
        "degroot": DeGroot(0.3),
        "friedkin_johnsen": FriedkinJohnsen(0.3, 0.2, start),
        "bounded_confidence": HegselmannKrause(0.25, 0.4),
    }
    path = noisy(dynamics[model], start, graph, rng, steps, 0.02)
    return fit_opinions(path, graph, train, np.linspace(0.05, 1.0, 39))


@cache
def stances(seed: int) -> tuple[DynamicFit, ...]:
    rng = np.random.default_rng(seed)
    graph = sparse(80, 6, rng)
    path = run(NoisyVoter(0.2, synchronous=True), rng.integers(2, size=80), graph, rng, 12).states
    return fit_stances(path, graph, 8)


@cache
def adoptions(seed: int, by_count: bool) -> tuple[DynamicFit, ...]:
    rng = np.random.default_rng(seed)
    graph = sparse(300, 6, rng)
    states = [rng.random(300) < 0.15]
    for _ in range(5):
        exposed = graph.counts(states[-1]) >= 2 if by_count else graph.shares(states[-1]) >= 0.3
        states.append(states[-1] | (rng.random(300) < np.where(exposed, 0.4, 0.05)))
    return fit_adoptions(np.stack(states), graph, 3)


def coverage(fit: Callable[[int], DynamicFit], parameter: str, truth: float) -> int:
    found = [fit(seed).parameters[parameter] for seed in range(REPLICATES)]
    return sum(one.low - 1e-9 <= truth <= one.high + 1e-9 for one in found)


def at_least_nominal(k: int) -> bool:
    return bool(scipy.stats.binom.cdf(k, REPLICATES, 0.95) > 1e-3)


def nominal(k: int) -> bool:
    return at_least_nominal(k) and bool(scipy.stats.binom.sf(k - 1, REPLICATES, 0.95) > 1e-3)


@pytest.mark.parametrize(
    ("model", "parameter", "truth"),
    [("degroot", "w", 0.3), ("friedkin_johnsen", "a", 0.3), ("friedkin_johnsen", "s", 0.2), ("bounded_confidence", "mu", 0.4)],
)
def test_intervals_of_least_squares_cover_what_generated_the_data(model: str, parameter: str, truth: float) -> None:
    assert nominal(coverage(lambda seed: named(opinions(model, seed), model), parameter, truth))


def test_the_interval_of_epsilon_covers_the_bound_that_generated_the_data() -> None:
    assert at_least_nominal(
        coverage(lambda seed: named(opinions("bounded_confidence", seed), "bounded_confidence"), "epsilon", 0.25)
    )


def test_the_interval_of_noise_covers_the_noise_that_generated_the_data() -> None:
    assert nominal(coverage(lambda seed: named(stances(seed), "noisy_voter"), "noise", 0.2))


def test_intervals_of_thresholds_cover_what_generated_the_data() -> None:
    assert at_least_nominal(coverage(lambda seed: named(adoptions(seed, True), "complex_contagion"), "threshold", 2))


@pytest.mark.parametrize("model", ["friedkin_johnsen", "bounded_confidence"])
def test_held_out_steps_prefer_the_model_that_generated_the_opinions(model: str) -> None:
    assert sum(opinions(model, seed)[0].model == model for seed in range(20)) >= 18


def test_held_out_steps_put_degroot_beside_its_near_equals_where_it_generated_the_opinions() -> None:
    for seed in range(20):
        fits = opinions("degroot", seed)
        assert named(fits, "degroot").held_out < 1.05 * fits[0].held_out
        assert fits[-1].model == "no_change"


def test_held_out_steps_prefer_the_model_that_generated_stances_and_adoptions() -> None:
    assert sum(stances(seed)[0].model == "noisy_voter" for seed in range(20)) >= 15
    assert sum(adoptions(seed, True)[0].model == "complex_contagion" for seed in range(20)) >= 15
    assert sum(adoptions(seed, False)[0].model == "thresholds" for seed in range(20)) >= 15


def test_a_model_that_rules_out_what_happened_scores_minus_infinity() -> None:
    graph = neighbours_from_edges(3, [(0, 1), (1, 2), (0, 2)])
    fits = fit_stances(np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 1, 1], [0, 1, 1]]), graph, 2)
    assert named(fits, "voter").held_out == -math.inf
    assert fits[-1].model == "voter"


def test_opinions_that_never_move_identify_nothing() -> None:
    graph = neighbours_from_edges(3, [(0, 1), (1, 2)])
    fits = fit_opinions(np.full((4, 3), 2.0), graph, 2)
    assert fits[0].model == "no_change"
    assert all(math.isnan(one.value) for fit in fits for one in fit.parameters.values())


def test_what_cannot_be_fitted_is_refused() -> None:
    graph = neighbours_from_edges(3, [(0, 1)])
    with pytest.raises(ValueError, match="missing"):
        fit_adoptions(np.array([[0.0, math.nan, 1.0], [0.0, 1.0, 1.0]]), graph, 1)
    with pytest.raises(ValueError, match="undone"):
        fit_adoptions(np.array([[True, False, False], [False, False, False]]), graph, 1)
    with pytest.raises(ValueError, match="0 or 1"):
        fit_stances(np.array([[0, 1, 2], [0, 1, 1]]), graph, 1)
    with pytest.raises(ValueError, match="train_steps"):
        fit_opinions(np.zeros((3, 3)), graph, 3)


def with_gaps(rng: np.random.Generator) -> tuple[np.ndarray[Any, Any], Neighbours]:
    graph, states = sparse(30, 5, rng), rng.random((7, 30))
    return np.where(rng.random(states.shape) < 0.2, np.nan, states), graph


def test_changes_from_or_to_a_missing_opinion_are_left_out_and_missing_peers_do_not_count() -> None:
    rng = np.random.default_rng(4)
    x, graph = with_gaps(rng)
    early: list[tuple[float, float]] = []
    late: list[tuple[float, float]] = []
    for t in range(6):
        for i in range(30):
            if any(math.isnan(value) for value in (x[t, i], x[t + 1, i], x[0, i])):
                continue
            peers = [x[t, j] for j in graph.indices[graph.indptr[i] : graph.indptr[i + 1]] if not math.isnan(x[t, j])]
            mean = sum(peers) / len(peers) if peers else x[t, i]
            (early if t < 4 else late).append((mean - x[t, i], x[t + 1, i] - x[t, i]))
    w = sum(a * b for a, b in early) / sum(a * a for a, _ in early)
    found = named(fit_opinions(x, graph, 4), "degroot")
    assert (found.n, found.n_held_out) == (len(early), len(late))
    assert found.parameters["w"].value == pytest.approx(w)
    assert found.held_out == pytest.approx(math.sqrt(sum((b - w * a) ** 2 for a, b in late) / len(late)))
    assert named(fit_opinions(x, graph, 4), "bounded_confidence").n == len(early)


def test_stances_that_are_missing_count_for_nobody() -> None:
    rng = np.random.default_rng(5)
    x, graph = with_gaps(rng)
    stances_ = np.where(np.isnan(x), np.nan, x > 0.5)
    logs = []
    for t in range(4, 6):
        for i in range(30):
            peers = [stances_[t, j] for j in graph.indices[graph.indptr[i] : graph.indptr[i + 1]]]
            known = [one for one in peers if not math.isnan(one)]
            if known and not math.isnan(stances_[t + 1, i]):
                share = sum(known) / len(known)
                probability = share if stances_[t + 1, i] else 1 - share
                logs.append(math.log(probability) if probability else -math.inf)
    found = named(fit_stances(stances_, graph, 4), "voter")
    assert found.n_held_out == len(logs)
    assert found.held_out == pytest.approx(sum(logs) / len(logs))


def test_opinions_that_are_all_missing_identify_nothing() -> None:
    fits = fit_opinions(np.full((4, 3), np.nan), neighbours_from_edges(3, [(0, 1), (1, 2)]), 2)
    assert all(fit.n == 0 and math.isnan(fit.held_out) for fit in fits)
