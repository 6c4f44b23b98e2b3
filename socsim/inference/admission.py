"""Who may use the engine next: a number of places, handed over by priority, by shared prefix and fairly between kinds.

Places go to the waiting call with the lowest priority number; among equals to the one whose prompt comes first in the
order of its text, so that prompts with a common beginning follow each other; then to the one that came first. It knows
nothing of what a call is.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable

__all__ = ["Admission", "Pace"]

_MOST_IN_A_ROW = 32
"""Places that one kind of call may get while another kind waits."""

_Waiting = tuple[float, str, int, asyncio.Future[None]]


class Admission:
    """Places in front of an engine. Used from one event loop.

    Args:
        places: calls that may use the engine at once, at least 1; see `resize`.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._in_use = 0
        self._arrivals = itertools.count()
        self._queues: dict[str, list[_Waiting]] = {}
        self._favoured = ""
        self._in_a_row = 0

    @property
    def places(self) -> int:
        """Places there are now."""
        return self._places

    @property
    def in_use(self) -> int:
        """Places taken; above `places` for a while after these became fewer."""
        return self._in_use

    @property
    def waiting(self) -> int:
        """Calls that wait for a place."""
        return sum(not ready.done() for queue in self._queues.values() for *_, ready in queue)

    @property
    def is_free(self) -> bool:
        """Whether a call would get a place at once."""
        return self._in_use < self._places

    def take(self) -> bool:
        """Take a place if one is free, without waiting; it must be given back with `release`."""
        if self._in_use >= self._places:
            return False
        self._in_use += 1
        return True

    async def acquire(self, priority: float = 0.0, *, kind: str = "", prefix: str = "") -> None:
        """Wait for a place; every place must be given back with `release`.

        Args:
            priority: lower goes first.
            kind: of the call; a kind that waits is passed over a bounded number of times, whatever its priority.
            prefix: the beginning of its prompt.
        """
        if self.take():
            return
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queues.setdefault(kind, []), (priority, prefix, next(self._arrivals), ready))
        try:
            await ready
        except asyncio.CancelledError:
            if ready.done() and not ready.cancelled():
                self.release()
            raise

    def release(self) -> None:
        """Give a place back: to the first in line, if anybody waits."""
        self._in_use -= 1
        self._hand_over()

    def resize(self, places: int) -> None:
        """Have another number of places from now on; nobody who has one loses it."""
        self._places = places
        self._hand_over()

    def _hand_over(self) -> None:
        while self._in_use < self._places:
            ready = self._next()
            if ready is None:
                return
            self._in_use += 1
            ready.set_result(None)

    def _next(self) -> asyncio.Future[None] | None:
        """The call that is first in line, taken out of it."""
        heads = {}
        for kind, queue in self._queues.items():
            while queue and queue[0][3].done():
                heapq.heappop(queue)
            if queue:
                heads[kind] = queue[0]
        if not heads:
            return None
        kind = min(heads, key=lambda one: heads[one][:3])
        if len(heads) > 1 and kind == self._favoured and self._in_a_row >= _MOST_IN_A_ROW:
            kind = min((one for one in heads if one != kind), key=lambda one: heads[one][:3])
        self._in_a_row = self._in_a_row + 1 if kind == self._favoured else 1
        self._favoured = kind
        return heapq.heappop(self._queues[kind])[3]


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
