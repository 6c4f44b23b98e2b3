"""Slots of the mock server: how many requests are worked on at once, for how long, and how busy they were.

Knows times and who waits; nothing of requests.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.mock_replies import bits_of

__all__ = ["Latency", "Slots"]


@dataclass(frozen=True, slots=True)
class Latency:
    """How long a slot works on a request: the same for all, or log-normal with a median and a sigma."""

    median_s: float = 0.0
    sigma: float = 0.0

    def of(self, digest: bytes) -> float:
        """Seconds for a request, a function of its digest."""
        if self.sigma == 0.0:
            return self.median_s
        first, second = ((bits_of(digest, part) + 1) / (2**64 + 1) for part in (b"radius", b"angle"))
        return self.median_s * math.exp(self.sigma * math.sqrt(-2 * math.log(first)) * math.cos(2 * math.pi * second))


class Slots:
    """Places that work, and who waits for one; integrates over time how many are taken.

    Args:
        count: places.
        clock: seconds that only grow.
    """

    def __init__(self, count: int, clock: Callable[[], float]) -> None:
        self.count = count
        self._clock = clock
        self._waiting: deque[Callable[[], None]] = deque()
        self.busy = 0
        self.restart()

    def restart(self) -> None:
        """Forget the past; what is being worked on stays."""
        self.most_waiting = len(self._waiting)
        self._busy_s = 0.0
        self._first = self._changed = self._last = math.nan

    @property
    def waiting(self) -> int:
        """Requests that wait."""
        return len(self._waiting)

    def enter(self, begin: Callable[[], None]) -> None:
        """Call ``begin`` now or when a place is free; whoever has begun calls `leave`."""
        if math.isnan(self._first):
            self._first = self._changed = self._clock()
        if self.busy < self.count:
            self._change(1)
            begin()
        else:
            self._waiting.append(begin)
            self.most_waiting = max(self.most_waiting, len(self._waiting))

    def withdraw(self, begin: Callable[[], None]) -> None:
        """Somebody waits no longer."""
        self._waiting.remove(begin)

    def leave(self) -> None:
        """A place is free again: for the one that waits longest."""
        if self._waiting:
            self._change(0)
            self._waiting.popleft()()
        else:
            self._change(-1)

    def figures(self) -> dict[str, float | None]:
        """Seconds of work done and possible from the first request to the end of the last one."""
        window = self._last - self._first
        known = window > 0
        return {
            "busy_s": self._busy_s,
            "window_s": window if known else None,
            "utilisation": self._busy_s / (self.count * window) if known else None,
        }

    def _change(self, by: int) -> None:
        now = self._clock()
        if not math.isnan(self._changed):
            self._busy_s += self.busy * (now - self._changed)
        self._changed = now
        if by <= 0:
            self._last = now
        self.busy += by
