"""Carrying out turns as soon as what they read is settled, also across steps.

The result equals that of one turn after the other in the order of their keys: a turn begins when no unfinished earlier turn may
write what it reads, and reads the newest version below its own place. Turns run ahead by a window of steps at most; nobody
waits for anything but earlier turns and its own calls, and earlier turns go first where calls queue, so nothing can lock up.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterable, Sequence
from typing import Protocol

from socsim.activation import Turn
from socsim.cells import At, Cell
from socsim.execution.frontiers import Frontier, Frontiers

__all__ = ["Dependencies", "Troupe"]

WINDOW = 8
"""Steps that are open at once at most."""

_MOST_OPEN = 200_000
"""Turns that are laid out ahead at most, besides those of the earliest unfinished step."""


class Troupe(Protocol):
    """The turns of a world, for whoever decides when each is taken."""

    def turns(self, step: int) -> Sequence[Turn]:
        """The turns of a step in the order of their keys."""
        ...

    def follows(self, step: int) -> bool:
        """Whether the turns of a step are known only when all earlier ones have ended."""
        ...

    def ties(self, turn: Turn) -> Iterable[Cell]:
        """Cells that must be settled before it can be said what the turn reads."""
        ...

    def reads(self, turn: Turn) -> Iterable[Cell]:
        """Cells that the turn reads; asked when its `ties` are settled."""
        ...

    def writes(self, turn: Turn) -> Iterable[Cell]:
        """All cells that the turn may write."""
        ...

    def priority(self, turn: Turn) -> float:
        """Lower goes first among turns that may begin."""
        ...

    async def perform(self, turn: Turn) -> float:
        """Take the turn and apply what follows. Returns the seconds that an engine took for its calls."""
        ...

    def took(self, turn: Turn, path_s: float, busy_s: float) -> None:
        """The turn has ended: seconds of the longest chain that ends with it, and of its own calls."""
        ...

    def finished(self, step: int) -> None:
        """All turns of the step and of all earlier ones have ended."""
        ...


class _Ticket:
    """A turn on its way: first its ties are waited for, then what it reads."""

    __slots__ = ("at", "missing", "reads", "resolved", "turn", "writes")

    def __init__(self, turn: Turn, at: At, writes: tuple[Frontier[_Ticket], ...]) -> None:
        self.turn = turn
        self.at = at
        self.writes = writes
        self.reads: tuple[Frontier[_Ticket], ...] = ()
        self.missing = 0
        self.resolved = False


class Dependencies:
    """Carries out the turns of the steps in ``steps``.

    Args:
        troupe: whose turns.
        steps: numbers of the steps, consecutive.
        window: steps that may be open at once, at least 1.
        at_once: turns that may be on their way at once, at least 1.
    """

    def __init__(self, troupe: Troupe, steps: range, *, window: int = WINDOW, at_once: int = 1024) -> None:
        self._troupe = troupe
        self._window = window
        self._at_once = at_once
        self._frontiers: Frontiers[_Ticket] = Frontiers()
        self._next, self._open, self._end = steps.start, steps.start, steps.stop
        self._left: dict[int, int] = {}
        self._laid_out = 0
        self._ready: list[tuple[float, tuple[int, int, int, int], _Ticket]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._over: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Carry everything out; the first error ends it all and is raised."""
        self._over = asyncio.get_running_loop().create_future()
        try:
            self._advance()
            self._begin_some()
            await self._over
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _advance(self) -> None:
        """Close steps whose turns have all ended, and lay out as many more as the window allows."""
        while True:
            while self._open < self._next and self._left[self._open] == 0:
                del self._left[self._open]
                self._troupe.finished(self._open)
                self._open += 1
                self._frontiers.forget((self._open, -1))
            if self._open == self._end:
                if self._over is not None and not self._over.done():
                    self._over.set_result(None)
                return
            if not self._may_lay_out():
                return
            self._lay_out(self._next)
            self._next += 1

    def _may_lay_out(self) -> bool:
        if self._next == self._end or self._next >= self._open + self._window:
            return False
        return self._next == self._open or (self._laid_out < _MOST_OPEN and not self._troupe.follows(self._next))

    def _lay_out(self, step: int) -> None:
        tickets, at = [], (step, -1)
        for turn in self._troupe.turns(step):
            at = at if at == turn.at else turn.at  # one tuple for all turns of a wave
            tickets.append(_Ticket(turn, at, self._frontiers.announce(at, self._troupe.writes(turn))))
        self._left[step] = len(tickets)
        self._laid_out += len(tickets)
        for ticket in tickets:
            self._wait(ticket, self._frontiers.known(self._troupe.ties(ticket.turn)))

    def _wait(self, ticket: _Ticket, frontiers: Iterable[Frontier[_Ticket]]) -> None:
        ticket.missing = self._frontiers.wait(ticket.at, frontiers, ticket)
        if ticket.missing == 0:
            self._go_on(ticket)

    def _go_on(self, ticket: _Ticket) -> None:
        if ticket.resolved:
            heapq.heappush(self._ready, (self._troupe.priority(ticket.turn), ticket.turn.key, ticket))
            return
        ticket.resolved = True
        ticket.reads = self._frontiers.known(self._troupe.reads(ticket.turn))
        self._wait(ticket, ticket.reads)

    def _begin_some(self) -> None:
        while self._ready and len(self._tasks) < self._at_once:
            task = asyncio.ensure_future(self._work(heapq.heappop(self._ready)[2]))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    async def _work(self, ticket: _Ticket) -> None:
        """Take a turn, then others that may begin, as long as there are any."""
        while True:
            turn = ticket.turn
            path_s = self._frontiers.path_s(ticket.at, ticket.reads)
            busy_s = await self._troupe.perform(turn)
            self._troupe.took(turn, path_s + busy_s, busy_s)
            self._finish(ticket, path_s + busy_s)
            if not self._ready:
                return
            await asyncio.sleep(0)  # whoever has begun goes first, and interruptions are heard, even if no turn ever waits
            if not self._ready:
                return
            ticket = heapq.heappop(self._ready)[2]
            self._begin_some()

    def _finish(self, ticket: _Ticket, path_s: float) -> None:
        for waiter in self._frontiers.finish(ticket.at, ticket.writes, path_s):
            waiter.missing -= 1
            if waiter.missing == 0:
                self._go_on(waiter)
        self._left[ticket.turn.step] -= 1
        self._laid_out -= 1
        if self._left[self._open] == 0 or self._may_lay_out():
            self._advance()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and self._over is not None and not self._over.done():
            self._over.set_exception(error)
