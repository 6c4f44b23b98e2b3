"""The public stand-in: pure by default, and honest about what it is."""

from __future__ import annotations

import asyncio
import math

import pytest

from socsim.errors import Unavailable
from socsim.inference.scripted import ScriptedEngine, default_scores
from socsim.inference.types import Completion, Engine, Request, SamplingParams, Segment


def text(content: str = "Well?", **sampling: object) -> Request:
    return Request("text", (Segment("user", content),), sampling=SamplingParams(**sampling))  # type: ignore[arg-type]


def ask(engine: Engine, request: Request, seed: int = 0) -> Completion:
    return asyncio.run(engine.generate(request, seed=seed))  # type: ignore[arg-type]


def test_default_reply_depends_on_request_and_seed_only() -> None:
    replies = {(content, seed): ask(ScriptedEngine(), text(content), seed).text for content in "abcdefgh" for seed in range(8)}
    engine = ScriptedEngine()
    for content, seed in sorted(replies, reverse=True):
        assert ask(engine, text(content), seed).text == replies[content, seed]
    assert len(set(replies.values())) > 40


def test_default_scores_are_a_part_of_a_distribution() -> None:
    for number in range(200):
        scores = default_scores(Request("score", (Segment("user", str(number)),), candidates=tuple("abcdefg")))
        assert len(scores) == 7
        assert 0.19 < math.fsum(map(math.exp, scores)) < 0.951


def test_it_is_an_engine_and_says_scripted() -> None:
    engine = ScriptedEngine(parallel=5)
    assert isinstance(engine, Engine)
    assert (engine.identity.engine, engine.capabilities().parallel) == ("scripted", 5)


def test_texts_are_given_in_order_and_end() -> None:
    engine = ScriptedEngine(reply=["a", "b"])
    assert [ask(engine, text()).text for _ in range(2)] == ["a", "b"]
    with pytest.raises(IndexError, match="last reply"):
        ask(engine, text())


def test_replies_are_cut_like_those_of_a_model() -> None:
    engine = ScriptedEngine(reply=lambda request, seed: "one two three\nfour")
    assert ask(engine, text(stop=("\n",))).text == "one two three"
    cut = ask(engine, text(max_tokens=2))
    assert (cut.text, cut.finish_reason, cut.usage.completion_tokens) == ("one two", "length", 2)


def test_failures_follow_the_script_by_attempt() -> None:
    engine = ScriptedEngine(failure=lambda request, seed, attempt: Unavailable("down") if attempt < 3 else None)
    for _ in range(2):
        with pytest.raises(Unavailable):
            ask(engine, text(), 1)
    with pytest.raises(Unavailable):
        ask(engine, text(), 2)
    assert ask(engine, text(), 1).finish_reason == "stop"


def test_token_ids_are_bytes_on_request() -> None:
    engine = ScriptedEngine(reply=["é"], token_ids=True)
    reply = ask(engine, text("Hi"))
    assert (reply.token_ids, [piece.ids for piece in reply.pieces]) == ((0xC3, 0xA9), [(72, 105)])
    assert engine.capabilities().token_ids


def test_own_scorer_and_latency() -> None:
    engine = ScriptedEngine(scorer=lambda request: [-1.0, -2.0], latency=lambda request, seed: 0.0)
    assert ask(engine, Request("score", (Segment("user", "x"),), candidates=("a", "b"))).logprobs == (-1.0, -2.0)


def test_it_may_be_less_able() -> None:
    able = ScriptedEngine(able={"whole_options": False, "samples": 4}).capabilities()
    assert (able.whole_options, able.samples, able.score) == (False, 4, True)


def test_several_texts_are_those_of_their_seeds_with_the_prompt_counted_once() -> None:
    engine = ScriptedEngine()
    found = asyncio.run(engine.sample(text("a b c"), seeds=[3, 1]))
    assert [one.text for one in found] == [ask(engine, text("a b c"), seed).text for seed in (3, 1)]
    assert [one.usage.prompt_tokens for one in found] == [3, 0]
    assert asyncio.run(engine.count_tokens(text("a b c"))) == 3
