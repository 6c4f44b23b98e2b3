"""One level of a sweep asked from several processes, for servers that answer faster than one process can ask.

Each process asks for people of its own; all begin at the same moment. Knows servers only: an engine lives in one process.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from benchmarks.serve_client import ServerAsker, Timed
from benchmarks.sweep import Level, calls_of_level, measure_level, watched
from benchmarks.talk import Asked, endless_talk

__all__ = ["SpreadMeasure"]

_GETTING_READY_S = 1.0
_STEPS_OF_LEVEL = 100_000
"""Steps between the levels, so that none asks what another has asked."""


@dataclass(frozen=True, slots=True)
class _Share:
    """What one process asks."""

    options: dict[str, Any]
    agents: int
    seed: int
    reply_tokens: int
    first_step: int
    places: int
    seconds: float
    calls: int
    begin_at: float


class _Unwatched:
    """A server whose figures somebody else looks at."""

    def __init__(self, asker: ServerAsker) -> None:
        self.ask = asker.ask

    async def metrics(self) -> dict[str, float]:
        return {}


class SpreadMeasure:
    """Measures levels from several processes; call it with the calls in flight.

    Args:
        asker: the server, for its figures.
        processes: how many ask; at most as many as calls in flight.
        seconds: no new calls of a level are begun after so long.
        agents: people in all.
        seed: of people and messages.
        reply_tokens: longest reply.
    """

    def __init__(
        self, asker: ServerAsker, processes: int, seconds: float, *, agents: int = 256, seed: int = 1, reply_tokens: int = 32
    ) -> None:
        self._asker = asker
        self._processes = processes
        self._seconds = seconds
        self._people = {"agents": max(1, agents // processes), "reply_tokens": reply_tokens}
        self._seed = seed
        self._levels = 0

    async def __call__(self, concurrency: int) -> Level:
        """One level."""
        self._levels += 1
        count = min(self._processes, concurrency)
        begin_at = time.time() + _GETTING_READY_S
        shares = [
            _Share(
                options=self._asker.options, seed=1_000 * self._seed + number, first_step=_STEPS_OF_LEVEL * self._levels,
                places=concurrency // count + (number < concurrency % count), seconds=self._seconds,
                calls=-(-calls_of_level(concurrency) // count), begin_at=begin_at, **self._people,
            )
            for number in range(count)
        ]  # fmt: skip
        loop = asyncio.get_running_loop()
        async with watched(self._asker) as (before, peak):
            with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as pool:
                parts = await asyncio.gather(*(loop.run_in_executor(pool, _asked, share) for share in shares))
        began, ended = min(part[1] for part in parts), max(part[2] for part in parts)
        calls = [call for part in parts for call in part[0]]
        busy = max(part[3] for part in parts)
        return Level(concurrency, ended - began, calls, before, await self._asker.metrics(), peak, busy)


def _asked(share: _Share) -> tuple[list[Timed], float, float, float]:
    """One process's calls, when it began and ended, and how busy it was."""
    return asyncio.run(_ask(share))


async def _ask(share: _Share) -> tuple[list[Timed], float, float, float]:
    turns: Any = endless_talk(share.agents, seed=share.seed, reply_tokens=share.reply_tokens, first_step=share.first_step)
    first: Asked = next(turns)
    async with ServerAsker(**share.options) as asker:
        await asker.ask(first)  # opens a connection, and is not counted
        await asyncio.sleep(max(0.0, share.begin_at - time.time()))
        began = time.time()
        level = await measure_level(_Unwatched(asker), turns, share.places, share.seconds, calls=share.calls)
        return list(level.calls), began, time.time(), level.client_busy
