"""Numbers behind a verdict, against scipy and statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from socsim_analysis.statistics.deciding import OUTCOMES, Bounds, HumanEstimate, WorldSummary, bounds_of, outcomes_of, summaries
from socsim_analysis.statistics.intervals import interval_over_units
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW


def test_difference_from_a_human_sample_has_welchs_interval() -> None:
    rng = np.random.default_rng(1)
    worlds, people = rng.normal(0.3, 1.0, 9), rng.normal(0.0, 2.0, 25)
    own = scipy.stats.ttest_1samp(people, 0.0).confidence_interval(0.9)
    human = HumanEstimate(float(people.mean()), float(own.low), float(own.high), 0.9, 24)
    assert human.error == pytest.approx(scipy.stats.sem(people))
    found = bounds_of(summaries(worlds), human.value, human.error, human.degrees, "t")
    welch = CompareMeans(DescrStatsW(worlds), DescrStatsW(people))
    assert (found.low95[0], found.high95[0]) == pytest.approx(welch.tconfint_diff(0.05, usevar="unequal"))
    assert (found.low90[0], found.high90[0]) == pytest.approx(welch.tconfint_diff(0.1, usevar="unequal"))
    theirs = scipy.stats.ttest_ind(worlds, people, equal_var=False)
    assert found.degrees[0] == pytest.approx(theirs.df)


def test_an_exact_human_value_leaves_the_interval_of_the_worlds() -> None:
    rows = np.random.default_rng(2).exponential(size=(3, 8))
    found = bounds_of(summaries(rows), 0.4, 0.0, math.inf)
    for row, low, high in zip(rows, found.low95, found.high95, strict=True):
        own = interval_over_units(row, 0.95, method="wider of both")
        assert (low + 0.4, high + 0.4) == pytest.approx((own.low, own.high))


def test_skewness_matters_less_the_more_uncertain_people_are() -> None:
    row = np.random.default_rng(3).exponential(size=8)
    widening = []
    for error in (0.0, 0.5, 5.0):
        wide, plain = (bounds_of(summaries(row), 0.0, error, math.inf, way) for way in ("wider of both", "t"))
        widening.append(float(((wide.high95 - plain.high95) / plain.errors)[0]))  # in standard errors
    assert widening[0] > widening[1] > widening[2] > 0.0
    assert widening[2] < 0.1 * widening[0]


def test_the_longer_side_of_a_lopsided_human_interval_counts() -> None:
    assert HumanEstimate(0.1, 0.08, 0.2).error == pytest.approx(0.1 / scipy.stats.norm.ppf(0.975))
    assert HumanEstimate(0.1).error == 0.0
    assert HumanEstimate(0.1).fixed
    assert not HumanEstimate(0.1, 0.1, 0.1).fixed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((math.nan,), "missing"),
        ((0.5, 0.1), "both ends"),
        ((0.5, 0.6, 0.7), "outside"),
        ((0.5, -math.inf, math.inf), "outside"),
        ((0.5, 0.4, 0.6, 95), "level"),
        ((0.5, 0.4, 0.6, 0.95, 0.0), "degrees"),
    ],
)
def test_a_human_estimate_that_is_none_is_refused(arguments: tuple[float, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        HumanEstimate(*arguments)


CASES = [
    # low95, low90, high90, high95 of the difference, margin 1, outcome
    (0.2, 0.3, 0.7, 0.8, "match"),  # excludes zero, but wholly inside the margin
    (-0.5, -0.4, 0.4, 0.5, "match"),
    (-0.5, -0.4, 0.9, 1.1, "match"),  # only the 90 % interval need lie inside
    (0.1, 0.2, 0.9, 1.1, "differ"),  # both hold: differ is looked at first
    (0.1, 0.2, 1.0, 1.1, "differ"),
    (1.2, 1.3, 1.7, 1.8, "differ"),
    (-1.8, -1.7, -1.3, -1.2, "differ"),
    (-1.1, -1.0, -0.1, 0.0, "inconclusive"),  # ends at zero and at the margin do not exclude it, nor lie inside
    (-0.1, 0.1, 1.2, 1.3, "inconclusive"),
    (-2.0, -1.8, 1.8, 2.0, "inconclusive"),
]


@pytest.mark.parametrize(("low95", "low90", "high90", "high95", "outcome"), CASES)
def test_outcomes_follow_the_rule(low95: float, low90: float, high90: float, high95: float, outcome: str) -> None:
    run = WorldSummary(np.zeros(1), np.ones(1), np.zeros(1), 6)
    bounds = Bounds(*(np.asarray([end]) for end in (low90, high90, low95, high95)), np.ones(1), np.ones(1))
    assert OUTCOMES[outcomes_of(run, bounds, 1.0)[0]] == outcome
    few = WorldSummary(np.zeros(1), np.ones(1), np.zeros(1), 4)
    equal = WorldSummary(np.zeros(1), np.zeros(1), np.zeros(1), 6)
    assert OUTCOMES[outcomes_of(few, bounds, 1.0)[0]] == OUTCOMES[outcomes_of(equal, bounds, 1.0)[0]] == "no verdict"
