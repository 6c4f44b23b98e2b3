"""What was met lately: a dictionary that forgets, so that its memory stays bounded however long a run is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Lately"]

K = TypeVar("K")
V = TypeVar("V")


class Lately(Generic[K, V]):
    """Keeps at least the last ``most`` entries that were put or found, and at most about twice as many.

    It is two dictionaries: when the young one is full it becomes the old one, and the old one is forgotten; what is found in
    the old one moves to the young one. Threads may share it: the worst of a race is that something is forgotten early.

    Args:
        most: entries, or their weights together.
        weigh: how much memory a value takes, compared with others; all the same where not given.

    Example:
        >>> lately = Lately(2)
        >>> for number in range(5):
        ...     lately.put(number, str(number))
        >>> lately.get(4), lately.get(0)
        ('4', None)
    """

    def __init__(self, most: int, weigh: Callable[[V], int] | None = None) -> None:
        self._most = most
        self._weigh = weigh
        self._left = most
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        """The value, None where there is none or it was forgotten."""
        found = self._young.get(key)
        if found is None and self._old:
            found = self._old.pop(key, None)
            if found is not None:
                self.put(key, found)
        return found

    def put(self, key: K, value: V) -> None:
        """Add an entry."""
        self._young[key] = value
        self._left -= 1 if self._weigh is None else self._weigh(value)
        if self._left <= 0:
            self._old, self._young, self._left = self._young, {}, self._most

    def clear(self) -> None:
        """Forget everything."""
        self._old, self._young, self._left = {}, {}, self._most
