"""Stand-ins for actors of a cluster, in this process."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any


class Lost(Exception):
    """The actor is gone."""


class Method:
    """A method that is called with ``remote``, like that of an actor."""

    def __init__(self, actor: Actor, name: str) -> None:
        self._actor = actor
        self._name = name

    def remote(self, *arguments: Any) -> Any:
        """Begun in any case; what comes of it can be awaited in a loop, and is there at once without one."""
        return asyncio.ensure_future(self._call(arguments)) if _in_loop() else asyncio.run(self._call(arguments))

    async def _call(self, arguments: tuple[Any, ...]) -> Any:
        self._actor.calls.append(self._name)
        if self._actor.lost:
            raise Lost
        result = getattr(self._actor.body, self._name)(*arguments)
        return await result if inspect.isawaitable(result) else result


class Actor:
    """The body of an actor, called as a cluster would call it; with ``lost`` every call fails."""

    def __init__(self, body: Any) -> None:
        self.body = body
        self.lost = False
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Method:
        return Method(self, name)


def _in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
