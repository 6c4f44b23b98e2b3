"""Mean-field predictions from a response curve: known fixed points, the course, and worlds of few people against exact chains."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
import socsim_analysis.mean_field as module
from socsim_analysis.mean_field import fixed_points, mean_field_course, simulate_means


def test_examples_of_the_docstrings_hold() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("beta", [-3.0, 0.0, 0.3, 0.999, 1.0])
def test_without_bias_a_flat_curve_has_one_fixed_point_at_zero(beta: float) -> None:
    (only,) = fixed_points(beta)
    assert only.m == pytest.approx(0.0, abs=1e-9)
    assert only.attracts == (beta > -1.0)


@pytest.mark.parametrize(("beta", "majority"), [(1.2, 0.658570), (1.5, 0.858560), (2.0, 0.957504), (3.0, 0.994902)])
def test_beyond_one_a_majority_keeps_itself(beta: float, majority: float) -> None:
    """The figures solve m = tanh βm, as for the spontaneous magnetisation; checked here by Brent's method from the outside."""
    low, middle, high = fixed_points(beta)
    assert (low.m, middle.m, high.m) == pytest.approx((-majority, 0.0, majority), abs=1e-6)
    assert high.m == pytest.approx(scipy.optimize.brentq(lambda m: math.atanh(m) - beta * m, 1e-3, 1 - 1e-12), abs=1e-9)
    assert (low.attracts, middle.attracts, high.attracts) == (True, False, True)
    assert middle.slope == pytest.approx(beta)


@pytest.mark.parametrize("beta", [-4.0, 0.5, 1.1, 1.7, 2.5, 6.0, 60.0])
@pytest.mark.parametrize("h", [-1.3, -0.31, -0.05, 0.0, 0.02, 0.2, 0.7])
def test_fixed_points_are_all_changes_of_sign_on_a_fine_grid(beta: float, h: float) -> None:
    grid = np.linspace(-1.0, 1.0, 200_002)  # an even number, so that 0 is none of them
    signs = np.sign(np.tanh(beta * (grid + h)) - grid)
    crossings = grid[np.flatnonzero(signs[:-1] * signs[1:] < 0)]
    found = fixed_points(beta, h)
    assert [one.m for one in found if abs(one.m) < 0.999] == pytest.approx(
        [one for one in crossings if abs(one) < 0.999], abs=2e-5
    )
    assert len(found) in (1, 3)
    for one in found:
        assert math.tanh(beta * (one.m + h)) == pytest.approx(one.m, abs=1e-9)


def test_a_curve_without_finite_parameters_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        fixed_points(math.inf)
    with pytest.raises(ValueError, match="start"):
        mean_field_course(1.5, 1.0)


def test_the_course_goes_to_the_attracting_point_of_its_side() -> None:
    high = fixed_points(2.0)[-1].m
    assert mean_field_course(0.01, 2.0, rounds=60)[-1] == pytest.approx(high)
    assert mean_field_course(-0.01, 2.0, rounds=60)[-1] == pytest.approx(-high)
    assert mean_field_course(0.9, 0.8, rounds=200)[-1] == pytest.approx(0.0, abs=1e-9)
    assert mean_field_course(-0.01, 2.0, h=0.3, rounds=60)[-1] == pytest.approx(fixed_points(2.0, 0.3)[-1].m)
    slow = mean_field_course(0.5, 2.0, rounds=1, share=0.25)
    assert slow[1] == pytest.approx(0.5 + 0.25 * (math.tanh(1.0) - 0.5))


def chain(beta: float, h: float, n: int, seen: int | None, *, one_by_one: bool) -> np.ndarray:
    """Exact probabilities of going from one number of holders to another in a round, by counting every choice of everybody."""

    def chance(others: int) -> float:
        if seen is None:
            return 0.5 * (1 + math.tanh(beta * (2 * others / (n - 1) - 1 + h)))
        total = math.comb(n - 1, seen)
        ways = [math.comb(others, j) * math.comb(n - 1 - others, seen - j) for j in range(seen + 1)]
        return sum(w / total * 0.5 * (1 + math.tanh(beta * (2 * j / seen - 1 + h))) for j, w in enumerate(ways))

    matrix = np.zeros((n + 1, n + 1))
    for a in range(n + 1):
        states: dict[tuple[int, int], float] = {(a, a): 1.0}  # holders now, holders who have not chosen yet
        for left in range(n, 0, -1):
            after: dict[tuple[int, int], float] = {}
            for (now, waiting), p in states.items():
                for holds, q in ((1, waiting / left), (0, 1 - waiting / left)):
                    if not q:
                        continue
                    yes = chance((now if one_by_one else a) - holds)
                    for chooses, r in ((1, yes), (0, 1 - yes)):
                        key = (now - holds + chooses, waiting - holds)
                        after[key] = after.get(key, 0.0) + p * q * r
            states = after
        for (now, _), p in states.items():
            matrix[a, now] += p
    return matrix


@pytest.mark.parametrize("seen", [None, 2])
@pytest.mark.parametrize("one_by_one", [False, True])
def test_worlds_of_few_people_have_the_exact_distribution(seen: int | None, one_by_one: bool) -> None:
    n, worlds, rounds = 5, 40_000, 3
    exact = np.linalg.matrix_power(chain(1.4, 0.1, n, seen, one_by_one=one_by_one), rounds)[2]
    start = np.full(worlds, 2)
    found = simulate_means(
        1.4, 0.1, start, n, rounds, np.random.default_rng(1), seen=seen, order="one by one" if one_by_one else "at once"
    )
    assert found.shape == (worlds, rounds + 1)
    counts = np.bincount(np.rint((found[:, -1] + 1) / 2 * n).astype(int), minlength=n + 1)
    assert scipy.stats.chisquare(counts, exact * worlds).pvalue > 0.001


def test_in_pairs_everybody_is_seen_by_one() -> None:
    """Perfect matchings, drawn: everybody takes its choice by what its partner held."""
    n, worlds, rng = 6, 20_000, np.random.default_rng(4)
    held = np.tile([True, True, True, True, False, False], (worlds, 1))
    for _ in range(3):
        order = rng.permuted(np.tile(np.arange(n), (worlds, 1)), axis=1)
        partner = np.empty_like(order)
        for i in range(0, n, 2):
            np.put_along_axis(partner, order[:, i : i + 1], order[:, i + 1 : i + 2], axis=1)
            np.put_along_axis(partner, order[:, i + 1 : i + 2], order[:, i : i + 1], axis=1)
        m = np.where(np.take_along_axis(held, partner, axis=1), 1.0, -1.0)
        held = rng.random(held.shape) < 0.5 * (1 + np.tanh(1.2 * (m + 0.1)))
    found = simulate_means(1.2, 0.1, np.full(worlds, 4), n, 3, np.random.default_rng(5), seen=1, order="in pairs")[:, -1]
    counts = [np.bincount(one, minlength=n + 1) for one in (held.sum(axis=1), np.rint((found + 1) / 2 * n).astype(int))]
    assert scipy.stats.chi2_contingency(counts).pvalue > 0.001


def test_many_people_follow_the_mean_field() -> None:
    n = 200_000
    found = simulate_means(2.0, 0.05, np.full(3, int(0.55 * n)), n, 6, np.random.default_rng(1))
    course = mean_field_course(0.1, 2.0, 0.05, 6)
    assert np.abs(found - course).max() < 0.01


def test_impossible_worlds_are_refused() -> None:
    rng = np.random.default_rng(1)
    with pytest.raises(ValueError, match="two people or more"):
        simulate_means(1.0, 0.0, np.array([1]), 1, 1, rng)
    with pytest.raises(ValueError, match="cannot be seen"):
        simulate_means(1.0, 0.0, np.array([1]), 4, 1, rng, seen=4)
