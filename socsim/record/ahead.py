"""Rows of a table by number, read ahead in blocks as far as that pays; memory stays bounded.

What is recorded together is mostly asked for together, and reading 256 rows takes as long as reading a few one by one. Where
it is not, the blocks become smaller by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

__all__ = ["Ahead"]

_LARGEST = 256
_JUDGED_AFTER = 16
_MOST = 65_536


class Ahead:
    """Rows that were read and not asked for yet.

    Args:
        fetch: the rows with numbers from the first to the second, each with its number as the last column.
    """

    def __init__(self, fetch: Callable[[int, int], Iterable[tuple[Any, ...]]]) -> None:
        self._fetch = fetch
        self._rows: dict[int, tuple[Any, ...]] = {}
        self._size = _LARGEST
        self._blocks = self._fetched = self._used = 0

    def hold(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Rows that were read already, whatever their number."""
        self._rows = {row[-1]: row for row in rows}

    def take(self, number: int) -> tuple[Any, ...] | None:
        """The row with this number, None where there is none. It is read anew when it is asked for again."""
        row = self._rows.pop(number, None)
        if row is None:
            return self._read(number)
        self._used += 1
        return row

    def _read(self, number: int) -> tuple[Any, ...] | None:
        self._judge()
        first = number - number % self._size
        rows = list(self._fetch(first, first + self._size - 1))
        if len(self._rows) > _MOST:
            for old in list(islice(self._rows, _MOST // 2)):
                del self._rows[old]
        self._rows.update((row[-1], row) for row in rows)
        self._blocks += 1
        self._fetched += len(rows)
        self._used += 1
        return self._rows.pop(number, None)

    def _judge(self) -> None:
        """Smaller blocks where most of what was read ahead was not used, larger ones where it was."""
        if self._blocks < _JUDGED_AFTER:
            return
        if self._used < self._fetched / 4:
            self._size = max(1, self._size // 2)
        elif self._used > self._fetched / 2:
            self._size = min(_LARGEST, self._size * 2)
        self._blocks = self._fetched = self._used = 0
