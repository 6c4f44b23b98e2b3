"""What an HTTP transport does for the engine: a JSON object to an address, a status, headers and bounded bytes back."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from socsim.inference.keys import Key

__all__ = ["Reply", "Transport", "TransportSettings", "abandon", "is_running_here"]


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as it came. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class TransportSettings:
    """What all requests of a transport have in common.

    ``largest_reply`` is in bytes; more is not read. ``connect_s``: longest time to get a connection.
    """

    key: Key
    largest_reply: int
    connect_s: float = 10.0


class Transport(Protocol):
    """Sends requests from one event loop at a time; whoever uses another one first lets it `leave`.

    Raises:
        Unreachable: no connection, or one that ended before any reply.
        Unavailable: the connection ended on the way.
        BadReply: the reply is too large.
    """

    async def post(self, address: str, path: str, body: Mapping[str, Any]) -> Reply:
        """The reply to JSON sent to a path under an address."""
        ...

    async def get(self, address: str, path: str) -> Reply:
        """The reply to a GET of a path under an address."""
        ...

    async def leave(self) -> None:
        """Close connections, which belong to the running event loop; the next request opens new ones."""
        ...

    def close(self) -> None:
        """Give everything up, from outside of any event loop."""
        ...


def abandon(connections: list[Any]) -> None:
    """Free connections whose event loop has ended: nothing can close them any more, so they go when they are collected.

    Args:
        connections: the only references to them that are left; emptied.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        connections.clear()
        gc.collect()


def is_running_here(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether a loop is the one that runs in this thread."""
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
