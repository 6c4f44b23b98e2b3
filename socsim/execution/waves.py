"""Carrying out turns behind barriers: one wave after the other, or even one turn after the other.

For comparison, and for worlds whose agents have not declared what they read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import groupby

from socsim.activation import Turn
from socsim.execution.dependencies import Troupe
from socsim.execution.frontiers import Frontier, Frontiers

__all__ = ["Waves"]


class Waves:
    """Carries out the turns of steps, wave by wave: nobody begins before all of the wave before have ended.

    Args:
        troupe: whose turns.
        at_once: turns that may be on their way at once; 1 for one after the other, in the order of their keys.
    """

    def __init__(self, troupe: Troupe, *, at_once: int = 1024) -> None:
        self._troupe = troupe
        self._at_once = at_once
        self._frontiers: Frontiers[None] = Frontiers()
        self._writes: dict[tuple[int, int, int, int], tuple[Frontier[None], ...]] = {}

    async def run(self, steps: range) -> None:
        """Carry out the steps; the first error ends it all and is raised."""
        for step in steps:
            turns = self._troupe.turns(step)
            for turn in turns:
                self._writes[turn.key] = self._frontiers.announce(turn.at, self._troupe.writes(turn))
            for _, wave in groupby(turns, key=lambda turn: turn.wave):
                await self._all(list(wave))
            self._troupe.finished(step)
            self._frontiers.forget((step + 1, -1))

    async def _all(self, turns: Sequence[Turn]) -> None:
        queue = iter(turns if self._at_once == 1 else sorted(turns, key=lambda turn: (self._troupe.priority(turn), turn.key)))
        if self._at_once == 1:
            await self._work(queue)
            return
        tasks = [asyncio.ensure_future(self._work(queue)) for _ in range(min(len(turns), self._at_once))]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self, queue: Iterator[Turn]) -> None:
        for turn in queue:
            path_s = self._frontiers.path_s(turn.at, self._frontiers.known(self._troupe.reads(turn)))
            busy_s = await self._troupe.perform(turn)
            self._troupe.took(turn, path_s + busy_s, busy_s)
            self._frontiers.finish(turn.at, self._writes.pop(turn.key), path_s + busy_s)
            await asyncio.sleep(0)  # so that interruptions are heard, even if no turn ever waits
