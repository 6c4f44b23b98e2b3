"""Calls that wait to be described: a priority and a function each, so that millions of them fit into memory.

What is asked, the prompt above all, is only made when a place in front of the engine is near.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

from socsim.inference.types import DrawKey, Request

__all__ = ["Backlog", "Described"]

Described = tuple[Request, DrawKey | None]
"""What a call asks, and which draw of it."""


class Backlog:
    """Waiting calls by priority, lower first; among equals the one that was added first.

    Example:
        >>> from socsim.inference.types import Segment
        >>> backlog = Backlog()
        >>> backlog.add(2.0, lambda: (Request("score", (Segment("user", "later"),)), None))
        >>> backlog.add(1.0, lambda: (Request("score", (Segment("user", "sooner"),)), None))
        >>> number, priority, describe = backlog.pop()
        >>> number, describe()[0].segments[0].text
        (1, 'sooner')
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], Described]]] = []
        self._added = 0

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, priority: float, describe: Callable[[], Described]) -> int:
        """Let a call wait; returns its number, counted from 0 in the order of adding."""
        number = self._added
        heapq.heappush(self._heap, (priority, number, describe))
        self._added += 1
        return number

    def pop(self) -> tuple[int, float, Callable[[], Described]]:
        """(number, priority, description) of the first in line, taken out of it.

        Raises:
            IndexError: nothing waits.
        """
        priority, number, describe = heapq.heappop(self._heap)
        return number, priority, describe
