"""The engine on the transformers library: exact scores of given continuations, texts, adapters and steering.

For what serving engines do not offer. It computes prompts in batches but keeps nothing between them, so it is slower than
those for long prompts that share their beginnings.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from socsim.errors import ContextOverflow, ModelFileError, NotYetAvailable, Problem, Rejected, ScenarioError, Unavailable
from socsim.inference.hf_model import HfModel, Writing
from socsim.inference.hf_queue import Job, JobQueue
from socsim.inference.hf_tokens import HfTokenizer, local_or_name, missing_model
from socsim.inference.hf_vocabulary import token_bytes
from socsim.inference.hf_weights import weights_hash
from socsim.inference.option_tries import OptionTrie, log_sum_exp, probability_of_beginning, score_options
from socsim.inference.token_prompts import Prompt, PromptWriter
from socsim.inference.types import Capabilities, Completion, EngineIdentity, FinishReason, Request, SamplingParams, Usage
from socsim.provenance import package_version
from socsim.scenario.engines import InferenceSpec, SteeringSpec, TransformersSpec

__all__ = ["TransformersEngine", "make_transformers_engine"]

_REASONS: Mapping[str, FinishReason] = {"stop": "stop", "length": "length"}


def make_transformers_engine(spec: InferenceSpec, folder: Path | None) -> TransformersEngine:
    """The engine that a scenario declares with ``engine: transformers``.

    Args:
        spec: the scenario's inference part.
        folder: folder of the scenario, for a model, an adapter or a vector beside it.

    Raises:
        ScenarioError: the extra is not installed, or a file does not fit.
        ModelFileError: the model cannot be loaded.
    """
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ImportError as error:
        fix = "pip install 'socsim-llm[transformers]'"
        raise ScenarioError(
            Problem("the packages torch and transformers are not installed", "inference.engine", fix=fix)
        ) from error
    settings, name = spec.transformers or TransformersSpec(), str(spec.model)
    place = local_or_name(name, folder)
    device = settings.device if settings.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    try:
        tokenizer = AutoTokenizer.from_pretrained(place)
        dtype = settings.dtype if settings.dtype == "auto" else getattr(torch, settings.dtype)
        model = AutoModelForCausalLM.from_pretrained(place, dtype=dtype).to(device).eval()
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelFileError(missing_model(name, error)) from error
    engine = TransformersEngine(model, tokenizer, name=name, batch=settings.batch, weights=weights_hash(place))
    if spec.adapter is not None:
        engine.load_adapter(spec.adapter, folder)
    if spec.steering is not None:
        engine.steer(spec.steering, folder)
    return engine


@dataclass(frozen=True, slots=True)
class _Scoring:
    prompt: Prompt
    trie: OptionTrie


class TransformersEngine:
    """A causal language model of the transformers library; make one with `make_transformers_engine`.

    Args:
        model: the model, on its device, in evaluation mode.
        tokenizer: its tokenizer.
        name: the name that the scenario uses for it.
        batch: prompts computed together at most.
        weights: hash of the weights, where known.
    """

    def __init__(self, model: Any, tokenizer: Any, *, name: str, batch: int = 16, weights: str = "") -> None:
        self._library_tokenizer = tokenizer
        self._tokenizer = HfTokenizer(tokenizer)
        ends = model.generation_config.eos_token_id if getattr(model, "generation_config", None) is not None else None
        ends = [ends] if isinstance(ends, int) else list(ends or [])
        own = self._tokenizer.end_token()
        self._ends = frozenset([*ends, *([own] if own is not None else [])])
        self._model = HfModel(model, pad=min(self._ends, default=0))
        self._writer = PromptWriter(self._tokenizer, chat=self._tokenizer.has_template)
        self._context = int(getattr(model.config, "max_position_embeddings", 0) or 0)
        self._batch = batch
        self._adapters: set[str] = set()
        self._settings: dict[str, str] = {"dtype": str(model.dtype).removeprefix("torch."), "device": str(model.device)}
        self._identity = (name, weights)
        self._steered = False
        self._queue = JobQueue(self._work, batch)

    @property
    def identity(self) -> EngineIdentity:
        """The model by name and hash of its weights, and what was put on top of it."""
        name, weights = self._identity
        return EngineIdentity(
            engine="transformers",
            model=name,
            file_sha256=weights,
            quantisation=self._settings["dtype"],
            version=f"transformers {package_version('transformers')}, torch {package_version('torch')}",
            settings=tuple(sorted(self._settings.items())),
        )

    def capabilities(self) -> Capabilities:
        """Texts, exact scores of whole options, token ids, vectors; adapters and steering on top."""
        return Capabilities(
            chat=self._tokenizer.has_template,
            plain=True,
            score=True,
            token_ids=True,
            parallel=self._batch,
            context_tokens=self._context,
            samples=self._batch,
            adapters=True,
            steering=True,
            embeddings=True,
        )

    async def generate(self, request: Request, *, seed: int = 0) -> Completion:
        """Answer a request.

        Raises:
            ContextOverflow: prompt and longest reply do not fit.
            Rejected: the model cannot be asked this.
            Unavailable: the engine is closed, or the model failed.
        """
        if request.kind == "score":
            found: Completion = await self._submit("score", request, request)
            return found
        return (await self.sample(request, seeds=[seed]))[0]

    async def sample(self, request: Request, *, seeds: Sequence[int]) -> list[Completion]:
        """Several texts, drawn side by side."""
        found: list[Completion] = await self._submit("text", request, (request, tuple(seeds)), size=len(seeds))
        return found

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """Mean of the last hidden states over each text's tokens, scaled to length 1."""
        found: list[tuple[float, ...]] = await self._queue.submit(("embed",), tuple(texts), size=len(texts))
        return found

    async def count_tokens(self, request: Request) -> int:
        """Tokens of the prompt as it would be sent."""
        found: int = await self._queue.submit(("count",), request)
        return found

    def load_adapter(self, adapter: str, folder: Path | None) -> None:
        """Put a LoRA adapter on the model; requests name it.

        Raises:
            ScenarioError: peft is not installed, or there is no such adapter.
        """
        try:
            from peft import PeftModel
        except ImportError as error:
            fix = "pip install 'socsim-llm[transformers]'"
            raise ScenarioError(Problem("the package peft is not installed", "inference.adapter", fix=fix)) from error
        place, name = local_or_name(adapter, folder), _adapter_name(adapter)
        try:
            if self._adapters:
                self._model.model.load_adapter(place, adapter_name=name)
            else:
                self._model.model = PeftModel.from_pretrained(self._model.model, place, adapter_name=name).eval()
            self._model.model.base_model.disable_adapter_layers()
        except (OSError, ValueError, RuntimeError) as error:
            raise ScenarioError(Problem(f"the adapter {adapter!r} cannot be loaded: {error}", "inference.adapter")) from error
        self._adapters.add(adapter)

    def steer(self, steering: SteeringSpec, folder: Path | None) -> None:
        """Add a direction to the hidden states behind one layer, in all that is computed from now on.

        Raises:
            ScenarioError: the file or the layer does not fit the model.
        """
        import numpy as np
        import torch

        path = (folder or Path()) / steering.vector
        try:
            vector = np.load(path, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise ScenarioError(Problem(f"{path} cannot be read: {error}", "inference.steering.vector")) from error
        layers, size = _layers(self._model.model), int(self._model.model.config.hidden_size)
        if vector.shape != (size,) or not np.isfinite(vector).all():
            fix = f"Give {size} finite numbers"
            raise ScenarioError(Problem(f"the vector has shape {vector.shape}", "inference.steering.vector", fix=fix))
        if steering.layer >= len(layers):
            fix = f"Layers are 0 to {len(layers) - 1}"
            raise ScenarioError(Problem(f"the model has no layer {steering.layer}", "inference.steering.layer", fix=fix))
        parameter = next(self._model.model.parameters())
        addend = steering.strength * torch.tensor(vector, dtype=parameter.dtype, device=parameter.device)

        def add(_: Any, __: Any, output: Any) -> Any:
            return (output[0] + addend, *output[1:]) if isinstance(output, tuple) else output + addend

        layers[steering.layer].register_forward_hook(add)
        self._settings |= {
            "steering": hashlib.sha256(path.read_bytes()).hexdigest(),
            "steering_layer": str(steering.layer),
            "steering_strength": f"{steering.strength:g}",
        }

    def close(self) -> None:
        """End the thread that computes."""
        self._queue.close()

    async def _submit(self, kind: str, request: Request, content: Any, size: int = 1) -> Any:
        if not any(segment.text for segment in request.segments):
            raise Rejected("the prompt is empty")
        if request.constraint:
            raise Rejected("this engine does not hold replies to a schema")
        if request.adapter and request.adapter not in self._adapters:
            raise Rejected(f"the adapter {request.adapter!r} was not loaded (inference.adapter)")
        return await self._queue.submit((kind, request.adapter), content, size=size)

    def _work(self, jobs: Sequence[Job]) -> Sequence[Any]:
        """Jobs of one kind, in the model's thread."""
        kind, *adapter = jobs[0].kind
        self._use_adapter(adapter[0] if adapter else "")
        work = {"text": self._write, "score": self._score, "embed": self._embed, "count": self._count}[kind]
        try:
            return work(jobs)
        except RuntimeError as error:
            raise Unavailable(f"the model failed: {error}") from error

    def _use_adapter(self, adapter: str) -> None:
        model = self._model.model
        if adapter:
            model.base_model.enable_adapter_layers()
            model.set_adapter(_adapter_name(adapter))
        elif self._adapters:
            model.base_model.disable_adapter_layers()

    def _count(self, jobs: Sequence[Job]) -> Sequence[Any]:
        return [_or_error(lambda job=job: len(self._writer.write(job.content).ids)) for job in jobs]

    def _embed(self, jobs: Sequence[Job]) -> Sequence[Any]:
        rows = [[self._tokenizer.tokenize(text, special=False) or (self._model._pad,) for text in job.content] for job in jobs]
        return [self._model.embed(part) if part else [] for part in rows]

    def _write(self, jobs: Sequence[Job]) -> Sequence[Any]:
        begun = time.monotonic()
        prepared = [_or_error(lambda job=job: self._prompt(job.content[0])) for job in jobs]
        writings: list[list[Writing]] = []
        for job, prompt in zip(jobs, prepared, strict=True):
            request, seeds = job.content
            sampling = request.sampling or SamplingParams()
            gone = job.given_up.is_set
            writings.append(
                []
                if isinstance(prompt, Exception)
                else [
                    Writing(prompt.ids, sampling, seed, self._ends | ({prompt.end} if prompt.end is not None else set()),
                            self._tokenizer.decode, gone)
                    for seed in seeds
                ]
            )  # fmt: skip
        whole = [one for some in writings for one in some]
        if whole:
            self._model.write(whole)
        elapsed = time.monotonic() - begun
        return [
            prompt if isinstance(prompt, Exception) else _completions(some, prompt, elapsed)
            for prompt, some in zip(prepared, writings, strict=True)
        ]

    def _prompt(self, request: Request) -> Prompt:
        prompt = self._writer.write(request)
        reply = request.sampling.max_tokens if request.sampling else 0
        self._check_length(len(prompt.ids) + reply)
        return prompt

    def _check_length(self, tokens: int) -> None:
        if self._context and tokens > self._context:
            raise ContextOverflow(f"prompt and reply have up to {tokens} tokens; the model's context has {self._context}")

    def _score(self, jobs: Sequence[Job]) -> Sequence[Any]:
        begun = time.monotonic()
        prepared = [_or_error(lambda job=job: self._scoring(job.content)) for job in jobs]
        rows: list[tuple[int, tuple[int, ...]]] = []
        for number, one in enumerate(prepared):
            if isinstance(one, _Scoring):
                rows += [(number, node) for node in _ends_of(one)]
        tables: dict[int, dict[tuple[int, ...], Any]] = {number: {} for number in range(len(jobs))}
        for start in range(0, len(rows), self._batch):
            part = rows[start : start + self._batch]
            ids = [[*_base(prepared[number]), *node] for number, node in part]
            found = self._model.logprobs(ids, [len(node) + 1 for _, node in part])
            for (number, node), values in zip(part, found, strict=True):
                tables[number] |= {node[:depth]: values[depth] for depth in range(len(node) + 1)}
        elapsed = time.monotonic() - begun
        return [one if isinstance(one, Exception) else self._scored(one, tables[n], elapsed) for n, one in enumerate(prepared)]

    def _scored(self, scoring: _Scoring, table: Mapping[tuple[int, ...], Any], elapsed_s: float) -> Completion:
        def next_logprobs(path: tuple[int, ...], tokens: Sequence[int]) -> Mapping[int, float]:
            return {token: float(table[path][token]) for token in tokens}

        trie, end = scoring.trie, _taken_back(scoring)
        scores = score_options(trie, next_logprobs)
        if end:
            everything = {path: dict(enumerate(map(float, values))) for path, values in table.items()}
            begun = probability_of_beginning(end, trie, everything.__getitem__, lambda token: self._vocabulary.get(token, b""))
            begun = max(begun, log_sum_exp(scores))  # the paths are part of the sum, so that it is below theirs by rounding alone
            scores = tuple(min(0.0, score - begun) for score in scores)
        return Completion(
            finish_reason="scored",
            logprobs=scores,
            candidate_ids=trie.candidate_ids,
            pieces=scoring.prompt.pieces,
            usage=Usage(len(scoring.prompt.ids)),
            elapsed_s=elapsed_s,
        )

    @cached_property
    def _vocabulary(self) -> Mapping[int, bytes]:
        return token_bytes(self._library_tokenizer)

    def _scoring(self, request: Request) -> _Scoring:
        prompt, trie = self._writer.write_with_options(request)
        assert trie is not None
        self._check_length(len(prompt.ids) + max(len(path) for paths in trie.paths for path in paths))
        return _Scoring(prompt, trie)


def _or_error(make: Any) -> Any:
    try:
        return make()
    except (Rejected, NotYetAvailable) as error:
        return error


def _adapter_name(adapter: str) -> str:
    return hashlib.sha256(adapter.encode()).hexdigest()[:16]


def _layers(model: Any) -> Any:
    """The model's layers: the longest list of modules in it."""
    import torch

    lists = [module for module in model.modules() if isinstance(module, torch.nn.ModuleList)]
    return max(lists, key=len)


def _base(scoring: _Scoring) -> list[int]:
    ids = scoring.prompt.ids
    return ids[: len(ids) - scoring.trie.taken_back]


def _taken_back(scoring: _Scoring) -> tuple[int, ...]:
    """The prompt's end that the tokenizer joins with an option; scores are divided by its probability."""
    ids = scoring.prompt.ids
    return tuple(ids[len(ids) - scoring.trie.taken_back :]) if scoring.trie.taken_back else ()


def _ends_of(scoring: _Scoring) -> list[tuple[int, ...]]:
    """The nodes that must be computed: those that no other node goes on from."""
    nodes = list(dict.fromkeys([*(node for node, _ in scoring.trie.children), _taken_back(scoring)[:-1]]))
    return [node for node in nodes if not any(other != node and other[: len(node)] == node for other in nodes)]


def _completions(texts: Sequence[Writing], prompt: Prompt, elapsed_s: float) -> list[Completion] | Unavailable:
    """The texts of one job; nothing where one was given up on the way, as nobody waits for them any more."""
    found = []
    for number, one in enumerate(texts):
        reason = _REASONS.get(one.finish_reason)
        if reason is None:
            return Unavailable("nobody waits for this text any more")
        usage = Usage(len(prompt.ids) if number == 0 else 0, len(one.tokens))
        pieces = prompt.pieces
        found.append(Completion(one.text, reason, token_ids=tuple(one.tokens), pieces=pieces, usage=usage, elapsed_s=elapsed_s))
    return found
