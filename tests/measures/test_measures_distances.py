"""Distances against scipy and as metrics."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.spatial.distance
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from socsim.measures import jensen_shannon_distance, total_variation, wasserstein_1

pairs = st.integers(2, 8).flatmap(
    lambda k: st.tuples(*(st.lists(st.integers(0, 30), min_size=k, max_size=k).filter(any) for _ in range(2)))
)


@given(pairs)
def test_distances_equal_scipy(pair: tuple[list[int], list[int]]) -> None:
    p, q = (np.asarray(side) / sum(side) for side in pair)
    values = np.arange(p.size)[::-1] * 2.5
    assert total_variation(p, q) == pytest.approx(scipy.spatial.distance.cityblock(p, q) / 2, abs=1e-12)
    assert wasserstein_1(p, q, values) == pytest.approx(scipy.stats.wasserstein_distance(values, values, p, q), abs=1e-9)
    divergence = scipy.spatial.distance.jensenshannon(p, q, base=2)
    assert jensen_shannon_distance(p, q) == pytest.approx(np.nan_to_num(divergence), abs=1e-7)


@given(pairs)
def test_distances_are_symmetric_and_within_range(pair: tuple[list[int], list[int]]) -> None:
    p, q = pair
    values = list(range(len(p)))
    for distance in (total_variation, jensen_shannon_distance):
        assert distance(p, q) == pytest.approx(distance(q, p))
        assert 0.0 <= distance(p, q) <= 1.0 + 1e-12
        assert distance(p, p) == pytest.approx(0.0, abs=1e-7)
    assert 0.0 <= wasserstein_1(p, q, values) <= len(p) - 1 + 1e-9


@pytest.mark.parametrize("bad", [[], [0.0, 0.0], [-1.0, 2.0], [float("nan"), 1.0]])
def test_what_is_not_a_distribution_is_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="distribution"):
        total_variation(bad, bad)


def test_distributions_over_other_options_are_refused() -> None:
    with pytest.raises(ValueError, match="same options"):
        total_variation([1, 1], [1, 1, 1])
    with pytest.raises(ValueError, match="one finite value per option"):
        wasserstein_1([1, 1], [1, 2], [1])
