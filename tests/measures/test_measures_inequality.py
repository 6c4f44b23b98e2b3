"""Inequality and unpredictability against their double sums."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socsim.measures import gini, top_share, unpredictabilities, unpredictability

amounts = st.lists(st.integers(0, 40), min_size=1, max_size=12).filter(any)
worlds = st.integers(1, 5).flatmap(
    lambda k: st.lists(st.lists(st.integers(0, 20), min_size=k, max_size=k).filter(any), min_size=2, max_size=6)
)


@settings(max_examples=50, deadline=None)
@given(amounts)
def test_gini_equals_the_double_sum(values: list[int]) -> None:
    n = len(values)
    expected = sum(abs(a - b) for a, b in itertools.product(values, values)) / (2 * n * sum(values))
    assert gini(values) == pytest.approx(expected, abs=1e-12)
    assert gini([*values[::-1], math.nan]) == pytest.approx(expected, abs=1e-12)
    assert gini([3.5 * value for value in values]) == pytest.approx(expected, abs=1e-12)
    assert 0.0 <= expected <= (n - 1) / n + 1e-12


@settings(max_examples=50, deadline=None)
@given(amounts)
def test_top_shares_are_sums_of_the_largest(values: list[int]) -> None:
    n, largest = len(values), sorted(values, reverse=True)
    for k in range(n + 1):
        assert top_share(values, k / n) == pytest.approx(sum(largest[:k]) / sum(values))
        assert top_share(values[::-1], k / n) >= k / n - 1e-12
    if n > 1:
        assert top_share(values, 0.5 / n) == pytest.approx(0.5 * largest[0] / sum(values))


def test_inequality_at_its_extremes() -> None:
    assert gini([5.0] * 7) == 0.0
    assert gini([0.0] * 9 + [3.0]) == pytest.approx(0.9)
    assert top_share([5.0] * 10, 0.1) == pytest.approx(0.1)
    assert top_share([0.0] * 9 + [3.0], 0.1) == 1.0


def test_inequality_of_nobody_one_and_nothing() -> None:
    for values in ([], [math.nan], [0.0, 0.0]):
        assert math.isnan(gini(values))
        assert math.isnan(top_share(values, 0.1))
    assert gini([4.0]) == 0.0
    for wrong in ([-1.0, 2.0], [math.inf]):
        with pytest.raises(ValueError, match="finite"):
            gini(wrong)
    with pytest.raises(ValueError, match="share"):
        top_share([1.0], 10)


@settings(max_examples=50, deadline=None)
@given(worlds)
def test_unpredictability_equals_the_mean_over_pairs_of_worlds(table: list[list[int]]) -> None:
    shares = [[amount / sum(world) for amount in world] for world in table]
    each = [np.mean([abs(a[i] - b[i]) for a, b in itertools.combinations(shares, 2)]) for i in range(len(table[0]))]
    assert unpredictabilities(table) == pytest.approx(each, abs=1e-12)
    assert unpredictability(table) == pytest.approx(np.mean(each), abs=1e-12)
    assert unpredictability([world[::-1] for world in table[::-1]]) == pytest.approx(np.mean(each), abs=1e-12)
    assert 0.0 <= unpredictability(table) <= 2 / len(table[0]) + 1e-12


def test_unpredictability_at_its_extremes() -> None:
    assert unpredictability([[3, 1], [6, 2], [9, 3]]) == pytest.approx(0.0, abs=1e-12)
    assert unpredictability([[1, 0], [0, 1]]) == 1.0
    assert unpredictability([[5], [9]]) == 0.0


def test_unpredictability_needs_two_worlds() -> None:
    assert math.isnan(unpredictability([[1, 2]]))
    assert math.isnan(unpredictability(np.empty((3, 0))))
    assert math.isnan(unpredictability(np.empty((0, 3))))
    assert math.isnan(unpredictability([[1, 2], [0, 0], [math.nan, 1]]))
    assert unpredictability([[1, 0], [0, 0], [0, 1], [math.nan, 1]]) == 1.0
    with pytest.raises(ValueError, match="shape"):
        unpredictability([1, 2])
    with pytest.raises(ValueError, match="finite"):
        unpredictability([[1, -2], [1, 2]])
