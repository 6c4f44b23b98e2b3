from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence

import pytest

from socsim.inference.manner import Manner
from socsim.inference.types import CallFailure, Completion, Request, SamplingParams
from socsim.items import ItemFailure, Response
from socsim.prompts import PromptBook
from socsim.readouts import Context, ReadoutPolicy, prepare_item, read_item
from socsim.scenario.asking import ItemSpec, PromptsSpec

BOOK = PromptBook.from_spec(PromptsSpec())
CHAT = Manner()
POLICY = ReadoutPolicy("m", SamplingParams(), retry=1, path="ask.x")


class Answering:
    """Calls answered by functions; keeps what was asked."""

    def __init__(
        self,
        score: Callable[[Request], Completion | CallFailure] | None = None,
        texts: Sequence[Completion | CallFailure] = (),
    ) -> None:
        self._score = score
        self._texts = list(texts)
        self.paths: list[tuple[str, int]] = []
        self.requests: list[Request] = []

    async def score(self, requests: Sequence[tuple[str, Request]]) -> list[Completion | CallFailure]:
        assert self._score is not None
        self.requests += [request for _, request in requests]
        return [self._score(request) for _, request in requests]

    async def draws(self, requests: Sequence[tuple[str, Request, int]]) -> list[Completion | CallFailure]:
        self.paths += [(path, attempt) for path, _, attempt in requests]
        self.requests += [request for _, request, _ in requests]
        return [self._texts.pop(0) for _ in requests]


def ask(
    spec: dict[str, object], calls: Answering, u: float = 0.5, manner: Manner = CHAT, policy: ReadoutPolicy = POLICY
) -> Response | ItemFailure:
    item = prepare_item("x", ItemSpec.model_validate(spec), BOOK, manner)
    return asyncio.run(read_item(item, Context("You are Ann."), calls, BOOK, policy, u))


def always(label: str) -> Callable[[Request], Completion]:
    """All probability on one label, wherever its option stands."""

    def score(request: Request) -> Completion:
        return Completion(logprobs=tuple(math.log(0.5) if c == f" {label}" else math.log(1e-9) for c in request.candidates))

    return score


SCALE = {"type": "ordinal", "text": "Cut?", "options": ["no", "maybe", "yes"]}


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


def test_cloze_weighs_whole_sentences() -> None:
    spec = {**SCALE, "readout": {"method": "cloze", "frames": ["I say {option}.", "My answer is {option}."]}}
    calls = Answering(lambda request: Completion(logprobs=tuple(math.log(p) for p in (0.1, 0.1, 0.2))))
    answer = ask(spec, calls)
    assert isinstance(answer, Response)
    assert answer.probabilities == pytest.approx((0.25, 0.25, 0.5))
    assert answer.mass == pytest.approx(0.4)
    assert all(request.style == "plain" for request in calls.requests)
