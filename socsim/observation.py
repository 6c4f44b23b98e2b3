"""What one agent sees when it acts: an immutable value, the same whatever the order of replies."""

from __future__ import annotations

from dataclasses import dataclass

from socsim.scenario.schedule import SaySpec

__all__ = ["Observation", "Seen"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A message (or answer) of another agent that is shown: whose, of which step, in which words."""

    author: int
    step: int
    text: str


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything an agent may base its action on.

    ``asks`` are the names of the items to answer, ``topic`` what a message should be about (empty if none is to be
    written). ``own_answers`` are (item, option) pairs of the agent's last answers, ``own_message`` its last message; both are
    empty unless the phase remembers them.
    """

    agent: int
    step: int
    phase: str
    repetition: int
    persona: str
    seen: tuple[Seen, ...] = ()
    own_message: str | None = None
    own_answers: tuple[tuple[str, str], ...] = ()
    asks: tuple[str, ...] = ()
    say: SaySpec | None = None
    topic: str = ""
