"""Who may use the engine next: a bounded number of places, and a pace.

Places go to the waiting call with the lowest priority number, among equals to the one that came first. Knows nothing of
what a call is.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable

__all__ = ["Admission", "Pace"]


class Admission:
    """A fixed number of places, handed over by priority. Used from one event loop."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._arrivals = itertools.count()
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []

    async def acquire(self, priority: float = 0.0) -> None:
        """Wait for a place; every place must be given back with `release`."""
        if self._free > 0:
            self._free -= 1
            return
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, next(self._arrivals), ready))
        try:
            await ready
        except asyncio.CancelledError:
            if ready.done() and not ready.cancelled():
                self.release()
            raise

    def release(self) -> None:
        """Give a place back: to the first in line, if anybody waits."""
        while self._waiting:
            _, _, ready = heapq.heappop(self._waiting)
            if not ready.done():
                ready.set_result(None)
                return
        self._free += 1


class Pace:
    """At most ``per_minute`` units a minute, evenly spaced; each caller sleeps once, nobody polls.

    Args:
        per_minute: units a minute, above 0.
        clock: seconds that only grow.
    """

    def __init__(self, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = 60.0 / per_minute
        self._clock = clock
        self._next = -float("inf")

    def reserve(self, units: float = 1.0) -> float:
        """Take the next turn for ``units``; returns the seconds to wait for it."""
        now = self._clock()
        turn = max(now, self._next)
        self._next = turn + units * self._seconds
        return turn - now

    def correct(self, units: float) -> None:
        """Add ``units`` (negative: give back) to what has been reserved, once the true number is known."""
        self._next += units * self._seconds

    async def wait(self, units: float = 1.0) -> None:
        """Wait for the next turn."""
        delay = self.reserve(units)
        if delay > 0:
            await asyncio.sleep(delay)
