"""Texts drawn side by side, each read strictly; what cannot be read is asked for again, then shown to the model for repair.

Works in rounds: all texts that are wanted are asked for at once, so that an engine can draw them from one prefill, then those
that could not be read. It knows nothing of items.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from socsim.inference.types import CallFailure, Completion, Request, Segment
from socsim.items import ParseFailure
from socsim.prompts import PromptBook
from socsim.readouts.asking import Calls, ReadoutPolicy

__all__ = ["Draw", "Drawn", "call_failed", "draw_all", "repair_request"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Draw(Generic[T]):
    """One text that is wanted: what is asked, and how the reply is read.

    The last ``begun`` segments of the request are the beginning of the reply.
    """

    path: str
    request: Request
    read: Callable[[Completion], T | ParseFailure]
    begun: int = 0


@dataclass(frozen=True, slots=True)
class Drawn(Generic[T]):
    """What a text was read as."""

    value: T
    text: str
    repaired: bool


def call_failed(failure: CallFailure) -> ParseFailure:
    """A call without a reply, as the reason why there is no answer."""
    return ParseFailure("call_failed", "", f"{failure.kind}: {failure.message}")


async def draw_all(
    draws: Sequence[Draw[T]], calls: Calls, book: PromptBook, policy: ReadoutPolicy
) -> list[Drawn[T]] | tuple[ParseFailure, ...]:
    """Every text read, in the order given; or, where one stays unreadable, every failure on the way.

    A call that got no reply at all is not asked again here: the client has tried as often as the scenario allows.
    """
    done: dict[int, Drawn[T]] = {}
    latest: dict[int, ParseFailure] = {}
    failures: list[ParseFailure] = []
    for attempt in range(policy.retry + policy.repair + 1):
        repairs = attempt > policy.retry
        pending = [number for number in range(len(draws)) if number not in done]
        asked = [
            (draw.path, repair_request(draw, latest[number], book) if repairs else draw.request, attempt)
            for number, draw in ((number, draws[number]) for number in pending)
        ]
        unanswered = False
        for number, outcome in zip(pending, await calls.draws(asked), strict=True):
            read = call_failed(outcome) if isinstance(outcome, CallFailure) else draws[number].read(outcome)
            if isinstance(read, ParseFailure):
                failures.append(read)
                latest[number] = read
                unanswered |= isinstance(outcome, CallFailure)
            else:
                assert isinstance(outcome, Completion)
                done[number] = Drawn(read, outcome.text, repairs)
        if len(done) == len(draws):
            return [done[number] for number in range(len(draws))]
        if unanswered:
            break
    return tuple(failures)


def repair_request(draw: Draw[T], failure: ParseFailure, book: PromptBook) -> Request:
    """The same question with the unreadable reply and what is wrong with it behind, as data, and the request to reply again."""
    segments = draw.request.segments
    own, begun = segments[: len(segments) - draw.begun], segments[len(segments) - draw.begun :]
    reason = failure.reason.replace("_", " ")
    error = f"{reason}: {failure.detail}" if failure.detail else reason
    shown = Segment("user", "\n\n" + book.repair_text(failure.raw, error))
    return replace(draw.request, segments=(*own, shown, *begun))
