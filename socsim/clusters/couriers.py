"""Many small calls of one actor in few messages: a message takes a millisecond or two of either side, whatever is in it.

Calls that come while a message is on its way leave together in the next one, and so do results, none of which waits for
another. Nothing here knows Ray: actors are whatever has ``method.remote(…)`` that can be awaited.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

__all__ = ["Courier", "Desk", "UnknownTicket"]


class UnknownTicket(Exception):
    """The actor has been started again since the ticket was given, so what was asked before is lost."""


@dataclass(frozen=True, slots=True)
class _Raised:
    """That a call was not answered but raised something."""

    error: Exception


class Desk:
    """Where calls arrive; the base of an actor, which says in `serve` what comes of one."""

    def __init__(self) -> None:
        self._ready: dict[str, list[tuple[int, Any]]] = {}
        self._news: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._working: set[asyncio.Task[None]] = set()

    async def serve(self, *call: Any) -> Any:
        """What comes of one call."""
        raise NotImplementedError

    async def greet(self) -> str:
        """A ticket for somebody who is going to ask."""
        ticket = uuid4().hex
        self._ready[ticket] = []
        return ticket

    async def take(self, ticket: str, calls: list[tuple[int, tuple[Any, ...]]]) -> None:
        """Begin some calls.

        Raises:
            UnknownTicket: this actor has not given the ticket.
        """
        self._check(ticket)
        for number, call in calls:
            task = asyncio.create_task(self._work(ticket, number, call))
            self._working.add(task)
            task.add_done_callback(self._working.discard)

    async def collect(self, ticket: str) -> list[tuple[int, Any]]:
        """Results that are ready, by the number of the call; waits until there is one. Raises like `take`."""
        self._check(ticket)
        await self._news[ticket].wait()
        self._news[ticket].clear()
        ready, self._ready[ticket] = self._ready[ticket], []
        return ready

    async def _work(self, ticket: str, number: int, call: tuple[Any, ...]) -> None:
        try:
            result = await self.serve(*call)
        except Exception as error:  # whatever it is, who asked must hear of it
            result = _Raised(error)
        self._ready[ticket].append((number, result))
        self._news[ticket].set()

    def _check(self, ticket: str) -> None:
        if ticket not in self._ready:
            raise UnknownTicket("this actor was started again")


class Courier:
    """Carries calls to one desk and results back. Used from one event loop.

    Args:
        actor: the desk.
    """

    def __init__(self, actor: Any) -> None:
        self._actor = actor
        self._ticket: str | None = None
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._leaving: list[tuple[int, tuple[Any, ...]]] = []
        self._delivering: asyncio.Task[None] | None = None
        self._collecting: asyncio.Task[None] | None = None

    async def ask(self, *call: Any) -> Any:
        """What comes of a call. What the desk raises is raised here; if the actor is lost, so is every call that is under way."""
        self._number += 1
        number, loop = self._number, asyncio.get_running_loop()
        future = self._waiting[number] = loop.create_future()
        self._leaving.append((number, call))
        if self._delivering is None:
            self._delivering = loop.create_task(self._deliver())
        try:
            result = await future
        finally:
            self._waiting.pop(number, None)
        if isinstance(result, _Raised):
            raise result.error
        return result

    async def _deliver(self) -> None:
        try:
            while self._leaving:
                calls, self._leaving = self._leaving, []
                if self._ticket is None:
                    self._ticket = await self._actor.greet.remote()
                await self._actor.take.remote(self._ticket, calls)
                if self._collecting is None:
                    self._collecting = asyncio.get_running_loop().create_task(self._collect(self._ticket))
        except Exception as error:
            self._lose(error)
        finally:
            self._delivering = None

    async def _collect(self, ticket: str | None) -> None:
        try:
            while self._waiting:
                for number, result in await self._actor.collect.remote(ticket):
                    future = self._waiting.get(number)
                    if future is not None and not future.done():
                        future.set_result(result)
                        del self._waiting[number]
        except Exception as error:
            self._lose(error)
        finally:
            self._collecting = None

    def _lose(self, error: Exception) -> None:
        """The actor is gone with all that it was asked; the next call greets it anew."""
        self._ticket, self._leaving = None, []
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(error)
        self._waiting.clear()
