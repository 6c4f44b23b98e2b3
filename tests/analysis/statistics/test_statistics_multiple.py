"""Adjusted p values against statsmodels."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from socsim_analysis.statistics.multiple import benjamini_hochberg, holm
from statsmodels.stats.multitest import multipletests

WAYS = [(holm, "holm"), (benjamini_hochberg, "fdr_bh")]


@pytest.mark.parametrize(("adjust", "name"), WAYS, ids=["holm", "bh"])
def test_adjusted_p_values_are_those_of_statsmodels(adjust: Callable[[list[float]], NDArray[np.float64]], name: str) -> None:
    rng = np.random.default_rng(1)
    for size in (1, 2, 5, 20, 20, 20):
        p = np.round(rng.uniform(size=size) ** 3, 2).tolist()  # with ties, zeros and ones
        assert adjust(p) == pytest.approx(multipletests(p, method=name)[1])
    assert adjust([0.0, 1.0, 1.0]) == pytest.approx(multipletests([0.0, 1.0, 1.0], method=name)[1])


@pytest.mark.parametrize(("adjust", "name"), WAYS, ids=["holm", "bh"])
def test_missing_tests_do_not_count(adjust: Callable[[list[float]], NDArray[np.float64]], name: str) -> None:
    found = adjust([0.04, math.nan, 0.01])
    assert math.isnan(found[1])
    assert found[[0, 2]] == pytest.approx(multipletests([0.04, 0.01], method=name)[1])
    assert adjust([]).size == 0
    with pytest.raises(ValueError, match="between 0 and 1"):
        adjust([1.2])
