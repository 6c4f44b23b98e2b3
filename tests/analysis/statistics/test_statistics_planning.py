"""Planning: probabilities of verdicts against numerical integration, and which verdicts worlds can reach."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from socsim_analysis.statistics.equivalence import HumanEstimate, verdict
from socsim_analysis.statistics.planning import outcome_shares, power_of_match, reachable, worlds_needed


def _match_by_integration(worlds: int, sd: float, margin: float, difference: float) -> float:
    """P(match) of plain t intervals against an exact human value: over the variance, then over the mean given it."""
    t90, t95 = scipy.stats.t.ppf([0.95, 0.975], worlds - 1)
    mean = scipy.stats.norm(difference, sd / math.sqrt(worlds))

    def given(u: float) -> float:
        error = sd * math.sqrt(u / (worlds - 1) / worlds)
        edge = margin - t90 * error
        if edge <= 0.0:
            return 0.0
        calm = min(edge, max(t95 * error, margin - t95 * error))
        return float((mean.cdf(calm) - mean.cdf(-calm)) * scipy.stats.chi2.pdf(u, worlds - 1))

    most = (margin / t90 / sd) ** 2 * (worlds - 1) * worlds
    return float(scipy.integrate.quad(given, 0.0, most, limit=200)[0])


@pytest.mark.parametrize(
    ("worlds", "margin", "difference"), [(5, 1.5, 0.0), (8, 0.9, 0.0), (20, 0.6, 0.2), (20, 0.6, 0.6), (150, 0.2, 0.0)]
)
def test_probability_of_match_is_the_integral(worlds: int, margin: float, difference: float) -> None:
    found = outcome_shares(worlds, 2.0, 2.0 * margin, difference=2.0 * difference, method="t")
    assert found.match == pytest.approx(_match_by_integration(worlds, 1.0, margin, difference), abs=0.015)
    assert found.match + found.differ + found.inconclusive == pytest.approx(1.0)


def test_probabilities_are_those_of_single_verdicts() -> None:
    rng = np.random.default_rng(1)
    outcomes = []
    for _ in range(800):
        human = float(rng.normal(0.0, 0.2))
        outcomes.append(verdict(rng.normal(0.3, 1.0, 12), HumanEstimate(human, human - 0.392, human + 0.392), 0.9).outcome)
    found = outcome_shares(12, 1.0, 0.9, difference=0.3, human_error=0.2)
    for outcome, share in (("match", found.match), ("differ", found.differ)):
        assert np.mean(np.asarray(outcomes) == outcome) == pytest.approx(share, abs=0.055)


def test_drawn_worlds_and_drawn_summaries_agree() -> None:
    few, more = (power_of_match(worlds, 1.0, 0.27) for worlds in (100, 101))
    assert few == pytest.approx(more, abs=0.02)


def test_worlds_needed_is_the_smallest_number_with_the_power() -> None:
    worlds = worlds_needed(1.0, 0.8, 0.8)
    assert worlds is not None
    assert power_of_match(worlds, 1.0, 0.8) >= 0.8 > power_of_match(worlds - 1, 1.0, 0.8)
    assert worlds_needed(1.0, 100.0) == 5
    plain = worlds_needed(1.0, 0.2, 0.9, method="t")
    assert plain == pytest.approx((1.645 + 1.645) ** 2 / 0.2**2, rel=0.03)  # (z₁₋α + z₁₋β/₂)² σ²/m² (Julious 2004)


def test_people_who_are_too_uncertain_cannot_be_matched() -> None:
    assert worlds_needed(1.0, 0.5, human_error=0.3) is None
    assert worlds_needed(1.0, 0.5, human_error=0.1) > worlds_needed(1.0, 0.5)


def test_four_worlds_reach_no_verdict() -> None:
    found = reachable(4, 1.0, 10.0)
    assert found.outcomes == ()
    assert found.match_power == power_of_match(4, 1.0, 10.0) == 0.0
    assert "no verdict" in found.sentence


def test_match_is_reachable_where_the_interval_fits_into_the_margin() -> None:
    narrow, wide = reachable(10, 1.0, 0.57), reachable(10, 1.0, 0.59)
    assert narrow.half90 == wide.half90 == pytest.approx(scipy.stats.t.ppf(0.95, 9) / math.sqrt(10))
    assert narrow.half90 == pytest.approx(0.5797, abs=1e-4)
    assert narrow.outcomes == ("inconclusive", "differ")
    assert wide.outcomes == ("inconclusive", "match", "differ")
    assert "out of reach" in narrow.sentence
    assert "with probability" in wide.sentence


@pytest.mark.parametrize(("margin", "error"), [(0.5, 0.0), (0.5, 0.3), (3.0, 0.0)])
def test_differ_begins_where_it_is_said_to(margin: float, error: float) -> None:
    values = np.asarray([-1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0])
    found = reachable(8, float(values.std(ddof=1)), margin, human_error=error)
    ends = (error * 1.959964,) * 2
    for shift, outcome in ((1e-3, "differ"), (-1e-3, None)):
        human = HumanEstimate(0.0, -ends[0], ends[1]) if error else HumanEstimate(0.0)
        shown = verdict(values + found.differ_from + shift, human, margin).outcome
        assert (shown == "differ") == (outcome == "differ")


def test_numbers_without_sense_are_refused() -> None:
    for sd, margin in ((0.0, 1.0), (1.0, 0.0), (math.nan, 1.0), (1.0, math.inf)):
        with pytest.raises(ValueError, match="above 0"):
            power_of_match(8, sd, margin)
    with pytest.raises(ValueError, match="power"):
        worlds_needed(1.0, 1.0, 1.0)
