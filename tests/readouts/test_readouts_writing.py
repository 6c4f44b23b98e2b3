"""What the model writes as its own answer: options, numbers and texts."""

from __future__ import annotations

import pytest
from readout_doubles import SCALE, Answering, ask

from socsim.inference.manner import Manner
from socsim.inference.types import CallFailure, Completion
from socsim.items import ItemFailure, Response


def test_written_answers_are_tallied_and_asked_again_when_unreadable() -> None:
    calls = Answering(texts=[Completion("Perhaps"), Completion("B."), Completion("yes"), Completion("yes")])
    answer = ask({**SCALE, "readout": {"method": "sample", "n": 3}}, calls)
    assert isinstance(answer, Response)
    assert answer.probabilities == pytest.approx((0.0, 1 / 3, 2 / 3))
    assert answer.option == "yes"
    assert calls.paths == [("ask.x/0", 0), ("ask.x/1", 0), ("ask.x/2", 0), ("ask.x/0", 1)]


def test_an_answer_that_stays_unreadable_is_a_failure_with_every_raw_reply() -> None:
    answer = ask({**SCALE, "readout": {"method": "sample"}}, Answering(texts=[Completion("hm"), Completion("well")]))
    assert isinstance(answer, ItemFailure)
    assert [failure.raw for failure in answer.failures] == ["hm", "well"]


def test_a_call_that_got_no_reply_is_not_asked_again() -> None:
    calls = Answering(texts=[CallFailure("rejected", "no")])
    assert isinstance(ask({**SCALE, "readout": {"method": "sample"}}, calls), ItemFailure)
    assert len(calls.paths) == 1


def test_a_number_is_checked_against_its_range_and_its_end() -> None:
    spec = {"type": "number", "text": "How many?", "range": [0, 50], "readout": {"method": "sample"}}
    assert isinstance(ask(spec, Answering(texts=[Completion("about 12"), Completion("12")])), Response)
    cut = ask(spec, Answering(texts=[Completion("1", finish_reason="length"), Completion("60")]))
    assert isinstance(cut, ItemFailure)
    assert [failure.reason for failure in cut.failures] == ["cut_off", "out_of_range"]


def test_draws_are_made_together_and_then_those_that_failed() -> None:
    calls = Answering(texts=["yes", "hm", "yes", "hm", "no", "no"])
    assert isinstance(ask({**SCALE, "readout": {"method": "sample", "n": 4}}, calls), Response)
    assert calls.batches == [4, 2]
    assert len({request.digest() for request in calls.requests}) == 1


def test_draws_take_turns_through_declared_orders() -> None:
    spec = {**SCALE, "readout": {"method": "sample", "n": 4, "orders": "both_directions"}}
    answer = ask(spec, Answering(texts=["A", "A", "A", "B"]))
    assert isinstance(answer, Response)
    assert answer.probabilities == (0.5, 0.25, 0.25)
    assert [(reading.order, reading.probabilities) for reading in answer.readings] == [
        ("forward", (1.0, 0.0, 0.0)),
        ("backward", (0.0, 0.5, 0.5)),
    ]


def test_a_single_draw_in_a_shuffled_order_names_the_order() -> None:
    spec = {"type": "nominal", "text": "?", "options": ["x", "y", "z"], "readout": {"method": "sample", "orders": "shuffled"}}
    answers = [ask(spec, Answering(texts=["A"]), seed=seed) for seed in range(8)]
    named = {(a.readings[0].order, a.option) for a in answers if isinstance(a, Response)}
    assert all("xyz".index(option) + 1 == int(order.removeprefix("shuffled ")[0]) for order, option in named)
    assert len(named) > 2


def test_draws_in_the_declared_order_have_no_reading() -> None:
    answer = ask({**SCALE, "readout": {"method": "sample"}}, Answering(texts=["yes"]))
    assert isinstance(answer, Response)
    assert answer.readings == ()


def test_a_repaired_reply_counts_and_says_so() -> None:
    calls = Answering(texts=["hm", "well", "C"])
    answer = ask({**SCALE, "readout": {"method": "sample"}}, calls, repair=1)
    assert isinstance(answer, Response)
    assert [reading.repaired for reading in answer.readings] == [1]
    assert "You replied: well\nThat reply cannot be read: no match." in calls.requests[-1].segments[2].text


HOURS = {"type": "number", "text": "How many hours?", "range": [0, 24]}


def test_a_number_in_a_fixed_form_is_asked_for_and_read() -> None:
    calls = Answering(texts=['{"number": 8}', "7"])
    answer = ask({**HOURS, "readout": {"method": "number", "n": 2}}, calls)
    assert isinstance(answer, Response)
    assert (answer.method, answer.option, answer.value, answer.expected) == ("number", "8", 8.0, 7.5)
    request = calls.requests[0]
    assert request.segments[-1].text.endswith('{"number": …}')
    assert '"number":{"type":"number","minimum":0.0,"maximum":24.0}' in request.constraint


@pytest.mark.parametrize(
    ("reply", "reason"),
    [('{"number": 25}', "out_of_range"), ("ten", "not_a_number"), (Completion('{"number": 8', "length"), "cut_off")],
)
def test_a_number_that_is_none_is_a_failure(reply: str | Completion, reason: str) -> None:
    answer = ask({**HOURS, "readout": {"method": "number"}}, Answering(texts=[reply, reply]))
    assert isinstance(answer, ItemFailure)
    assert [failure.reason for failure in answer.failures] == [reason, reason]


def test_without_a_range_only_the_type_is_held() -> None:
    calls = Answering(texts=['{"number": -1e9}'])
    spec = {"type": "number", "text": "?", "range": [0, float("inf")], "readout": {"method": "number"}}
    assert isinstance(ask({**spec, "range": None}, calls), Response)
    assert "minimum" not in calls.requests[0].constraint
    calls = Answering(texts=['{"number": 5}'])
    ask(spec, calls)
    assert '"minimum":0.0}' in calls.requests[0].constraint
    assert "maximum" not in calls.requests[0].constraint


def test_an_engine_that_cannot_be_held_to_a_form_is_only_asked_for_it() -> None:
    calls = Answering(texts=['{"number": 5}'])
    ask({**HOURS, "readout": {"method": "number"}}, calls, manner=Manner(constrained=False))
    assert calls.requests[0].constraint == ""


WHY = {"type": "text", "text": "Why?"}


def test_texts_are_kept_as_they_are_and_the_first_is_the_answer() -> None:
    calls = Answering(texts=[' "Because\nof work." ', "No idea"])
    answer = ask({**WHY, "readout": {"method": "text", "n": 2}}, calls)
    assert isinstance(answer, Response)
    assert (answer.option, answer.value, answer.expected, answer.entropy) == ("Because\nof work.", None, None, None)
    assert answer.texts == (' "Because\nof work." ', "No idea")
    assert answer.answered
    assert calls.requests[0].sampling is not None
    assert (calls.requests[0].sampling.max_tokens, calls.requests[0].sampling.stop) == (256, ())


@pytest.mark.parametrize(
    ("reply", "reason"), [("  ", "empty"), ('""', "empty"), ("...", "empty"), (Completion("Because of", "length"), "cut_off")]
)
def test_a_text_that_is_empty_or_too_long_is_a_failure(reply: str | Completion, reason: str) -> None:
    answer = ask({**WHY, "readout": {"method": "text"}}, Answering(texts=[reply, reply]))
    assert isinstance(answer, ItemFailure)
    assert answer.failures[-1].reason == reason
