"""What a turn leaves behind besides answers and a message: things done, numbers kept, ties changed, cells written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from socsim.cells import Cell

__all__ = ["Did", "Effects", "Kept", "TieChange"]


@dataclass(frozen=True, slots=True)
class Did:
    """An action: what kind, to whom, about which thing, and how much. ``failed``: the reply was no choice, nothing was done."""

    kind: str
    target: int | None = None
    about: str = ""
    amount: float | None = None
    status: Literal["done", "failed"] = "done"


@dataclass(frozen=True, slots=True)
class Kept:
    """A number that the model keeps about an agent."""

    agent: int
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class TieChange:
    """``reader`` begins (follow) or ceases (unfollow, block, removed) to read ``author``."""

    kind: Literal["follow", "unfollow", "block", "removed"]
    reader: int
    author: int
    cause: Literal["choice", "rule", "intervention"] = "choice"


@dataclass(slots=True)
class Effects:
    """Collected while a turn goes on; the model applies them when it has ended.

    Attributes:
        actions: what the agent did, in order.
        kept: numbers about agents.
        ties: ties changed.
        writes: versions of cells, each of which the interaction has declared to write.
    """

    actions: list[Did] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    ties: list[TieChange] = field(default_factory=list)
    writes: list[tuple[Cell, Any]] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.actions or self.kept or self.ties or self.writes)

    def do(self, kind: str, *, target: int | None = None, about: str = "", amount: float | None = None) -> None:
        """The agent does something."""
        self.actions.append(Did(kind, target, about, amount))

    def fail(self, kind: str) -> None:
        """The agent was asked what it does, and the reply was no choice."""
        self.actions.append(Did(kind, status="failed"))

    def keep(self, agent: int, name: str, value: float) -> None:
        """The model keeps a number about an agent.

        Raises:
            ValueError: the number was kept already in this turn.
        """
        if any((one.agent, one.name) == (agent, name) for one in self.kept):
            raise ValueError(f"{name!r} of agent {agent} is kept twice in one turn; a table has one number for it")
        self.kept.append(Kept(agent, name, value))

    def write(self, cell: Cell, value: Any) -> None:
        """A new version of a cell."""
        self.writes.append((cell, value))
