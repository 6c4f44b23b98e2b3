"""Vectors through a second server, on a stand-in for it: started when first asked, in parts, with typed refusals."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from socsim.errors import ContextOverflow, Rejected, Unavailable
from socsim.inference import llama_embeddings
from socsim.inference.llama_embeddings import LlamaEmbedder
from socsim.inference.llama_server import ServerSettings


class FakeServer:
    """A token per word; a vector of the number of words. The word "wait" blocks until nobody waits any more."""

    started: ClassVar[list[FakeServer]] = []

    def __init__(self, path: Path, settings: ServerSettings) -> None:
        self.settings, self.closed, self.parts = settings, 0, [0]
        self.waiting, self.lost = threading.Event(), 0
        FakeServer.started.append(self)

    def tokenize(self, text: str, *, special: bool, begin: bool) -> tuple[int, ...]:
        assert begin
        assert not special
        return tuple(99 if word == "wait" else 1 for word in text.split())

    def embed(self, texts: Sequence[Sequence[int]], gone: Callable[[], bool]) -> list[tuple[float, ...]]:
        self.parts.append(len(texts))
        if any(99 in ids for ids in texts):
            self.waiting.set()
            while not gone():
                pass
            raise Unavailable("nobody waits for this answer any more")
        return [(float(len(ids)),) for ids in texts][self.lost :]

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def embedder(monkeypatch: pytest.MonkeyPatch) -> Iterator[LlamaEmbedder]:
    monkeypatch.setattr(llama_embeddings, "LlamaServer", FakeServer)
    monkeypatch.setattr(FakeServer, "started", [])
    embedder = LlamaEmbedder(Path("model.gguf"), ServerSettings(slots=16, context_tokens=8, threads=2))
    yield embedder
    embedder.close()


def embed(embedder: LlamaEmbedder, *texts: str) -> Any:
    return asyncio.run(embedder.embed(texts))


def test_the_server_is_started_once_and_when_it_is_needed(embedder: LlamaEmbedder) -> None:
    assert FakeServer.started == []
    assert embed(embedder, "a b", "a") == [(2.0,), (1.0,)]
    embed(embedder, "a")
    (server,) = FakeServer.started
    assert (server.settings.embedding, server.settings.slots, server.settings.context_tokens) == (True, 1, 8)
    embedder.close()
    embedder.close()
    assert server.closed == 1


def test_many_texts_are_asked_in_parts_and_keep_their_order(embedder: LlamaEmbedder) -> None:
    texts = ["x " * (1 + number % 7) for number in range(70)]
    assert embed(embedder, *texts) == [(float(1 + number % 7),) for number in range(70)]
    assert FakeServer.started[0].parts == [0, 32, 32, 6]


def test_a_text_without_or_with_too_many_tokens_is_refused_before_anything_is_computed(embedder: LlamaEmbedder) -> None:
    with pytest.raises(Rejected, match="text 1 of"):
        embed(embedder, "a", "")
    with pytest.raises(Rejected, match="text 0 of"):
        embed(embedder, "  ")
    with pytest.raises(ContextOverflow, match="9 tokens; a slot holds 8"):
        embed(embedder, "a", "x " * 9)
    assert FakeServer.started[0].parts == [0]


def test_a_vector_that_is_missing_is_an_error(embedder: LlamaEmbedder) -> None:
    embed(embedder, "a")
    FakeServer.started[0].lost = 1
    with pytest.raises(Unavailable, match="1 vectors for 2 texts"):
        embed(embedder, "a", "b")


def test_who_does_not_wait_any_more_ends_the_work(embedder: LlamaEmbedder) -> None:
    async def main() -> Any:
        await embedder.embed(["a"])
        slow = asyncio.ensure_future(embedder.embed(["wait"]))
        await asyncio.to_thread(FakeServer.started[0].waiting.wait)
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        return await embedder.embed(["a b"])

    assert asyncio.run(main()) == [(2.0,)]
