"""Figures of the calls that went to an engine, in vLLM's words: throughput, ttft, tpot, e2el, in flight, queue, shares.

Everything here is telemetry: it depends on the machine and the hour, and is never part of a result.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from socsim.inference.types import CallFailure, Completion

__all__ = ["ClientStats", "Percentiles", "Spread", "Statistics"]

_SMALLEST_S = 1e-5
_STEP = math.log(1.05)


@dataclass(frozen=True, slots=True)
class Percentiles:
    """The 50th, 90th and 99th percentile in seconds, each to within 5 %; None where nothing was measured."""

    p50: float | None = None
    p90: float | None = None
    p99: float | None = None


class Spread:
    """A distribution of durations in buckets that grow by 5 %, so that it takes the same memory for any number of them.

    Example:
        >>> spread = Spread()
        >>> for seconds in (0.1, 0.2, 0.3):
        ...     spread.add(seconds)
        >>> round(spread.percentile(0.5), 2)
        0.2
    """

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self._count = 0

    def add(self, seconds: float) -> None:
        """Count a duration; everything below 10 microseconds counts as that."""
        self._buckets[int(math.log(max(seconds, _SMALLEST_S) / _SMALLEST_S) / _STEP)] += 1
        self._count += 1

    def percentile(self, share: float) -> float | None:
        """The duration that a ``share`` (0 to 1) of all do not exceed; None where there are none."""
        left = share * self._count
        for bucket in sorted(self._buckets):
            left -= self._buckets[bucket]
            if left <= 0:
                return _SMALLEST_S * math.exp((bucket + 0.5) * _STEP)
        return None

    def percentiles(self) -> Percentiles:
        """The three that are reported."""
        return Percentiles(*(self.percentile(share) for share in (0.5, 0.9, 0.99)))


@dataclass(frozen=True, slots=True)
class ClientStats:
    """Counts and durations of one client. Tokens and attempts are of calls that this client sent to the engine."""

    calls: int = 0
    """Calls that the engine answered or finally failed."""
    replayed: int = 0
    """Answers taken from what the record held when it was opened."""
    deduplicated: int = 0
    """Answers shared with an equal call of this client, finished or in flight."""
    sampled_together: int = 0
    """Texts that were drawn from the prefill of an equal prompt."""
    failures: int = 0
    """Calls that stayed without an answer."""
    failures_by_kind: tuple[tuple[str, int], ...] = ()
    attempts: int = 0
    retries: int = 0
    """Attempts after the first of a call."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    possibly_billed_twice: int = 0
    """Calls without an outcome that were found when the record was opened; see `RecordStore.possibly_billed_twice`."""
    in_flight: int = 0
    queued: int = 0
    places: int = 0
    """Calls that may be in flight; fewer after trouble."""
    elapsed_s: float = 0.0
    """From the first call sent to the last reply."""
    busy_s: float = 0.0
    """Time of all attempts that were answered, one by one; texts drawn together count once."""
    e2el: Percentiles = Percentiles()
    """End-to-end latency of an attempt that was answered."""
    ttft: Percentiles = Percentiles()
    """Time to first token, where the engine tells."""
    tpot: Percentiles = Percentiles()
    """Time per output token after the first, where the engine tells the time to the first."""

    @property
    def request_throughput(self) -> float:
        """Answered calls per second."""
        return (self.calls - self.failures) / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def token_throughput(self) -> float:
        """Tokens computed per second: of prompts without those from the prefix cache, and of replies."""
        tokens = self.prompt_tokens - self.cached_tokens + self.completion_tokens
        return tokens / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def cached_share(self) -> float:
        """Share of the prompts' tokens that came from the engine's prefix cache."""
        return self.cached_tokens / self.prompt_tokens if self.prompt_tokens else 0.0

    @property
    def dedup_share(self) -> float:
        """Share of the answers given by this process that cost no prefill: shared with an equal call, or drawn with one."""
        asked = self.calls + self.deduplicated
        return (self.deduplicated + self.sampled_together) / asked if asked else 0.0

    def as_dict(self) -> dict[str, Any]:
        """All figures by name, as plain values."""
        rates = ("request_throughput", "token_throughput", "cached_share", "dedup_share")
        return {
            **asdict(self),
            "failures_by_kind": dict(self.failures_by_kind),
            **{name: getattr(self, name) for name in rates},
        }


class Statistics:
    """Gathers the figures of one client.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._first: float | None = None
        self._last = 0.0
        self.busy_s = 0.0
        self.calls = self.attempts = self.retries = self.sampled_together = 0
        self.prompt_tokens = self.cached_tokens = self.completion_tokens = 0
        self._failures: Counter[str] = Counter()
        self._e2el, self._ttft, self._tpot = Spread(), Spread(), Spread()

    def now(self) -> float:
        """The time by the clock."""
        return self._clock()

    def begun(self) -> float:
        """An attempt begins; returns the time by the clock."""
        now = self._clock()
        if self._first is None:
            self._first = now
        return now

    def settled(self, outcomes: Sequence[Completion | CallFailure], attempts: int) -> None:
        """A call, or several drawn together, came to its end after so many attempts."""
        self._last = self._clock()
        self.calls += len(outcomes)
        self.sampled_together += len(outcomes) - 1
        self.attempts += attempts
        self.retries += attempts - 1
        longest = 0.0
        for outcome in outcomes:
            if isinstance(outcome, CallFailure):
                self._failures[outcome.kind] += 1
            else:
                longest = max(longest, outcome.elapsed_s)
                self._answered(outcome)
        self.busy_s += longest

    def _answered(self, completion: Completion) -> None:
        usage = completion.usage
        self.prompt_tokens += usage.prompt_tokens
        self.cached_tokens += usage.cached_tokens
        self.completion_tokens += usage.completion_tokens
        self._e2el.add(completion.elapsed_s)
        if completion.ttft_s > 0.0:
            self._ttft.add(completion.ttft_s)
            if usage.completion_tokens > 1:
                self._tpot.add((completion.elapsed_s - completion.ttft_s) / (usage.completion_tokens - 1))

    def snapshot(self, **others: int) -> ClientStats:
        """The figures now, with those (``replayed``, ``queued`` …) that the client counts itself."""
        return ClientStats(
            calls=self.calls,
            sampled_together=self.sampled_together,
            failures=self._failures.total(),
            failures_by_kind=tuple(sorted(self._failures.items())),
            attempts=self.attempts,
            retries=self.retries,
            prompt_tokens=self.prompt_tokens,
            cached_tokens=self.cached_tokens,
            completion_tokens=self.completion_tokens,
            elapsed_s=max(0.0, self._last - self._first) if self._first is not None else 0.0,
            busy_s=self.busy_s,
            e2el=self._e2el.percentiles(),
            ttft=self._ttft.percentiles(),
            tpot=self._tpot.percentiles(),
            **others,
        )
