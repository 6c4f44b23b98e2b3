"""How often the rule of verdicts is wrong, by simulation, held against the table that its module prints."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from socsim_analysis.statistics import equivalence
from socsim_analysis.statistics.deciding import OUTCOMES, bounds_of, outcomes_of, summaries
from socsim_analysis.statistics.planning import outcome_shares

Reals = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, int]], Reals]

DIFFER, MATCH = OUTCOMES.index("differ"), OUTCOMES.index("match")
SHAPES: dict[str, tuple[Draw, float, float]] = {
    # how values of worlds are drawn, their mean, their standard deviation
    "normal": (lambda rng, size: rng.normal(size=size), 0.0, 1.0),
    "share of 20 people, .5": (lambda rng, size: rng.binomial(20, 0.5, size) / 20, 0.5, math.sqrt(0.25 / 20)),
    "share of 20 people, .1": (lambda rng, size: rng.binomial(20, 0.1, size) / 20, 0.1, math.sqrt(0.09 / 20)),
    "skewed (gamma, skew 1)": (lambda rng, size: rng.gamma(4.0, size=size), 4.0, 2.0),
    "exponential (skew 2)": (lambda rng, size: rng.exponential(size=size), 1.0, 1.0),
    "lognormal (skew 6.2)": (
        lambda rng, size: rng.lognormal(size=size),
        math.exp(0.5),
        math.sqrt((math.e - 1.0) * math.e),
    ),
}
WORLDS = (5, 8, 20, 40)
MARGINS = (2.0, 2.5, 3.0, 4.0, 6.0, 10.0)  # in standard errors


def printed() -> dict[tuple[str, int], tuple[float, float]]:
    """The table in the module's text: (differ, match) by shape and number of worlds."""
    found = {}
    for line in (equivalence.__doc__ or "").splitlines():
        name = next((name for name in SHAPES if line.startswith(name)), None)
        if name is not None:
            numbers = line.removeprefix(name).replace("/", " ").split()
            for at, worlds in enumerate(WORLDS):
                found[name, worlds] = (float(numbers[2 * at]), float(numbers[2 * at + 1]))
    return found


def rates(shape: str, worlds: int, runs: int, human_error: float = 0.0) -> tuple[float, float]:
    """P(differ | same population) and the largest P(match | true difference = margin) over margins and sides.

    ``human_error`` is in standard errors of the run.
    """
    draw, mean, sd = SHAPES[shape]
    rng = np.random.default_rng(worlds)
    run, error = summaries(draw(rng, (runs, worlds))), human_error * sd / math.sqrt(worlds)
    people = mean + rng.normal(size=runs) * error
    bounds = bounds_of(run, people, error, math.inf)
    differ = float(np.mean(outcomes_of(run, bounds, 1e-9) == DIFFER))
    matches = []
    for steps in MARGINS:
        margin = steps * math.hypot(sd / math.sqrt(worlds), error)
        for side in (-1.0, 1.0):
            shifted = bounds_of(run, people + side * margin, error, math.inf)
            matches.append(float(np.mean(outcomes_of(run, shifted, margin) == MATCH)))
    return differ, max(matches)


def test_every_shape_and_number_of_worlds_is_in_the_table() -> None:
    assert set(printed()) == {(shape, worlds) for shape in SHAPES for worlds in WORLDS}


def test_the_table_holds_five_percent_where_worlds_are_nearly_normal() -> None:
    for worlds in WORLDS:
        for shape in ("normal", "share of 20 people, .5"):
            assert max(printed()[shape, worlds]) <= 0.05
        for shape in ("share of 20 people, .1", "skewed (gamma, skew 1)"):
            assert printed()[shape, worlds][0] <= 0.05


@pytest.mark.parametrize("worlds", WORLDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_rule_is_wrong_no_more_often_than_printed(shape: str, worlds: int) -> None:
    for seen, said in zip(rates(shape, worlds, 3000), printed()[shape, worlds], strict=True):
        assert seen <= said + 3.0 * math.sqrt(said * (1.0 - said) / 3000)


@pytest.mark.parametrize("worlds", WORLDS)
def test_uncertain_people_do_not_make_the_rule_wrong_more_often(worlds: int) -> None:
    tolerance = 3.0 * math.sqrt(0.05 * 0.95 / 3000)
    for shape in ("normal", "share of 20 people, .5"):
        for error in (0.5, 1.0, 3.0):
            assert max(rates(shape, worlds, 3000, error)) <= 0.05 + tolerance


@pytest.mark.slow
@pytest.mark.parametrize("worlds", WORLDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_printed_rates_are_those_of_many_runs(shape: str, worlds: int) -> None:
    assert rates(shape, worlds, 40_000) == pytest.approx(printed()[shape, worlds], abs=0.006)


@pytest.mark.slow
@pytest.mark.parametrize("worlds", WORLDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_people_of_any_uncertainty_add_no_more_than_is_printed(shape: str, worlds: int) -> None:
    exact = printed()[shape, worlds]
    for error in (0.25, 0.5, 1.0, 2.0, 5.0):
        for seen, said in zip(rates(shape, worlds, 40_000, error), exact, strict=True):
            assert seen <= max(said, 0.05) + 0.016 + 3.0 * math.sqrt(0.1 * 0.9 / 40_000)


@pytest.mark.slow
def test_a_true_difference_is_found_the_more_often_the_more_worlds_there_are() -> None:
    found = [outcome_shares(worlds, 1.0, 0.2, difference=1.0).differ for worlds in (5, 8, 12, 20, 40)]
    assert found == sorted(found)
    assert found[-1] > 0.99
