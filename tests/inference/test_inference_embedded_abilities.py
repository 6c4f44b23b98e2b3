"""What the embedded engine can do beyond one text: several from one prefill, JSON, vectors, counts; what it cannot is refused."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from socsim.errors import ContextOverflow, ModelFileError, Rejected, Unavailable
from socsim.inference.embedded import EmbeddedEngine
from socsim.inference.types import Completion, Embedder, Request, Sampler, SamplingParams, Segment, TokenCounter
from socsim.models import DEFAULT_MODEL, find_model

pytestmark = pytest.mark.model

CONTEXT = 256
SCHEMA = {
    "type": "object",
    "properties": {"likes": {"type": "boolean"}, "age": {"type": "integer", "minimum": 18, "maximum": 99}},
    "required": ["likes", "age"],
    "additionalProperties": False,
}
T = TypeVar("T")


@pytest.fixture(scope="module")
def engine() -> Iterator[EmbeddedEngine]:
    try:
        path = find_model(DEFAULT_MODEL, fetch=True)
    except ModelFileError as error:
        pytest.skip(f"the model is not here and cannot be had: {error}")
    engine = EmbeddedEngine(path, slots=3, context_tokens=CONTEXT, threads=2)
    yield engine
    engine.close()


def result(call: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(call)


def plain(content: str, **sampling: Any) -> Request:
    return Request("text", (Segment("user", content),), "plain", SamplingParams(**sampling))


def chat(content: str, **sampling: Any) -> Request:
    return Request("text", (Segment("system", "You are Ann."), Segment("user", content)), sampling=SamplingParams(**sampling))


def constrained(schema: Any, **sampling: Any) -> Request:
    text = schema if isinstance(schema, str) else json.dumps(schema)
    return replace(chat("Describe yourself as JSON.", **sampling), constraint=text)


def test_it_says_what_it_can(engine: EmbeddedEngine) -> None:
    able = engine.capabilities()
    assert (able.samples, able.constrained, able.embeddings, able.whole_options, able.prefill) == (3, True, True, True, True)
    assert (able.adapters, able.steering, able.priority, able.most_candidates) == (False, False, False, 0)
    assert all(isinstance(engine, kind) for kind in (Sampler, Embedder, TokenCounter))


def test_several_texts_come_from_one_prefill(engine: EmbeddedEngine) -> None:
    asked = plain("Once upon a time there was a small town by the sea, and in that town there lived an old", max_tokens=5)
    prompt = result(engine.count_tokens(asked))
    several = result(engine.sample(asked, seeds=range(6)))
    assert [one.usage.prompt_tokens for one in several] == [prompt, 0, 0, 0, 0, 0]
    assert all(one.usage.completion_tokens == len(one.token_ids) == 5 for one in several)
    assert several[0].usage.cached_tokens < prompt / 2
    assert len({one.text for one in several}) > 1


def test_the_others_of_several_texts_compute_next_to_nothing(engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[int] = []
    ask = engine._server.complete

    def counting(body: Any, gone: Any) -> dict[str, Any]:
        answer = ask(body, gone)
        computed.append(int(answer["tokens_evaluated"]) - int(answer["timings"]["cache_n"]))
        return answer

    monkeypatch.setattr(engine._server, "complete", counting)
    asked = plain("Far away behind the word mountains, in a country of vowels and consonants, there live the blind", max_tokens=3)
    result(engine.sample(asked, seeds=range(5)))
    prompt = result(engine.count_tokens(asked))
    assert prompt <= sum(computed) <= prompt + 2 * len(computed)


def test_seeds_belong_to_their_places(engine: EmbeddedEngine) -> None:
    asked = plain("My favourite animal is the", max_tokens=4)

    async def twice() -> tuple[list[Completion], list[Completion]]:
        return await engine.sample(asked, seeds=[7, 7, 7]), await engine.sample(replace(asked), seeds=[3])

    same, one = result(twice())
    assert len({text.text for text in same}) == 1
    assert len(one) == 1
    assert one[0].usage.prompt_tokens == result(engine.count_tokens(asked))


def test_a_text_that_fails_takes_the_others_with_it(engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = engine._texts.draw

    def breaking(prompt: Any, request: Any, seed: int, *rest: Any) -> Completion:
        if seed == 1:
            raise Unavailable("broken")
        return draw(prompt, request, seed, *rest)

    monkeypatch.setattr(engine._texts, "draw", breaking)
    with pytest.raises(Unavailable, match="broken"):
        result(engine.sample(plain("Well,", max_tokens=3), seeds=range(4)))
    pool = engine._pool_now
    assert pool is not None
    assert not pool._waiting
    assert not any(slot.busy for slot in pool._slots)


def test_probabilities_are_not_drawn_several_at_a_time(engine: EmbeddedEngine) -> None:
    with pytest.raises(Rejected, match="only texts"):
        result(engine.sample(Request("score", (Segment("user", "x"),), candidates=("a",)), seeds=[1, 2]))


@pytest.mark.parametrize("seed", [1, 2])
def test_a_constrained_reply_follows_its_schema(engine: EmbeddedEngine, seed: int) -> None:
    reply = result(engine.generate(constrained(SCHEMA, temperature=2.0, max_tokens=60), seed=seed))
    assert reply.finish_reason == "stop"
    value = json.loads(reply.text)
    assert set(value) == {"likes", "age"}
    assert isinstance(value["likes"], bool)
    assert 18 <= value["age"] <= 99


@pytest.mark.parametrize(
    "schema",
    [{"type": "nonsense"}, {"$ref": "#/nowhere"}, {"type": "string", "pattern": "(((("}, {"not": {"type": "integer"}}, "{", "[]"],
)
def test_a_schema_that_would_be_ignored_is_rejected_every_time(engine: EmbeddedEngine, schema: Any) -> None:
    for _ in range(2):
        with pytest.raises(Rejected, match="JSON schema"):
            result(engine.generate(constrained(schema, max_tokens=3)))


def test_free_texts_are_not_constrained(engine: EmbeddedEngine) -> None:
    result(engine.generate(constrained(SCHEMA, max_tokens=2)))
    (reply,) = result(engine.sample(chat("Say hello.", temperature=0.0, max_tokens=4), seeds=[0]))
    assert not reply.text.lstrip().startswith("{")


def test_adapters_are_refused(engine: EmbeddedEngine) -> None:
    with pytest.raises(Rejected, match="no adapters"):
        result(engine.generate(replace(chat("Well?", max_tokens=1), adapter="liberal")))


def test_tokens_are_counted_as_they_are_sent(engine: EmbeddedEngine) -> None:
    for asked in (chat("How are you <|im_end|>?", max_tokens=1), plain("Well, well", max_tokens=1)):
        reply = result(engine.generate(asked))
        assert result(engine.count_tokens(asked)) == reply.usage.prompt_tokens == sum(len(piece.ids) for piece in reply.pieces)


def test_times_are_told(engine: EmbeddedEngine) -> None:
    reply = result(engine.generate(plain("Count: one, two,", max_tokens=12)))
    assert 0.0 < reply.ttft_s < reply.elapsed_s
    scored = result(engine.generate(Request("score", (Segment("user", "It is"),), "plain", candidates=(" so", " not"))))
    assert scored.elapsed_s > 0.0
    assert scored.ttft_s == 0.0


def test_an_option_that_joins_with_the_prompt_is_as_likely_as_in_tokens_of_its_own(engine: EmbeddedEngine) -> None:
    """A prompt that ends within a word gives what the prompt without that beginning gives, among all words that begin so."""
    bare, begun = plain("The sky is"), plain("The sky is bl")
    apart = result(engine.generate(Request("score", bare.segments, "plain", candidates=(" blue", " black", " blonde"))))
    joined = result(engine.generate(Request("score", begun.segments, "plain", candidates=("ue", "ack", "onde"))))
    assert joined.candidate_ids == apart.candidate_ids
    listed = engine._server.next_tokens(0, list(apart.pieces[0].ids), 1 << 30, lambda: False)
    rows = listed["completion_probabilities"][0]["top_logprobs"]
    begins = math.log(math.fsum(math.exp(row["logprob"]) for row in rows if bytes(row["bytes"])[:3] == b" bl"))
    assert begins < -1.0
    assert joined.logprobs == pytest.approx([value - begins for value in apart.logprobs], abs=1e-3)


def test_texts_that_mean_alike_have_vectors_that_are_alike(engine: EmbeddedEngine) -> None:
    texts = ["Taxes on the rich should be raised.", "The wealthy ought to pay higher taxes.", "My cat sleeps on the sofa."]
    one, two, other = result(engine.embed(texts))
    assert len(one) == len(two) == len(other) > 100
    assert math.hypot(*one) == pytest.approx(1.0, abs=1e-5)
    assert dot(one, two) > dot(one, other)
    (alone,) = result(engine.embed(texts[2:]))
    assert dot(alone, other) == pytest.approx(1.0, abs=1e-3)


def dot(left: tuple[float, ...], right: tuple[float, ...]) -> float:
    return math.fsum(a * b for a, b in zip(left, right, strict=True))


def test_many_texts_keep_their_order_and_control_tokens_stay_text(engine: EmbeddedEngine) -> None:
    texts = [f"Number {number}" for number in range(40)]
    found = result(engine.embed(texts))
    (last,) = result(engine.embed([texts[-1]]))
    assert len(found) == 40
    assert dot(found[-1], last) == pytest.approx(1.0, abs=1e-3)
    assert max(dot(found[0], last), dot(found[38], last)) < 0.9999
    server = engine._embedder._server
    assert server is not None
    assert not {1, 2} & set(engine._embedder._tokens(server, 0, "<|im_start|>system<|im_end|>"))


def test_what_cannot_be_embedded_is_refused(engine: EmbeddedEngine) -> None:
    assert result(engine.embed([])) == []
    with pytest.raises(Rejected, match="text 1 of those to embed is empty"):
        result(engine.embed(["a", ""]))
    with pytest.raises(ContextOverflow, match=f"a slot holds {CONTEXT}"):
        result(engine.embed(["x " * CONTEXT]))


def test_embedding_can_be_cancelled(engine: EmbeddedEngine) -> None:
    async def main() -> list[tuple[float, ...]]:
        many = asyncio.ensure_future(engine.embed([f"{number} " + "long text " * 60 for number in range(80)]))
        await asyncio.sleep(0)
        many.cancel()
        with pytest.raises(asyncio.CancelledError):
            await many
        return await engine.embed(["short"])

    assert len(result(main())) == 1
