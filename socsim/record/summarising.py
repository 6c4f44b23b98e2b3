"""What a record says in figures: calls, failures, tokens, latencies, shares, space."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from socsim.record.packing import unpack_text
from socsim.record.store import RecordStore

__all__ = ["CLIENT_TELEMETRY", "Latency", "RecordSummary", "percentile", "summarise"]

CLIENT_TELEMETRY = "client"
"""Name under which each process leaves the figures of its inference client."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles of seconds, and over how many calls; exact, by nearest rank."""

    count: int
    p50: float
    p90: float
    p99: float


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """Figures of a record. Tokens, attempts and latencies are of calls that were asked here, not of reused ones."""

    kinds: dict[str, int]
    totals: dict[str, int]
    failures: dict[str, int]
    notes: dict[str, int]
    e2el: Latency | None
    ttft: Latency | None
    dedup_share: float | None
    """Of all processes that left figures; None where none did."""
    events: int
    open_batches: int
    possibly_billed_twice: int

    @property
    def cached_share(self) -> float | None:
        """Share of the prompts' tokens that came from an engine's prefix cache; None where none were counted."""
        prompt = self.totals["prompt_tokens"]
        return self.totals["cached_tokens"] / prompt if prompt else None


def summarise(store: RecordStore) -> RecordSummary:
    """Count what is in a record; the database does most of it, so a long one needs little memory."""
    old = store.version == "1"
    return RecordSummary(
        kinds=_kinds(store),
        totals=store.totals(),
        failures=_failures(store),
        notes={} if old else _notes(store),
        e2el=_latency(store, "elapsed_s", old=old),
        ttft=None if old else _latency(store, "ttft_s", old=old),
        dedup_share=_dedup_share(store.telemetry(CLIENT_TELEMETRY)),
        events=store.event_count(),
        open_batches=len(store.open_batches()),
        possibly_billed_twice=store.possibly_billed_twice,
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest of the ascending numbers that a ``share`` of them (0 to 1) do not exceed.

    Example:
        >>> percentile([1.0, 2.0, 3.0, 4.0], 0.5)
        2.0
    """
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _kinds(store: RecordStore) -> dict[str, int]:
    counts: Counter[str] = Counter()
    statement = "SELECT texts.body, COUNT(*) FROM calls JOIN texts ON texts.id = calls.frame GROUP BY calls.frame"
    for frame, count in store.query(statement):
        counts[orjson.loads(unpack_text(frame))[0]] += count
    return dict(sorted(counts.items()))


def _failures(store: RecordStore) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for (failure,) in store.query("SELECT failure FROM calls WHERE failure IS NOT NULL"):
        counts[orjson.loads(failure)[0]] += 1
    return dict(sorted(counts.items()))


def _notes(store: RecordStore) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for notes, count in store.query("SELECT notes, COUNT(*) FROM calls WHERE notes IS NOT NULL GROUP BY notes"):
        for note in orjson.loads(notes):
            counts[note] += count
    return dict(sorted(counts.items()))


def _latency(store: RecordStore, column: str, *, old: bool) -> Latency | None:
    asked = "" if old else "AND reused = 0"
    rows = store.query(f"SELECT {column} FROM calls WHERE failure IS NULL AND {column} > 0 {asked} ORDER BY {column}")
    seconds = array("d", (value for (value,) in rows))
    if not seconds:
        return None
    return Latency(len(seconds), *(percentile(seconds, share) for share in (0.5, 0.9, 0.99)))


def _dedup_share(figures: Sequence[Any]) -> float | None:
    """Share of the answers given that cost no prefill, over all processes."""
    figures = [one for one in figures if isinstance(one, dict)]
    asked = sum(one.get("calls", 0) + one.get("deduplicated", 0) for one in figures)
    if not asked:
        return None
    return float(sum(one.get("deduplicated", 0) + one.get("sampled_together", 0) for one in figures) / asked)
