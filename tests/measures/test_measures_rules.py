"""Rules against statsmodels, and found again where agents follow one."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm
from numpy.typing import NDArray

from socsim.measures import compare_rules, fit_rule, history_rows

RING = (np.array([(i + step) % 30 for i in range(30) for step in (1, 29)]), np.repeat(np.arange(30), 2))


def _panel(seed: int, own: float, others: float, steps: int = 40) -> NDArray[np.float64]:
    """Agents on a ring of 30 whose log odds of acting are own · last action + others · share of neighbours who acted - 1."""
    rng = np.random.default_rng(seed)
    panel = np.zeros((steps, 30))
    panel[0] = rng.integers(0, 2, 30)
    for step in range(1, steps):
        last = panel[step - 1]
        eta = -1.0 + own * last + others * (np.roll(last, 1) + np.roll(last, -1)) / 2
        panel[step] = rng.random(30) < 1 / (1 + np.exp(-eta))
    return panel


def test_rows_hold_what_went_before() -> None:
    panel = np.array([[0, 1, 1], [1, 0, math.nan], [1, 1, 0], [0, 0, 1]], dtype=float)
    rows = history_rows(panel, [1, 2, 0], [0, 0, 1], lags=2)
    assert rows.actions.tolist() == [1, 1, 0, 0, 0, 1]
    assert rows.agents.tolist() == [0, 1, 2, 0, 1, 2]
    assert rows.columns["own_1"] == pytest.approx([1, 0, math.nan, 1, 1, 0], nan_ok=True)
    assert rows.columns["own_2"] == pytest.approx([0, 1, 1, 1, 0, math.nan], nan_ok=True)
    assert rows.columns["neighbours_1"] == pytest.approx([0, 1, math.nan, 0.5, 1, math.nan], nan_ok=True)
    assert rows.columns["neighbours_2"] == pytest.approx([1, 0, math.nan, 0, 1, math.nan], nan_ok=True)


def test_rows_of_short_and_wrong_panels() -> None:
    assert history_rows([[0, 1]], [0], [1]).actions.size == 0
    assert history_rows(np.empty((0, 2)), [0], [1], lags=3).agents.size == 0
    with pytest.raises(ValueError, match="shape"):
        history_rows([0, 1], [0], [1])
    with pytest.raises(ValueError, match="lag"):
        history_rows([[0, 1]], [0], [1], lags=0)
    with pytest.raises(ValueError, match="0 … 1"):
        history_rows([[0, 1]], [0], [2])


@pytest.mark.parametrize("seed", range(3))
def test_coefficients_and_clustered_errors_equal_statsmodels(seed: int) -> None:
    rows = history_rows(_panel(seed, 0.5, 1.5), *RING)
    found = fit_rule(rows.actions, rows.columns, rows.agents)
    design = sm.add_constant(np.column_stack(list(rows.columns.values())))
    expected = sm.Logit(rows.actions, design).fit(disp=0, cov_type="cluster", cov_kwds={"groups": rows.agents})
    assert found.names == ("intercept", "own_1", "neighbours_1")
    assert found.coefficients == pytest.approx(expected.params, rel=1e-6)
    assert found.covariance == pytest.approx(expected.cov_params(), rel=1e-5, abs=1e-9)
    half = scipy.stats.t.ppf(0.975, 29) * expected.bse
    assert found.low == pytest.approx(expected.params - half, rel=1e-5)
    assert found.high == pytest.approx(expected.params + half, rel=1e-5)
    assert found.log_likelihood == pytest.approx(expected.llf)
    assert (found.n, found.n_agents, found.excluded_share, found.problem) == (39 * 30, 30, 0.0, "")


def test_the_rule_that_agents_follow_is_found_and_its_absence_too() -> None:
    social = history_rows(_panel(1, 0.5, 2.0, steps=120), *RING)
    rule = fit_rule(social.actions, social.columns, social.agents)
    assert ((rule.low < [-1.0, 0.5, 2.0]) & (rule.high > [-1.0, 0.5, 2.0])).all()
    alone = history_rows(_panel(2, 0.5, 0.0, steps=120), *RING)
    other = fit_rule(alone.actions, alone.columns, alone.agents)
    assert other.low[2] < 0.0 < other.high[2]
    difference = compare_rules(rule, other)
    assert difference.high[2] < 0.0
    assert difference.p_value < 1e-6


def test_names_and_order_of_agents_do_not_matter() -> None:
    rows = history_rows(_panel(3, 0.5, 1.0, steps=12), *RING)
    found = fit_rule(rows.actions, rows.columns, rows.agents)
    order = np.random.default_rng(1).permutation(rows.actions.size)
    columns = {name: column[order] for name, column in rows.columns.items()}
    moved = fit_rule(rows.actions[order], columns, [f"agent {agent}" for agent in rows.agents[order]])
    assert moved.coefficients == pytest.approx(found.coefficients)
    assert moved.covariance == pytest.approx(found.covariance)


def test_missing_rows_are_left_out_and_counted() -> None:
    y, x, agents = [0, 1, 0, 1, 1, 0], [0.0, 1.0, 2.0, 0.0, 3.0, 1.0], list("aabbcc")
    found = fit_rule(y, {"x": x}, agents)
    gaps = fit_rule([*y, math.nan, 1.0, 1.0], {"x": [*x, 1.0, math.nan, 1.0]}, [*agents, "a", "b", None])
    assert gaps.coefficients == pytest.approx(found.coefficients)
    assert gaps.covariance == pytest.approx(found.covariance)
    assert (gaps.n, gaps.excluded_share) == (6, pytest.approx(1 / 3))


@pytest.mark.parametrize(
    ("actions", "column", "problem"),
    [
        ([], [], "no rows"),
        ([math.nan], [1.0], "no rows"),
        ([1, 1, 1], [0.0, 1.0, 2.0], "constant outcome"),
        ([1, 0, 1], [2.0, 2.0, 2.0], "collinear columns"),
        ([0, 0, 1], [0.0, 1.0, 2.0], "separated"),
    ],
)
def test_what_has_no_rule_says_why(actions: list[float], column: list[float], problem: str) -> None:
    found = fit_rule(actions, {"x": column}, range(len(actions)))
    assert found.problem == problem
    assert np.isnan([*found.coefficients, *found.low, *found.high]).all()
    again = fit_rule([0, 1, 0, 1], {"x": [0, 0, 1, 1]}, range(4))
    compared = compare_rules(found, again)
    assert math.isnan(compared.p_value)
    assert np.isnan(compared.differences).all()


def test_a_single_agent_has_coefficients_but_no_intervals() -> None:
    found = fit_rule([0, 1, 0, 1, 1], {"x": [0, 0, 1, 1, 1]}, ["a"] * 5)
    assert (found.problem, found.n_agents) == ("", 1)
    assert np.isfinite(found.coefficients).all()
    assert np.isnan(found.low).all()
    assert math.isnan(compare_rules(found, found).statistic)


def test_comparison_equals_its_formula() -> None:
    rules = []
    for seed, others in ((4, 0.5), (5, 1.5)):
        rows = history_rows(_panel(seed, 0.5, others), *RING)
        rules.append(fit_rule(rows.actions, rows.columns, rows.agents))
    first, second = rules
    found = compare_rules(first, second)
    d, covariance = second.coefficients - first.coefficients, first.covariance + second.covariance
    statistic = float(d @ np.linalg.inv(covariance) @ d)
    assert found.statistic == pytest.approx(statistic)
    assert found.p_value == pytest.approx(scipy.stats.chi2.sf(statistic, 3))
    half = scipy.stats.t.ppf(0.975, 29) * np.sqrt(np.diag(covariance))
    assert found.low == pytest.approx(d - half)
    assert found.high == pytest.approx(d + half)
    turned = compare_rules(second, first)
    assert turned.statistic == pytest.approx(statistic)
    assert turned.differences == pytest.approx(-found.differences)


def test_comparison_with_fewer_agents_than_coefficients_has_no_test() -> None:
    y, x, z = [0, 1, 0, 1, 1, 0, 1, 0], [0, 1, 2, 0, 3, 1, 2, 3], [1, 0, 0, 1, 1, 0, 0, 1]
    few = fit_rule(y, {"x": x, "z": z}, ["a"] * 4 + ["b"] * 4)
    assert few.problem == ""
    assert math.isnan(compare_rules(few, few).p_value)


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or 1"):
        fit_rule([0, 2], {"x": [0, 1]}, "ab")
    with pytest.raises(ValueError, match="agent"):
        fit_rule([0, 1], {"x": [0, 1]}, "a")
    with pytest.raises(ValueError, match="number in each column"):
        fit_rule([0, 1], {"x": [0]}, "ab")
    with pytest.raises(ValueError, match="finite"):
        fit_rule([0, 1], {"x": [0, math.inf]}, "ab")
    with pytest.raises(ValueError, match="level"):
        fit_rule([0, 1], {"x": [0, 1]}, "ab", level=95)
    one, two = fit_rule([0, 1], {"x": [0, 1]}, "ab"), fit_rule([0, 1], {"z": [0, 1]}, "ab")
    with pytest.raises(ValueError, match="same columns"):
        compare_rules(one, two)
