"""Effect sizes against published values, statsmodels and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from socsim_analysis.statistics.sizes import cohen_d, cohen_h, hedges_g, log_ratio, noncentrality
from statsmodels.stats.meta_analysis import effectsize_smd
from statsmodels.stats.proportion import proportion_effectsize

RNG = np.random.default_rng(1)
A, B = RNG.normal(0.6, 1.0, 14), RNG.normal(0.0, 1.2, 11)


def test_d_is_the_t_statistic_over_the_root_of_the_sizes() -> None:
    t = scipy.stats.ttest_ind(A, B).statistic
    assert cohen_d(A, B).estimate == pytest.approx(t * math.sqrt(1 / 14 + 1 / 11))
    assert cohen_d(B, A).estimate == pytest.approx(-cohen_d(A, B).estimate)
    assert (cohen_d(B, A).low, cohen_d(B, A).high) == pytest.approx((-cohen_d(A, B).high, -cohen_d(A, B).low))


def test_interval_of_d_holds_what_the_noncentral_t_allows() -> None:
    found = cohen_d(A, B, 0.9)
    root = math.sqrt(14 * 11 / 25)
    assert scipy.stats.nct.sf(found.estimate * root, 23, found.low * root) == pytest.approx(0.05)
    assert scipy.stats.nct.cdf(found.estimate * root, 23, found.high * root) == pytest.approx(0.05)
    assert (found.low > 0.0) == (scipy.stats.ttest_ind(A, B).pvalue < 0.1)


def test_published_intervals_of_standardised_differences() -> None:
    """Miles per gallon of cars by gearbox in R's mtcars, as the documentation of R's package effectsize prints them."""
    automatic = [21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4, 10.4, 14.7, 21.5, 15.5, 15.2, 13.3, 19.2]
    manual = [21.0, 21.0, 22.8, 32.4, 30.4, 33.9, 27.3, 26.0, 30.4, 15.8, 19.7, 15.0, 21.4]
    d, g = cohen_d(automatic, manual), hedges_g(automatic, manual)
    assert (round(d.estimate, 2), round(d.low, 2), round(d.high, 2)) == (-1.48, -2.27, -0.67)
    assert (round(g.estimate, 2), round(g.low, 2), round(g.high, 2)) == (-1.44, -2.21, -0.65)


def test_g_is_that_of_statsmodels() -> None:
    found = hedges_g(A, B)
    approximate, _ = effectsize_smd(A.mean(), A.std(ddof=1), 14, B.mean(), B.std(ddof=1), 11)
    assert found.estimate == pytest.approx(approximate, rel=1e-3)  # theirs uses 1 - 3/(4m - 1) in place of gamma functions
    assert found.low < found.estimate < found.high


def test_g_has_no_bias_and_d_has() -> None:
    rng = np.random.default_rng(2)
    pairs = [(rng.normal(0.8, 1.0, 5), rng.normal(0.0, 1.0, 5)) for _ in range(1500)]
    pooled = [(a.mean() - b.mean()) / math.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2) for a, b in pairs]
    factor = hedges_g(*pairs[0]).estimate / cohen_d(*pairs[0]).estimate
    assert np.mean(pooled) * factor == pytest.approx(0.8, abs=0.06)
    assert np.mean(pooled) > 0.84


def test_interval_of_d_holds_the_true_value_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    found = [cohen_d(rng.normal(1.0, 1.0, 6), rng.normal(0.0, 1.0, 9), 0.9) for _ in range(200)]
    assert np.mean([one.low <= 1.0 <= one.high for one in found]) == pytest.approx(0.9, abs=3 * math.sqrt(0.09 / 200))


@pytest.mark.parametrize("t", [-4.0, 0.0, 0.3, 30.0, -30.0])
def test_noncentrality_is_found_wherever_t_lies(t: float) -> None:
    assert scipy.stats.nct.cdf(t, 8, noncentrality(t, 8, 0.3)) == pytest.approx(0.3)


def test_h_is_that_of_statsmodels_and_cohens_table() -> None:
    assert cohen_h(33, 100, 7, 50).estimate == pytest.approx(proportion_effectsize(0.33, 0.14))
    assert cohen_h(50, 100, 0, 100).estimate == pytest.approx(math.pi / 2)
    found = cohen_h(40, 100, 30, 120)
    half = scipy.stats.norm.ppf(0.975) * math.sqrt(1 / 100 + 1 / 120)
    assert (found.low, found.high) == pytest.approx((found.estimate - half, found.estimate + half))
    assert cohen_h(100, 100, 0, 5).high == math.pi
    with pytest.raises(ValueError, match="no shares"):
        cohen_h(5, 4, 1, 4)


def test_log_ratio_holds_the_true_ratio() -> None:
    rng = np.random.default_rng(4)
    found = [log_ratio(rng.normal(20.0, 3.0, 12), rng.normal(10.0, 2.0, 8)) for _ in range(600)]
    assert np.mean([one.estimate for one in found]) == pytest.approx(math.log(2.0), abs=0.01)
    assert np.mean([one.low <= math.log(2.0) <= one.high for one in found]) == pytest.approx(0.95, abs=0.03)
    a, b = rng.normal(20.0, 3.0, 12), rng.normal(10.0, 2.0, 8)
    one, (u, v) = log_ratio(a, b), (scipy.stats.sem(x) ** 2 / x.mean() ** 2 for x in (a, b))
    quantile = scipy.stats.t.ppf(0.975, (u + v) ** 2 / (u**2 / 11 + v**2 / 7))
    assert (one.high - one.low) / 2 == pytest.approx(quantile * math.sqrt(u + v))


def test_sides_that_show_nothing_have_no_interval() -> None:
    assert math.isnan(cohen_d([1.0, 2.0], [2.0, 3.0, 4.0]).low)
    assert cohen_d([1.0, 2.0], [2.0, 3.0, 4.0]).estimate < 0.0
    assert math.isnan(cohen_d([1.0] * 6, [1.0] * 6).estimate)
    assert math.isnan(cohen_d([], [1.0]).estimate)
    assert math.isnan(hedges_g([], [1.0]).estimate)
    assert math.isnan(log_ratio([-1.0, 0.5], [1.0]).estimate)
    assert math.isnan(log_ratio([2.0] * 6, [1.0] * 6).low)
    assert math.isnan(cohen_h(0, 0, 1, 5).estimate)
    assert math.isnan(cohen_h(1, 2, 1, 5).low)
