"""Logistic regression against statsmodels; separation against trying all lines."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from socsim.measures.logits import fit_logit, is_separated, log_likelihood, logistic


@pytest.mark.parametrize("seed", range(4))
def test_fit_equals_statsmodels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    design = np.column_stack((np.ones(150), rng.normal(size=150) * 100, rng.integers(0, 2, 150)))
    y = (rng.random(150) < logistic(design @ np.array([0.3, 0.01, -1.0]))).astype(float)
    expected, found = sm.Logit(y, design).fit(disp=0), fit_logit(design, y)
    assert found.problem == ""
    assert found.coefficients == pytest.approx(expected.params, rel=1e-6)
    assert found.covariance == pytest.approx(expected.cov_params(), rel=1e-5)
    assert found.log_likelihood == pytest.approx(expected.llf)


def test_counts_are_rows_taken_together() -> None:
    x = np.array([-1.0, 0.0, 1.0])
    ones, trials = np.array([1.0, 4.0, 7.0]), np.array([6.0, 8.0, 9.0])
    grouped = fit_logit(np.column_stack((np.ones(3), x)), ones, trials)
    long = np.repeat(x, trials.astype(int))
    y = np.concatenate([[1.0] * int(k) + [0.0] * int(n - k) for k, n in zip(ones, trials, strict=True)])
    single = fit_logit(np.column_stack((np.ones(long.size), long)), y)
    assert grouped.coefficients == pytest.approx(single.coefficients)
    assert grouped.log_likelihood == pytest.approx(single.log_likelihood)


def test_large_coefficients_are_no_separation() -> None:
    x = np.array([0.0, 1.0, 100.0] * 400)
    y = np.array([0.0, 1.0, 1.0] * 400)
    y[0], y[1], y[5] = 1.0, 0.0, 0.0
    assert fit_logit(np.column_stack((np.ones(x.size), x)), y).problem in ("", "not converged")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1)), min_size=1, max_size=12))
def test_separation_by_one_column_is_found(rows: list[tuple[int, int]]) -> None:
    x, y = np.array([float(a) for a, _ in rows]), np.array([float(b) for _, b in rows])
    found = fit_logit(np.column_stack((np.ones(x.size), x)), y)
    if len(set(y)) < 2:
        expected = "constant outcome"
    elif len(set(x)) < 2:
        expected = "collinear columns"
    else:
        ones, zeros = x[y == 1.0], x[y == 0.0]
        expected = "separated" if ones.min() >= zeros.max() or zeros.min() >= ones.max() else ""
    assert found.problem == expected
    assert np.isnan(found.coefficients).all() == bool(expected)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 1)), min_size=4, max_size=10))
def test_separation_in_the_plane_equals_trying_lines_through_pairs_of_points(rows: list[tuple[int, int, int]]) -> None:
    """If any line separates, one through two different points does, or one of constant height."""
    points, y = np.array([(a, b) for a, b, _ in rows], dtype=float), np.array([float(c) for _, _, c in rows])
    design = np.column_stack((np.ones(len(points)), points))
    if len(set(y)) < 2 or np.linalg.matrix_rank(design) < 3:
        return
    sign, found = 2.0 * y - 1.0, False
    for p in points:
        for q in points:
            normal = np.array([-(q - p)[1], (q - p)[0]])
            height = sign * ((points - p) @ normal)
            found |= bool((height >= 0.0).all() and height.any())
    assert is_separated(design, y) == found


@pytest.mark.parametrize("seed", range(10))
def test_rounding_error_near_the_maximum_is_no_failure(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for n in rng.integers(9, 90, 40):
        x, y = rng.integers(-3, 4, n) / 3, (rng.random(n) < 0.5).astype(float)
        assert fit_logit(np.column_stack((np.ones(n), x)), y).problem != "not converged"


def test_what_cannot_be_fitted_says_why() -> None:
    ones = np.ones((4, 1))
    assert fit_logit(np.empty((0, 1)), np.empty(0)).problem == "no rows"
    assert fit_logit(ones, np.zeros(4)).problem == "constant outcome"
    assert fit_logit(np.ones((4, 2)), np.array([0.0, 1, 0, 1])).problem == "collinear columns"
    assert fit_logit(np.column_stack((ones, np.zeros(4))), np.array([0.0, 1, 0, 1])).problem == "collinear columns"


def test_likelihood_does_not_overflow() -> None:
    assert log_likelihood(np.array([800.0, -800.0]), np.array([1.0, 0.0]), np.ones(2)) == 0.0
    assert logistic(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]
