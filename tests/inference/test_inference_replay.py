"""An engine that answers from a record: the same replies and failures, to whoever asks as the client asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from socsim.errors import ContextOverflow, InferenceError, RateLimited, Refused, Rejected, TimedOut
from socsim.inference.client import InferenceClient, engine_seed
from socsim.inference.replay import ReplayEngine
from socsim.inference.scripted import ScriptedEngine
from socsim.inference.types import (
    CallFailure,
    Completion,
    DrawKey,
    Engine,
    FailureKind,
    Request,
    Sampler,
    SamplingParams,
    Segment,
)
from socsim.record.store import RecordStore

TEXT = Request("text", (Segment("user", "Well?"),), sampling=SamplingParams())
SCORE = Request("score", (Segment("user", "Agree? "),), candidates=(" yes", " no"))
DRAWS = [DrawKey(20, agent, 1, "ask.services/0", attempt) for agent in range(20) for attempt in range(2)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    """Forty draws of one text and a score, as a client recorded them."""
    with RecordStore.create(tmp_path / "record.sqlite", {"name": "poll"}) as made:
        asyncio.run(_ask(made, ScriptedEngine()))
        yield made


async def _ask(store: RecordStore, engine: Engine) -> list[Completion | CallFailure]:
    async with InferenceClient(engine, store) as client:
        texts = [client.submit(TEXT, draw) for draw in DRAWS]
        return list(await asyncio.gather(*texts, client.submit(SCORE, None)))


def test_a_client_in_front_of_it_gets_every_reply_again(store: RecordStore, tmp_path: Path) -> None:
    with RecordStore.create(tmp_path / "again.sqlite", {}) as again:
        replies = asyncio.run(_ask(again, ReplayEngine(store)))
        recorded = [store.get(TEXT.digest(), draw.text()) for draw in DRAWS]
        assert replies == [*recorded, store.get(SCORE.digest())]
        assert len({reply.text for reply in replies if isinstance(reply, Completion)}) > 10


def test_it_is_an_engine_and_says_that_a_record_answers(store: RecordStore) -> None:
    engine = ReplayEngine(store, parallel=7)
    assert isinstance(engine, Engine)
    assert isinstance(engine, Sampler)
    assert (engine.identity.engine, engine.identity.model, engine.capabilities().parallel) == ("replay", "poll", 7)
    engine.close()
    assert store.get(SCORE.digest()) is not None


def test_several_seeds_get_their_own_texts_in_order(store: RecordStore) -> None:
    seeds = [engine_seed(draw) for draw in DRAWS[:3]]
    found = asyncio.run(ReplayEngine(store).sample(TEXT, seeds=seeds))
    assert found == [store.get(TEXT.digest(), draw.text()) for draw in DRAWS[:3]]


def test_a_text_without_a_draw_key_is_found_by_seed_nought(store: RecordStore) -> None:
    other = Request("text", (Segment("user", "Other?"),), sampling=SamplingParams())
    store.put_call(other, other.digest(), None, Completion("Only one."), 1)
    assert asyncio.run(ReplayEngine(store).generate(other)).text == "Only one."


@pytest.mark.parametrize(
    ("request_", "seed", "named"),
    [
        (TEXT, 12345, f"{TEXT.digest()} with seed 12345"),
        (Request("score", SCORE.segments, candidates=("a",)), 0, "no reply for request"),
    ],
)
def test_what_is_not_recorded_is_rejected_and_named(store: RecordStore, request_: Request, seed: int, named: str) -> None:
    with pytest.raises(Rejected, match=named):
        asyncio.run(ReplayEngine(store).generate(request_, seed=seed))


@pytest.mark.parametrize(
    ("kind", "error"),
    [("rate_limited", RateLimited), ("timed_out", TimedOut), ("refused", Refused), ("context_overflow", ContextOverflow)],
)
def test_a_recorded_failure_is_the_error_that_it_was(tmp_path: Path, kind: FailureKind, error: type[InferenceError]) -> None:
    with RecordStore.create(tmp_path / "record.sqlite", {}) as store:
        store.put_call(SCORE, SCORE.digest(), None, CallFailure(kind, "why", 3), 3)
        with pytest.raises(error, match="why"):
            asyncio.run(ReplayEngine(store).generate(SCORE))


@pytest.mark.parametrize("path", ["say", "ask.services/0", "ask.a/b/c#2", ""])
def test_a_draw_key_comes_back_from_its_text(path: str) -> None:
    draw = DrawKey(2**63 - 1, 3, 4, path, 5)
    assert DrawKey.parse(draw.text()) == draw


@pytest.mark.parametrize("text", ["", "1/2/3", "a/2/3/say/0", "1/2/3/say/x"])
def test_what_is_no_draw_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"unpack|invalid literal"):
        DrawKey.parse(text)
