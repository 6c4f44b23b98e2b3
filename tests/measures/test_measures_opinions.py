"""Location and spread: known values, missing values, independent implementations."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socsim.measures import mean, mean_absolute_difference, mean_pairwise_difference, spread

numbers = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20)


@given(numbers)
def test_mean_and_spread_leave_missing_values_out(values: list[float]) -> None:
    with_gaps = [x for value in values for x in (value, math.nan)]
    assert mean(with_gaps) == pytest.approx(np.mean(values), abs=1e-9)
    assert spread(with_gaps) == pytest.approx(np.std(values, ddof=1), abs=1e-9)


@given(numbers)
def test_pairwise_difference_equals_the_mean_over_all_pairs(values: list[float]) -> None:
    brute = np.mean([abs(a - b) for a, b in itertools.combinations(values, 2)])
    assert mean_pairwise_difference(values) == pytest.approx(brute, abs=1e-8)


def test_pairwise_difference_of_a_normal_sample_is_two_sigma_over_root_pi() -> None:
    sample = np.random.default_rng(1).normal(5.0, 2.0, 200_000)
    assert mean_pairwise_difference(sample) == pytest.approx(4.0 / math.sqrt(math.pi), rel=0.01)


def test_too_few_values_give_missing_not_zero() -> None:
    assert math.isnan(mean([]))
    assert math.isnan(mean([math.nan]))
    assert math.isnan(spread([3.0]))
    assert math.isnan(mean_pairwise_difference([3.0]))
    assert math.isnan(mean_absolute_difference([math.nan], [1.0]))
    assert spread([2.0, 2.0]) == 0.0


def test_pairs_must_be_equally_many() -> None:
    with pytest.raises(ValueError, match="equally many"):
        mean_absolute_difference([1.0], [1.0, 2.0])
