"""When may a turn begin: no unfinished earlier turn may write what it reads.

Every cell has a frontier: the earliest place of an unfinished turn that may write it. A turn waits for each cell that it
reads until the cell's frontier has reached its own place. So a cell that all may write, such as a board, costs one entry a
reader, not one for every pair of reader and writer. It knows nothing of what cells hold or of what turns do.
"""

from __future__ import annotations

import heapq
import itertools
from collections import OrderedDict
from collections.abc import Iterable
from typing import Generic, TypeVar

from socsim.cells import At, Cell

__all__ = ["Frontier", "Frontiers"]

W = TypeVar("W")


class Frontier(Generic[W]):
    """Unfinished writers of one cell by place, and who waits for them. Turns hold the frontiers of what they read and write."""

    __slots__ = ("first", "lengths", "pending", "waiting")

    def __init__(self) -> None:
        self.first: At | None = None
        """The earliest place with an unfinished writer."""
        self.pending: OrderedDict[At, int] = OrderedDict()
        self.waiting: list[tuple[At, int, W]] | None = None
        self.lengths: dict[At, float] | None = None


class Frontiers(Generic[W]):
    """The frontiers of all cells of one world. Turns must be announced in the order of their places."""

    def __init__(self) -> None:
        self._cells: dict[Cell, Frontier[W]] = {}
        self._grown: set[Frontier[W]] = set()
        """Those of which the lengths of more than one place are known."""
        self._numbers = itertools.count()

    def announce(self, at: At, writes: Iterable[Cell]) -> tuple[Frontier[W], ...]:
        """A turn at a place may write these cells; returns their frontiers."""
        found = []
        for cell in frozenset(writes):
            frontier = self._cells.get(cell)
            if frontier is None:
                frontier = self._cells[cell] = Frontier()
            frontier.pending[at] = frontier.pending.get(at, 0) + 1
            if frontier.first is None:
                frontier.first = at
            found.append(frontier)
        return tuple(found)

    def known(self, cells: Iterable[Cell]) -> tuple[Frontier[W], ...]:
        """The frontiers of those cells that any turn announced so far may write."""
        return tuple([frontier for cell in cells if (frontier := self._cells.get(cell)) is not None])

    def wait(self, at: At, frontiers: Iterable[Frontier[W]], waiter: W) -> int:
        """Have `finish` name a waiter once for every frontier that a turn at a place must wait for; returns their number."""
        count = 0
        for frontier in frontiers:
            if frontier.first is None or frontier.first >= at:
                continue
            if frontier.waiting is None:
                frontier.waiting = []
            heapq.heappush(frontier.waiting, (at, next(self._numbers), waiter))
            count += 1
        return count

    def finish(self, at: At, frontiers: Iterable[Frontier[W]], path_s: float = 0.0) -> list[W]:
        """A turn that was announced has ended, after a chain of turns that took ``path_s`` seconds at the least.

        Returns:
            Whoever waits for one frontier less now.
        """
        ready: list[W] = []
        for frontier in frontiers:
            self._note(frontier, at, path_s)
            pending = frontier.pending
            if pending[at] > 1:
                pending[at] -= 1
                continue
            del pending[at]
            if frontier.first != at:
                continue
            first = frontier.first = next(iter(pending), None)
            waiting = frontier.waiting
            while waiting and (first is None or waiting[0][0] <= first):
                ready.append(heapq.heappop(waiting)[2])
        return ready

    def _note(self, frontier: Frontier[W], at: At, path_s: float) -> None:
        lengths = frontier.lengths
        if lengths is None:
            frontier.lengths = {at: path_s}
        elif lengths.get(at, -1.0) < path_s:
            lengths[at] = path_s
            if len(lengths) > 1:
                self._grown.add(frontier)

    @staticmethod
    def path_s(at: At, frontiers: Iterable[Frontier[W]]) -> float:
        """Seconds of the longest chain of finished turns that a turn at a place depends on."""
        longest = 0.0
        for frontier in frontiers:
            if frontier.lengths is None:
                continue
            for place, length in frontier.lengths.items():
                if length > longest and place < at:
                    longest = length
        return longest

    def forget(self, before: At) -> None:
        """Fold what is known of places below ``before`` into one; all turns there have ended."""
        for frontier in tuple(self._grown):
            lengths = frontier.lengths or {}
            old = [place for place in lengths if place < before]
            if len(old) > 1:
                longest = max(lengths[place] for place in old)
                for place in old:
                    del lengths[place]
                lengths[max(old)] = longest
            if len(lengths) < 2:
                self._grown.discard(frontier)
