"""Whole options over a server that lists named tokens, with stand-ins for vLLM and for a tokenizer."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import orjson
import pytest

from socsim.errors import BadReply, Rejected
from socsim.inference.http_options import score_whole_options
from socsim.inference.http_wire import WireFormat
from socsim.inference.types import Completion, Request, Segment

PIECES = ("<begin>", " strongly", " agree", " dis", "agree", " I", " b", " bl", "ue", "l", "u", "e", " blu", ".", *"abcdfghijk")
WIRE = WireFormat("vllm", "completions", "m", 20, lambda text: [])


class TestTokens:
    """A stand-in for a tokenizer: takes the longest piece that fits, and begins every prompt with one token."""

    __test__ = False
    beginning = (0,)
    bytes_by_token: Mapping[int, bytes] = {n: piece.encode() for n, piece in enumerate(PIECES) if n}

    def of(self, text: str) -> tuple[int, ...]:
        found: list[int] = []
        while text:
            piece = max((one for one in PIECES[1:] if text.startswith(one)), key=len)
            found.append(PIECES.index(piece))
            text = text[len(piece) :]
        return tuple(found)


def probability(before: int, token: int) -> float:
    """A model whose next token depends on the last one."""
    weights = [1.0 + (7 * before + 3 * other) % 11 for other in range(len(PIECES))]
    return weights[token] / sum(weights)


class TestServer:
    """A stand-in for a vLLM server; ``changes`` are put over its answers."""

    __test__ = False

    def __init__(self, **changes: Any) -> None:
        self.bodies: list[Mapping[str, Any]] = []
        self.changes = changes

    async def post(self, body: Mapping[str, Any]) -> bytes:
        self.bodies.append(body)
        last = body["prompt"][-1]
        row = {f"token_id:{token}": math.log(probability(last, token)) for token in body["logprob_token_ids"]}
        choice = {"index": 0, "text": "x", "finish_reason": "length", "logprobs": {"top_logprobs": [row]}}
        usage = {"prompt_tokens": len(body["prompt"]), "completion_tokens": 1}
        return orjson.dumps({"model": body["model"], "choices": [{**choice, **self.changes}], "usage": usage})


def ask(server: TestServer, text: str, *candidates: str, **more: Any) -> Completion:
    request = Request("score", (Segment("user", text),), "plain", candidates=candidates, **more)
    return asyncio.run(score_whole_options(request, WIRE, TestTokens(), server.post))


def chance(text: str) -> float:
    """Probability of a text's tokens after the first one."""
    ids = (0, *TestTokens().of(text))
    return math.prod(probability(before, token) for before, token in pairwise(ids))


def test_options_of_several_tokens_get_the_product_along_their_path() -> None:
    server = TestServer()
    options = (" agree", " strongly agree", " disagree", " strongly disagree")
    found = ask(server, " I", *options)
    for option, value in zip(options, found.logprobs, strict=True):
        assert math.exp(value) == pytest.approx(chance(" I" + option) / chance(" I"))
    assert found.candidate_ids == tuple(TestTokens().of(option) for option in options)
    assert [piece.ids for piece in found.pieces] == [(0,), (5,)]
    assert (found.finish_reason, found.usage.prompt_tokens) == ("scored", 2)
    assert len(server.bodies) == 4  # after the prompt, " strongly", " dis" and " strongly dis"
    assert all(body["max_tokens"] == 1 and body["return_tokens_as_token_ids"] for body in server.bodies)


def test_an_option_that_the_tokenizer_joins_with_the_prompt_is_scored_jointly() -> None:
    found = ask(TestServer(), " I bl", "ue", "u")
    joined, apart = found.logprobs
    assert math.exp(joined - apart) == pytest.approx(chance(" I blue") / chance(" I blu"))
    assert math.exp(joined) + math.exp(apart) <= 1.0
    assert found.candidate_ids == ((12, 11), (12,))  # with the end of the prompt, which the tokenizer joins with them


def test_what_follows_an_option_is_part_of_it_where_that_is_asked() -> None:
    found = ask(TestServer(), " I", " agree", " dis", terminators=(".",))
    for option, value in zip((" agree", " dis"), found.logprobs, strict=True):
        assert math.exp(value) == pytest.approx(chance(f" I{option}.") / chance(" I"))


def test_many_options_are_listed_in_parts() -> None:
    class Wide(TestTokens):
        def of(self, text: str) -> tuple[int, ...]:
            return tuple(map(int, text.split()))

    asked: list[int] = []

    async def post(body: Mapping[str, Any]) -> bytes:
        asked.append(len(body["logprob_token_ids"]))
        row = {f"token_id:{token}": -float(token) for token in body["logprob_token_ids"]}
        return orjson.dumps({"choices": [{"index": 0, "logprobs": {"top_logprobs": [row]}}]})

    options = tuple(f" {n}" for n in range(1, 301))
    request = Request("score", (Segment("user", "999"),), "plain", candidates=options)
    found = asyncio.run(score_whole_options(request, WIRE, Wide(), post))
    assert found.logprobs == tuple(-float(n) for n in range(1, 301))
    assert sorted(asked) == [44, 128, 128]


def test_a_server_that_does_not_list_named_tokens_is_refused_with_advice() -> None:
    for changes in ({"logprobs": None}, {"logprobs": {"top_logprobs": [{" agree": -0.1}]}}):
        with pytest.raises(Rejected, match=r"newer vLLM.*inference\.endpoint\.tokenizer"):
            ask(TestServer(**changes), " I", " agree")


@pytest.mark.parametrize("value", ["likely", None, 0.5, True])
def test_what_are_no_log_probabilities_is_not_believed(value: Any) -> None:
    with pytest.raises(BadReply, match="is none"):
        ask(TestServer(logprobs={"top_logprobs": [{"token_id:2": value}]}), " I", " agree")


@pytest.mark.parametrize(
    ("text", "options", "more"), [("", (" agree",), {}), (" I", ("",), {}), (" I", (" agree",), {"terminators": ("",)})]
)
def test_what_cannot_be_scored_is_rejected(text: str, options: tuple[str, ...], more: dict[str, Any]) -> None:
    with pytest.raises(Rejected):
        ask(TestServer(), text, *options, **more)
