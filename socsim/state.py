"""What has happened in a world so far, by step: messages and answers of finished steps.

A reading view of `socsim.cells.Cells`. Somebody who ran ahead may have written more; it is not shown before its step has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from socsim.cells import Cells, Entry, answer_of, message_of
from socsim.items import Response

__all__ = ["WorldState"]


class WorldState:
    """Messages and answers of one world. A failed answer or message leaves no trace here: nobody sees anything of it.

    Args:
        cells: all versions.
        people: number of agents.
        finished: gives the number of finished steps.
    """

    def __init__(self, cells: Cells, people: int, finished: Callable[[], int]) -> None:
        self._cells = cells
        self._people = people
        self._finished = finished

    def messages(self, step: int) -> dict[int, str]:
        """The last messages of a finished step by agent; empty where none were written."""
        return self.messages_of(step, range(self._people))

    def message(self, agent: int, step: int) -> str | None:
        """The last message of an agent at a finished step; None where it wrote none."""
        return self.messages_of(step, [agent]).get(agent)

    def messages_of(self, step: int, agents: Iterable[int]) -> dict[int, str]:
        """The last messages of some agents at a finished step; those who wrote none are left out."""
        return {agent: entry.value for agent, entry in self._of_step("message", step, agents).items()}

    def answers(self, item: str, step: int) -> dict[int, Response]:
        """The last answers to an item at a finished step by agent."""
        return {agent: entry.value for agent, entry in self._of_step(f"answer:{item}", step, range(self._people)).items()}

    def last_message(self, agent: int) -> str | None:
        """The agent's newest message of all finished steps."""
        found = self._cells.newest(message_of(agent), (self._finished(), -1))
        return found.value if found else None

    def last_answer(self, agent: int, item: str) -> Response | None:
        """The agent's newest answer to an item of all finished steps; None if it never gave one."""
        found = self._cells.newest(answer_of(agent, item), (self._finished(), -1))
        return found.value if found else None

    def _of_step(self, kind: str, step: int, agents: Iterable[int]) -> dict[int, Entry]:
        if step >= self._finished():
            return {}
        return dict(self._cells.of_kind(kind, agents, (step + 1, -1), (step, -1)))
