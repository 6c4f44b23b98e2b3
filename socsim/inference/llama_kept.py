"""Which states of slots are kept outside the slots: by what they begin with, within a budget, never dropped while in use.

Knows names and sizes; who computes, saves and restores states tells it. Used from one event loop.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable

__all__ = ["Key", "KeptStates"]

Key = bytes
"""Names a beginning of a prompt: its tokens, as bytes."""


class KeptStates:
    """States by key; the one not used for longest goes first.

    Args:
        budget: bytes that they may take; 0 keeps none.
        forget: drops the state of a name.
    """

    def __init__(self, budget: int, forget: Callable[[str], None]) -> None:
        self._budget = budget
        self._forget = forget
        self._states: OrderedDict[Key, tuple[str, int]] = OrderedDict()
        self._in_use: Counter[str] = Counter()
        self._numbers = itertools.count()
        self._too_long = math.inf

    def takes(self, length: int) -> bool:
        """Whether states of so many tokens are kept."""
        return self._budget > 0 and length < self._too_long

    def longest(self, keys: Iterable[tuple[Key, int]]) -> tuple[Key | None, int]:
        """The first of these keys, the longest first, of which a state is kept, with its number of tokens; else None and 0."""
        return next(((key, length) for key, length in keys if key in self._states), (None, 0))

    def wants(self, key: Key, length: int) -> bool:
        """Whether a state of this key and number of tokens should be made."""
        return self.takes(length) and key not in self._states

    def new_name(self) -> str:
        """A name that no state has had."""
        return f"{next(self._numbers)}.state"

    def add(self, key: Key, length: int, name: str, size: int) -> None:
        """Keep a new state, and drop old ones that are too many."""
        if size > self._budget:
            self._too_long = min(self._too_long, length)
        if size > self._budget or key in self._states:
            self._forget(name)
            return
        self._states[key] = (name, size)
        while sum(kept for _, kept in self._states.values()) > self._budget:
            _, (old, _) = self._states.popitem(last=False)
            self._forget_unused(old)

    def touch(self, key: Key) -> None:
        """Count a key as just used."""
        self._states.move_to_end(key)

    def borrow(self, key: Key) -> str:
        """The name of a key's state, which stays there until it is given back."""
        name = self._states[key][0]
        self._in_use[name] += 1
        return name

    def give_back(self, name: str, *, sound: bool) -> None:
        """End the use of a state; one that is not ``sound`` is dropped."""
        self._in_use[name] -= 1
        if not sound:
            self._states = OrderedDict((key, state) for key, state in self._states.items() if state[0] != name)
        if all(name != kept for kept, _ in self._states.values()):
            self._forget_unused(name)

    def give_up(self, name: str) -> None:
        """Keep no more states, as ``name`` could not be saved; what is kept stays."""
        self._budget = 0
        self._forget(name)

    def close(self) -> None:
        """Drop everything."""
        for name, _ in self._states.values():
            self._forget(name)
        self._states.clear()

    def _forget_unused(self, name: str) -> None:
        if self._in_use[name] == 0:
            del self._in_use[name]
            self._forget(name)
