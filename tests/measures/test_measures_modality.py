"""The dip against its definition as a linear programme, the package diptest, and known distributions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from socsim.measures import bimodality, dip, dip_test

COUNT = np.arange(1, 41)


def _dip_by_programme(values: NDArray[np.float64]) -> float:
    """Least distance to a distribution that is convex up to a mode, may jump there, and is concave after it; over all modes."""
    v, counts = np.unique(values, return_counts=True)
    upper = np.cumsum(counts) / values.size
    return min(_least_distance(v, upper - counts / values.size, upper, mode) for mode in range(v.size))


def _least_distance(v: NDArray[np.float64], lower: NDArray[np.float64], upper: NDArray[np.float64], mode: int) -> float:
    k, left = v.size, mode + 1  # unknowns: left limits up to the mode, values from the mode on, the distance
    size, rows, bounds = k + 2, [], []

    def require(terms: dict[int, float], bound: float) -> None:
        row = np.zeros(size)
        for place, factor in terms.items():
            row[place] += factor
        rows.append(row)
        bounds.append(bound)

    for i in range(k):
        at = [(i, lower[i]), (i, upper[i])] if i < mode else [(i + 1, lower[i]), (i + 1, upper[i])]
        if i == mode:
            at = [(mode, lower[i]), (left, upper[i])]
        for place, height in at:
            require({place: 1.0, size - 1: -1.0}, height)
            require({place: -1.0, size - 1: -1.0}, -height)
    for place in range(k):
        require({place: 1.0, place + 1: -1.0}, 0.0)
    gap = np.diff(v)
    for i in range(mode - 1):
        require({i: -1 / gap[i], i + 1: 1 / gap[i] + 1 / gap[i + 1], i + 2: -1 / gap[i + 1]}, 0.0)
    for i in range(mode, k - 2):
        require({i + 1: 1 / gap[i], i + 2: -1 / gap[i] - 1 / gap[i + 1], i + 3: 1 / gap[i + 1]}, 0.0)
    cost = np.zeros(size)
    cost[-1] = 1.0
    return float(linprog(cost, A_ub=np.array(rows), b_ub=bounds, bounds=(0, 1)).fun)


@pytest.mark.parametrize("seed", range(6))
def test_dip_equals_its_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for sample in (rng.random(9), rng.normal(size=12), np.concatenate((rng.normal(size=6), rng.normal(5, 1, 6)))):
        assert dip(sample) == pytest.approx(max(_dip_by_programme(sample), 0.5 / sample.size), abs=1e-7)


@pytest.mark.parametrize("seed", range(4))
def test_dip_with_few_ties_equals_its_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sample = np.round(rng.random(11), 3)
    sample[3] = sample[7]
    assert dip(sample) == pytest.approx(max(_dip_by_programme(sample), 0.5 / sample.size), abs=1e-7)


KNOWN = [
    (COUNT**2 / 7.0, 0.0125, 1.0),
    (np.concatenate((np.sqrt(COUNT), 20 + np.sqrt(COUNT))), 0.1834430584957905, 0.0),
    (np.sin(COUNT), 0.06814998910311673, 0.15121973586141357),
    ((COUNT % 2) * 10 + np.sqrt(COUNT), 0.12397300576706942, 0.0),
]
"""Dip and p-value (from the published table of quantiles) of the package diptest, version 0.12."""


@pytest.mark.parametrize(("sample", "expected", "p_value"), KNOWN, ids=["convex", "two", "sine", "alternating"])
def test_dip_and_p_value_equal_those_of_diptest(sample: NDArray[np.float64], expected: float, p_value: float) -> None:
    found = dip_test(sample, np.random.default_rng(5), draws=1000)
    assert found.dip == pytest.approx(expected, abs=1e-12)
    assert found.p_value == pytest.approx(p_value, abs=4 * math.sqrt(0.15 * 0.85 / 1000) if 0 < p_value < 1 else 0.002)
    assert (found.n, found.draws) == (sample.size, 1000)


distinct = st.lists(st.integers(-(10**6), 10**6).map(lambda x: x / 7.0), min_size=4, max_size=40, unique=True)


@settings(max_examples=40, deadline=None)
@given(distinct)
def test_dip_is_within_bounds_and_knows_no_order_unit_or_origin(values: list[float]) -> None:
    found = dip(values)
    assert 0.5 / len(values) - 1e-12 <= found <= 0.25 + 1e-12
    assert dip(values[::-1]) == found
    assert dip([-3.0 * value + 11.0 for value in values]) == pytest.approx(found, abs=1e-9)


def test_p_values_of_uniform_samples_are_about_uniform() -> None:
    rng = np.random.default_rng(2)
    p = [dip_test(rng.random(25), rng, draws=60).p_value for _ in range(80)]
    assert scipy.stats.kstest(p, "uniform").pvalue > 0.01


def test_likert_answers_are_refused_with_the_reason() -> None:
    answers = np.random.default_rng(1).integers(1, 8, 100).astype(float)
    for measure in (dip, lambda x: dip_test(x, np.random.default_rng(1)), lambda x: bimodality(x, np.random.default_rng(1))):
        with pytest.raises(ValueError, match="few options"):
            measure(answers)


@pytest.mark.parametrize("values", [[], [1.0, 2.0, 3.0], [2.0] * 9, [math.nan] * 5])
def test_few_equal_or_missing_values_have_no_dip(values: list[float]) -> None:
    assert math.isnan(dip(values))
    found = bimodality(values, np.random.default_rng(1), draws=3)
    assert math.isnan(found.coefficient)
    assert math.isnan(found.dip)
    assert math.isnan(found.p_value)
    assert found.n == np.sum(~np.isnan(values))


def test_missing_values_are_left_out() -> None:
    sample = np.sin(COUNT)
    gaps = np.concatenate((sample, [math.nan] * 5))
    assert dip(gaps) == dip(sample)
    assert bimodality(gaps, np.random.default_rng(1), draws=9) == bimodality(sample, np.random.default_rng(1), draws=9)
    with pytest.raises(ValueError, match="one draw"):
        dip_test(sample, np.random.default_rng(1), draws=0)


@settings(max_examples=40, deadline=None)
@given(distinct)
def test_coefficient_equals_that_of_corrected_moments(values: list[float]) -> None:
    n = len(values)
    skewness, excess = scipy.stats.skew(values, bias=False), scipy.stats.kurtosis(values, bias=False)
    expected = (skewness**2 + 1) / (excess + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)))
    found = bimodality(values, np.random.default_rng(1), draws=1)
    assert found.coefficient == pytest.approx(expected, rel=1e-6)
    assert (found.dip, found.n) == (dip(values), n)


def test_a_skewed_single_mode_has_a_high_coefficient_but_no_dip() -> None:
    found = bimodality(np.random.default_rng(4).exponential(size=400), np.random.default_rng(1), draws=99)
    assert found.coefficient > 5 / 9
    assert found.p_value > 0.2
