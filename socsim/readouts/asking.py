"""What a readout needs of the agent it asks: its context as text, and a way to make calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from socsim.inference.types import CallFailure, Completion, Request, SamplingParams, Segment, Style
from socsim.prompts import PromptBook

__all__ = ["Calls", "Context", "ReadoutPolicy", "head"]


@dataclass(frozen=True, slots=True)
class Context:
    """What stands in front of the question, as text: persona, what is remembered, what is seen."""

    persona: str = ""
    own: str = ""
    seen: str = ""


class Calls(Protocol):
    """Makes the calls of one agent's event; each has a path, and a text call is one draw of several."""

    async def score(self, requests: Sequence[tuple[str, Request]]) -> list[Completion | CallFailure]: ...

    async def draw(self, path: str, request: Request, attempt: int) -> Completion | CallFailure: ...


@dataclass(frozen=True, slots=True)
class ReadoutPolicy:
    """How texts are sampled, how often a reply that cannot be read is asked for again, and what the calls are named."""

    model: str
    sampling: SamplingParams
    retry: int
    path: str


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
