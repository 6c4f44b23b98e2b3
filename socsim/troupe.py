"""A model's turns as whoever carries them out sees them."""

from __future__ import annotations

import queue
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from socsim.activation import Turn
from socsim.cells import Cell
from socsim.execution.chains import chain_ranks
from socsim.staging import ties_first

if TYPE_CHECKING:
    from socsim.model import SocialModel

__all__ = ["WorldTroupe", "then_tell"]

_MOST_TURNS = 50_000
_MOST_STEPS = 10_000
"""Of a longer schedule, chains are not counted ahead."""


class WorldTroupe:
    """A model's turns as whoever carries them out sees them."""

    def __init__(self, model: SocialModel, finished: Callable[[int], None]) -> None:
        self._model = model
        self._finished = finished
        self._ties_change = model.world.ties_change

    def chains(self, steps: range) -> dict[tuple[int, int, int, int], int]:
        """Which turns the longest chains wait for, where that can be said ahead; else nothing.

        Where all act at once it is the step, and where ties change nobody knows who will read whom.
        """
        stages = self._model.stages
        kinds = {self._model.world.steps[step].phase.activating.kind for step in steps}
        if self._ties_change or kinds <= {"simultaneous", "events"} or len(steps) > _MOST_STEPS:
            return {}
        turns = [turn for step in steps for turn in stages[step].turns]
        if len(turns) > _MOST_TURNS:
            return {}
        return chain_ranks([(turn, self.reads(turn), self.writes(turn)) for turn in turns])

    def turns(self, step: int) -> Sequence[Turn]:
        return self._model.stages.acting(step, self._model.cells)

    def follows(self, step: int) -> bool:
        return self._model.stages.follows(step)

    def ties(self, turn: Turn) -> Iterable[Cell]:
        return ties_first(turn, ties_change=self._ties_change)

    def reads(self, turn: Turn) -> Iterable[Cell]:
        return self._model.stages[turn.step].reads(turn, self._model.view(turn, self.ties(turn)))

    def writes(self, turn: Turn) -> Iterable[Cell]:
        return self._model.writes(turn)

    def priority(self, turn: Turn) -> float:
        return self._model.priority(turn)

    async def perform(self, turn: Turn) -> float:
        busy_s = await self._model.take(turn)
        if self._model.on_acted is not None and not turn.part.silent:
            self._model.on_acted()
        return busy_s

    def took(self, turn: Turn, path_s: float, busy_s: float) -> None:
        del turn, busy_s
        self._model.clock.end(path_s)

    def finished(self, step: int) -> None:
        self._finished(step)


async def then_tell(work: Coroutine[Any, Any, None], finished: queue.SimpleQueue[int | None]) -> None:
    """Do the work, and say that it is over however it ends."""
    try:
        await work
    finally:
        finished.put(None)
