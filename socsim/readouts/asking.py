"""What a readout needs of the agent it asks: its context as text, and a way to make calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from socsim.inference.types import CallFailure, Completion, Request, SamplingParams, Segment, Style
from socsim.prompts import PromptBook

__all__ = ["Calls", "Context", "ReadoutPolicy", "head", "text_request"]


@dataclass(frozen=True, slots=True)
class Context:
    """What stands in front of the question, as text: persona, what is remembered, what is seen.

    ``group`` describes the same person to somebody else, as one of many.
    """

    persona: str = ""
    own: str = ""
    seen: str = ""
    group: str = ""


class Calls(Protocol):
    """Makes the calls of one agent's event; each has a path, and a text call is one draw of several.

    Calls given together are made together; outcomes come in their order.
    """

    async def score(self, requests: Sequence[tuple[str, Request]]) -> list[Completion | CallFailure]: ...

    async def draws(self, requests: Sequence[tuple[str, Request, int]]) -> list[Completion | CallFailure]:
        """Texts: each request with its path and the number of the attempt."""
        ...


@dataclass(frozen=True, slots=True)
class ReadoutPolicy:
    """How texts are sampled, how often a reply that cannot be read is asked for again, and what the calls are named.

    ``retry``: the same question again; ``repair``: after that, with the reply shown and what is wrong with it.
    """

    model: str
    sampling: SamplingParams
    retry: int
    path: str
    repair: int = 0
    adapter: str = ""


def head(book: PromptBook, context: Context, style: Style) -> tuple[Segment, ...]:
    """The segments in front of the question, from most shared to least shared; empty ones are left out."""
    if style == "plain":
        text = book.narrative_text(context.persona, context.own, context.seen)
        return (Segment("user", text + "\n"),) if text else ()
    segments = []
    system = book.system_text(context.persona)
    if system:
        segments.append(Segment("system", system))
    before = (context.own + context.seen).strip()
    if before:
        segments.append(Segment("user", before + "\n\n"))
    return tuple(segments)


def text_request(
    segments: tuple[Segment, ...],
    style: Style,
    policy: ReadoutPolicy,
    max_tokens: int,
    stop: tuple[str, ...] = (),
    constraint: str = "",
) -> Request:
    """A request for a text, sampled as the policy says."""
    s = policy.sampling
    sampling = SamplingParams(s.temperature, s.top_p, s.top_k, s.min_p, s.repetition_penalty, max_tokens, stop)
    return Request("text", segments, style, sampling, (), (), policy.model, constraint, policy.adapter)
