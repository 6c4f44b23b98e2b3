"""Engines measured like servers, and a model without weights for the largest of them."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from pathlib import Path

import pytest

from benchmarks.in_process import EngineAsker, dummy_tiny_config, write_dummy_model
from benchmarks.roofline import read_shape
from benchmarks.serve import arguments_of
from benchmarks.serve_client import Timed
from benchmarks.talk import talk
from socsim import ScriptedEngine
from socsim.errors import Unavailable
from socsim.inference.types import Completion, Request


class Failing(ScriptedEngine):
    """Answers nothing."""

    async def generate(self, request: Request, *, seed: int = 0) -> Completion:
        raise Unavailable("gone")


def asked(engine: ScriptedEngine) -> Timed:
    async def main() -> Timed:
        async with EngineAsker(engine) as asker:
            return await asker.ask(talk(1, 1)[0])

    return asyncio.run(main())


def test_an_engine_is_timed_like_a_server() -> None:
    found = asked(ScriptedEngine())
    assert found.error == ""
    assert found.completion_tokens > 0
    assert 0.0 < found.ttft_s <= found.e2el_s


def test_an_engines_error_is_a_failed_call() -> None:
    assert asked(Failing()).error == "Unavailable: gone"


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is here")
def test_without_vllm_it_says_what_to_do() -> None:
    with pytest.raises(SystemExit, match="install the extra vllm"):
        EngineAsker.vllm(arguments_of(["--in-process", "--dummy-8b"]))


def test_a_given_tokenizer_is_put_beside_the_made_up_model(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json", "model.safetensors"):
        (tmp_path / "own" / name).write_text("{}")
    (tmp_path / "dummy").mkdir()
    write_dummy_model(tmp_path / "dummy", tokenizer=tmp_path / "own")
    assert {file.name for file in (tmp_path / "dummy").iterdir()} == {"config.json", "tokenizer.json", "tokenizer_config.json"}
    shape = read_shape(json.loads((tmp_path / "dummy" / "config.json").read_text()))
    assert 7e9 < shape.parameters < 8.1e9


def test_a_tiny_model_has_the_shape_of_one() -> None:
    assert read_shape(dummy_tiny_config()).parameters < 1e7


@pytest.mark.skipif(importlib.util.find_spec("tokenizers") is None, reason="the library tokenizers is not here")
def test_a_learnt_tokenizer_cuts_the_benchmarks_prompts_into_words(tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    write_dummy_model(tmp_path, dummy_tiny_config())
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    text = talk(1, 1, seed=9)[0].user
    ids = tokenizer.encode(text).ids
    assert tokenizer.decode(ids) == text
    assert len(ids) < len(text) / 3
    assert tokenizer.get_vocab_size() <= json.loads((tmp_path / "config.json").read_text())["vocab_size"]
    assert "chat_template" in json.loads((tmp_path / "tokenizer_config.json").read_text())
