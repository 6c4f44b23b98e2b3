"""Readouts that score: what becomes of probabilities."""

from __future__ import annotations

import math

import pytest
from readout_doubles import SCALE, Answering, always, ask

from socsim.inference.manner import Manner
from socsim.inference.types import CallFailure, Completion, Request
from socsim.items import ItemFailure, Response


def test_a_model_that_always_takes_the_first_label_has_no_opinion() -> None:
    answer = ask({**SCALE, "readout": {"labels": ["letters"]}}, Answering(always("A")))
    assert isinstance(answer, Response)
    assert answer.expected == pytest.approx(2.0, abs=1e-6)
    assert answer.probabilities == pytest.approx((0.5, 0.0, 0.5), abs=1e-6)
    assert [reading.order for reading in answer.readings] == ["forward", "backward"]


def test_the_draw_inverts_the_distribution_at_u() -> None:
    calls = Answering(always("A"))
    drawn = [ask({**SCALE, "readout": {"labels": ["letters"]}}, calls, u) for u in (0.1, 0.9)]
    assert [answer.value for answer in drawn if isinstance(answer, Response)] == [1.0, 3.0]


def test_one_failed_call_makes_the_answer_fail() -> None:
    def broken(request: Request) -> Completion | CallFailure:
        return CallFailure("timed_out", "60 s") if "A. yes" in request.segments[-2].text else always("A")(request)

    answer = ask({**SCALE, "readout": {"labels": ["letters"]}}, Answering(broken))
    assert isinstance(answer, ItemFailure)
    assert answer.failures[0].reason == "call_failed"


def test_no_probability_on_any_option_is_a_failure_not_a_uniform_answer() -> None:
    nowhere = Answering(lambda request: Completion(logprobs=tuple(-math.inf for _ in request.candidates)))
    answer = ask(SCALE, nowhere)
    assert isinstance(answer, ItemFailure)
    assert answer.failures[0].reason == "no_probability_on_options"


def test_a_valid_non_answer_is_no_failure_and_has_no_value() -> None:
    spec = {**SCALE, "non_answers": ["don't know"], "readout": {"labels": ["letters"]}}
    answer = ask(spec, Answering(always("D")))
    assert isinstance(answer, Response)
    assert (answer.answered, answer.option, answer.value) == (False, "don't know", None)


def test_the_content_free_correction_takes_out_a_label_preference() -> None:
    spec = {**SCALE, "readout": {"labels": ["letters"], "orders": "fixed", "correction": "content_free"}}
    answer = ask(spec, Answering(always("A")))
    assert isinstance(answer, Response)
    assert answer.probabilities == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_a_content_free_prompt_shows_neither_persona_nor_item() -> None:
    calls = Answering(always("A"))
    ask({**SCALE, "readout": {"correction": "content_free"}}, calls)
    blank = calls.requests[4:]
    assert len(blank) == 4
    assert not any("Ann" in segment.text or "Cut?" in segment.text for request in blank for segment in request.segments)


def test_cloze_weighs_whole_sentences() -> None:
    spec = {**SCALE, "readout": {"method": "cloze", "frames": ["I say {option}.", "My answer is {option}."]}}
    calls = Answering(lambda request: Completion(logprobs=tuple(math.log(p) for p in (0.1, 0.1, 0.2))))
    answer = ask(spec, calls)
    assert isinstance(answer, Response)
    assert answer.probabilities == pytest.approx((0.25, 0.25, 0.5))
    assert answer.mass == pytest.approx(0.4)
    assert all(request.style == "plain" for request in calls.requests)


def test_a_frame_without_the_persona_is_the_same_for_everybody() -> None:
    spec = {**SCALE, "readout": {"method": "cloze", "frames": ["I say {option}."], "persona_in_frame": False}}
    calls = Answering(lambda request: Completion(logprobs=(-1.0, -2.0, -3.0)))
    ask(spec, calls)
    (request,) = calls.requests
    assert "".join(segment.text for segment in request.segments).strip() == "I say"


def test_the_calibrated_correction_divides_by_the_mean_of_three_prompts_without_content() -> None:
    spec = {**SCALE, "readout": {"labels": ["letters"], "orders": "fixed", "correction": "calibrated"}}
    own, blanks = (0.5, 0.25, 0.25), {"N/A": (0.5, 0.3, 0.2), "[MASK]": (0.4, 0.4, 0.2), "": (0.9, 0.05, 0.05)}

    def score(request: Request) -> Completion:
        text = request.segments[-2].text
        p = own if "Cut?" in text else blanks[text.split("\n")[0]]
        return Completion(logprobs=tuple(math.log(p["ABC".index(c.strip())] / 2) for c in request.candidates))

    calls = Answering(score)
    answer = ask(spec, calls)
    assert isinstance(answer, Response)
    ratios = [0.5 / 0.6, 0.25 / 0.25, 0.25 / 0.15]
    assert answer.probabilities == pytest.approx([ratio / sum(ratios) for ratio in ratios])
    assert answer.how == ("divided by the mean probabilities of three prompts without content",)
    assert [path.rsplit("/")[-1] for path, _ in calls.paths] == ["forward", "blank", "blank 2", "blank 3"]


def test_a_temperature_is_applied_to_every_reading_and_said() -> None:
    spec = {**SCALE, "readout": {"labels": ["letters"], "orders": "fixed", "temperature": 0.5}}
    calls = Answering(lambda request: Completion(logprobs=tuple(math.log(p / 2) for p in (0.2, 0.2, 0.2, 0.2, 0.1, 0.1))))
    answer = ask(spec, calls)
    assert isinstance(answer, Response)
    assert answer.probabilities == pytest.approx((4 / 9, 4 / 9, 1 / 9))
    assert answer.how == ("temperature 0.5",)
    assert answer.mass == pytest.approx(0.5)


def test_plain_readings_have_nothing_to_say_of_how() -> None:
    answer = ask(SCALE, Answering(always("A")))
    assert isinstance(answer, Response)
    assert answer.how == ()


def test_letters_stand_in_for_whole_options_and_the_reading_says_so() -> None:
    spec = {**SCALE, "readout": {"score": "whole_option", "orders": "fixed"}}
    answer = ask(spec, Answering(always("C")), manner=Manner(whole_options=False))
    assert isinstance(answer, Response)
    assert answer.option == "yes"
    assert [reading.labels for reading in answer.readings] == ["letters (instead of whole options)"]


def test_where_the_reply_cannot_be_begun_the_label_alone_is_asked_for() -> None:
    spec = {**SCALE, "readout": {"labels": ["letters"], "orders": "fixed"}}
    calls = Answering(always("C"))
    answer = ask(spec, calls, manner=Manner(prefill=False))
    assert isinstance(answer, Response)
    assert [segment.role for segment in calls.requests[0].segments] == ["system", "user"]
    assert calls.requests[0].segments[-1].text.endswith("\nWrite the label alone and nothing else.")
    assert calls.requests[0].candidates == ("A", "B", "C")
    assert answer.how == ("the reply could not be begun, so the label alone was asked for",)


def test_a_shuffled_order_is_drawn_once_for_all_label_sets() -> None:
    spec = {"type": "nominal", "text": "Which?", "options": ["a", "b", "c"], "readout": {"orders": "shuffled"}}
    answers = [ask(spec, Answering(always("A")), seed=seed) for seed in range(12)]
    orders = {tuple(reading.order for reading in answer.readings) for answer in answers if isinstance(answer, Response)}
    assert all(first == second and first.startswith("shuffled ") for first, second in orders)
    assert len(orders) > 2
