"""How much of an engine is used: turns by requests and tokens per minute, and a number of calls in flight that adapts.

It knows nothing of what a call asks; tokens are numbers that it is told.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from socsim.inference.admission import Pace
from socsim.inference.types import Request

__all__ = ["AdaptiveLimit", "TokenGuess", "Turns"]

_FIRST_GUESS = 1 / 3
_WEIGHT = 0.1
_LOOK_AGAIN_S = 0.05


class AdaptiveLimit:
    """A number of calls in flight: half after trouble, one more after about as many good replies as there are places.

    Trouble is what an engine says by a refusal for load or by a timeout. Calls that were on their way when the number was
    halved say nothing new, so only trouble of calls begun later halves it again.

    Args:
        most: the number to begin with and never to exceed, at least 1.
        clock: seconds that only grow.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._limit = float(most)
        self._clock = clock
        self._halved_at = -float("inf")

    @property
    def places(self) -> int:
        """Calls that may be in flight, 1 to ``most``."""
        return max(1, int(self._limit))

    def went_well(self) -> bool:
        """Take note of a good reply; returns whether there are more places now."""
        if self._limit >= self._most:
            return False
        before = self.places
        self._limit = min(float(self._most), self._limit + 1.0 / self._limit)
        return self.places != before

    def had_trouble(self, begun: float) -> bool:
        """Take note of trouble with a call begun at ``begun`` (by the clock); returns whether there are fewer places now."""
        if begun <= self._halved_at:
            return False
        before = self.places
        self._limit = max(1.0, self._limit / 2.0)
        self._halved_at = self._clock()
        return self.places != before


class TokenGuess:
    """How many tokens a call will take, guessed from the number of characters and corrected by what engines report."""

    def __init__(self) -> None:
        self._per_character = _FIRST_GUESS

    def prompt(self, request: Request) -> float:
        """Expected tokens of the prompt."""
        return sum(len(segment.text) for segment in request.segments) * self._per_character

    def learn(self, request: Request, prompt_tokens: int) -> None:
        """Take note of a true number."""
        characters = sum(len(segment.text) for segment in request.segments)
        if characters and prompt_tokens:
            self._per_character += _WEIGHT * (prompt_tokens / characters - self._per_character)


class Turns:
    """Turns in order of arrival, as many a minute as are allowed. One dispatcher serves everybody: nobody else polls.

    Args:
        requests_per_minute: None for no bound. At most this number in any minute; they may come in a burst.
        tokens_per_minute: None for no bound; evenly spaced.
    """

    def __init__(self, requests_per_minute: int | None, tokens_per_minute: int | None) -> None:
        self._requests_per_minute = requests_per_minute
        self._tokens = Pace(tokens_per_minute) if tokens_per_minute else None
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._arrived = asyncio.Event()
        self._dispatcher: asyncio.Task[None] | None = None

    @property
    def bounded(self) -> bool:
        """Whether there is anything to wait for."""
        return self._requests_per_minute is not None or self._tokens is not None

    async def wait(self, tokens: float) -> None:
        """Wait for the next turn, for a call that is expected to take so many ``tokens``."""
        if not self.bounded:
            return
        if self._dispatcher is None:
            self._dispatcher = asyncio.get_running_loop().create_task(self._serve())
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((tokens, turn))
        self._arrived.set()
        await turn

    def correct(self, tokens: float) -> None:
        """Add ``tokens`` (negative: give back) to what has been used, once the true number is known."""
        if self._tokens is not None:
            self._tokens.correct(tokens)

    async def close(self) -> None:
        """End the dispatcher; whoever still waits is cancelled."""
        if self._dispatcher is not None:
            self._dispatcher.cancel()
            with suppress(asyncio.CancelledError):
                await self._dispatcher
            self._dispatcher = None
        for _, turn in self._waiting:
            turn.cancel()
        self._waiting.clear()

    async def _serve(self) -> None:
        from asyncio_throttle.throttler import Throttler

        throttler: Any = Throttler(self._requests_per_minute, 60.0, _LOOK_AGAIN_S) if self._requests_per_minute else None
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                tokens, turn = self._waiting[0]
                if not turn.done():
                    if throttler is not None:
                        await throttler.acquire()
                    if self._tokens is not None:
                        await self._tokens.wait(tokens)
                if self._waiting and self._waiting[0][1] is turn:
                    self._waiting.popleft()
                if not turn.done():
                    turn.set_result(None)
