"""Calls for tests of the record."""

from __future__ import annotations

from pathlib import Path

from socsim.events import EventRow
from socsim.inference.types import CallFailure, Completion, DrawKey, Request, SamplingParams, Segment, Usage
from socsim.record.store import RecordStore


def request(number: int, shared: str = "You are 44 years old.\n") -> Request:
    """The text request with this number."""
    segments = (Segment("system", shared), Segment("user", f"Question {number}?"))
    return Request("text", segments, sampling=SamplingParams(max_tokens=7), model="m")


def draw(number: int) -> DrawKey:
    """The draw key that goes with it."""
    return DrawKey(20, number, 0, "say")


def reply(number: int) -> Completion:
    """And the reply."""
    return Completion(f"Reply {number}.", usage=Usage(20, 3, 5), elapsed_s=0.5 + number, ttft_s=0.1)


def put(store: RecordStore, number: int, outcome: Completion | CallFailure | None = None, attempts: int = 1) -> tuple[str, str]:
    """Record the call with this number; its key."""
    asked = request(number)
    store.put_call(asked, asked.digest(), draw(number), outcome or reply(number), attempts)
    return asked.digest(), draw(number).text()


def event(number: int, *keys: tuple[str, str], arm: str = "a") -> EventRow:
    """An event that made these calls."""
    calls = tuple((f"say#{place}", digest, key) for place, (digest, key) in enumerate(keys))
    return EventRow(arm, 0, 0, "talk", number, "saw", "did", calls)


def made(path: Path, numbers: range | list[int], meta: dict[str, str] | None = None) -> Path:
    """A closed record of the calls with these numbers, each made by an event."""
    with RecordStore.create(path, meta or {}) as store:
        for number in numbers:
            store.put_rows([event(number, put(store, number))])
    return path
