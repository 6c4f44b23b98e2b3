"""Every engine passes the shared suite: scripted, record, HTTP (mock and llama.cpp's server), embedded, transformers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks.mock_server import MockServer
from socsim.errors import ModelFileError
from socsim.inference.client import InferenceClient, engine_seed
from socsim.inference.http_engine import make_http_engine
from socsim.inference.replay import ReplayEngine
from socsim.inference.scripted import ScriptedEngine
from socsim.inference.types import DrawKey
from socsim.models import DEFAULT_MODEL, find_model
from socsim.record.store import RecordStore
from socsim.scenario.engines import InferenceSpec
from tests.inference.conformance import CHECKS, Subject, requests_of


@contextmanager
def scripted(folder: Path) -> Iterator[Subject]:
    engine = ScriptedEngine(able={"samples": 8})
    yield Subject(engine, orderless=False)
    engine.close()


@contextmanager
def http(kind: str) -> Iterator[Subject]:
    with MockServer(slots=32) as server:
        spec = {"engine": "openai", "model": "mock", "base_url": server.base_url, "endpoint": {"kind": kind}}
        engine = make_http_engine(InferenceSpec.model_validate(spec), None)
        yield Subject(engine)
        engine.close()


@contextmanager
def model_file() -> Iterator[Path]:
    try:
        yield find_model(DEFAULT_MODEL, fetch=True)
    except ModelFileError as error:
        pytest.skip(f"the model is not here and cannot be had: {error}")


@contextmanager
def embedded(folder: Path) -> Iterator[Subject]:
    from socsim.inference.embedded import EmbeddedEngine

    with model_file() as path:
        engine = EmbeddedEngine(path, slots=4, context_tokens=256, threads=2)
        yield Subject(engine, deterministic_scores=0.05, tells_ids=True, overflows=True)
        engine.close()


@contextmanager
def llama_server(folder: Path) -> Iterator[Subject]:
    """A real llama.cpp server, over its OpenAI-compatible port."""
    from socsim.inference.llama_server import LlamaServer, ServerSettings

    with model_file() as path:
        server = LlamaServer(path, ServerSettings(slots=4, context_tokens=256, threads=2))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SOCSIM_TEST_LLAMA_KEY", server._http._headers["Authorization"].removeprefix("Bearer "))
            endpoint = {"kind": "llama_server", "parallel": 4, "context_tokens": 256}
            spec = {
                "engine": "openai", "model": "smollm2", "base_url": f"http://{server._http._host}/v1", "endpoint": endpoint,
                "key": "SOCSIM_TEST_LLAMA_KEY",
            }  # fmt: skip
            engine = make_http_engine(InferenceSpec.model_validate(spec), None)
            yield Subject(engine, deterministic_scores=0.05, overflows=True)
            engine.close()
        server.close()


SUBJECTS: dict[str, Callable[[Path], Any]] = {
    "scripted": scripted,
    "mock vllm": lambda folder: http("vllm"),
    "mock hosted": lambda folder: http("hosted"),
    "embedded": embedded,
    "llama server": llama_server,
}
NEEDS_MODEL = ("embedded", "llama server")


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=[pytest.mark.model] * (name in NEEDS_MODEL)) for name in SUBJECTS]
)
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    with SUBJECTS[request.param](tmp_path_factory.mktemp("engine")) as one:
        yield one


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_").replace("_", " "))
def test_every_engine(subject: Subject, check: Callable[[Subject], None]) -> None:
    check(subject)


def test_closing_twice_is_closing_once(subject: Subject) -> None:
    subject.engine.close()
    subject.engine.close()


def test_a_record_answers_what_was_recorded_and_nothing_else(tmp_path: Path) -> None:
    """The record passes the suite as far as it holds the requests."""
    scripted = Subject(ScriptedEngine())
    draws = [DrawKey(1, agent, 0, "say/0") for agent in range(3)]

    async def record(store: RecordStore) -> None:
        async with InferenceClient(scripted.engine, store) as client:
            for request in requests_of(scripted):
                for draw in draws if request.kind == "text" else [None]:
                    await client.submit(request, draw)

    with RecordStore.create(tmp_path / "record.sqlite", {"name": "kept"}) as store:
        asyncio.run(record(store))
        store.flush()
        replayed = Subject(ReplayEngine(store))
        for request in requests_of(scripted):
            seeds = [engine_seed(draw) for draw in draws] if request.kind == "text" else [0]
            for seed in seeds:
                assert replayed.ask(request, seed) == scripted.ask(request, seed)
