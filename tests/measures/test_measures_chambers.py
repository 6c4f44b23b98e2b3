"""Joint density of own and neighbours' leaning against counting by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socsim.measures import leaning_density

leanings = st.lists(st.integers(-8, 8).map(lambda x: x / 8.0), min_size=2, max_size=12)


@settings(max_examples=40, deadline=None)
@given(leanings)
def test_density_equals_counting_and_sums_to_one(values: list[float]) -> None:
    n = len(values)
    authors, readers = [(i + step) % n for i in range(n) for step in (1, 2)], [i for i in range(n) for _ in range(2)]
    around = [np.mean([values[(i + 1) % n], values[(i + 2) % n]]) for i in range(n)]
    found = leaning_density(values, authors, readers, -1.0, 1.0, bins=4)
    expected = np.zeros((4, 4))
    for x, y in zip(values, around, strict=True):
        expected[min(3, int((x + 1.0) * 2)), min(3, int((min(1.0, max(-1.0, y)) + 1.0) * 2))] += 1
    assert found.n == n
    assert found.density == pytest.approx(expected / n / 0.25)
    assert float(found.density.sum()) * 0.25 == pytest.approx(1.0)
    if min(np.ptp(values), np.ptp(around)) > 1e-3:
        assert found.correlation == pytest.approx(np.corrcoef(values, around)[0, 1], abs=1e-6)


def test_echo_chambers_lie_on_the_diagonal() -> None:
    chambers = leaning_density([-1, -1, 1, 1], [1, 0, 3, 2], [0, 1, 2, 3], -1, 1, bins=2)
    assert chambers.density.tolist() == [[0.5, 0.0], [0.0, 0.5]]
    assert chambers.correlation == pytest.approx(1.0)
    crossed = leaning_density([-1, -1, 1, 1], [2, 3, 0, 1], [0, 1, 2, 3], -1, 1, bins=2)
    assert crossed.correlation == pytest.approx(-1.0)


def test_density_of_nobody_constant_and_missing() -> None:
    empty = leaning_density([], [], [], 0, 1)
    assert (empty.n, np.isnan(empty.density).all(), empty.density.shape) == (0, True, (20, 20))
    alone = leaning_density([0.5, math.nan], [1, 0], [0, 1], 0, 1)
    assert (alone.n, math.isnan(alone.correlation)) == (0, True)
    same = leaning_density([0.5, 0.5], [1, 0], [0, 1], 0, 1, bins=2)
    assert (same.density.max(), math.isnan(same.correlation)) == (4.0, True)


def test_leanings_off_the_scale_are_refused() -> None:
    with pytest.raises(ValueError, match="scale"):
        leaning_density([2.0, 0.0], [0], [1], 0, 1)
    with pytest.raises(ValueError, match="bin"):
        leaning_density([0.0], [], [], 0, 1, bins=0)
    with pytest.raises(ValueError, match="0 … 0"):
        leaning_density([0.0], [3], [0], 0, 1)
