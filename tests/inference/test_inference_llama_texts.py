"""Texts as llama.cpp reports them, on a stand-in for it: ends, times, and schemas that must not be ignored."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from socsim.errors import Rejected, Unavailable
from socsim.inference.llama_server import ServerSettings
from socsim.inference.llama_slots import Visit
from socsim.inference.llama_texts import TextSampler, read_schema
from socsim.inference.token_prompts import Prompt
from socsim.inference.types import Completion, Request, SamplingParams, Segment, TokenPiece

PROMPT = Prompt((TokenPiece("Well", (5, 6, 7)),), 0, 2)


class FakeServer:
    """Answers every completion alike, and holds replies to all schemas but those of an unknown type."""

    settings = ServerSettings(slots=1, context_tokens=64, threads=1)

    def __init__(self, **answer: Any) -> None:
        timings = {"cache_n": 1, "predicted_ms": 40.0}
        self.answer = {
            "stop_type": "eos", "content": "yes", "tokens": [8, 9], "tokens_evaluated": 3, "timings": timings, **answer,
        }  # fmt: skip
        self.bodies: list[Mapping[str, Any]] = []
        self.tried: list[Any] = []

    def complete(self, body: Mapping[str, Any], gone: Callable[[], bool]) -> dict[str, Any]:
        self.bodies.append(body)
        return self.answer

    def is_held(self, slot: int, ids: Sequence[int], schema: Any, gone: Callable[[], bool]) -> bool:
        self.tried.append(schema)
        return bool(schema.get("type") != "nonsense")


def draw(server: FakeServer, constraint: str = "", began: float | None = None, **sampling: Any) -> Completion:
    request = Request("text", (Segment("user", "Well"),), sampling=SamplingParams(**sampling), constraint=constraint)
    sampler = TextSampler(server)  # type: ignore[arg-type]
    return sampler.draw(PROMPT, request, 3, Visit(0), time.monotonic() if began is None else began)


def test_a_text_has_its_tokens_and_counts() -> None:
    server = FakeServer()
    found = draw(server, temperature=0.5, max_tokens=7, stop=("x",))
    assert (found.text, found.finish_reason, found.token_ids) == ("yes", "stop", (8, 9))
    assert (found.usage.prompt_tokens, found.usage.cached_tokens, found.usage.completion_tokens) == (3, 1, 2)
    (body,) = server.bodies
    assert (body["prompt"], body["seed"], body["temperature"], body["n_predict"], body["stop"]) == ([5, 6, 7], 3, 0.5, 7, ["x"])
    assert "json_schema" not in body


def test_the_first_token_came_before_the_time_that_the_others_took() -> None:
    found = draw(FakeServer(), began=time.monotonic() - 10.0)
    assert found.elapsed_s - found.ttft_s == pytest.approx(0.04)
    assert found.elapsed_s >= 10.0
    assert draw(FakeServer(timings={"cache_n": 0, "predicted_ms": 1e9})).ttft_s == 0.0


def test_a_character_that_was_cut_off_is_no_part_of_the_text() -> None:
    assert draw(FakeServer(stop_type="limit", content="ab\N{REPLACEMENT CHARACTER}")).text == "ab"
    assert draw(FakeServer(stop_type="eos", content="ab\N{REPLACEMENT CHARACTER}")).text == "ab\N{REPLACEMENT CHARACTER}"


def test_an_end_that_is_not_known_is_no_reply() -> None:
    with pytest.raises(Unavailable, match="ended before its end"):
        draw(FakeServer(stop_type="none"))


def test_a_schema_is_tried_once_and_sent_with_every_text() -> None:
    server = FakeServer()
    sampler = TextSampler(server)  # type: ignore[arg-type]
    request = Request("text", (), sampling=SamplingParams(), constraint='{"type":"integer"}')
    for seed in range(3):
        sampler.draw(PROMPT, request, seed, Visit(0), 0.0)
    assert server.tried == [{"type": "integer"}]
    assert [body["json_schema"] for body in server.bodies] == [{"type": "integer"}] * 3


def test_a_schema_that_llama_cpp_ignores_is_rejected_with_the_schema() -> None:
    server = FakeServer()
    with pytest.raises(Rejected, match=r'does not know: \{"type":"nonsense"\}'):
        draw(server, '{"type":"nonsense"}')
    assert server.bodies == []


@pytest.mark.parametrize("text", ["{", "[]", "true", '"object"', "NaN"])
def test_what_is_no_json_object_is_no_schema(text: str) -> None:
    with pytest.raises(Rejected, match="JSON schema"):
        read_schema(text)


def test_a_long_schema_is_named_by_its_beginning() -> None:
    with pytest.raises(Rejected) as caught:
        read_schema("[" + "1," * 5000 + "1]")
    assert len(str(caught.value)) < 400
