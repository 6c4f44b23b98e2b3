"""Power and size by simulation against the formulas of statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from socsim_analysis.statistics.simulating import simulated_power, simulated_size
from statsmodels.stats.power import TTestPower


def found(n: int, rng: np.random.Generator) -> bool:
    x = rng.normal(0.6, 1.0, n)
    return bool(abs(x.mean()) > scipy.stats.t.ppf(0.975, n - 1) * x.std(ddof=1) / np.sqrt(n))


def test_simulated_power_is_that_of_the_t_test() -> None:
    power = simulated_power(found, 20, simulations=1000)
    assert power.power == pytest.approx(TTestPower().power(0.6, 20, 0.05), abs=0.04)
    assert power.low < power.power < power.high
    assert simulated_power(found, 20, simulations=50) == simulated_power(found, 20, simulations=50)
    assert simulated_power(found, 20, simulations=50, seed=1) != simulated_power(found, 20, simulations=50)


def test_simulated_size_is_that_of_the_t_test() -> None:
    size = simulated_size(found, 0.8, simulations=400)
    assert size is not None
    assert size.size == pytest.approx(TTestPower().solve_power(0.6, alpha=0.05, power=0.8), abs=3)
    assert size.power >= 0.8


def test_a_size_out_of_reach_is_none() -> None:
    assert simulated_size(lambda n, rng: False, most=40, simulations=5) is None
    least = simulated_size(lambda n, rng: True, least=7, simulations=5)
    assert least is not None
    assert least.size == 7


def test_questions_without_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="five simulations"):
        simulated_power(found, 5, simulations=4)
    with pytest.raises(ValueError, match="power 1"):
        simulated_size(found, 1.0)
    with pytest.raises(ValueError, match="from 8 to 5"):
        simulated_size(found, least=8, most=5)
