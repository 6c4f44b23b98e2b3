"""What was met lately: a dictionary that forgets, so that its memory stays bounded however long a run is."""

from __future__ import annotations

from typing import Generic, TypeVar

__all__ = ["Lately"]

K = TypeVar("K")
V = TypeVar("V")


class Lately(Generic[K, V]):
    """Keeps at least the last ``most`` entries that were put or found, and at most about twice as many.

    It is two dictionaries: when the young one is full it becomes the old one, and the old one is forgotten; what is found in
    the old one moves to the young one. Threads may share it: the worst of a race is that something is forgotten early.

    Args:
        most: entries.

    Example:
        >>> lately = Lately(2)
        >>> for number in range(5):
        ...     lately.put(number, str(number))
        >>> lately.get(4), lately.get(0)
        ('4', None)
    """

    def __init__(self, most: int) -> None:
        self._most = most
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
        if len(self._young) >= self._most:
            self._old, self._young = self._young, {}

    def clear(self) -> None:
        """Forget everything."""
        self._old, self._young = {}, {}
