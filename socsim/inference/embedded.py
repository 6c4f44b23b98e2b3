"""The embedded engine: a GGUF model in this process, without key or network.

Prompts are sent as tokens, whole options are scored along token paths, and every sampling setting is stated. Draws are
seeded, but no engine that batches gives the same text for the same seed at all times: the record does.
"""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from socsim.errors import ContextOverflow, Rejected, Unavailable
from socsim.inference.llama_prompts import Prompt, PromptWriter
from socsim.inference.llama_server import LlamaServer, ServerSettings, token_counts
from socsim.inference.llama_slots import SETTLING_S, SlotPool, Visit
from socsim.inference.option_tries import OptionTrie, build_trie, score_options
from socsim.inference.types import Capabilities, Completion, EngineIdentity, FinishReason, Request, SamplingParams, Usage
from socsim.models.fetching import file_sha256
from socsim.models.gguf import read_gguf_header
from socsim.provenance import package_version

__all__ = ["EmbeddedEngine"]

_LISTED = (16, 2048, 1 << 30)
"""Tokens whose log-probabilities are listed, in one attempt after another until one of those wanted is among them."""
_LIFT = 100.0
_NONE = -1e30
_CACHED_TRIES = 1024
_FINISHED: Mapping[str, FinishReason] = {"eos": "stop", "word": "stop", "limit": "length"}


@dataclass(slots=True)
class _Counted:
    """Tokens of the calls that one request took; the ``prefilled`` ones were computed for it, and do not count as cached."""

    prefilled: int
    prompt: int = 0
    cached: int = 0

    def add(self, answer: dict[str, Any]) -> dict[str, Any]:
        prompt, cached = token_counts(answer)
        self.prompt += prompt
        self.cached += cached
        return answer

    def usage(self, completion: int) -> Usage:
        return Usage(self.prompt, completion, max(0, self.cached - self.prefilled))


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
        self._trie = lru_cache(_CACHED_TRIES)(build_trie)
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="socsim-tokens")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pool_now: SlotPool | None = None

    @property
    def identity(self) -> EngineIdentity:
        """The model file by hash, and how it is served."""
        return self._identity

    def capabilities(self) -> Capabilities:
        """Texts, whole options and token ids; chat where the model has a template."""
        return Capabilities(
            chat=self._chat,
            plain=True,
            score=True,
            token_ids=True,
            parallel=self._settings.slots,
            context_tokens=self._settings.context_tokens,
            linger_s=SETTLING_S,
        )

    async def generate(self, request: Request, *, seed: int = 0) -> Completion:
        """Answer a request.

        Raises:
            ContextOverflow: prompt and longest reply do not fit into a slot.
            Rejected: the model cannot be asked this.
            Unavailable: the model failed.
        """
        loop = asyncio.get_running_loop()
        prompt, trie = await loop.run_in_executor(self._writing, self._written, request)
        self._check_length(prompt, request, trie)

        def work(visit: Visit) -> Completion:
            if trie is not None:
                return self._score(prompt, trie, visit)
            return self._text(prompt, request.sampling or SamplingParams(), seed, visit)

        completion: Completion = await self._pool(loop).run(prompt, work)
        return completion

    def close(self) -> None:
        """Stop the model and free its memory."""
        self._writing.shutdown(cancel_futures=True)
        if self._pool_now is not None:
            self._pool_now.close()
        self._server.close()

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
        prompt = self._writer.write(request)
        if not prompt.pieces:
            raise Rejected("the prompt is empty")
        if request.kind == "text":
            return prompt, None
        try:
            shape = Request("score", (), candidates=request.candidates, terminators=request.terminators)
            trie = self._trie(shape, prompt.pieces[-1], prompt.end, self._writer.tokens_of)
        except ValueError as error:
            raise Rejected(str(error)) from error
        if trie.taken_back == len(prompt.ids):
            raise Rejected("the tokenizer joins the whole prompt with an option, so that nothing is left to begin with")
        return prompt, trie

    def _check_length(self, prompt: Prompt, request: Request, trie: OptionTrie | None) -> None:
        longest = max(len(path) for paths in trie.paths for path in paths) if trie else 0
        reply = request.sampling.max_tokens if request.sampling else longest
        total, most = len(prompt.ids) + reply, self._settings.context_tokens
        if total > most:
            raise ContextOverflow(f"the prompt has {len(prompt.ids)} tokens and the reply up to {reply}; a slot holds {most}")

    def _text(self, prompt: Prompt, sampling: SamplingParams, seed: int, visit: Visit) -> Completion:
        body = _sampling_body(sampling, self._settings.context_tokens)
        answer = self._server.complete({**body, "prompt": prompt.ids, "id_slot": visit.slot, "seed": seed}, visit.is_gone)
        counted = _Counted(visit.prefilled)
        counted.add(answer)
        reason = _FINISHED.get(answer["stop_type"])
        if reason is None:
            raise Unavailable(f"the reply ended before its end (stop_type {answer['stop_type']!r})")
        text, tokens = str(answer["content"]), tuple(answer["tokens"])
        if reason == "length":
            text = text.rstrip("\N{REPLACEMENT CHARACTER}")  # the beginning of a character that was cut off
        return Completion(text, reason, token_ids=tokens, pieces=prompt.pieces, usage=counted.usage(len(tokens)))

    def _score(self, prompt: Prompt, trie: OptionTrie, visit: Visit) -> Completion:
        counted = _Counted(visit.prefilled)
        base = prompt.ids[: len(prompt.ids) - trie.taken_back]

        def next_logprobs(path: tuple[int, ...], tokens: Sequence[int]) -> Mapping[int, float]:
            return self._next_logprobs([*base, *path], tokens, visit, counted)

        scores = score_options(trie, next_logprobs)
        ids = trie.candidate_ids
        return Completion(
            finish_reason="scored", logprobs=scores, candidate_ids=ids, pieces=prompt.pieces, usage=counted.usage(0)
        )

    def _next_logprobs(self, ids: list[int], wanted: Sequence[int], visit: Visit, counted: _Counted) -> dict[int, float]:
        """Log-probabilities of some next tokens over the whole vocabulary.

        Those among the likeliest tokens are listed by llama.cpp; the others are found by their ratio to one that is listed,
        and where that cannot be had, in a list of the whole vocabulary.
        """
        ratios: dict[int, float] | None = None
        for listed in _LISTED:
            answer = counted.add(self._server.next_tokens(visit.slot, ids, listed + len(wanted), visit.is_gone))
            found = _among(wanted, _first_token(answer).get("top_logprobs", ()))
            if len(found) == len(wanted):
                return found
            if found and ratios is None:
                ratios = self._ratios(ids, wanted, visit, counted)
                if ratios:
                    anchor = max(found, key=ratios.__getitem__)
                    return {token: found.get(token, ratios[token] - ratios[anchor] + found[anchor]) for token in wanted}
        raise Unavailable("llama.cpp does not list the options' tokens")

    def _ratios(self, ids: list[int], wanted: Sequence[int], visit: Visit, counted: _Counted) -> dict[int, float]:
        """Log-probabilities of the wanted tokens among each other; nothing where one that is a part of a character is drawn."""
        answer = counted.add(self._server.ratios(visit.slot, ids, wanted, _LIFT, visit.is_gone))
        rows: Sequence[Mapping[str, Any]] = _first_token(answer).get("top_probs", ())
        if not rows:
            return {}
        found = {row["id"]: float(row["prob"]) for row in rows}
        return {token: math.log(found[token]) if found.get(token, 0.0) > 0.0 else -math.inf for token in wanted}


def _first_token(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer says of its first token; nothing where that is a part of a character."""
    rows: Sequence[Mapping[str, Any]] = answer.get("completion_probabilities") or ({},)
    return dict(rows[0])


def _among(wanted: Sequence[int], rows: Sequence[Mapping[str, Any]]) -> dict[int, float]:
    """Log-probabilities of the wanted tokens that are listed; llama.cpp writes the lowest number there is for none at all."""
    found = {row["id"]: float(row["logprob"]) for row in rows if row["id"] in wanted}
    return {token: value if value > _NONE else -math.inf for token, value in found.items()}


def _sampling_body(sampling: SamplingParams, context_tokens: int) -> dict[str, Any]:
    return {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "repeat_penalty": sampling.repetition_penalty,
        "repeat_last_n": context_tokens,
        "n_predict": sampling.max_tokens,
        "return_tokens": True,
        "stop": list(sampling.stop),
        "samplers": ["penalties", "top_k", "top_p", "min_p", "temperature"],
    }


def _processors() -> int:
    """Processor threads that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
