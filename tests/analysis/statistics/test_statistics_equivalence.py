"""Verdicts: the rule, its preconditions, and what is printed."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from socsim_analysis.findings import load_finding
from socsim_analysis.statistics.equivalence import HumanEstimate, direction_verdict, tost, verdict
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

WORLDS = [0.52, 0.44, 0.55, 0.47, 0.5, 0.53]


def test_tost_against_a_number_is_that_of_statsmodels() -> None:
    x = np.random.default_rng(1).normal(0.1, 0.4, 12)
    found = tost(x, HumanEstimate(0.05), 0.3)
    p, lower, upper = DescrStatsW(x).ttost_mean(0.05 - 0.3, 0.05 + 0.3)
    assert (found.p, found.p_lower, found.p_upper) == pytest.approx((p, lower[1], upper[1]))


def test_tost_against_a_sample_of_people_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(2)
    x, people = rng.normal(0.1, 0.4, 12), rng.normal(0.0, 1.0, 40)
    half = float(scipy.stats.t.ppf(0.975, 39) * scipy.stats.sem(people))
    human = HumanEstimate(float(people.mean()), float(people.mean()) - half, float(people.mean()) + half, degrees=39)
    found = tost(x, human, 0.5)
    theirs = CompareMeans(DescrStatsW(x), DescrStatsW(people)).ttost_ind(-0.5, 0.5, usevar="unequal")
    assert (found.p, found.p_lower, found.p_upper) == pytest.approx((theirs[0], theirs[1][0][1], theirs[1][1][1]))
    assert found.degrees == pytest.approx(theirs[1][0][2])


def test_a_match_by_t_is_a_tost_below_five_percent() -> None:
    rng, seen = np.random.default_rng(3), set()
    for _ in range(300):
        x = rng.normal(0.0, 1.0, 8)
        shown = verdict(x, HumanEstimate(0.0), 0.8, method="t")
        inside = tost(x, HumanEstimate(0.0), 0.8).p < 0.05
        assert shown.outcome != "match" or inside
        assert not inside or shown.outcome in ("match", "differ")
        seen.add((shown.outcome, inside))
    assert {("match", True), ("inconclusive", False)} <= seen


def test_verdict_carries_its_numbers() -> None:
    found = verdict([*WORLDS, math.nan], HumanEstimate(0.5, 0.46, 0.54), 0.2)
    own, theirs = scipy.stats.sem(WORLDS) ** 2, (0.04 / scipy.stats.norm.ppf(0.975)) ** 2
    assert (found.outcome, found.worlds, found.missing) == ("match", 6, 1)
    assert (found.run, found.difference) == pytest.approx((np.mean(WORLDS), np.mean(WORLDS) - 0.5))
    assert (found.error, found.degrees) == pytest.approx((math.sqrt(own + theirs), (own + theirs) ** 2 / (own**2 / 5)))
    assert found.skew == pytest.approx(scipy.stats.skew(WORLDS, bias=False))
    assert found.low95 < found.low90 < found.difference < found.high90 < found.high95


def test_people_who_are_uncertain_make_a_verdict_harder() -> None:
    assert verdict(WORLDS, HumanEstimate(0.5), 0.07).outcome == "match"
    assert verdict(WORLDS, HumanEstimate(0.5, 0.4, 0.6), 0.07).outcome == "inconclusive"
    assert verdict(WORLDS, HumanEstimate(0.6), 0.07).outcome == "differ"
    assert verdict(WORLDS, HumanEstimate(0.6, 0.4, 0.8), 0.07).outcome == "inconclusive"


def test_a_small_sure_difference_inside_the_margin_is_a_match() -> None:
    found = verdict(WORLDS, HumanEstimate(0.44), 0.2)
    assert found.low95 > 0.0
    assert found.outcome == "match"


def test_sentence_holds_numbers_margin_and_rule() -> None:
    said = verdict(WORLDS, HumanEstimate(0.6), 0.07).sentence
    assert said.startswith("Differ: the run has 0.502 over 6 worlds, people have 0.6 (no interval given: taken for exact)")
    assert "margin ±0.07. Rule: differ where the 95 % interval of run − people excludes zero" in said
    assert "people have 0.6 (90 % interval 0.4 to 0.8)" in verdict(WORLDS, HumanEstimate(0.6, 0.4, 0.8, 0.9), 0.07).sentence


def test_four_worlds_or_equal_worlds_have_no_verdict() -> None:
    few = verdict(WORLDS[:4], HumanEstimate(0.9), 0.1)
    assert (few.outcome, few.worlds) == ("no verdict", 4)
    assert math.isnan(few.low95)
    assert few.sentence.startswith("No verdict: 4 worlds, and there is no verdict below 5. Margin ±0.1. Rule:")
    assert verdict([0.5] * 9, HumanEstimate(0.9), 0.1).outcome == "no verdict"
    assert verdict([], HumanEstimate(0.9), 0.1).outcome == "no verdict"
    assert verdict([math.nan] * 3, HumanEstimate(0.9), 0.1).missing == 3


def test_a_failed_precondition_is_not_assessed_with_its_reason() -> None:
    found = verdict(WORLDS, HumanEstimate(0.9), 0.1, failed="the model cannot do the task")
    assert (found.outcome, found.reason) == ("not assessed", "the model cannot do the task")
    assert math.isnan(found.low90)
    assert found.sentence.startswith("Not assessed: the model cannot do the task.")
    assert direction_verdict(WORLDS, HumanEstimate(0.9), failed="no such scale").outcome == "not assessed"


@pytest.mark.parametrize("margin", [0.0, -1.0, math.inf, math.nan])
def test_a_margin_is_above_zero(margin: float) -> None:
    with pytest.raises(ValueError, match="margin"):
        verdict(WORLDS, HumanEstimate(0.5), margin)
    with pytest.raises(ValueError, match="margin"):
        tost(WORLDS, HumanEstimate(0.5), margin)


def test_tost_needs_worlds_that_differ() -> None:
    assert math.isnan(tost(WORLDS[:4], HumanEstimate(0.5), 0.1).p)
    assert math.isnan(tost([0.5] * 6, HumanEstimate(0.5), 0.1).p)
    assert math.isnan(tost([], HumanEstimate(0.5), 0.1).difference)


@pytest.mark.parametrize(
    ("values", "human", "outcome"),
    [
        (WORLDS, HumanEstimate(3.0, 2.0, 4.0), "same direction"),
        (WORLDS, HumanEstimate(-3.0), "opposite direction"),
        ([-x for x in WORLDS], HumanEstimate(-0.1), "same direction"),
        ([-x for x in WORLDS], HumanEstimate(0.1), "opposite direction"),
        ([1.0, -1.0, 2.0, -2.0, 0.5], HumanEstimate(0.1), "inconclusive"),
        (WORLDS, HumanEstimate(0.1, -0.1, 0.3), "inconclusive"),
        (WORLDS, HumanEstimate(0.1, 0.02, 0.18, 0.68), "inconclusive"),  # its own 95 % interval holds zero
        (WORLDS, HumanEstimate(0.0), "inconclusive"),
        (WORLDS[:4], HumanEstimate(0.1), "no verdict"),
    ],
)
def test_direction_compares_signs_only(values: list[float], human: HumanEstimate, outcome: str) -> None:
    found = direction_verdict(values, human)
    assert found.outcome == outcome
    assert found.sentence.startswith(outcome.capitalize())
    assert "Rule: same or opposite direction" in found.sentence


def test_uniform_answers_differ_from_people_with_a_peak() -> None:
    finding = load_finding("money_request.basic")
    people, values = np.asarray(finding.probabilities), np.asarray(finding.values)
    top, mean = float(people.max()), float(people @ values)
    error = math.sqrt(float(people @ (values - mean) ** 2) / finding.n)
    shares = [HumanEstimate(top, top - 1.96 * e, top + 1.96 * e) for e in [math.sqrt(top * (1 - top) / finding.n)]]
    means = HumanEstimate(mean, mean - 1.96 * error, mean + 1.96 * error)
    rng = np.random.default_rng(4)
    uniform = rng.choice(values, (10, 108))
    alike = rng.choice(values, (10, 108), p=people)
    at = values[people.argmax()]
    assert verdict((uniform == at).mean(axis=1), shares[0], 0.15).outcome == "differ"
    assert verdict((alike == at).mean(axis=1), shares[0], 0.15).outcome == "match"
    assert verdict(uniform.mean(axis=1), means, 0.9).outcome == "differ"
    assert verdict(alike.mean(axis=1), means, 0.9).outcome == "match"


def test_a_direction_of_people_has_no_number() -> None:
    values = [0.2, 0.4, 0.3, 0.1, 0.5]
    assert "that of people is above zero" in direction_verdict(values, HumanEstimate(1.0)).sentence
    assert "that of people is below zero" in direction_verdict(values, HumanEstimate(-1.0)).sentence
    assert "people have 0.3 (95 % interval 0.1 to 0.5)" in direction_verdict(values, HumanEstimate(0.3, 0.1, 0.5, 0.95)).sentence
