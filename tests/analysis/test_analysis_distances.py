"""Sampling floors against published and exact values."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from socsim_analysis.distances import DISTANCES, _row_distances, distance, sampling_floor

HUMAN = (4, 0, 3, 6, 1, 6, 32, 30, 12, 6)
VALUES = tuple(range(11, 21))


def test_floors_of_the_money_request_game() -> None:
    rng = np.random.default_rng(1)
    assert sampling_floor(HUMAN, 108, 20_000, rng).mean == pytest.approx(0.093, abs=0.001)
    two = sampling_floor(HUMAN, (108, 108), 20_000, rng)
    assert two.mean == pytest.approx(0.130, abs=0.001)
    assert two.p95 == pytest.approx(0.204, abs=0.004)


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
