from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from socsim.items import Reading, entropy, expected_value, invert
from socsim.readouts.scoring import average, corrected, longer_candidates, pooled

logprobs = st.lists(st.floats(-30.0, -1.0), min_size=2, max_size=8)


@given(logprobs)
def test_pooling_single_forms_is_a_softmax(values: list[float]) -> None:
    probabilities, mass = pooled(values, range(len(values)), len(values))
    assert probabilities == pytest.approx(softmax(values))
    assert mass == pytest.approx(np.exp(values).sum())


def test_surface_forms_add_up() -> None:
    probabilities, mass = pooled([math.log(0.1), math.log(0.2), math.log(0.1)], [0, 0, 1], 2)
    assert probabilities == pytest.approx((0.75, 0.25))
    assert mass == pytest.approx(0.4)


def test_a_reply_that_goes_on_to_a_longer_option_is_not_the_shorter_one() -> None:
    candidates = ("agree", "agree strongly", "disagree")
    probabilities, mass = pooled([math.log(0.5), math.log(0.2), math.log(0.3)], [0, 1, 2], 3, longer_candidates(candidates))
    assert probabilities == pytest.approx((0.375, 0.25, 0.375))
    assert mass == pytest.approx(0.8)


def test_labels_of_two_digits_are_kept_apart_from_those_they_begin_with() -> None:
    longer = longer_candidates(("1", "10", "11", "101", "2"))
    assert longer == ((1, 2), (3,), (), (), ())


def test_no_mass_gives_no_distribution() -> None:
    assert pooled([-math.inf, -math.inf], [0, 1], 2) == ((0.0, 0.0), 0.0)


@given(logprobs)
def test_correcting_by_itself_leaves_nothing_to_prefer(values: list[float]) -> None:
    probabilities, _ = pooled(values, range(len(values)), len(values))
    assert corrected(probabilities, probabilities) == pytest.approx([1 / len(values)] * len(values))


def test_an_option_impossible_without_content_cannot_be_corrected() -> None:
    with pytest.raises(ZeroDivisionError):
        corrected((0.5, 0.5), (1.0, 0.0))


def test_readings_count_the_same() -> None:
    readings = [Reading("a", "x", (1.0, 0.0), 0.2), Reading("b", "x", (0.0, 1.0), 0.4)]
    probabilities, mass = average(readings)
    assert probabilities == pytest.approx((0.5, 0.5))
    assert mass == pytest.approx(0.3)


@given(st.lists(st.floats(0.01, 1.0), min_size=2, max_size=7), st.floats(0.0, 1.0, exclude_max=True))
def test_inversion_agrees_with_searching_the_cumulative_distribution(weights: list[float], u: float) -> None:
    p = np.array(weights) / sum(weights)
    expected = int(np.searchsorted(np.cumsum(p), u, side="right"))
    assert abs(invert(p.tolist(), u) - min(expected, len(p) - 1)) <= (1 if np.min(np.abs(np.cumsum(p) - u)) < 1e-12 else 0)


def test_inversion_never_returns_an_impossible_option() -> None:
    assert invert([0.5, 0.5 - 1e-12, 0.0], 1.0 - 1e-16) == 1


def test_a_shift_up_the_scale_never_moves_an_answer_down() -> None:
    low, high = [0.6, 0.3, 0.1], [0.2, 0.3, 0.5]
    assert all(invert(low, u / 100) <= invert(high, u / 100) for u in range(100))


def test_the_expected_value_conditions_on_answering() -> None:
    assert expected_value([0.25, 0.25, 0.5], [1.0, 3.0]) == 2.0
    assert expected_value([0.0, 0.0, 1.0], [1.0, 3.0]) is None


def test_entropy_is_between_zero_and_log_k() -> None:
    assert entropy([1.0, 0.0]) == 0.0
    assert entropy([0.25] * 4) == pytest.approx(math.log(4))
