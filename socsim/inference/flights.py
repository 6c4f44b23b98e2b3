"""Calls on their way to an engine: equal calls are one, and draws of equal prompts are one prefill.

Which draws travel together is a matter of transport only: the texts of a flight go to its draws in the order of their
keys, and each is recorded as a call of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from socsim.inference.types import CallFailure, Completion, DrawKey, Request

__all__ = ["CallKey", "Flight", "Flights", "Member", "Outcome"]

Outcome = Completion | CallFailure
CallKey = tuple[str, str]
"""(request digest, text of the draw key or "")."""


@dataclass(slots=True, eq=False)
class Member:
    """One call of a flight, and who waits for it."""

    draw: DrawKey | None
    key: CallKey
    flight: Flight | None = None
    waiting: list[asyncio.Future[Outcome]] = field(default_factory=list)
    outcome: Outcome | None = None
    error: BaseException | None = None

    def wait(self) -> asyncio.Future[Outcome]:
        """A future of its own for one who waits."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        return future

    def settle(self, outcome: Outcome) -> None:
        """Tell everybody who waits."""
        self.outcome = outcome
        for future in self.waiting:
            if not future.done():
                future.set_result(outcome)

    def fail(self, error: BaseException) -> None:
        """Tell everybody that there is no outcome, and why."""
        self.error = error
        for future in self.waiting:
            if future.done():
                continue
            if isinstance(error, asyncio.CancelledError):
                future.cancel()
            else:
                future.set_exception(error)


@dataclass(slots=True, eq=False)
class Flight:
    """A request on its way, for one or several draws of it."""

    request: Request
    digest: str
    priority: float
    members: list[Member] = field(default_factory=list)
    task: asyncio.Task[None] | None = None

    @property
    def forgotten(self) -> bool:
        """Whether nobody waits for any of it any more."""
        return all(future.done() for member in self.members for future in member.waiting)

    def sort(self) -> Sequence[Member]:
        """The members by draw key, which is the order in which texts are given to them."""
        if len(self.members) > 1:
            self.members.sort(key=lambda member: member.draw or DrawKey(0, 0, 0, ""))
        return self.members


class Flights:
    """All calls on their way.

    Args:
        together: draws of one request that an engine makes from one prefill at most.
    """

    def __init__(self, together: int) -> None:
        self._together = together
        self._members: dict[CallKey, Member] = {}
        self._open: dict[str, Flight] = {}
        self._flights: set[Flight] = set()

    def __iter__(self) -> Iterator[Flight]:
        return iter(tuple(self._flights))

    def member(self, key: CallKey) -> Member | None:
        """The call with this key, if it is on its way."""
        return self._members.get(key)

    def board(
        self,
        request: Request,
        key: CallKey,
        draw: DrawKey | None,
        priority: float,
        start: Callable[[Flight], asyncio.Task[None] | None],
    ) -> Member:
        """Put a call on its way: with an equal prompt that still waits, or in a flight of its own, which may land at once."""
        member = self._members[key] = Member(draw, key)
        together = self._together > 1 and draw is not None and request.kind == "text"
        flight = self._open.get(key[0]) if together else None
        begins = flight is None
        if flight is None:
            flight = Flight(request, key[0], priority)
            self._flights.add(flight)
            if together:
                self._open[key[0]] = flight
        member.flight = flight
        flight.members.append(member)
        if len(flight.members) >= self._together:
            self.close(flight)
        if begins:
            flight.task = start(flight)
        return member

    def close(self, flight: Flight) -> None:
        """Nobody boards any more: the flight is handed to the engine."""
        if self._open.get(flight.digest) is flight:
            del self._open[flight.digest]

    def landed(self, flight: Flight) -> None:
        """Forget a flight; its calls have their outcomes, or will never have any."""
        self.close(flight)
        self._flights.discard(flight)
        for member in flight.members:
            if self._members.get(member.key) is member:
                del self._members[member.key]

    def leave(self, member: Member) -> None:
        """Somebody waits no longer for a call; a flight that everybody has left is cancelled and forgotten."""
        flight = member.flight
        if flight is not None and flight in self._flights and flight.forgotten and flight.task is not None:
            self.landed(flight)
            flight.task.cancel()
