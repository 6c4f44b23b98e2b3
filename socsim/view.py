"""The world as one turn may see it: entries below the turn's own place, and only of cells that it has declared.

In a checked run (``--check``, and in tests) every read is held against the declaration; else it is taken on trust, which is
faster. In the arm ``alone`` nothing of other agents can be seen; in a yoked arm their messages are another world's.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from socsim.activation.turns import Turn
from socsim.cells import TIES, At, Cell, Cells, Entry, answer_of, cell_name, message_of, ties_of
from socsim.errors import UndeclaredAccess
from socsim.items import Response
from socsim.observation import Seen
from socsim.trials import Trials

__all__ = ["Donor", "Setting", "View", "changed_ties"]

Donor = Callable[[int, int, str | None], str | None]
"""Given an author, a step and what the author wrote then: what is shown instead, if anything."""

_BEGINNING: At = (0, -1)


class Setting(Protocol):
    """What is fixed about a world: nobody needs to declare that it is read."""

    @property
    def seed(self) -> int: ...

    def present(self, step: int) -> Sequence[int]:
        """Agents who take part at a step, ascending."""
        ...

    def tied_to(self, agent: int) -> Sequence[int]:
        """Agents whom an agent reads at the start, ascending."""
        ...

    def fact(self, agent: int, name: str) -> str | float | int | None:
        """A declared fact of an agent."""
        ...

    def rows(self, table: str) -> Sequence[Mapping[str, str]]:
        """The rows of a table that the scenario names."""
        ...

    @property
    def trials(self) -> Trials:
        """Conditions and wordings of everybody."""
        ...

    @property
    def ties_change(self) -> bool:
        """Whether anything in this world can change ties."""
        ...


def changed_ties(first: Sequence[int], changes: Iterable[Entry]) -> Sequence[int]:
    """Whom an agent reads after changes of its ties (entries whose values are `TieChange`), ascending."""
    found = set(first)
    for change in changes:
        if change.value.kind == "follow":
            found.add(change.value.author)
        else:
            found.discard(change.value.author)
    return sorted(found)


class View:
    """See `socsim.view`.

    Args:
        setting: what is fixed.
        cells: all versions.
        turn: whose view it is.
        declared: cells that may be read; None where it is not checked.
        alone: hides what others wrote.
        donor: replaces messages of others.
    """

    __slots__ = ("_alone", "_cells", "_declared", "_donor", "_setting", "agent", "at", "step", "turn")

    def __init__(
        self,
        setting: Setting,
        cells: Cells,
        turn: Turn,
        declared: frozenset[Cell] | None = None,
        *,
        alone: bool = False,
        donor: Donor | None = None,
    ) -> None:
        self._setting = setting
        self._cells = cells
        self._declared = declared
        self._alone = alone
        self._donor = donor
        self.turn = turn
        self.agent = turn.agent
        self.step = turn.step
        self.at = turn.at

    @property
    def seed(self) -> int:
        """Seed of the replicate."""
        return self._setting.seed

    @property
    def alone(self) -> bool:
        """Whether nothing of other agents can be seen."""
        return self._alone

    def newest(self, cell: Cell) -> Entry | None:
        """The last entry of a cell below this turn's place; None where there is none.

        Raises:
            UndeclaredAccess: in a checked run, the turn has not declared that it reads the cell.
        """
        if self._declared is not None or self._alone:
            return self._cells.newest(cell, self.at) if self._may_see(cell) else None
        return self._cells.newest(cell, self.at)

    def entries(self, cell: Cell, since: At | None = None) -> Sequence[Entry]:
        """All entries of a cell below this turn's place, from ``since`` on where it is given; alone, only the agent's own.

        Raises:
            UndeclaredAccess: as `newest`.
        """
        if cell[1] < 0:
            self._check(cell)
            found = self._cells.entries(cell, self.at, since)
            return [entry for entry in found if entry.agent == self.agent] if self._alone else found
        return self._cells.entries(cell, self.at, since) if self._may_see(cell) else ()

    def tied_to(self, agent: int | None = None) -> Sequence[int]:
        """Whom an agent (this one where not given) reads now, ascending, without those who no longer take part.

        Raises:
            UndeclaredAccess: ties can change in this world, and the turn has not declared that it reads the agent's.
        """
        whose = self.agent if agent is None else agent
        found: Sequence[int] = self._setting.tied_to(whose)
        if self._setting.ties_change:
            self._check(ties_of(whose) if self._declared is not None and ties_of(whose) in self._declared else TIES)
            found = changed_ties(found, self._cells.entries(ties_of(whose), self.at))
        present = self._setting.present(self.step)
        if isinstance(present, range):  # everybody
            return found
        places = ((one, bisect_left(present, one)) for one in found)
        return [one for one, place in places if place < len(present) and present[place] == one]

    def everybody(self) -> Sequence[int]:
        """Agents who take part at this step, ascending."""
        return self._setting.present(self.step)

    def message(self, author: int, since_step: int = 0) -> Seen | None:
        """The newest message of an agent as this one is shown it, not older than a step; None where there is none."""
        if self._donor is not None and author != self.agent:
            return self._donated(author, since_step)
        entry = self.newest(message_of(author))
        if entry is None or entry.at < (since_step, -1):
            return None
        return Seen(author, entry.at[0], entry.value)

    def answer(self, agent: int, item: str, since_step: int = 0) -> Response | None:
        """The newest answer of an agent to an item, not older than a step; None where there is none."""
        entry = self.newest(answer_of(agent, item))
        if entry is None or entry.at < (since_step, -1):
            return None
        response: Response = entry.value
        return response

    def _donated(self, author: int, since_step: int) -> Seen | None:
        assert self._donor is not None
        self._check(message_of(author))
        for step in range(self.step - (self.at[1] == 0), since_step - 1, -1):
            entry = self._cells.newest(message_of(author), min(self.at, (step + 1, -1)))
            own = entry.value if entry is not None and entry.at[0] == step else None
            text = self._donor(author, step, own)
            if text is not None:
                return Seen(author, step, text)
        return None

    def _may_see(self, cell: Cell) -> bool:
        self._check(cell)
        return not self._alone or cell[1] == self.agent

    def _check(self, cell: Cell) -> None:
        if self._declared is not None and cell not in self._declared:
            raise UndeclaredAccess(
                f"agent {self.agent}, step {self.step}: reads {cell_name(cell)}, which it has not declared. "
                "Add it to what the interaction's `reads` gives."
            )
