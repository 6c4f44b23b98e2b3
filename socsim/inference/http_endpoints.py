"""Several servers of one model: which of them gets a call, and what becomes of one that does not answer.

A call goes to the server that has seen its beginning before, as long as the queues are about equally long, else to the
shortest queue. A server that cannot be reached is set aside for a while that grows; its calls move on to others.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from socsim.errors import Unavailable
from socsim.inference.http_errors import Unreachable

__all__ = ["EndpointStats", "Endpoints"]

_FAILURES = 3
"""Failures in a row after which a server is set aside."""
_FIRST_S, _LONGEST_S, _DOUBLINGS = 1.0, 60.0, 6
_SLACK = 4
"""How much longer a queue may be than the shortest one, at least, before a call goes there for its prefix's sake."""


class _Answered(Protocol):
    """A reply of a server; a status of 500 or more says that the server could not do its work."""

    @property
    def status(self) -> int: ...


_Reply = TypeVar("_Reply", bound=_Answered)


@dataclass(frozen=True, slots=True)
class EndpointStats:
    """What one server did so far."""

    address: str
    in_flight: int
    calls: int
    failures: int
    aside: bool


@dataclass(slots=True, eq=False)
class _Server:
    address: str
    in_flight: int = 0
    calls: int = 0
    failures: int = 0
    in_a_row: int = 0
    times_aside: int = 0
    aside_until: float = -float("inf")
    tried_again: bool = False
    """Whether a call is out to see if a server that was set aside answers again."""


class Endpoints:
    """The servers behind one engine. Used from one event loop at a time.

    Args:
        addresses: one or more.
        clock: seconds that only grow.
    """

    def __init__(self, addresses: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._servers = [_Server(address) for address in addresses]
        self._clock = clock

    @property
    def addresses(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(server.address for server in self._servers)

    def stats(self) -> tuple[EndpointStats, ...]:
        """What each server did so far."""
        now = self._clock()
        return tuple(
            EndpointStats(one.address, one.in_flight, one.calls, one.failures, one.aside_until > now) for one in self._servers
        )

    async def call(self, prefix: str, send: Callable[[str], Awaitable[_Reply]]) -> _Reply:
        """Send a call to one server, and to another one where that cannot be reached.

        Args:
            prefix: the beginning of the prompt.
            send: sends it to an address.

        Raises:
            Unavailable: no server can be reached.
        """
        tried: list[_Server] = []
        last: Unavailable | None = None
        while True:
            server = self._choose(prefix, tried)
            if server is None:
                found = f": {last}" if last else ""
                raise Unavailable(
                    f"none of the {len(self._servers)} servers can be reached; those set aside are tried again later{found}"
                ) from last
            tried.append(server)
            trial = server.tried_again = server.times_aside > 0
            server.in_flight += 1
            server.calls += 1
            try:
                reply = await send(server.address)
            except Unavailable as error:
                self._failed(server)
                if not isinstance(error, Unreachable) or len(tried) == len(self._servers):
                    raise
                last = error
            else:
                if reply.status < 500:
                    server.in_a_row = server.times_aside = 0
                else:
                    self._failed(server)
                return reply
            finally:
                server.in_flight -= 1
                if trial:
                    server.tried_again = False

    def _failed(self, server: _Server) -> None:
        server.failures += 1
        now = self._clock()
        if server.aside_until > now:
            return  # one of many calls that failed together
        server.in_a_row += 1
        if server.in_a_row >= _FAILURES and len(self._servers) > 1:
            server.aside_until = now + min(_LONGEST_S, _FIRST_S * 2.0 ** min(server.times_aside, _DOUBLINGS))
            server.times_aside += 1
            server.in_a_row = _FAILURES - 1  # when it is tried again, one failure is enough

    def _choose(self, prefix: str, tried: Sequence[_Server]) -> _Server | None:
        if len(self._servers) == 1:
            return None if tried else self._servers[0]
        now = self._clock()
        ready = [server for server in self._servers if server not in tried and self._ready(server, now)]
        if not ready:
            return None
        shortest = min(ready, key=lambda server: server.in_flight)
        usual = max(ready, key=lambda server: _weight(prefix, server.address))
        longest_allowed = shortest.in_flight + max(_SLACK, shortest.in_flight // 4)
        return usual if usual.in_flight <= longest_allowed else shortest

    @staticmethod
    def _ready(server: _Server, now: float) -> bool:
        """Whether a server may be asked: one that was set aside gets a single call first, when its time is over."""
        if server.times_aside == 0:
            return True
        return server.aside_until <= now and not server.tried_again


def _weight(prefix: str, address: str) -> bytes:
    """Rendezvous hashing: each prefix ranks the servers in an order of its own, which does not change with their number."""
    return hashlib.blake2b(prefix.encode("utf-8", "surrogatepass") + b"\0" + address.encode(), digest_size=8).digest()
