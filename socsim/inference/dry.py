"""An engine that answers nothing and counts everything: what a run would ask, in calls and tokens, before any is paid for.

Its replies are stand-ins of the expected length: a label where labels are shown, a number where one is asked for, JSON
where a schema says so, else neutral words. They are never part of a run.
"""

from __future__ import annotations

import hashlib
import math
import random
import re
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace

from socsim.inference.client import InferenceClient
from socsim.inference.stand_ins import constrained_stand_in
from socsim.inference.types import (
    CallFailure,
    Capabilities,
    Completion,
    DrawKey,
    Engine,
    EngineIdentity,
    Request,
    Segment,
    TokenCounter,
    Usage,
)

__all__ = ["Counts", "DryEngine", "TellingClient"]

CHARACTERS_PER_TOKEN = 4.0
"""Where the model's tokenizer is not at hand; English text has about 3 to 5."""
_WORDS = [
    "I",
    "think",
    "people",
    "here",
    "should",
    "have",
    "a",
    "say",
    "in",
    "this",
    "since",
    "it",
    "matters",
    "to",
    "all",
    "of",
    "us",
    "and",
    "nobody",
    "knows",
    "yet",
    "how",
    "it",
    "will",
    "turn",
    "out",
    "for",
    "the",
    "town",
    "or",
    "the",
    "families",
    "who",
    "live",
    "in",
    "it",
    "but",
    "we",
    "may",
    "still",
    "find",
    "a",
    "way",
    "that",
    "most",
    "can",
    "accept",
    "without",
    "much",
    "trouble",
]
_TOKENS_PER_WORD = 1.25
_LABELLED = re.compile(r"^\s*([A-Za-z]{1,4}|\d{1,2})[.):]\s", re.MULTILINE)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SHORT = 64
_PATH: ContextVar[str] = ContextVar("socsim_dry_path", default="")


@dataclass(slots=True)
class Counts:
    """What was asked; embeddings count as scores, as nothing is written.

    ``shared_tokens`` are of prompts' beginnings that an earlier prompt had too, up to a segment's end.
    """

    texts: int = 0
    scores: int = 0
    prompt_tokens: float = 0.0
    shared_tokens: float = 0.0
    reply_tokens: float = 0.0
    longest_reply_tokens: int = 0

    @property
    def calls(self) -> int:
        """Calls of both kinds."""
        return self.texts + self.scores


class TellingClient(InferenceClient):
    """A client that lets a `DryEngine` know whether a message or an answer is asked for."""

    async def submit(
        self, request: Request, draw: DrawKey | None, *, priority: float = 0.0, digest: str | None = None
    ) -> Completion | CallFailure:
        """See `InferenceClient.submit`."""
        _PATH.set(draw.path if draw is not None else "")
        return await super().submit(request, draw, priority=priority, digest=digest)


class DryEngine:
    """Counts what a simulation asks of another engine.

    Args:
        engine: the engine that it stands in for; asked for its abilities and, where it knows the tokenizer, for counts.
        reply_share: expected length of a text as a share of the longest allowed, 0 to 1.
        keep: requests that are kept as examples, at most.
    """

    def __init__(self, engine: Engine, reply_share: float = 0.7, keep: int = 0) -> None:
        self._engine = engine
        self._share = reply_share
        self._keep = keep
        able = engine.capabilities()
        self.exact = isinstance(engine, TokenCounter) and able.token_ids
        """Whether tokens are counted by the model's own tokenizer."""
        self._able = replace(able, samples=1, priority=False, linger_s=0.0, parallel=64, at_once=False)
        self._seen: set[bytes] = set()
        self.counts = Counts()
        self.examples: list[Request] = []

    @property
    def identity(self) -> EngineIdentity:
        """Says that it is no model."""
        return replace(self._engine.identity, engine="dry")

    def capabilities(self) -> Capabilities:
        """Those of the engine that it stands in for."""
        return self._able

    async def generate(self, request: Request, *, seed: int = 0) -> Completion:
        """Count a request and give a stand-in."""
        tokens = await self._tokens(request)
        counts = self.counts
        counts.prompt_tokens += tokens
        counts.shared_tokens += tokens * self._shared(request)
        self._remember(request)
        usage = Usage(prompt_tokens=round(tokens))
        if request.kind == "score":
            counts.scores += 1
            each = -math.log(len(request.candidates)) if request.candidates else 0.0
            return Completion(finish_reason="scored", logprobs=(each,) * len(request.candidates), usage=usage)
        counts.texts += 1
        text, length = self._reply(request, seed)
        counts.reply_tokens += length
        counts.longest_reply_tokens += request.sampling.max_tokens if request.sampling else 0
        return Completion(text, usage=replace(usage, completion_tokens=max(1, round(length))))

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """Count the texts and give stand-ins that are like nothing."""
        for text in texts:
            self.counts.scores += 1
            self.counts.prompt_tokens += await self._tokens(Request("text", (Segment("user", text),), "plain"))
        return [(0.0,)] * len(texts)

    def close(self) -> None:
        """The other engine belongs to who made it."""

    async def _tokens(self, request: Request) -> float:
        if self.exact:
            assert isinstance(self._engine, TokenCounter)
            return float(await self._engine.count_tokens(request))
        return sum(len(segment.text) for segment in request.segments) / CHARACTERS_PER_TOKEN

    def _shared(self, request: Request) -> float:
        """Share of the prompt that an earlier one began with."""
        state = hashlib.blake2b(request.style.encode(), digest_size=16)
        total = sum(len(segment.text) for segment in request.segments)
        length = shared = 0
        for segment in request.segments:
            state.update(f"{segment.role}\0{segment.text}\0".encode("utf-8", "surrogatepass"))
            length += len(segment.text)
            key = state.digest()
            if key in self._seen:
                shared = length
            self._seen.add(key)
        return shared / total if total else 0.0

    def _remember(self, request: Request) -> None:
        """Keep every so-many-th request, so that examples are spread over the run."""
        if not self._keep:
            return
        self.examples.append(request)
        if len(self.examples) > 2 * self._keep:
            self.examples = self.examples[::2]

    def _reply(self, request: Request, seed: int) -> tuple[str, float]:
        """(stand-in, its length in tokens)."""
        most = request.sampling.max_tokens if request.sampling else 1
        if request.constraint:
            text = constrained_stand_in(request)
            return text, min(most, len(text) / 2.5)
        if _PATH.get().startswith("ask") and most <= _SHORT:
            asked = next((segment.text for segment in reversed(request.segments) if segment.role == "user"), "")
            label = _LABELLED.search(asked)
            number = _NUMBER.search(asked)
            return (label[1] if label else number[0] if number else "1"), min(most, 3.0)
        length = max(1.0, most * self._share)
        drawn = random.Random(f"{seed}/{request.digest()}")
        return " ".join(drawn.choices(_WORDS, k=max(1, round(length / _TOKENS_PER_WORD)))) + ".", length
