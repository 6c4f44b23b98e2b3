"""The embedded engine: a GGUF model in this process, without key or network.

Prompts are sent as tokens, whole options are scored along token paths, and every sampling setting is stated. Draws are
seeded, but no engine that batches gives the same text for the same seed at all times: the record does.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from socsim.errors import ContextOverflow, Rejected, Unavailable
from socsim.inference.llama_embeddings import LlamaEmbedder
from socsim.inference.llama_scoring import Counted, OptionScorer
from socsim.inference.llama_server import LlamaServer, ServerSettings
from socsim.inference.llama_slots import SETTLING_S, SlotPool, Visit
from socsim.inference.llama_texts import TextSampler, read_schema
from socsim.inference.option_tries import OptionTrie
from socsim.inference.token_prompts import Prompt, PromptWriter
from socsim.inference.types import Capabilities, Completion, EngineIdentity, Request
from socsim.models.fetching import file_sha256
from socsim.models.gguf import read_gguf_header
from socsim.provenance import package_version

__all__ = ["EmbeddedEngine"]


class EmbeddedEngine:
    """A GGUF model, chat-tuned or base, served by llama.cpp in this process.

    Args:
        path: the model file.
        model_name: the name that the scenario uses for it; part of the identity.
        slots: prompts worked on side by side.
        context_tokens: longest prompt plus reply; at most what the model was trained for.
        threads: processor threads; all that this process may use where not given.
        keep: keep what many prompts begin with outside the slots too, and copy it into others.

    Raises:
        ModelFileError: the file is missing, damaged or cannot be loaded.
    """

    def __init__(
        self,
        path: Path,
        *,
        model_name: str = "",
        slots: int = 16,
        context_tokens: int = 2048,
        threads: int | None = None,
        keep: bool = True,
    ) -> None:
        header = read_gguf_header(path)
        context = min(context_tokens, header.context_tokens) if header.context_tokens else context_tokens
        self._settings = ServerSettings(slots, context, threads or _processors())
        self._identity = EngineIdentity(
            engine="embedded",
            model=model_name or header.name or path.name,
            file_sha256=file_sha256(path),
            quantisation=header.quantisation,
            version=f"xllamacpp {package_version('xllamacpp')}",
            settings=tuple((name, str(getattr(self._settings, name))) for name in ("slots", "context_tokens", "threads")),
        )
        self._keep = keep
        self._server = LlamaServer(path, self._settings)
        self._chat = bool(header.chat_template)
        self._writer = PromptWriter(self._server, chat=self._chat)
        self._scorer = OptionScorer(self._server)
        self._texts = TextSampler(self._server)
        self._embedder = LlamaEmbedder(path, self._settings)
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="socsim-tokens")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pool_now: SlotPool | None = None

    @property
    def identity(self) -> EngineIdentity:
        """The model file by hash, and how it is served."""
        return self._identity

    def capabilities(self) -> Capabilities:
        """Everything but adapters and steering; chat where the model has a template."""
        slots = self._settings.slots
        return Capabilities(
            chat=self._chat,
            plain=True,
            score=True,
            token_ids=True,
            parallel=slots,
            context_tokens=self._settings.context_tokens,
            linger_s=SETTLING_S,
            samples=slots,
            constrained=True,
            embeddings=True,
        )

    async def generate(self, request: Request, *, seed: int = 0) -> Completion:
        """Answer a request.

        Raises:
            ContextOverflow: prompt and longest reply do not fit into a slot.
            Rejected: the model cannot be asked this.
            Unavailable: the model failed.
        """
        (completion,) = await self._answers(request, (seed,))
        return completion

    async def sample(self, request: Request, *, seeds: Sequence[int]) -> list[Completion]:
        """Draw several texts that begin alike; the prompt is computed once, and copied into other slots where these are free.

        Args:
            request: for a text.
            seeds: one per text; texts come back in this order.

        Raises:
            InferenceError: one of the texts cannot be had; see `generate`. There are none then.
        """
        if request.kind != "text":
            raise Rejected("only texts are drawn several at a time; probabilities are the same whenever they are asked")
        found = await self._answers(request, seeds)
        cached = min((one.usage.cached_tokens for one in found), default=0)
        return [
            replace(one, usage=replace(one.usage, prompt_tokens=0, cached_tokens=0))
            if number
            else replace(one, usage=replace(one.usage, cached_tokens=cached))
            for number, one in enumerate(found)
        ]

    async def count_tokens(self, request: Request) -> int:
        """Tokens of the prompt as it would be sent.

        Raises:
            Rejected: the model's chat template does not take these messages.
        """
        prompt = await asyncio.get_running_loop().run_in_executor(self._writing, self._writer.write, request)
        return len(prompt.ids)

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """One vector of length 1 per text; see `socsim.inference.llama_embeddings`. Loads the model again when first called."""
        return await self._embedder.embed(texts) if texts else []

    def close(self) -> None:
        """Stop the model and free its memory."""
        self._writing.shutdown(cancel_futures=True)
        self._embedder.close()
        if self._pool_now is not None:
            self._pool_now.close()
        self._server.close()

    async def _answers(self, request: Request, seeds: Sequence[int]) -> list[Completion]:
        """Answers to a request, one per seed; where one fails, the others are given up."""
        asked_at, loop = time.monotonic(), asyncio.get_running_loop()
        prompt, trie = await loop.run_in_executor(self._writing, self._written, request)
        self._check_length(prompt, request, trie)

        def work(visit: Visit, seed: int) -> Completion:
            if trie is not None:
                return self._scored(prompt, trie, visit, asked_at)
            return self._texts.draw(prompt, request, seed, visit, asked_at)

        pool = self._pool(loop)
        return await _all_or_none([pool.run(prompt, partial(work, seed=seed)) for seed in seeds])

    def _pool(self, loop: asyncio.AbstractEventLoop) -> SlotPool:
        """The slots, shared by everybody in one loop. A loop that has ended leaves them to the next one."""
        if self._pool_now is None or loop is not self._loop:
            if self._loop is not None and not self._loop.is_closed():
                raise Unavailable("the embedded engine is in use by another event loop; one engine serves one run at a time")
            if self._pool_now is not None:
                self._pool_now.close()
            self._loop = loop
            self._pool_now = SlotPool(self._server, self._settings.slots, self._server.state_budget if self._keep else 0)
        return self._pool_now

    def _written(self, request: Request) -> tuple[Prompt, OptionTrie | None]:
        """Prompt and options in tokens."""
        if request.adapter:
            raise Rejected("the embedded engine has no adapters; use engine: transformers, vllm, or a server that has them")
        if request.constraint:
            read_schema(request.constraint)
        return self._writer.write_with_options(request)

    def _check_length(self, prompt: Prompt, request: Request, trie: OptionTrie | None) -> None:
        longest = max(len(path) for paths in trie.paths for path in paths) if trie else 0
        reply = request.sampling.max_tokens if request.sampling else longest
        total, most = len(prompt.ids) + reply, self._settings.context_tokens
        if total > most:
            raise ContextOverflow(f"the prompt has {len(prompt.ids)} tokens and the reply up to {reply}; a slot holds {most}")

    def _scored(self, prompt: Prompt, trie: OptionTrie, visit: Visit, asked_at: float) -> Completion:
        counted = Counted(visit.prefilled, len(prompt.ids))
        scores = self._scorer.score(prompt.ids, trie, visit, counted)
        ids, usage = trie.candidate_ids, counted.usage(0)
        elapsed_s = time.monotonic() - asked_at
        return Completion(
            finish_reason="scored", logprobs=scores, candidate_ids=ids, pieces=prompt.pieces, usage=usage, elapsed_s=elapsed_s
        )


async def _all_or_none(calls: Sequence[Coroutine[Any, Any, Completion]]) -> list[Completion]:
    """The results of calls made side by side; the first error, once all the others have ended."""
    if len(calls) == 1:
        return [await calls[0]]
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


def _processors() -> int:
    """Processor threads that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
