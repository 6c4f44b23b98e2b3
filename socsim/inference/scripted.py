"""A public stand-in for a language model: replies by rule, without a model.

By default every reply and score is a pure function of the request and the seed, so a run on it gives the same tables at
any concurrency. For tests, dry runs and measurements of socsim's own overhead; its identity says "scripted", so no
result can be taken for a model's.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from socsim.errors import Rejected
from socsim.inference.stand_ins import constrained_stand_in
from socsim.inference.types import Capabilities, Completion, EngineIdentity, Request, TokenPiece, Usage

__all__ = ["ScriptedEngine", "default_reply", "default_scores"]

Reply = Callable[[Request, int], str]
Scorer = Callable[[Request], Sequence[float]]
Latency = Callable[[Request, int], float]
Failure = Callable[[Request, int, int], BaseException | None]

_OPENINGS = ("I think", "To me", "Honestly,", "As I see it,", "In my life", "Around here", "Most days", "For my family")
_MIDDLES = ("this matters", "it depends on the cost", "people deserve better", "we can wait", "fairness comes first",
            "the money is short", "others know more", "nothing has changed")  # fmt: skip
_ENDINGS = ("a great deal.", "more than before.", "for all of us.", "and that is fine.", "whatever they say.",
            "as it always did.", "in the end.", "and I worry.")  # fmt: skip


_KINDS_OF_WORDS = 64


def _bits(*parts: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(b"\x1f".join(parts), digest_size=8).digest(), "little")


def default_reply(request: Request, seed: int) -> str:
    """One of 512 short sentences, chosen by the content of the request and the seed; a small value where a schema is to hold."""
    if request.constraint:
        return constrained_stand_in(request)
    bits = _bits(request.content(), str(seed).encode())
    return f"{_OPENINGS[bits & 7]} {_MIDDLES[bits >> 3 & 7]} {_ENDINGS[bits >> 6 & 7]}"


def default_scores(request: Request) -> tuple[float, ...]:
    """Log-probabilities chosen by the content of the request: exponential weights, with a total mass of .2 to .95."""
    content = request.content()
    units = [(_bits(content, str(index).encode()) + 1) / (2.0**64 + 2) for index in range(len(request.candidates) + 1)]
    weights = [-math.log(unit) for unit in units[1:]]
    mass = 0.2 + 0.75 * units[0]
    total = math.fsum(weights)
    return tuple(math.log(mass * weight / total) for weight in weights)


def _word_counts(text: str) -> tuple[float, ...]:
    counts = Counter(_bits(word.encode()) % _KINDS_OF_WORDS for word in text.lower().split())
    return tuple(float(counts[kind]) for kind in range(_KINDS_OF_WORDS))


class ScriptedEngine:
    """An engine that follows a script.

    Args:
        reply: a function of (request, seed), which should be pure; or texts that are given one after another in order of
            arrival, for tests that ask one thing at a time (an `IndexError` follows the last). Default: `default_reply`.
        scorer: log-probabilities of a request's candidates. Default: `default_scores`.
        latency: seconds a call takes, a number or a function of (request, seed). Default: none.
        failure: called with (request, seed, attempt), attempts counting from 1; what it returns is raised.
        parallel: requests served at once, as told to the client.
        token_ids: give token ids: one token per UTF-8 byte. Otherwise tokens are words, only counted.
        able: fields of `Capabilities` that are otherwise than everything, e.g. ``{"whole_options": False}``, to see what is
            made of a model that cannot do it all.

    `socsim.inference.scripts` has ready-made replies by rule, latencies and failures. A reply is cut at the first stop string
    and at ``max_tokens``, like a model's.

    Example:
        >>> import asyncio
        >>> from socsim.inference.types import Request, SamplingParams, Segment
        >>> request = Request("text", (Segment("user", "Well?"),), sampling=SamplingParams())
        >>> asyncio.run(ScriptedEngine(reply=lambda request, seed: "Yes.").generate(request)).text
        'Yes.'
    """

    def __init__(
        self,
        reply: Reply | Sequence[str] | None = None,
        scorer: Scorer | None = None,
        latency: float | Latency | None = None,
        failure: Failure | None = None,
        *,
        parallel: int = 64,
        token_ids: bool = False,
        able: Mapping[str, Any] | None = None,
    ) -> None:
        self._texts: Iterator[str] | None = None if reply is None or callable(reply) else iter(tuple(reply))
        self._reply = reply if callable(reply) else default_reply
        self._scorer = scorer or default_scores
        self._latency = latency
        self._failure = failure
        self._token_ids = token_ids
        able = {"chat": True, "plain": True, "score": True, "token_ids": token_ids, "parallel": parallel,
                "embeddings": True,
                "at_once": latency is None and type(self).generate is ScriptedEngine.generate,
                "constrained": self._reply is default_reply and self._texts is None, **(able or {})}  # fmt: skip
        self._able = Capabilities(**able)
        self._attempts: Counter[tuple[str, int]] = Counter()
        self.calls = 0
        """Number of times `generate` was called."""

    @property
    def identity(self) -> EngineIdentity:
        """Names the script, not its content: a caller's functions have no hash."""
        script = "texts" if self._texts is not None else getattr(self._reply, "__qualname__", type(self._reply).__name__)
        scorer = getattr(self._scorer, "__qualname__", type(self._scorer).__name__)
        return EngineIdentity("scripted", "scripted", version="1", settings=(("reply", script), ("scorer", scorer)))

    def capabilities(self) -> Capabilities:
        """Everything, at once, unless it was made less able."""
        return self._able

    async def generate(self, request: Request, *, seed: int = 0) -> Completion:
        """Follow the script.

        Raises:
            Rejected: the prompt is empty, or wants an adapter that it was not made with.
        """
        self.calls += 1
        if not any(segment.text for segment in request.segments):
            raise Rejected("the prompt is empty")
        if request.adapter and not self._able.adapters:
            raise Rejected("the scripted engine has no adapters")
        delay = self._latency(request, seed) if callable(self._latency) else self._latency
        if delay is not None:
            await asyncio.sleep(delay)
        self._fail(request, seed)
        pieces = self._pieces(request)
        prompt_tokens = self._prompt_tokens(request, pieces)
        if request.kind == "score":
            ids = tuple(tuple(c.encode()) for c in request.candidates) if self._token_ids else ()
            usage = Usage(prompt_tokens=prompt_tokens)
            scores = tuple(self._scorer(request))
            return Completion(finish_reason="scored", logprobs=scores, candidate_ids=ids, pieces=pieces, usage=usage)
        return self._text(request, seed, pieces, prompt_tokens)

    async def sample(self, request: Request, *, seeds: Sequence[int]) -> list[Completion]:
        """Follow the script for several seeds; the prompt is counted once."""
        first, *others = [await self.generate(request, seed=seed) for seed in seeds]
        return [first, *(replace(one, usage=replace(one.usage, prompt_tokens=0)) for one in others)]

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """How often each of 64 kinds of words stands in a text, so that texts that share words are alike; no call is counted."""
        return [_word_counts(text) for text in texts]

    async def count_tokens(self, request: Request) -> int:
        """Tokens of the prompt: bytes or words, see ``token_ids``."""
        return self._prompt_tokens(request, self._pieces(request))

    def close(self) -> None:
        """Nothing to close."""

    @staticmethod
    def _prompt_tokens(request: Request, pieces: tuple[TokenPiece, ...]) -> int:
        return sum(len(p.ids) for p in pieces) or sum(s.text.count(" ") + 1 for s in request.segments)

    def _fail(self, request: Request, seed: int) -> None:
        if self._failure is None:
            return
        key = (request.digest(), seed)
        self._attempts[key] += 1
        error = self._failure(request, seed, self._attempts[key])
        if error is not None:
            raise error

    def _text(self, request: Request, seed: int, pieces: tuple[TokenPiece, ...], prompt_tokens: int) -> Completion:
        text = self._next_text() if self._texts is not None else self._reply(request, seed)
        sampling = request.sampling
        for stop in sampling.stop if sampling else ():
            text = text.partition(stop)[0] if stop else text
        words = text.split(" ")
        cut_off = sampling is not None and len(words) > sampling.max_tokens
        if sampling is not None and cut_off:
            words = words[: sampling.max_tokens]
            text = " ".join(words)
        ids = tuple(text.encode()) if self._token_ids else ()
        usage = Usage(prompt_tokens=prompt_tokens, completion_tokens=len(ids) or len(words))
        return Completion(text, "length" if cut_off else "stop", token_ids=ids, pieces=pieces, usage=usage)

    def _next_text(self) -> str:
        text = next(self._texts, None) if self._texts is not None else None
        if text is None:
            raise IndexError("the scripted engine has given its last reply")
        return text

    def _pieces(self, request: Request) -> tuple[TokenPiece, ...]:
        if not self._token_ids:
            return ()
        return tuple(TokenPiece(segment.text, tuple(segment.text.encode())) for segment in request.segments)
