from __future__ import annotations

import asyncio
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socsim import ScriptedEngine
from socsim.inference.client import InferenceClient
from socsim.inference.types import CallFailure, Completion, Request, Segment
from socsim.inference.vectors import cosine, pack_vector, unpack_vector
from socsim.record.store import RecordStore

SINGLE = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.lists(SINGLE, max_size=20))
def test_a_vector_comes_back_as_it_was(values: list[float]) -> None:
    assert unpack_vector(pack_vector(values)) == tuple(values)


def test_what_is_no_vector_is_refused() -> None:
    with pytest.raises(ValueError, match="are no vector"):
        unpack_vector("AAAA")
    with pytest.raises(ValueError, match="base64"):
        unpack_vector("not base64")


def test_the_cosine_is_that_of_the_angle() -> None:
    assert cosine((1.0, 0.0), (1.0, 1.0)) == pytest.approx(math.cos(math.pi / 4))
    assert cosine((1.0, 2.0), (-1.0, -2.0)) == pytest.approx(-1.0)
    with pytest.raises(ValueError, match="argument 2 is longer"):
        cosine((1.0,), (1.0, 2.0))


def embed(text: str) -> Request:
    return Request("embed", (Segment("user", text),), "plain", model="m")


class Counting(ScriptedEngine):
    """Notes what it embeds."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    async def embed(self, texts: list[str]) -> list[tuple[float, ...]]:  # type: ignore[override]
        self.texts += texts
        return await super().embed(texts)


def test_an_embedding_is_asked_once_recorded_and_found_without_an_engine(tmp_path: Path) -> None:
    engine, path = Counting(), tmp_path / "r.sqlite"

    async def ask(client: InferenceClient) -> list[Completion | CallFailure]:
        async with client:
            return list(await asyncio.gather(*(client.submit(embed(text), None) for text in ("a bus", "a bus", "rain"))))

    with RecordStore.create(path, {"name": "x"}) as store:
        first = asyncio.run(ask(InferenceClient(engine, store)))
    assert engine.texts == ["a bus", "rain"]
    with RecordStore.open(path, read_only=True) as store:
        again = asyncio.run(ask(InferenceClient(None, store)))
    assert again == first
    assert isinstance(first[0], Completion)
    assert unpack_vector(first[0].text) == asyncio.run(engine.embed(["a bus"]))[0]


@pytest.mark.parametrize("vectors", [[], [()], [(math.nan,)], [(1.0,), (2.0,)]])
def test_what_is_not_one_vector_is_a_failure(vectors: list[tuple[float, ...]], tmp_path: Path) -> None:
    class Broken(ScriptedEngine):
        async def embed(self, texts: object) -> list[tuple[float, ...]]:  # type: ignore[override]
            return vectors

    async def ask(client: InferenceClient) -> Completion | CallFailure:
        async with client:
            return await client.submit(embed("a bus"), None)

    with RecordStore.create(tmp_path / "r.sqlite", {"name": "x"}) as store:
        found = asyncio.run(ask(InferenceClient(Broken(), store)))
    assert isinstance(found, CallFailure)
    assert found.kind == "bad_reply"
