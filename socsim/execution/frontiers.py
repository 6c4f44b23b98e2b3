"""When may a turn begin: no unfinished earlier turn may write what it reads.

Every cell has a frontier: the earliest place of an unfinished turn that may write it. A turn waits for each cell that it
reads until the cell's frontier has reached its own place. So a cell that all may write, such as a board, costs one entry a
reader, not one for every pair of reader and writer. It knows nothing of what cells hold or of what turns do.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Iterable

from socsim.cells import At, Cell

__all__ = ["Frontiers"]


class _Frontier:
    """Unfinished writers of one cell by place, and who waits for them."""

    __slots__ = ("lengths", "pending", "places", "waiting")

    def __init__(self) -> None:
        self.pending: dict[At, int] = {}
        self.places: deque[At] = deque()
        self.waiting: list[tuple[At, int, Callable[[], None]]] = []
        self.lengths: dict[At, float] = {}

    def first(self) -> At | None:
        """The earliest place with an unfinished writer."""
        while self.places and self.places[0] not in self.pending:
            self.places.popleft()
        return self.places[0] if self.places else None


class Frontiers:
    """The frontiers of all cells of one world. Turns must be announced in the order of their places."""

    def __init__(self) -> None:
        self._cells: dict[Cell, _Frontier] = {}
        self._grown: set[Cell] = set()
        """Cells of which the lengths of more than one place are known."""
        self._numbers = itertools.count()

    def announce(self, at: At, writes: Iterable[Cell]) -> None:
        """A turn at a place may write these cells."""
        for cell in writes:
            frontier = self._cells.get(cell)
            if frontier is None:
                frontier = self._cells[cell] = _Frontier()
            if at in frontier.pending:
                frontier.pending[at] += 1
            else:
                frontier.pending[at] = 1
                frontier.places.append(at)

    def wait(self, at: At, reads: Iterable[Cell], ready: Callable[[], None]) -> int:
        """Call ``ready`` once for every cell that a turn at a place has to wait for; returns how many these are."""
        count = 0
        for cell in reads:
            frontier = self._cells.get(cell)
            first = frontier.first() if frontier is not None else None
            if frontier is None or first is None or first >= at:
                continue
            heapq.heappush(frontier.waiting, (at, next(self._numbers), ready))
            count += 1
        return count

    def finish(self, at: At, writes: Iterable[Cell], path_s: float = 0.0) -> None:
        """A turn that was announced has ended, after a chain of turns that took ``path_s`` seconds at the least."""
        for cell in writes:
            frontier = self._cells[cell]
            lengths = frontier.lengths
            if lengths.get(at, -1.0) < path_s:
                lengths[at] = path_s
                if len(lengths) > 1:
                    self._grown.add(cell)
            if frontier.pending[at] > 1:
                frontier.pending[at] -= 1
                continue
            del frontier.pending[at]
            first, waiting = frontier.first(), frontier.waiting
            while waiting and (first is None or waiting[0][0] <= first):
                heapq.heappop(waiting)[2]()

    def path_s(self, at: At, reads: Iterable[Cell]) -> float:
        """Seconds of the longest chain of finished turns that a turn at a place depends on."""
        longest = 0.0
        for cell in reads:
            frontier = self._cells.get(cell)
            if frontier is None:
                continue
            for place, length in frontier.lengths.items():
                if length > longest and place < at:
                    longest = length
        return longest

    def forget(self, before: At) -> None:
        """Fold what is known of places below ``before`` into one; all turns there have ended."""
        for cell in tuple(self._grown):
            lengths = self._cells[cell].lengths
            old = [place for place in lengths if place < before]
            if len(old) > 1:
                longest = max(lengths[place] for place in old)
                for place in old:
                    del lengths[place]
                lengths[max(old)] = longest
            if len(lengths) < 2:
                self._grown.discard(cell)
