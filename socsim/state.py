"""What has happened in a world so far, by step: messages and answers.

State is versioned: it answers "what was there before step s", so an agent never sees another's future. Only the model
writes to it, in one place and in a fixed order.
"""

from __future__ import annotations

from socsim.items import Response

__all__ = ["WorldState"]


class WorldState:
    """Messages and answers of one world. A failed answer or message leaves no trace here: nobody sees anything of it."""

    def __init__(self) -> None:
        self._messages: dict[int, dict[int, str]] = {}
        self._answers: dict[tuple[str, int], dict[int, Response]] = {}
        self._last_message: dict[int, tuple[int, str]] = {}
        self._last_answer: dict[tuple[int, str], tuple[int, Response]] = {}

    def put_message(self, step: int, agent: int, text: str) -> None:
        """An agent's public message of a step."""
        self._messages.setdefault(step, {})[agent] = text
        self._last_message[agent] = (step, text)

    def put_answer(self, step: int, agent: int, response: Response) -> None:
        """An agent's private answer of a step."""
        self._answers.setdefault((response.item, step), {})[agent] = response
        self._last_answer[agent, response.item] = (step, response)

    def messages(self, step: int) -> dict[int, str]:
        """Messages of a step by agent; empty where none were written."""
        return self._messages.get(step, {})

    def answers(self, item: str, step: int) -> dict[int, Response]:
        """Answers to an item at a step by agent."""
        return self._answers.get((item, step), {})

    def last_message(self, agent: int) -> str | None:
        """The agent's newest message, whenever it was."""
        found = self._last_message.get(agent)
        return found[1] if found else None

    def last_answer(self, agent: int, item: str) -> Response | None:
        """The agent's newest answer to an item; None if it never gave one."""
        found = self._last_answer.get((agent, item))
        return found[1] if found else None
