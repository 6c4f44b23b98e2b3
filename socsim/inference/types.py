"""What crosses the seam between the simulation and a language model.

A `Request` says what is wanted, a `Completion` what came back. Both are frozen values without behaviour of their own;
they know nothing of agents, items or engines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, runtime_checkable

import orjson

__all__ = [
    "Adapting",
    "CallFailure",
    "Capabilities",
    "Completion",
    "DrawKey",
    "Embedder",
    "Engine",
    "EngineIdentity",
    "FailureKind",
    "FinishReason",
    "LoopBound",
    "Measured",
    "Prioritising",
    "Request",
    "Role",
    "SAMPLING_FIELDS",
    "Sampler",
    "SamplingParams",
    "Segment",
    "Serving",
    "Style",
    "TokenCounter",
    "TokenPiece",
    "Usage",
]

Role = Literal["system", "user", "assistant"]
Style = Literal["chat", "plain"]
FinishReason = Literal["stop", "length", "scored"]
FailureKind = Literal[
    "rate_limited", "timed_out", "unavailable", "rejected", "refused", "content_filter", "context_overflow", "bad_reply"
]
SAMPLING_FIELDS = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty")
"""Fields of `SamplingParams` that an engine may or may not honour; length and stop strings every engine honours."""


class Segment(NamedTuple):
    """A piece of a prompt, from most shared to least shared.

    Neighbouring segments of one role are one chat message; their texts are joined without a separator. A trailing
    ``assistant`` segment is the beginning of the reply, which the model continues. The text is data: an engine that
    tokenises itself must never read control tokens out of it.
    """

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How a text is drawn. The defaults sample the model's own distribution, unchanged.

    ``temperature`` 0 is greedy; ``top_k`` 0 and ``top_p`` 1 cut nothing; ``stop`` strings end the text and are not part
    of it. Engines differ in whether they cut before or after the temperature is applied: the embedded one cuts before.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    max_tokens: int = 64
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One thing asked of a model.

    ``kind="text"``: continue the prompt under ``sampling``.

    ``kind="score"``: the natural-log probability of each of ``candidates`` as the continuation of the prompt, over the
    full vocabulary. A candidate is given in full (with its leading space, if any) and tokenised jointly with the text
    before it. With ``terminators``, the probability that the candidate is followed by one of these texts is included,
    which keeps "1" apart from "11"; the terminator ``""`` stands for the end of the reply.

    ``kind="embed"``: the vector of the segments' text, from an engine that is an `Embedder`. It is no draw, so equal
    texts are one call; the completion's text is the vector as `socsim.inference.vectors` writes it.

    ``style="chat"`` goes through the model's chat template, ``"plain"`` is the bare text (for base models and for
    unfinished sentences). ``model`` is the name used in the scenario.

    ``constraint`` is a JSON schema (canonical JSON text) that the whole reply must follow; empty for free text. An engine
    that can constrain does; whoever asks validates in any case. ``adapter`` names a LoRA adapter of the model, empty for
    none.
    """

    kind: Literal["text", "score", "embed"]
    segments: tuple[Segment, ...]
    style: Style = "chat"
    sampling: SamplingParams | None = None
    candidates: tuple[str, ...] = ()
    terminators: tuple[str, ...] = ()
    model: str = ""
    constraint: str = ""
    adapter: str = ""

    def extras(self) -> dict[str, str]:
        """What is asked beyond the plain form of a request; parts that are not asked are left out."""
        if not (self.constraint or self.adapter):
            return {}
        return {name: value for name in ("constraint", "adapter") if (value := getattr(self, name))}

    def content(self) -> bytes:
        """Canonical bytes: equal for two requests if and only if they ask the same."""
        sampling = self.sampling
        return orjson.dumps(
            (
                self.kind,
                self.style,
                self.model,
                [(segment.role, segment.text) for segment in self.segments],
                self.candidates,
                self.terminators,
                None
                if sampling is None
                else (
                    float(sampling.temperature),
                    float(sampling.top_p),
                    sampling.top_k,
                    float(sampling.min_p),
                    float(sampling.repetition_penalty),
                    sampling.max_tokens,
                    sampling.stop,
                ),
                *((extras,) if (extras := self.extras()) else ()),
            )
        )

    def digest(self) -> str:
        """32 hexadecimal digits naming the content."""
        return hashlib.blake2b(self.content(), digest_size=16).hexdigest()


class DrawKey(NamedTuple):
    """Which draw of a request this is. Has no arm, so arms share random numbers.

    ``path`` names the call inside the agent's event, in program order (``"ask.services/0"``); ``attempt`` counts
    repeated draws of the same call (a repair, a second sample).
    """

    seed: int
    agent: int
    step: int
    path: str
    attempt: int = 0

    def text(self) -> str:
        """The key as stored in the record."""
        return f"{self.seed}/{self.agent}/{self.step}/{self.path}/{self.attempt}"

    @classmethod
    def parse(cls, text: str) -> DrawKey:
        """Inverse of `text`.

        Raises:
            ValueError: it is not the text of a draw key.
        """
        seed, agent, step, rest = text.split("/", 3)
        path, _, attempt = rest.rpartition("/")
        return cls(int(seed), int(agent), int(step), path, int(attempt))


@dataclass(frozen=True, slots=True)
class TokenPiece:
    """A run of prompt tokens that was tokenised together. ``template`` pieces hold control tokens, the others never do."""

    text: str
    ids: tuple[int, ...]
    template: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one call. ``cached_tokens`` were in the engine's prefix cache and cost nothing."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model wrote, or how it scored the candidates.

    ``logprobs`` has one natural-log probability per candidate of the request (full vocabulary, 0 or below, ``-inf``
    allowed), ``candidate_ids`` their tokens. ``token_ids`` are the generated tokens and ``pieces`` the exact prompt,
    where the engine knows them. ``notes`` say how the engine did what it could not do as asked, such as control strings in
    user text that were made visible; they are recorded. ``usage``, ``elapsed_s`` and ``ttft_s`` (seconds to the first token,
    0 where nobody knows) are telemetry: never part of a result or of its hash.
    """

    text: str = ""
    finish_reason: FinishReason = "stop"
    logprobs: tuple[float, ...] = ()
    candidate_ids: tuple[tuple[int, ...], ...] = ()
    token_ids: tuple[int, ...] = ()
    pieces: tuple[TokenPiece, ...] = ()
    usage: Usage = field(default=Usage(), compare=False)
    elapsed_s: float = field(default=0.0, compare=False)
    notes: tuple[str, ...] = ()
    ttft_s: float = field(default=0.0, compare=False)

    def timed(self, elapsed_s: float) -> Completion:
        """The same with the time that it took. Every call needs it, and `dataclasses.replace` would take three times as long."""
        return Completion(
            self.text,
            self.finish_reason,
            self.logprobs,
            self.candidate_ids,
            self.token_ids,
            self.pieces,
            self.usage,
            elapsed_s,
            self.notes,
            self.ttft_s,
        )


@dataclass(frozen=True, slots=True)
class CallFailure:
    """A call that got no answer after all its attempts. Recorded and replayed like an answer, but never one."""

    kind: FailureKind
    message: str
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do, asked before a run starts.

    ``parallel`` is the number of requests it serves at once; ``context_tokens`` the longest prompt plus reply, 0 if
    unknown. ``linger_s``: seconds for which a place is kept free after a reply, so that the next call of the same agent, which
    begins like the last, comes before others take over what was computed for it.
    """

    chat: bool
    plain: bool
    score: bool
    """Whether candidates can be scored at all; see ``whole_options`` and ``most_candidates`` for the bounds."""
    token_ids: bool
    parallel: int
    context_tokens: int = 0
    linger_s: float = 0.0
    whole_options: bool = True
    """Whether candidates of several tokens are scored; otherwise only those of one token each (labels)."""
    most_candidates: int = 0
    """Most candidates of one request, as where the number of top log-probabilities is capped; 0: as many as wished."""
    prefill: bool = True
    """Whether a trailing assistant segment is continued; otherwise the reply begins afresh and the readout says so."""
    samples: int = 1
    """Texts drawn from one prefill at most (see `Sampler`); 1: one call, one text."""
    sampling: tuple[str, ...] = SAMPLING_FIELDS
    """The sampling fields that are honoured; a scenario that sets another one is refused."""
    constrained: bool = False
    """Whether a reply can be constrained to a JSON schema; otherwise it is only asked for and validated."""
    adapters: bool = False
    steering: bool = False
    embeddings: bool = False
    priority: bool = False
    """Whether ``generate`` takes ``priority`` (see `Prioritising`)."""
    at_once: bool = False
    """Whether ``generate`` never waits for anything."""


@dataclass(frozen=True, slots=True)
class EngineIdentity:
    """Which model answered, exactly. Part of the record; a resumed run must find the same."""

    engine: str
    model: str
    file_sha256: str = ""
    quantisation: str = ""
    version: str = ""
    settings: tuple[tuple[str, str], ...] = ()


@runtime_checkable
class Engine(Protocol):
    """The one narrow seam to a language model: a request in, a completion out.

    ``generate`` raises `socsim.errors.InferenceError` when there is no answer; it never invents one. It must be safe
    to call many times at once from one event loop and must honour cancellation. ``seed`` is for text requests only and
    need not reproduce anything: the record does.
    """

    @property
    def identity(self) -> EngineIdentity: ...

    def capabilities(self) -> Capabilities: ...

    async def generate(self, request: Request, *, seed: int = 0) -> Completion: ...

    def close(self) -> None: ...


@runtime_checkable
class Sampler(Protocol):
    """An engine that draws several texts from one prefill; ``capabilities().samples`` says how many at once."""

    async def sample(self, request: Request, *, seeds: Sequence[int]) -> list[Completion]:
        """One completion per seed, in the order of the seeds. The prompt's tokens are counted in the first one only."""
        ...


@runtime_checkable
class Prioritising(Protocol):
    """An engine that orders its own queue; lower goes first."""

    async def generate(self, request: Request, *, seed: int = 0, priority: float = 0.0) -> Completion: ...


@runtime_checkable
class TokenCounter(Protocol):
    """An engine that knows the model's tokenizer."""

    async def count_tokens(self, request: Request) -> int:
        """Tokens of the prompt as it would be sent."""
        ...


@runtime_checkable
class Embedder(Protocol):
    """An engine that gives embeddings."""

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """One vector per text, all of the same length."""
        ...


@runtime_checkable
class Serving(Protocol):
    """Several engines behind one seam."""

    def serving(self, request: Request) -> Engine:
        """The engine of the model that a request names.

        Raises:
            Rejected: there is none.
        """
        ...


@runtime_checkable
class Adapting(Protocol):
    """An engine that must have an adapter before a request can name it."""

    def load_adapter(self, adapter: str, folder: Path | None) -> None: ...


@runtime_checkable
class LoopBound(Protocol):
    """An engine with connections or tasks that belong to the event loop in which they were made."""

    async def leave(self) -> None:
        """Give them up, in that loop; the engine can be used in another one afterwards."""
        ...


@runtime_checkable
class Measured(Protocol):
    """An engine that offers figures of its own server, such as those of ``/metrics``."""

    async def server_metrics(self) -> dict[str, float]:
        """Figures by name (``preemptions``, ``kv_cache_usage``, ``waiting``, ``running`` …); empty where none are offered."""
        ...
