"""Intervals against scipy and statsmodels; none where few or equal units show nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm
from socsim_analysis.contrasts import interval_over_worlds
from socsim_analysis.statistics.intervals import (
    clustered_interval,
    corrected_quantile,
    interval_over_units,
    skewness,
    wilson_interval,
)
from statsmodels.stats.proportion import proportion_confint

SKEWED = np.random.default_rng(5).exponential(size=30)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_t_interval_is_scipys(level: float) -> None:
    found = interval_over_units(SKEWED[:12], level)
    low, high = scipy.stats.ttest_1samp(SKEWED[:12], 0.0).confidence_interval(level)
    assert (found.low, found.high) == pytest.approx((low, high))
    assert (found.method, found.units, found.level) == ("t", 12, level)


def test_t_interval_is_that_of_the_contrasts_of_arms() -> None:
    values = [0.2, -0.1, 0.4, math.nan, 0.3, 0.1]
    theirs, ours = interval_over_worlds(values), interval_over_units(values)
    assert (ours.estimate, ours.low, ours.high, ours.units) == pytest.approx((theirs.mean, theirs.low, theirs.high, 5))


@pytest.mark.parametrize("values", [[], [1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0, math.nan], [0.3] * 8])
def test_few_or_equal_units_have_no_interval(values: list[float]) -> None:
    found = interval_over_units(values)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert found.method.startswith("none (")
    assert math.isnan(found.estimate) == (not values)


def test_what_is_no_number_or_no_level_is_refused() -> None:
    with pytest.raises(ValueError, match="infinite"):
        interval_over_units([1.0, math.inf, 2.0, 3.0, 4.0])
    with pytest.raises(ValueError, match="level"):
        interval_over_units(SKEWED, 95)


def test_skewness_is_scipys() -> None:
    rows = np.random.default_rng(1).lognormal(size=(4, 9))
    assert skewness(rows) == pytest.approx(scipy.stats.skew(rows, axis=1, bias=False))
    assert skewness(np.ones((2, 5))).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("skew", [-0.8, -0.1, 1e-12, 0.3, 1.2])
def test_correction_inverts_halls_transformation(skew: float) -> None:
    quantiles = np.asarray([-3.0, -1.0, 0.0, 0.5, 2.5])
    t = corrected_quantile(skew, quantiles)
    assert t + skew * t**2 / 3 + skew**2 * t**3 / 27 + skew / 6 == pytest.approx(quantiles, abs=1e-7)


def test_corrected_interval_reaches_farther_on_the_side_of_the_long_tail() -> None:
    plain, corrected = (interval_over_units(SKEWED, method=way) for way in ("t", "skewness-corrected t"))
    assert corrected.high > plain.high
    assert corrected.low > plain.low
    wider = interval_over_units(SKEWED, method="wider of both")
    assert (wider.low, wider.high) == (plain.low, corrected.high)


def test_studentised_bootstrap_is_that_of_drawn_samples() -> None:
    rng, x = np.random.default_rng(8), SKEWED
    found = interval_over_units(x)
    assert found.method == "studentised bootstrap"
    drawn = rng.choice(x, (20_000, x.size))
    ratios = (drawn.mean(axis=1) - x.mean()) / scipy.stats.sem(drawn, axis=1)
    high, low = x.mean() - np.quantile(ratios, [0.025, 0.975]) * scipy.stats.sem(x)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.05)


def test_bca_interval_is_scipys() -> None:
    found = interval_over_units(SKEWED, method="BCa bootstrap", rng=np.random.default_rng(3))
    theirs = scipy.stats.bootstrap((SKEWED,), np.mean, n_resamples=20_000, method="BCa", random_state=np.random.default_rng(4))
    assert (found.low, found.high) == pytest.approx(tuple(theirs.confidence_interval), abs=0.015)


def test_resamples_come_of_the_generator_or_seed_given() -> None:
    assert interval_over_units(SKEWED, rng=3) == interval_over_units(SKEWED, rng=np.random.default_rng(3))
    assert interval_over_units(SKEWED, rng=3) != interval_over_units(SKEWED, rng=4)


def test_a_coarse_scale_with_few_units_gives_the_studentised_bootstrap_an_infinite_end() -> None:
    found = interval_over_units([0.1, 0.1, 0.1, 0.1, 0.05], method="studentised bootstrap")
    assert found.low == -math.inf


@pytest.mark.parametrize(("successes", "n"), [(0, 20), (20, 20), (7, 23), (15, 148), (500, 1000)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_wilson_is_that_of_statsmodels(successes: int, n: int, level: float) -> None:
    found = wilson_interval(successes, n, level)
    assert (found.low, found.high) == pytest.approx(proportion_confint(successes, n, 1 - level, method="wilson"), abs=1e-12)
    assert found.estimate == successes / n


def test_wilson_of_few_people_is_a_share_only() -> None:
    assert math.isnan(wilson_interval(2, 4).low)
    assert wilson_interval(2, 4).estimate == 0.5
    assert math.isnan(wilson_interval(0, 0).estimate)
    with pytest.raises(ValueError, match="no share"):
        wilson_interval(5, 4)


@pytest.mark.parametrize("weighted", [False, True])
def test_clustered_interval_is_that_of_statsmodels(weighted: bool) -> None:
    rng = np.random.default_rng(6)
    clusters = rng.integers(12, size=150) * 3
    x = rng.normal(size=150) + rng.normal(size=36)[clusters]
    w = rng.uniform(0.5, 2.0, 150) if weighted else np.ones(150)
    found = clustered_interval(np.append(x, math.nan), np.append(clusters, 99), 0.9, weights=np.append(w, 1.0))
    codes = np.unique(clusters, return_inverse=True)[1]
    fit = sm.WLS(x, np.ones(150), weights=w).fit(cov_type="cluster", cov_kwds={"groups": codes}, use_t=True)
    assert (found.low, found.high) == pytest.approx(tuple(fit.conf_int(0.1)[0]))
    assert (found.estimate, found.units) == (pytest.approx(fit.params[0]), 12)


def test_people_in_few_or_equal_clusters_have_no_interval() -> None:
    assert "fewer than 5 clusters" in clustered_interval([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0, 0, 1, 1, 2, 3]).method
    assert "people do not differ" in clustered_interval([1.0] * 5, range(5)).method
    assert "clusters do not differ" in clustered_interval([1.0, 2.0] * 5, np.repeat(range(5), 2)).method
    with pytest.raises(ValueError, match="weights must be"):
        clustered_interval([1.0], [0], weights=[0.0])
    with pytest.raises(ValueError, match="2 clusters"):
        clustered_interval([1.0], [0, 1])
