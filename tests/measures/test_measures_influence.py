"""Influence against plain loops and statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from socsim.measures import conformity_slope, convergence_ratio, drift, weight_on_others

answers = st.integers(1, 7).map(float) | st.just(math.nan)
rows = st.lists(st.tuples(answers, answers, answers), min_size=1, max_size=15)


def _columns(triples: list[tuple[float, float, float]]) -> tuple[list[float], list[float], list[float]]:
    return [a for a, _, _ in triples], [b for _, b, _ in triples], [c for _, _, c in triples]


@settings(max_examples=40, deadline=None)
@given(rows, st.sampled_from([0.0, 1.0, 2.5]))
def test_weights_equal_a_plain_loop(triples: list[tuple[float, float, float]], least: float) -> None:
    weights, missing, near = [], 0, 0
    for before, after, peer in triples:
        if math.isnan(before + after + peer):
            missing += 1
        elif peer == before or abs(peer - before) < least:
            near += 1
        else:
            weights.append((after - before) / (peer - before))
    found = weight_on_others(*_columns(triples), minimum_distance=least)
    assert found.weights[~np.isnan(found.weights)].tolist() == pytest.approx(weights)
    assert found.n == len(weights)
    assert found.missing_share == pytest.approx(missing / len(triples))
    assert found.near_share == pytest.approx(near / len(triples))
    assert found.excluded_share == pytest.approx((missing + near) / len(triples))
    assert found.mean == pytest.approx(np.mean(weights) if weights else math.nan, nan_ok=True)
    assert found.median == pytest.approx(np.median(weights) if weights else math.nan, nan_ok=True)
    outside = np.mean([not 0 <= weight <= 1 for weight in weights]) if weights else math.nan
    assert found.outside_share == pytest.approx(outside, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 7).map(float), min_size=1, max_size=9), st.sampled_from([0.0, 0.25, 0.5, 1.0]))
def test_who_moves_by_a_share_of_the_way_has_it_as_weight(first: list[float], w: float) -> None:
    peer = [9.25 - value / 2 for value in first]
    second = [a + w * (p - a) for a, p in zip(first, peer, strict=True)]
    assert weight_on_others(first, second, peer, minimum_distance=0.1).mean == pytest.approx(w)
    if len(first) > 2 and len(set(first)) > 1:
        assert conformity_slope(first, second, peer).slope == pytest.approx(w, abs=1e-9)


def test_clipping_keeps_the_share_outside() -> None:
    free = weight_on_others([2.0, 2.0], [0.0, 9.0], [4.0, 4.0], minimum_distance=1.0)
    clipped = weight_on_others([2.0, 2.0], [0.0, 9.0], [4.0, 4.0], minimum_distance=1.0, clip=True)
    assert free.weights.tolist() == [-1.0, 3.5]
    assert clipped.weights.tolist() == [0.0, 1.0]
    assert free.outside_share == clipped.outside_share == 1.0


def test_weights_of_nobody() -> None:
    found = weight_on_others([], [], [], minimum_distance=1.0)
    assert found.n == 0
    assert math.isnan(found.mean)
    assert math.isnan(found.excluded_share)
    near = weight_on_others([3.0], [4.0], [3.0], minimum_distance=0.0)
    assert (near.n, near.near_share, math.isnan(near.median)) == (0, 1.0, True)
    with pytest.raises(ValueError, match="equally many"):
        weight_on_others([1.0], [1.0, 2.0], [1.0], minimum_distance=0.0)
    with pytest.raises(ValueError, match="distance"):
        weight_on_others([1.0], [1.0], [1.0], minimum_distance=-1.0)


@settings(max_examples=40, deadline=None)
@given(rows)
def test_convergence_and_drift_equal_their_formulas(triples: list[tuple[float, float, float]]) -> None:
    initial, final, _ = _columns(triples)
    both = [(a, b) for a, b in zip(initial, final, strict=True) if not math.isnan(a + b)]
    moved = np.mean([b - a for a, b in both]) if both else math.nan
    assert drift(initial, final) == pytest.approx(moved, nan_ok=True)
    before, after = np.var([a for a, _ in both] or [0.0]), np.var([b for _, b in both] or [0.0])
    ratio = (before - after) / before if before > 0 else math.nan
    assert convergence_ratio(initial, final) == pytest.approx(ratio, nan_ok=True)
    assert convergence_ratio(initial[::-1], final[::-1]) == pytest.approx(ratio, nan_ok=True)


def test_convergence_at_its_extremes() -> None:
    assert convergence_ratio([1, 7, 4], [4, 4, 4]) == 1.0
    assert convergence_ratio([1, 7, 4], [1, 7, 4]) == 0.0
    assert convergence_ratio([3, 5], [1, 7]) == pytest.approx(-8.0)
    assert math.isnan(convergence_ratio([4, 4], [1, 7]))
    assert math.isnan(convergence_ratio([0.1 + 0.2, 0.3], [1, 7]))
    assert math.isnan(convergence_ratio([4], [1]))
    assert math.isnan(convergence_ratio([], []))
    assert math.isnan(drift([], []))


@pytest.mark.parametrize("clustered", [False, True])
def test_slope_and_interval_equal_statsmodels(clustered: bool) -> None:
    rng = np.random.default_rng(4)
    first, peer = rng.normal(4, 1, 60), rng.normal(4, 1, 60)
    agents = np.repeat(np.arange(12), 5) if clustered else np.arange(60)
    second = first + 0.3 * (peer - first) + rng.normal(0, 0.5, 60) + 0.4 * rng.normal(size=12)[agents % 12]
    fit = sm.OLS(second - first, sm.add_constant(peer - first))
    fitted = fit.fit(cov_type="cluster", cov_kwds={"groups": agents}, use_t=True)
    found = conformity_slope(first, second, peer, agents=agents if clustered else None)
    assert (found.intercept, found.slope) == pytest.approx(tuple(fitted.params))
    assert (found.low, found.high) == pytest.approx(tuple(fitted.conf_int()[1]))
    assert (found.n, found.units) == (60, 12 if clustered else 60)


def test_slope_of_few_alike_and_missing_rows() -> None:
    for columns in (([], [], []), ([1.0, 2.0], [1.0, 3.0], [4.0, 4.0]), ([1.0, 2.0, 3.0], [2.0, 2.0, 2.0], [2.0, 3.0, 4.0])):
        assert math.isnan(conformity_slope(*columns).slope)
    first, second, peer = [1.0, 2.0, 3.0, 4.0], [2.0, 2.0, 4.0, 4.0], [4.0, 1.0, 7.0, 2.0]
    found = conformity_slope(first, second, peer)
    assert conformity_slope([*first, math.nan], [*second, 1.0], [*peer, 1.0]) == found
    alone = conformity_slope(first, second, peer, agents=["a"] * 4)
    assert (alone.slope, alone.units, math.isnan(alone.low)) == (found.slope, 1, True)
    with pytest.raises(ValueError, match="one agent per row"):
        conformity_slope(first, second, peer, agents=["a"])
    with pytest.raises(ValueError, match="level"):
        conformity_slope(first, second, peer, level=95)
