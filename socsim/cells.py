"""The world as versioned cells: what was there before a given place in the schedule.

A cell is something that somebody may read: an agent's message, its answer to an item, its memory, its ties, or a board that
all may write on. Nothing in it is ever overwritten: every entry has the step and the wave of the turn that wrote it, and a
reader gets the entries below its own place, whatever was written later by somebody who ran ahead. It knows nothing of models
or prompts.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

__all__ = [
    "TIES",
    "At",
    "Cell",
    "Cells",
    "Entry",
    "account_of",
    "actions_of",
    "answer_of",
    "board",
    "cell_name",
    "memory_of",
    "message_of",
    "ties_of",
]

Cell = tuple[str, int]
"""What it is and whose: ``("message", 3)``. A board is nobody's and has owner -1."""

At = tuple[int, int]
"""A place in the schedule: the step, and the wave within it. Turns of one wave do not see each other."""


class Entry(NamedTuple):
    """One version of a cell: when it was written, by whom, what, and in which of the writer's turns of that step."""

    at: At
    agent: int
    value: Any
    nth: int = 0


def message_of(agent: int) -> Cell:
    """The public messages of an agent (`str`)."""
    return ("message", agent)


def answer_of(agent: int, item: str) -> Cell:
    """The answers of an agent to an item (`socsim.items.Response`)."""
    return (f"answer:{item}", agent)


def actions_of(agent: int) -> Cell:
    """What an agent did (`socsim.effects.Did`)."""
    return ("action", agent)


def memory_of(agent: int) -> Cell:
    """What an agent remembers."""
    return ("memory", agent)


def ties_of(agent: int) -> Cell:
    """How whom an agent reads has changed (`socsim.effects.TieChange`)."""
    return ("ties", agent)


def account_of(agent: int) -> Cell:
    """What the model keeps for an agent, such as payoffs."""
    return ("account", agent)


def board(name: str = "") -> Cell:
    """Something that all may write on and read, entry by entry."""
    return (f"board:{name}", -1)


TIES: Cell = board("ties")
"""Stands for all ties: whoever may change those of others writes it, whoever looks at any reads it."""


def cell_name(cell: Cell) -> str:
    """The cell in words, for messages."""
    kind, owner = cell
    return kind if owner < 0 else f"{kind} of agent {owner}"


_KEPT = ("ties", "memory")
"""Kinds of cells of which every entry is kept."""


def _place(entry: Entry) -> tuple[At, int, int]:
    return (entry.at, entry.agent, entry.nth)


def _at(entry: Entry) -> At:
    return entry.at


class Cells:
    """All cells of one world.

    Args:
        noting: remember which cells are written at each step, for `written`.
    """

    def __init__(self, *, noting: bool = False) -> None:
        self._entries: dict[Cell, list[Entry]] = {}
        self._grown: set[Cell] = set()
        """Cells with more than one entry, of which some may be forgotten."""
        self._written: dict[int, list[Cell]] | None = {} if noting else None

    def put(self, cell: Cell, entry: Entry) -> None:
        """Add a version; entries stand in the order of their places, then of the turns that wrote them."""
        entries = self._entries.setdefault(cell, [])
        if not entries or _place(entries[-1]) <= _place(entry):
            entries.append(entry)
        else:
            insort(entries, entry, key=_place)
        if self._written is not None:
            self._written.setdefault(entry.at[0], []).append(cell)
        if len(entries) == 2 and cell[1] >= 0 and cell[0] not in _KEPT:
            self._grown.add(cell)

    def written(self, step: int) -> Sequence[Cell]:
        """The cells that were written at a step; what is known of earlier ones is forgotten.

        Raises:
            RuntimeError: it is not noted.
        """
        if self._written is None:
            raise RuntimeError("which cells are written at each step was not noted")
        for old in [one for one in self._written if one < step]:
            del self._written[old]
        return self._written.get(step, ())

    def newest(self, cell: Cell, before: At) -> Entry | None:
        """The last entry below a place; None where there is none."""
        entries = self._entries.get(cell)
        if not entries:
            return None
        if entries[-1].at < before:
            return entries[-1]
        if len(entries) > 1 and entries[-2].at < before:  # one who ran ahead has written the last
            return entries[-2]
        count = bisect_left(entries, before, key=_at)
        return entries[count - 1] if count else None

    def entries(self, cell: Cell, before: At, since: At | None = None) -> Sequence[Entry]:
        """All entries below a place, from ``since`` on where it is given, in order."""
        entries = self._entries.get(cell)
        if not entries:
            return ()
        begin = 0 if since is None else bisect_left(entries, since, key=_at)
        end = len(entries) if entries[-1].at < before else bisect_left(entries, before, key=_at)
        return entries[begin:end]

    def of_kind(self, kind: str, agents: Iterable[int], before: At, since: At) -> Mapping[int, Entry]:
        """The last entries of the agents' cells of a kind in [since, before); agents without any are left out."""
        found: dict[int, Entry] = {}
        for agent in agents:
            entry = self.newest((kind, agent), before)
            if entry is not None and entry.at >= since:
                found[agent] = entry
        return found

    def forget(self, before: At) -> None:
        """Free the entries below a place but for the last of each cell; boards, memories and changes of ties are kept.

        Call it where entries are put; whoever reads meanwhile elsewhere reads on in what was there.
        """
        for cell in tuple(self._grown):
            entries = self._entries[cell]
            if entries[1].at < before:
                left = self._entries[cell] = entries[max(0, bisect_left(entries, before, key=_at) - 1) :]
                if len(left) < 2:
                    self._grown.discard(cell)
