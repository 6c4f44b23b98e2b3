"""Power of a verdict, held against verdicts that are given on drawn worlds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from socsim_analysis.statistics.deciding import HumanEstimate
from socsim_analysis.statistics.equivalence import direction_verdict, verdict
from socsim_analysis.verdict_power import power_of_direction, power_of_verdict


def worlds(n: int, sd: float) -> pd.Series:
    """Values whose standard deviation is exactly ``sd``."""
    x = np.linspace(-1.0, 1.0, n)
    return pd.Series(0.4 + sd * x / x.std(ddof=1))


@pytest.mark.parametrize(("n", "sd", "margin", "error"), [(8, 0.1, 0.1, 0.0), (15, 0.1, 0.06, 0.02)])
def test_power_is_how_often_drawn_worlds_get_the_verdict(n: int, sd: float, margin: float, error: float) -> None:
    human = HumanEstimate(0.4, 0.4 - 1.959964 * error, 0.4 + 1.959964 * error) if error else HumanEstimate(0.4)
    found = power_of_verdict(worlds(n, sd), human, margin)
    assert found is not None
    rng = np.random.default_rng(1)
    for true, outcome, power in ((0.0, "match", found.match), (2 * margin, "differ", found.differ)):
        seen = 0
        for _ in range(600):
            centre = 0.4 + (rng.normal(0.0, error) if error else 0.0)  # what the source happened to find
            told = HumanEstimate(centre, centre - 1.959964 * error, centre + 1.959964 * error) if error else human
            seen += verdict(rng.normal(0.4 + true, sd, n), told, margin).outcome == outcome
        assert seen / 600 == pytest.approx(power, abs=0.06)
    assert f"{n} worlds" in found.sentence
    assert f"P(match | same population) = {found.match:.2f}" in found.sentence
    assert f"P(differ | true difference of two margins) = {found.differ:.2f}" in found.sentence


def test_an_effect_of_the_size_named_is_found_eight_times_in_ten() -> None:
    found = power_of_direction(worlds(10, 0.2))
    assert found is not None
    rng = np.random.default_rng(2)
    seen = sum(
        direction_verdict(rng.normal(found.effect, 0.2, 10), HumanEstimate(1.0)).outcome == "same direction" for _ in range(800)
    )
    assert seen / 800 == pytest.approx(0.8, abs=0.06)
    assert "would be found with probability .80" in found.sentence


def test_few_or_equal_worlds_have_no_power_to_tell() -> None:
    assert power_of_verdict(worlds(4, 0.1), HumanEstimate(0.4), 0.1) is None
    assert power_of_verdict(pd.Series([0.4] * 9), HumanEstimate(0.4), 0.1) is None
    assert power_of_direction(pd.Series([0.4] * 9)) is None
