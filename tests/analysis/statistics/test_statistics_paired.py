"""Contrasts of arms: paired, and within blocks."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from socsim_analysis.statistics.paired import blocked_contrast, paired_contrast
from socsim_analysis.statistics.permutation import blocked_test, sign_flip_test


def test_paired_contrast_is_the_paired_t_interval_with_sign_flips() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.5, 1.0, 9), rng.normal(size=9)
    a[2] = math.nan
    found = paired_contrast(a, b, 0.9)
    kept = ~np.isnan(a)
    low, high = scipy.stats.ttest_rel(a[kept], b[kept]).confidence_interval(0.9)
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high))
    assert found.test.p == sign_flip_test((a - b)[kept]).p
    assert (found.left_out, found.interval.units) == (1, 8)
    with pytest.raises(ValueError, match="equally many"):
        paired_contrast([1.0], [])


def test_blocked_contrast_counts_every_block_alike() -> None:
    rng = np.random.default_rng(2)
    blocks = np.repeat(np.arange(7), 5)
    arms = ["a", "a", "b", "b", "b"] * 6 + ["a"] * 5
    x = rng.normal(size=35) + 3.0 * blocks
    found = blocked_contrast(x, arms, blocks.tolist())
    differences = [x[5 * at : 5 * at + 2].mean() - x[5 * at + 2 : 5 * at + 5].mean() for at in range(6)]
    low, high = scipy.stats.ttest_1samp(differences, 0.0).confidence_interval(0.95)
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high))
    assert found.interval.estimate == pytest.approx(found.test.statistic)
    assert found.test.statistic == pytest.approx(blocked_test(x[:30], arms[:30], blocks[:30].tolist()).statistic)
    assert (found.left_out, found.interval.units) == (1, 6)


def test_equal_differences_have_a_test_but_no_interval() -> None:
    found = paired_contrast([1.0] * 6, [0.5] * 6)
    assert math.isnan(found.interval.low)
    assert found.test.p == pytest.approx(2 / 64)
