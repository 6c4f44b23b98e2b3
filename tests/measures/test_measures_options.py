"""Shares and entropy against counting by hand and scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from socsim.measures import shannon_entropy, shares


def test_shares_leave_missing_answers_out() -> None:
    assert shares([0, None, 3, 3, None], 4).tolist() == pytest.approx([1 / 3, 0, 0, 2 / 3])
    assert np.isnan(shares([None, None], 3)).all()


@pytest.mark.parametrize("choice", [-1, 3])
def test_choice_outside_the_options_is_refused(choice: int) -> None:
    with pytest.raises(ValueError, match="0 … 2"):
        shares([0, choice], 3)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=12).filter(any))
def test_entropy_equals_scipy(counts: list[int]) -> None:
    p = np.asarray(counts) / sum(counts)
    assert shannon_entropy(p) == pytest.approx(scipy.stats.entropy(p, base=2), abs=1e-12)


def test_entropy_of_a_uniform_distribution_is_the_log_of_its_size() -> None:
    assert shannon_entropy([1 / 7] * 7) == pytest.approx(math.log2(7))
    assert shannon_entropy([0.0, 1.0]) == 0.0
    assert math.isnan(shannon_entropy([]))
    with pytest.raises(ValueError, match="sum to 1"):
        shannon_entropy([0.2, 0.2])
