"""What part of a scale is shown, which steps are chosen, and spreads of first answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fake_run import fake_run, money_run
from socsim_analysis.scales import ShownRange, few_steps, scale_words, shown_range, spreads


def test_whole_scale_is_shown_unless_opinions_lie_in_a_small_part_of_it() -> None:
    run = fake_run()
    assert shown_range(run, "services", np.array([1.5, 6.0])) == ShownRange(1.0, 7.0, whole=True)
    assert shown_range(run, "services", np.array([3.5, np.nan, 4.0])) == ShownRange(3.5, 4.0, whole=False)
    assert shown_range(run, "services", np.array([4.0, 4.0])) == ShownRange(1.0, 7.0, whole=True)
    assert shown_range(run, "services", np.array([np.nan])) == ShownRange(1.0, 7.0, whole=True)


def test_item_without_a_scale_is_shown_by_its_answers() -> None:
    assert shown_range(fake_run(), "unknown", np.array([10.0, 900.0])) == ShownRange(10.0, 900.0, whole=False)
    assert scale_words(fake_run(), "unknown") == ""


def test_ends_of_a_scale_are_named() -> None:
    assert scale_words(fake_run(), "services") == "Scale: 1 = strongly disagree to 7 = strongly agree."
    assert scale_words(money_run(), "request") == "Scale: 11 to 20."


def test_few_steps_hold_the_first_and_the_last() -> None:
    assert few_steps([0, 1, 2]) == (0, 1, 2)
    chosen = few_steps(range(100), 8)
    assert (len(chosen), chosen[0], chosen[-1]) == (8, 0, 99)


def test_spread_between_people_and_within_an_answer() -> None:
    run = money_run(percent=(50, 0, 0, 0, 0, 0, 0, 0, 0, 50))
    found = spreads(run, "request", run.responses)
    assert (found.n, found.different) == (108, 1)
    assert found.mean == pytest.approx(15.5)
    assert found.between == pytest.approx(0.0, abs=1e-9)
    assert found.within == pytest.approx(4.5)
    assert math.isnan(spreads(run, "request", run.responses.iloc[0:0]).within)
