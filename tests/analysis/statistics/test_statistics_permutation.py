"""Permutation tests against scipy and plain loops."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.stats
from socsim_analysis.statistics.permutation import MOST_WAYS, Alternative, blocked_test, sign_flip_test, two_sample_test

SIDES: tuple[Alternative, ...] = ("two-sided", "greater", "less")


def _difference(a: np.ndarray, b: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.mean(a, axis=axis) - np.mean(b, axis=axis)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("coarse", [False, True])
def test_exact_sign_flips_are_scipys(side: Alternative, coarse: bool) -> None:
    x = np.random.default_rng(1).normal(0.4, 1.0, 10)
    x = np.round(x) if coarse else x
    theirs = scipy.stats.permutation_test(
        (x,), np.mean, permutation_type="samples", alternative=side, n_resamples=math.inf, vectorized=False
    )
    found = sign_flip_test(x, side)
    assert found.p == pytest.approx(theirs.pvalue)
    assert (found.exact, found.ways, found.units) == (True, 1024, 10)


@pytest.mark.parametrize("side", SIDES)
def test_exact_two_samples_are_scipys(side: Alternative) -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(0.5, 1.0, 6), np.round(rng.normal(0.0, 1.0, 8), 1)
    theirs = scipy.stats.permutation_test((a, b), _difference, alternative=side, n_resamples=math.inf, vectorized=True)
    found = two_sample_test(np.append(a, math.nan), b, side)
    assert found.p == pytest.approx(theirs.pvalue)
    assert (found.exact, found.ways, found.units) == (True, math.comb(14, 6), 14)


def test_many_units_are_sampled_and_agree_with_the_t_test() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(0.35, 1.0, 60), rng.normal(0.0, 1.0, 60)
    found = two_sample_test(a, b)
    assert (found.exact, found.ways) == (False, 9999)
    assert found.p == pytest.approx(scipy.stats.ttest_ind(a, b).pvalue, abs=0.01)
    flips = sign_flip_test(a)
    assert flips.p == pytest.approx(scipy.stats.ttest_1samp(a, 0.0).pvalue, abs=0.01)
    assert two_sample_test(a, b, rng=7) == two_sample_test(a, b, rng=np.random.default_rng(7))


def test_a_sampled_p_is_never_zero() -> None:
    found = sign_flip_test(np.arange(1.0, 41.0), draws=199)
    assert found.p == pytest.approx(2 / 200)
    assert sign_flip_test(np.arange(1.0, 41.0), "greater", draws=199).p == pytest.approx(1 / 200)


def test_blocks_are_permuted_within_themselves_as_in_a_plain_loop() -> None:
    rng = np.random.default_rng(4)
    blocks = [(rng.normal(1.0, 1.0, 2), rng.normal(0.0, 1.0, 3)), (rng.normal(1.0, 1.0, 3), rng.normal(0.0, 1.0, 1))]
    blocks.append((rng.normal(6.0, 1.0, 2), rng.normal(5.0, 1.0, 2)))
    values, arms, places = [], [], []
    for place, (a, b) in enumerate(blocks):
        values += [*a, *b]
        arms += ["treatment"] * a.size + ["control"] * b.size
        places += [place] * (a.size + b.size)
    every = []
    for chosen in itertools.product(*(itertools.combinations(range(a.size + b.size), a.size) for a, b in blocks)):
        parts = []
        for (a, b), here in zip(blocks, chosen, strict=True):
            both = np.concatenate([a, b])
            inside = np.isin(np.arange(both.size), here)
            parts.append(both[inside].mean() - both[~inside].mean())
        every.append(np.mean(parts))
    seen = np.mean([a.mean() - b.mean() for a, b in blocks])
    for side in ("greater", "less"):
        found = blocked_test(values, arms, places, side)
        share = np.mean(np.asarray(every) >= seen - 1e-9) if side == "greater" else np.mean(np.asarray(every) <= seen + 1e-9)
        assert found.statistic == pytest.approx(seen)
        assert found.p == pytest.approx(share)
        assert (found.exact, found.ways) == (True, 10 * 4 * 6)
    sampled = blocked_test(values * 4, arms * 4, [f"{turn} {place}" for turn in range(4) for place in places])
    assert not sampled.exact
    assert MOST_WAYS < 240**4
    assert sampled.p == pytest.approx(_by_loop(values * 4, arms * 4, places, 4), abs=0.01)


def _by_loop(values: list[float], arms: list[str], places: list[int], turns: int) -> float:
    rng, size = np.random.default_rng(9), len(places)
    x = np.asarray(values).reshape(turns, size)
    inside = np.asarray(arms).reshape(turns, size)[0] == "treatment"
    at = [np.flatnonzero(np.asarray(places) == place) for place in sorted(set(places))]

    def statistic(rows: np.ndarray) -> float:
        return float(np.mean([row[here][inside[here]].mean() - row[here][~inside[here]].mean() for row in rows for here in at]))

    seen, above, below = statistic(x), 0, 0
    for _ in range(1000):
        mixed = x.copy()
        for row in mixed:
            for here in at:
                row[here] = rng.permutation(row[here])
        found = statistic(mixed)
        above, below = above + (found >= seen), below + (found <= seen)
    return min(1.0, 2.0 * min(above, below) / 1000)


def test_a_block_with_one_arm_says_nothing() -> None:
    whole = blocked_test([1.0, 2.0, 3.0, 5.0], ["a", "b", "a", "b"], [0, 0, 1, 1])
    more = blocked_test([1.0, 2.0, 3.0, 5.0, 99.0, math.nan], ["a", "b", "a", "b", "a", "b"], [0, 0, 1, 1, 2, 2])
    assert whole == more


def test_nothing_to_test_has_no_p_and_no_difference_has_one() -> None:
    assert math.isnan(sign_flip_test([math.nan]).p)
    assert math.isnan(two_sample_test([], [1.0]).p)
    assert math.isnan(blocked_test([], [], []).p)
    assert sign_flip_test([0.0] * 6).p == 1.0
    assert two_sample_test([0.3] * 4, [0.3] * 5).p == 1.0
    with pytest.raises(ValueError, match="two arms"):
        blocked_test([1.0, 2.0, 3.0], ["a", "b", "c"], [0, 0, 0])
    with pytest.raises(ValueError, match="2 arms"):
        blocked_test([1.0], ["a", "b"], [0])
    with pytest.raises(ValueError, match="at least one"):
        sign_flip_test(np.arange(40.0), draws=0)


def test_level_is_held_where_nothing_differs() -> None:
    rng = np.random.default_rng(5)
    p = [two_sample_test(rng.exponential(size=5), rng.exponential(size=5)).p for _ in range(300)]
    assert np.mean(np.asarray(p) <= 0.05) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)
