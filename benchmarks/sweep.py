"""Throughput and latency at one number of calls in flight after another, until more of them bring nothing.

Knows anything that can be asked a turn; nothing of servers or engines.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchmarks.serve_client import Timed
from benchmarks.server_metrics import cached_share_between
from benchmarks.talk import Asked

__all__ = ["Asker", "Level", "best_level", "levels_up_to", "calls_of_level", "measure_level", "sweep", "watched"]

_LOOK_S = 0.25
_PER_PLACE = 4
_FEWEST = 16
_GAIN = 1.05
"""A level counts as a gain from this ratio of throughput on."""
_NEAR = 0.95


class Asker(Protocol):
    """What is measured."""

    async def ask(self, turn: Asked) -> Timed: ...

    async def metrics(self) -> dict[str, float]: ...


@dataclass(frozen=True, slots=True)
class Level:
    """What was measured with so many calls in flight."""

    concurrency: int
    seconds: float
    calls: Sequence[Timed]
    before: dict[str, float] = field(default_factory=dict)
    after: dict[str, float] = field(default_factory=dict)
    peak: dict[str, float] = field(default_factory=dict)
    client_busy: float = 0.0
    """Share of the time in which this process itself computed; near 1 or above, it may be what bounds the speed."""

    @property
    def done(self) -> list[Timed]:
        """Calls that were answered."""
        return [call for call in self.calls if not call.error]

    @property
    def steps_per_s(self) -> float:
        """Answered calls, each one agent-step, per second."""
        return len(self.done) / self.seconds

    @property
    def cached_share(self) -> float | None:
        """Share of prompt tokens that were cached, by the replies or else by the server's own count; None where neither says."""
        prompt = sum(call.prompt_tokens for call in self.done)
        told = [call.cached_tokens for call in self.done if call.cached_tokens is not None]
        if told and prompt:
            return sum(told) / prompt
        return cached_share_between(self.before, self.after)

    def figures(self) -> dict[str, Any]:
        """All figures, by vLLM's names where it has one."""
        done, share = self.done, self.cached_share
        prompt = sum(call.prompt_tokens for call in done)
        replies = sum(call.completion_tokens for call in done)
        return {
            "concurrency": self.concurrency,
            "completed": len(done),
            "failed": len(self.calls) - len(done),
            "duration_s": self.seconds,
            "request_throughput": self.steps_per_s,
            "output_throughput": replies / self.seconds,
            "total_token_throughput": (prompt + replies) / self.seconds,
            "prompt_tokens_per_s": prompt / self.seconds,
            "uncached_prompt_tokens_per_s": None if share is None else prompt * (1.0 - share) / self.seconds,
            "mean_prompt_tokens": prompt / max(len(done), 1),
            "mean_output_tokens": replies / max(len(done), 1),
            "longest_tokens": max((call.prompt_tokens + call.completion_tokens for call in done), default=0),
            "cached_share": share,
            "ttft_ms": percentiles([call.ttft_s for call in done]),
            "tpot_ms": percentiles([call.tpot_s for call in done if call.tpot_s is not None]),
            "e2el_ms": percentiles([call.e2el_s for call in done]),
            "preemptions": self._grown("preemptions"),
            "peak": self.peak,
            "client_busy": self.client_busy,
            "errors": sorted({call.error for call in self.calls if call.error})[:5],
        }

    def _grown(self, name: str) -> float | None:
        return self.after[name] - self.before.get(name, 0.0) if name in self.after else None


def percentiles(seconds: Sequence[float]) -> dict[str, float | None]:
    """The 50th, 90th and 99th percentile in milliseconds, each a measured one; None where there is none."""
    ordered = sorted(seconds)
    ranks = {name: math.ceil(share * len(ordered)) - 1 for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))}
    return {name: 1000.0 * ordered[rank] if ordered else None for name, rank in ranks.items()}


def levels_up_to(most: int) -> list[int]:
    """1, 2, 4 … and ``most``."""
    doubled = [2**power for power in range(most.bit_length()) if 2**power < most]
    return [*doubled, most]


async def measure_level(
    asker: Asker, turns: Iterator[Asked], concurrency: int, seconds: float = math.inf, *, calls: int = 0
) -> Level:
    """So many calls in flight, each place asking the next turn when its last is answered.

    Args:
        asker: what is measured.
        turns: what is asked, without an end or with as many as ``calls``.
        concurrency: calls in flight.
        seconds: no new ones are begun after so long.
        calls: how many are asked; four per place, sixteen at least, where it is 0.
    """
    left = calls or calls_of_level(concurrency)
    done: list[Timed] = []
    began = computed = ended = busy = 0.0

    async def place() -> None:
        nonlocal left
        while left > 0 and time.perf_counter() - began < seconds:
            left -= 1
            done.append(await asker.ask(next(turns)))

    async with watched(asker) as (before, peak):
        began, computed = time.perf_counter(), time.process_time()
        await asyncio.gather(*(place() for _ in range(concurrency)))
        ended = time.perf_counter()
        busy = (time.process_time() - computed) / (ended - began)
    return Level(concurrency, ended - began, done, before, await asker.metrics(), peak, busy)


def calls_of_level(concurrency: int) -> int:
    """Calls by which a level is measured: four for each place, sixteen at least."""
    return max(_FEWEST, _PER_PLACE * concurrency)


@asynccontextmanager
async def watched(asker: Asker) -> AsyncIterator[tuple[dict[str, float], dict[str, float]]]:
    """The server's figures before, and the highest ones while this lasts."""
    peak: dict[str, float] = {}
    before = await asker.metrics()
    watching = asyncio.ensure_future(_watch(asker.metrics, peak)) if before else None
    try:
        yield before, peak
    finally:
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


async def _watch(metrics: Callable[[], Awaitable[dict[str, float]]], peak: dict[str, float]) -> None:
    """Keep the highest values of what goes up and down."""
    while True:
        for name, value in (await metrics()).items():
            if name in ("running", "waiting", "kv_cache_usage"):
                peak[name] = max(peak.get(name, 0.0), value)
        await asyncio.sleep(_LOOK_S)


async def sweep(
    measure: Callable[[int], Awaitable[Level]], levels: Sequence[int], *, tell: Callable[[Level], None]
) -> list[Level]:
    """Levels one after another; ends after two that bring less than 5 % each, or one on which nothing was answered.

    Args:
        measure: measures one level.
        levels: calls in flight.
        tell: called with each level as soon as it is measured.
    """
    done: list[Level] = []
    without_gain, best = 0, 0.0
    for concurrency in levels:
        level = await measure(concurrency)
        done.append(level)
        tell(level)
        without_gain = 0 if level.steps_per_s > _GAIN * best else without_gain + 1
        best = max(best, level.steps_per_s)
        if without_gain == 2 or not level.done:
            break
    return done


def best_level(levels: Sequence[Level]) -> Level:
    """The fewest calls in flight that reach 95 % of the highest throughput: more would only wait longer."""
    most = max(level.steps_per_s for level in levels)
    return next(level for level in levels if level.steps_per_s >= _NEAR * most)
