"""vLLM in this process, without a server: prompts in tokens, whole options scored, several texts from one prefill.

A server started with ``vllm serve`` is reached through `socsim.inference.http_engine` instead. Draws are not reproducible: what
a text becomes depends on what else is in the batch. The record reproduces them.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

from socsim.errors import ContextOverflow, ModelFileError, Problem, Rejected, ScenarioError, nearest
from socsim.inference.hf_tokens import HfTokenizer, local_or_name, missing_model
from socsim.inference.hf_vocabulary import token_bytes
from socsim.inference.http_metrics import read_metrics
from socsim.inference.token_prompts import Prompt, PromptWriter
from socsim.inference.types import Capabilities, Completion, EngineIdentity, Request, Usage
from socsim.inference.vllm_adapters import Adapters
from socsim.inference.vllm_core import VllmCore, is_objection
from socsim.inference.vllm_params import (
    LISTED_AT_ONCE,
    lists_tokens,
    logprobs_in,
    next_token_params,
    read_finish,
    text_params,
    whole_priority,
)
from socsim.inference.vllm_scoring import score_trie
from socsim.scenario.engines import InferenceSpec, VllmSpec

__all__ = ["VllmEngine", "make_vllm_engine"]

_OURS = {
    "scheduling_policy": "priority",
    "generation_config": "vllm",  # else the checkpoint's own sampling settings take the place of defaults
    "logprobs_mode": "raw_logprobs",
    "disable_log_stats": False,
}
"""Engine arguments that must be as they are."""


def make_vllm_engine(spec: InferenceSpec, folder: Path | None) -> VllmEngine:
    """The engine that a scenario declares with ``engine: vllm``. vLLM itself starts with the first call, which takes a minute.

    Args:
        spec: the scenario's inference part.
        folder: folder of the scenario, for a model or an adapter beside it.

    Raises:
        ScenarioError: vLLM is not installed, or a setting is none of its own.
        ModelFileError: the model's configuration or tokenizer cannot be had.
    """
    try:
        import vllm
        from transformers import AutoConfig, AutoTokenizer
    except ImportError as error:
        fix = "pip install 'socsim-llm[vllm]', or start a server elsewhere and write engine: openai with endpoint: {kind: vllm}"
        raise ScenarioError(Problem(f"vLLM cannot be loaded: {error}", "inference.engine", fix=fix)) from error
    settings, name = spec.vllm or VllmSpec(), str(spec.model)
    place = local_or_name(name, folder)
    _check_arguments(settings.arguments)
    trusted = bool(settings.arguments.get("trust_remote_code", False))
    tokens_at = str(settings.arguments.get("tokenizer", place))
    try:
        tokenizer = AutoTokenizer.from_pretrained(tokens_at, trust_remote_code=trusted)
        config = AutoConfig.from_pretrained(place, trust_remote_code=trusted)
    except (OSError, ValueError) as error:
        raise ModelFileError(missing_model(name, error)) from error
    adapters = Adapters(folder, most=settings.max_loras or int(spec.adapter is not None))
    if spec.adapter is not None:
        adapters.check(spec.adapter)
    return VllmEngine(
        VllmCore({"model": place, **engine_arguments(settings), **adapters.arguments(spec.adapter)}),
        tokenizer,
        config,
        identity=_identity(name, place, settings, str(vllm.__version__)),
        parallel=settings.max_num_seqs * settings.data_parallel_size,
        context_tokens=settings.max_model_len or _context_of(config),
        adapters=adapters,
    )


def engine_arguments(settings: VllmSpec) -> dict[str, Any]:
    """vLLM's engine arguments for the settings of a scenario.

    The engine's own seed is another one each time: with vLLM's default, runs that differ in their seed only would share
    random numbers.
    """
    declared = settings.model_dump(include=_DECLARED, exclude_none=True)
    listing = {} if lists_tokens() else {"max_logprobs": -1}
    return {**declared, "seed": secrets.randbits(31), "enable_prefix_caching": True, **listing, **_OURS, **settings.arguments}


_DECLARED = {
    "tensor_parallel_size", "data_parallel_size", "max_num_seqs", "max_model_len", "gpu_memory_utilization", "dtype",
}  # fmt: skip


def _check_arguments(arguments: Mapping[str, object]) -> None:
    from vllm.engine.arg_utils import AsyncEngineArgs

    known = set(AsyncEngineArgs.__dataclass_fields__)
    for name in arguments:
        field = f"inference.vllm.arguments.{name}"
        if name in _DECLARED:
            raise ScenarioError(Problem("this argument has a field of its own", field, fix=f"Write it as inference.vllm.{name}"))
        if name in {"model", "enable_lora", "max_loras", *_OURS}:
            raise ScenarioError(Problem("socsim sets this argument itself", field, fix="Leave it out"))
        if name not in known:
            raise ScenarioError(Problem("vLLM has no engine argument of this name", field, fix=nearest(name, sorted(known))))


def _identity(name: str, place: str, settings: VllmSpec, version: str) -> EngineIdentity:
    from socsim.inference.hf_weights import weights_hash

    declared = {field: settings.model_dump()[field] for field in ("dtype", "tensor_parallel_size", "data_parallel_size")}
    listed = {**declared, **({"max_model_len": settings.max_model_len} if settings.max_model_len else {}), **settings.arguments}
    return EngineIdentity(
        engine="vllm",
        model=name,
        file_sha256="" if settings.arguments.get("load_format") == "dummy" else weights_hash(place),
        quantisation=str(settings.arguments.get("quantization", settings.dtype)),
        version=f"vllm {version}",
        settings=tuple(sorted((field, str(value)) for field, value in listed.items())),
    )


def _context_of(config: Any) -> int:
    inner = config.get_text_config() if hasattr(config, "get_text_config") else config
    return int(getattr(inner, "max_position_embeddings", 0) or 0)


def _ends_of(config: Any, tokenizer: Any) -> frozenset[int]:
    """Tokens that end a text by the model's configuration; vLLM itself knows those of the tokenizer only."""
    found = getattr(config, "eos_token_id", None)
    listed = [found] if isinstance(found, int) else list(found or ())
    own = tokenizer.eos_token_id
    return frozenset([*listed, *([own] if own is not None else [])])


class VllmEngine:
    """A model served by vLLM in this process; make one with `make_vllm_engine`.

    Args:
        core: vLLM's engine.
        tokenizer: the model's tokenizer, of the transformers library.
        config: the model's configuration, of the same.
        identity: which model it is.
        parallel: requests served at once.
        context_tokens: longest prompt with its reply; 0 if not known before vLLM runs.
        adapters: LoRA adapters.
    """

    def __init__(
        self,
        core: VllmCore,
        tokenizer: Any,
        config: Any,
        *,
        identity: EngineIdentity,
        parallel: int,
        context_tokens: int,
        adapters: Adapters,
    ) -> None:
        self.core = core
        """vLLM's engine itself, for measurements."""
        self._tokenizer = tokenizer
        self._identity = identity
        self._parallel = parallel
        self._context_tokens = context_tokens
        self._adapters = adapters
        tokens = HfTokenizer(tokenizer)
        self._chat = tokens.has_template
        self._writer = PromptWriter(tokens, chat=self._chat)
        self._ends = _ends_of(config, tokenizer)
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="socsim-tokens")

    @property
    def identity(self) -> EngineIdentity:
        """The model by name and hash of its weights, and how it is served."""
        return self._identity

    def capabilities(self) -> Capabilities:
        """Everything but steering and embeddings; chat where the model has a template, adapters where ``max_loras`` allows."""
        return Capabilities(
            chat=self._chat,
            plain=True,
            score=True,
            token_ids=True,
            parallel=self._parallel,
            context_tokens=self._context_tokens,
            samples=self._parallel,
            constrained=True,
            adapters=self._adapters.most > 0,
            priority=True,
        )

    async def generate(self, request: Request, *, seed: int = 0, priority: float = 0.0) -> Completion:  # noqa: ARG002
        """Answer a request; those of lower priority go first. The seed is taken no notice of.

        Raises:
            ContextOverflow: prompt and longest reply do not fit into the model's context.
            Rejected: the model cannot be asked this.
            Unavailable: vLLM failed or has died; it is started again with the next call.
        """
        if request.kind == "score":
            return await self._score(request, priority)
        return (await self._texts(request, 1, priority))[0]

    async def sample(self, request: Request, *, seeds: Sequence[int]) -> list[Completion]:
        """Several texts from one prefill.

        Raises:
            InferenceError: they cannot be had; see `generate`.
        """
        if request.kind != "text":
            raise Rejected("only texts are drawn several at a time; probabilities are the same whenever they are asked")
        return await self._texts(request, len(seeds), 0.0)

    async def count_tokens(self, request: Request) -> int:
        """Tokens of the prompt as it would be sent.

        Raises:
            Rejected: the model's chat template does not take these messages.
        """
        return len((await self._in_writing(self._writer.write, request)).ids)

    async def server_metrics(self) -> dict[str, float]:
        """vLLM's own figures, of all engines in this process together."""
        from prometheus_client import generate_latest

        return read_metrics(generate_latest().decode("utf-8", "replace"))

    async def leave(self) -> None:
        """Give up the running event loop; the model stays loaded where vLLM allows it."""
        await self.core.leave()

    def close(self) -> None:
        """End vLLM and its processes."""
        self._writing.shutdown(cancel_futures=True)
        self.core.close()

    async def _texts(self, request: Request, texts: int, priority: float) -> list[Completion]:
        asked_at = time.monotonic()
        prompt, _ = await self._in_writing(self._writer.write_with_options, request)
        reply = request.sampling.max_tokens if request.sampling else 0
        self._check_length(len(prompt.ids), reply)
        params = _accepted(text_params, request, texts, self._ends | ({prompt.end} if prompt.end is not None else set()))
        output = await self.core.run(
            prompt.ids, params, priority=whole_priority(priority), lora=self._adapters.request(request.adapter)
        )
        elapsed_s = time.monotonic() - asked_at
        return [_completion(output, one, prompt, elapsed_s) for one in sorted(output.outputs, key=lambda one: one.index)]

    async def _score(self, request: Request, priority: float) -> Completion:
        asked_at = time.monotonic()
        prompt, trie = await self._in_writing(self._writer.write_with_options, request)
        assert trie is not None
        self._check_length(len(prompt.ids), max(len(path) for paths in trie.paths for path in paths))
        lora, whole = self._adapters.request(request.adapter), whole_priority(priority)

        async def ask(ids: Sequence[int], tokens: Sequence[int]) -> tuple[Mapping[int, float], int]:
            parts = [tokens[start : start + LISTED_AT_ONCE] for start in range(0, len(tokens), LISTED_AT_ONCE)]
            outputs = [await self.core.run(ids, next_token_params(parts[0]), priority=whole, lora=lora)]
            outputs += await asyncio.gather(
                *(self.core.run(ids, next_token_params(part), priority=whole, lora=lora) for part in parts[1:])
            )
            found = {t: p for output, part in zip(outputs, parts, strict=True) for t, p in logprobs_in(output, part).items()}
            return found, int(outputs[0].num_cached_tokens or 0)

        scores, usage = await score_trie(prompt.ids, trie, ask, lambda: self._vocabulary)
        return Completion(
            finish_reason="scored", logprobs=scores, candidate_ids=trie.candidate_ids, pieces=prompt.pieces, usage=usage,
            elapsed_s=time.monotonic() - asked_at,
        )  # fmt: skip

    async def _in_writing(self, work: Any, request: Request) -> Any:
        """Tokenizers are used from one thread."""
        return await asyncio.get_running_loop().run_in_executor(self._writing, work, request)

    def _check_length(self, prompt: int, reply: int) -> None:
        most = self.core.context_tokens or self._context_tokens
        if most and prompt + reply > most:
            raise ContextOverflow(f"the prompt has {prompt} tokens and the reply up to {reply}; the model's context has {most}")

    @cached_property
    def _vocabulary(self) -> Mapping[int, bytes]:
        return token_bytes(self._tokenizer)


def _accepted(make: Any, *arguments: Any) -> Any:
    """What ``make`` gives; vLLM's own objection to a parameter is the request's fault."""
    try:
        return make(*arguments)
    except Exception as error:
        if not is_objection(error):
            raise
        raise Rejected(f"vLLM does not take this call: {error}") from error


def _completion(output: Any, one: Any, prompt: Prompt, elapsed_s: float) -> Completion:
    first, length = one.index == 0, len(prompt.ids)
    cached = min(length, int(output.num_cached_tokens or 0)) if first else 0
    reason = read_finish(one)
    text = one.text.rstrip("\N{REPLACEMENT CHARACTER}") if reason == "length" else one.text
    metrics = getattr(output, "metrics", None)
    return Completion(
        text, reason, token_ids=tuple(one.token_ids), pieces=prompt.pieces,
        usage=Usage(length if first else 0, len(one.token_ids), cached), elapsed_s=elapsed_s,
        ttft_s=float(getattr(metrics, "first_token_latency", 0.0) or 0.0),
    )  # fmt: skip
