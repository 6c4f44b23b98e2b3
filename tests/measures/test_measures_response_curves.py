"""The response curve against statsmodels' logit and, for its intervals, likelihood ratios from statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from socsim.measures import fit_response_curve, response_probability

DROP = float(scipy.stats.chi2.ppf(0.95, 1))


def _sample(seed: int, n: int, beta: float, h: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    m = np.round(rng.uniform(-1, 1, n), 2)
    return (rng.random(n) < response_probability(m, beta, h)).astype(float), m


def test_curve_is_a_logit_with_twice_the_slope() -> None:
    m = np.linspace(-1, 1, 9)
    assert response_probability(m, 1.3, 0.2) == pytest.approx(1 / (1 + np.exp(-2 * 1.3 * (m + 0.2))))
    assert response_probability(m, 1.3, 0.2) == pytest.approx(0.5 * (1 + np.tanh(1.3 * (m + 0.2))))
    assert np.isnan(response_probability([math.nan], 1.0))[0]


@pytest.mark.parametrize(("seed", "n", "beta", "h"), [(0, 200, 1.2, 0.2), (1, 60, -1.0, 0.3), (2, 400, 3.0, -0.5)])
def test_estimates_and_profile_intervals_equal_statsmodels(seed: int, n: int, beta: float, h: float) -> None:
    y, m = _sample(seed, n, beta, h)
    expected, found = sm.Logit(y, sm.add_constant(m)).fit(disp=0), fit_response_curve(y, m)
    assert found.problem == ""
    assert 2 * found.beta == pytest.approx(expected.params[1], rel=1e-6)
    assert 2 * found.beta * found.h == pytest.approx(expected.params[0], rel=1e-6)
    assert found.log_likelihood == pytest.approx(expected.llf)
    for bound in (found.beta_low, found.beta_high):
        fixed = sm.GLM(y, np.ones((n, 1)), family=sm.families.Binomial(), offset=2 * bound * m).fit()
        assert 2 * (expected.llf - fixed.llf) == pytest.approx(DROP, abs=1e-6)
    for bound in (found.h_low, found.h_high):
        fixed = sm.GLM(y, (m + bound)[:, None], family=sm.families.Binomial()).fit()
        assert 2 * (expected.llf - fixed.llf) == pytest.approx(DROP, abs=1e-6)
    assert found.beta_low < found.beta < found.beta_high
    assert found.h_low < found.h < found.h_high


@pytest.mark.slow
def test_intervals_hold_what_was_put_in_about_as_often_as_they_say() -> None:
    """1000 samples, so that the share is known to ±0.014."""
    curves = [fit_response_curve(*_sample(seed, 80, 1.5, 0.1)) for seed in range(1000)]
    assert np.mean([curve.beta_low <= 1.5 <= curve.beta_high for curve in curves]) == pytest.approx(0.95, abs=0.02)
    assert np.mean([curve.h_low <= 0.1 <= curve.h_high for curve in curves]) == pytest.approx(0.95, abs=0.02)


def test_choices_that_do_not_depend_on_m_say_nothing_about_h() -> None:
    found = fit_response_curve(*_sample(3, 40, 0.0, 0.0))
    assert found.beta_low < 0.0 < found.beta_high
    assert (found.h_low, found.h_high) == (-math.inf, math.inf)


def test_separated_choices_are_said_and_bounded_from_one_side() -> None:
    m = np.array([-1, -0.6, -0.2, 0.2, 0.6, 1.0] * 3)
    found = fit_response_curve((m > 0).astype(float), m)
    assert (found.problem, found.beta, found.beta_high, found.log_likelihood) == ("separated", math.inf, math.inf, 0.0)
    fixed = sm.GLM((m > 0).astype(float), np.ones((18, 1)), family=sm.families.Binomial(), offset=2 * found.beta_low * m).fit()
    assert -2 * fixed.llf == pytest.approx(DROP, abs=1e-6)
    assert math.isnan(found.h)
    assert found.h_low == pytest.approx(-found.h_high)
    assert 0.2 < found.h_high < 0.6
    turned = fit_response_curve((m < 0).astype(float), m)
    assert (turned.beta, turned.beta_high) == (-math.inf, pytest.approx(-found.beta_low))


def test_choices_separated_but_for_ties_are_said_too() -> None:
    m = np.array([-1.0] * 3 + [0.0] * 20 + [1.0] * 3)
    y = np.array([0.0] * 3 + [1.0] * 2 + [0.0] * 18 + [1.0] * 3)
    found = fit_response_curve(y, m)
    assert (found.problem, found.beta) == ("separated", math.inf)
    assert found.log_likelihood == pytest.approx(2 * math.log(0.1) + 18 * math.log(0.9))
    assert found.h_high == pytest.approx(0.0, abs=1e-6)
    assert -1.0 < found.h_low < 0.0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(-3, 3)), min_size=1, max_size=20))
def test_sides_can_be_called_either_way(rows: list[tuple[int, int]]) -> None:
    """Calling 1 what was 0, with m turned round, keeps β and turns h."""
    y, m = np.array([a for a, _ in rows]), np.array([b / 3 for _, b in rows])
    found, turned = fit_response_curve(y, m), fit_response_curve(1 - y, -m)
    assert found.problem == turned.problem
    for name in ("beta", "beta_low", "beta_high", "log_likelihood"):
        assert getattr(turned, name) == pytest.approx(getattr(found, name), rel=1e-4, abs=1e-6, nan_ok=True)
    if found.problem or abs(found.beta) > 1e-6:
        ends = (-turned.h, -turned.h_high, -turned.h_low)
        assert ends == pytest.approx((found.h, found.h_low, found.h_high), rel=1e-4, abs=1e-6, nan_ok=True)


def test_curves_of_nobody_constant_and_missing() -> None:
    assert fit_response_curve([], []).problem == "no rows"
    assert fit_response_curve([1, 1], [0.0, 1.0]).problem == "constant outcome"
    assert fit_response_curve([0, 1], [0.5, 0.5]).problem == "constant m"
    assert math.isnan(fit_response_curve([0, 1], [0.5, 0.5]).beta)
    y, m = _sample(1, 60, 1.0, 0.3)
    assert fit_response_curve([*y, math.nan, 1.0], [*m, 0.3, math.nan]) == fit_response_curve(y, m)
    with pytest.raises(ValueError, match="0 or 1"):
        fit_response_curve([0, 2], [0.0, 1.0])
    with pytest.raises(ValueError, match="one m"):
        fit_response_curve([0, 1], [0.0])
    with pytest.raises(ValueError, match="level"):
        fit_response_curve([0, 1], [0.0, 1.0], level=1.0)
