"""Sampling floors against published and exact values."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from socsim_analysis.distances import DISTANCES, _row_distances, distance, sampling_floor

HUMAN = (4, 0, 3, 6, 1, 6, 32, 30, 12, 6)
VALUES = tuple(range(11, 21))


def _exact_mean(n: int, m: int | None = None) -> float:
    """The mean total variation without simulation: counts of one option are binomial, and expectations add up over options."""
    k = np.arange(n + 1)
    total = 0.0
    for p in np.asarray(HUMAN) / 100:
        weights = scipy.stats.binom.pmf(k, n, p)
        if m is None:
            total += float(weights @ np.abs(k / n - p))
        else:
            other = np.arange(m + 1)
            total += float(weights @ np.abs(k[:, None] / n - other / m) @ scipy.stats.binom.pmf(other, m, p))
    return total / 2


def test_floors_of_the_money_request_game_equal_their_exact_expectation() -> None:
    """Four standard errors of 20,000 draws are 0.0008 for one sample and 0.0011 for two."""
    rng = np.random.default_rng(1)
    assert sampling_floor(HUMAN, 108, 20_000, rng).mean == pytest.approx(_exact_mean(108), abs=0.0008)
    assert sampling_floor(HUMAN, (108, 108), 20_000, rng).mean == pytest.approx(_exact_mean(108, 108), abs=0.0011)


def test_floors_of_the_money_request_game_agree_with_the_published_ones() -> None:
    """Published with three digits after 20,000 draws: .093 and .130, so known to rounding and to the error of that simulation."""
    assert _exact_mean(108) == pytest.approx(0.093, abs=0.0005)
    assert _exact_mean(108, 108) == pytest.approx(0.130, abs=0.0005 + 0.0006)
    two = sampling_floor(HUMAN, (108, 108), 20_000, np.random.default_rng(1))
    assert two.p95 == pytest.approx(22 / 108)
    assert two.p95 == pytest.approx(0.204, abs=0.0005)


def test_reference_distances_of_the_money_request_game() -> None:
    assert distance("tv", [0.1] * 10, HUMAN) == pytest.approx(0.44)
    assert distance("tv", [0] * 8 + [1, 0], HUMAN) == pytest.approx(0.88)


def test_floor_equals_the_exact_expectation_for_two_options() -> None:
    k = np.arange(51)
    exact = float(scipy.stats.binom.pmf(k, 50, 0.3) @ np.abs(k / 50 - 0.3))
    assert sampling_floor([0.3, 0.7], 50, 40_000, np.random.default_rng(2)).mean == pytest.approx(exact, abs=0.001)


@pytest.mark.parametrize("kind", DISTANCES)
def test_rows_agree_with_single_distances(kind: str) -> None:
    rng = np.random.default_rng(3)
    p, q = rng.dirichlet(np.full(5, 0.3), 20), rng.dirichlet(np.ones(5), 20)
    p[0] = [1, 0, 0, 0, 0]
    values = (3.0, 1.0, 2.0, 10.0, 4.0)
    rows = _row_distances(kind, p, q, values)  # type: ignore[arg-type]
    assert rows == pytest.approx([distance(kind, a, b, values) for a, b in zip(p, q, strict=True)])  # type: ignore[arg-type]


def test_floor_shrinks_with_the_sample_and_is_seeded() -> None:
    small, large = (sampling_floor(HUMAN, n, 2000, np.random.default_rng(4), "w1", VALUES).mean for n in (50, 5000))
    assert large < small / 5
    assert small == sampling_floor(HUMAN, 50, 2000, np.random.default_rng(4), "w1", VALUES).mean


def test_wasserstein_needs_values() -> None:
    with pytest.raises(ValueError, match="numbers that stand for the options"):
        distance("w1", [1, 1], [1, 2])
