"""An engine of socsim, measured like a server: vLLM in this process, also with made-up weights in the shape of an 8B model.

The tokenizer of a model without files is learnt from the benchmark's own prompts, so that these take about as many tokens as with
a real one, and nothing is downloaded.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.roofline import dummy_8b_config
from benchmarks.serve_client import Timed
from benchmarks.talk import Asked, endless_talk
from socsim.errors import InferenceError
from socsim.inference.types import Engine, Measured
from socsim.scenario.engines import InferenceSpec

__all__ = ["EngineAsker", "dummy_tiny_config", "make_vllm", "write_dummy_model"]

_TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
_SPECIAL = ("<|begin|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
_LEARNT_FROM = 2000
_LEARNT_TOKENS = 8192


class EngineAsker:
    """Asks an engine a turn and times it; use it as an asynchronous context.

    Args:
        engine: who answers; closed at the end.
        folder: removed at the end, if given.
    """

    max_model_len: int | None = None

    def __init__(self, engine: Engine, folder: Path | None = None) -> None:
        self._engine = engine
        self._folder = folder
        self.model = engine.identity.model

    @classmethod
    def vllm(cls, arguments: argparse.Namespace) -> EngineAsker:
        """A vLLM engine with the model of the command line."""
        served = {"max_num_seqs": max(arguments.most, 1), "tensor_parallel_size": arguments.gpus}
        dummy = dummy_8b_config() if arguments.dummy_8b else None
        return cls(*make_vllm(arguments.model, dummy=dummy, tokenizer=arguments.tokenizer, served=served))

    async def __aenter__(self) -> EngineAsker:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._engine.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def ask(self, turn: Asked) -> Timed:
        """One turn, asked and timed; what goes wrong is in the result."""
        began = time.perf_counter()
        try:
            completion = await self._engine.generate(turn.request, seed=1)
        except InferenceError as error:
            return Timed(time.perf_counter() - began, error=f"{type(error).__name__}: {error}"[:300])
        elapsed, usage = time.perf_counter() - began, completion.usage
        first = completion.ttft_s or elapsed
        return Timed(elapsed, first, usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens)

    async def metrics(self) -> dict[str, float]:
        """Figures of the engine itself, where it offers any."""
        return await self._engine.server_metrics() if isinstance(self._engine, Measured) else {}

    async def version(self) -> str:
        """The engine's library and its version."""
        return self._engine.identity.version


def make_vllm(model: str, *, dummy: Mapping[str, Any] | None, tokenizer: str, served: dict[str, Any]) -> tuple[Any, Path | None]:
    """A vLLM engine that starts when first asked, and the folder to remove afterwards if its model is made up.

    Args:
        model: folder or name.
        dummy: the ``config.json`` of a model whose weights are made up, instead.
        tokenizer: folder of a tokenizer for this; empty: one is learnt.
        served: the fields of the scenario's ``inference.vllm``.
    """
    try:
        import vllm  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError as error:
        raise SystemExit("vLLM is not installed here: install the extra vllm, or measure a server with --base-url") from error
    from socsim.inference.factory import make_engine

    folder = None
    if dummy is not None:
        folder = Path(tempfile.mkdtemp(prefix="socsim-dummy-"))
        write_dummy_model(folder, dummy, tokenizer=Path(tokenizer) if tokenizer else None)
        model, served = str(folder), {**served, "arguments": {**served.get("arguments", {}), "load_format": "dummy"}}
    if not model:
        raise SystemExit("name a model with --model, or use --dummy-8b")
    return make_engine(InferenceSpec.model_validate({"engine": "vllm", "model": model, "vllm": served})), folder


def dummy_tiny_config() -> dict[str, Any]:
    """The shape of a model that costs next to nothing, so that what surrounds it is all there is; for the learnt tokenizer."""
    tiny = {"hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 2, "num_attention_heads": 4}
    return {**dummy_8b_config(), **tiny, "num_key_value_heads": 2, "head_dim": 64, "vocab_size": _LEARNT_TOKENS}


def write_dummy_model(folder: Path, config: Mapping[str, Any] | None = None, *, tokenizer: Path | None = None) -> None:
    """A model's folder without weights: a shape (by default of an 8B model), a tokenizer given or learnt from these prompts."""
    (folder / "config.json").write_text(json.dumps(config or dummy_8b_config()), encoding="utf-8")
    if tokenizer is not None:
        for file in tokenizer.iterdir():
            if file.is_file() and (
                file.name.startswith("tokenizer") or file.name in ("vocab.json", "merges.txt", "special_tokens_map.json")
            ):
                shutil.copyfile(file, folder / file.name)
        return
    _learn_tokenizer().save(str(folder / "tokenizer.json"))
    named: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": _SPECIAL[0], "eos_token": _SPECIAL[1],
        "pad_token": _SPECIAL[1], "chat_template": _TEMPLATE, "model_max_length": 8192,
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(named), encoding="utf-8")


def _learn_tokenizer() -> Any:
    try:
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    except ImportError as error:
        raise SystemExit(f"{error}: install the extra vllm") from error

    learnt = Tokenizer(models.BPE())
    learnt.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    learnt.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=_LEARNT_TOKENS, special_tokens=list(_SPECIAL), initial_alphabet=alphabet, show_progress=False
    )
    turns = itertools.islice(endless_talk(_LEARNT_FROM, seed=0), _LEARNT_FROM)
    learnt.train_from_iterator((f"{turn.system}\n{turn.user}" for turn in turns), trainer)
    return learnt
