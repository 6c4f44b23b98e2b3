"""What one agent sees when it acts: an immutable value, the same whatever the order of replies.

What every turn has is a named tuple: a frozen dataclass takes several times as long to make.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from socsim.scenario.schedule import SaySpec

__all__ = ["Observation", "Recalled", "Seen", "content_of"]


class Seen(NamedTuple):
    """Something that is shown: whose, of which step, in which words.

    ``kind`` is empty for a message or answer of another agent; else it names what it is ("news", "stimulus", "post"). What
    nobody in the world has said has author -1. ``about`` names the thing where it can be reacted to.
    """

    author: int
    step: int
    text: str
    kind: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Recalled:
    """One thing remembered: of what kind (said, seen, answered, summary, belief), and in which words."""

    kind: str
    text: str


class Observation(NamedTuple):
    """Everything an agent may base its action on.

    ``asks`` are the names of the items to answer, ``topic`` what a message should be about (empty if none is to be
    written). ``own_answers`` are (item, option) pairs of the agent's last answers, ``own_message`` its last message; both are
    empty unless the phase remembers them.

    ``turn`` counts the times that the agent acts in this step; ``part``, ``round`` and ``members`` say what it does in which
    meeting (``members`` in the order drawn, empty where nobody meets). ``scene`` is what it sees in the words of the
    interaction; where it is empty, ``seen`` is shown as a list of messages. ``recalled`` is what its memory brings up.
    ``potential`` is how much it might have been shown. ``facts`` holds what the interaction tells the agent's rules, by name.
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
    turn: int = 0
    part: str = ""
    round: int = 0
    members: tuple[int, ...] = ()
    scene: str = ""
    recalled: tuple[Recalled, ...] = ()
    potential: int | None = None
    facts: tuple[tuple[str, str | int | float], ...] = ()


_FIRST, _LATER = Observation._fields[:11], Observation._fields[11:]
_NOTHING_LATER = tuple(Observation._field_defaults[name] for name in _LATER)


def content_of(observation: Observation) -> Mapping[str, Any]:
    """What an observation says, for hashing: what an agent did not have is left out, so that hashes of runs made before there
    was such a thing stay what they were; so is what it might have been shown."""
    content: dict[str, Any] = dict(zip(_FIRST, observation, strict=False))
    content["seen"] = [_seen_content(one) for one in observation.seen]
    later = zip(_LATER, observation[len(_FIRST) :], _NOTHING_LATER, strict=True)
    return content | {name: value for name, value, default in later if value != default and name != "potential"}


def _seen_content(seen: Seen) -> dict[str, Any]:
    content: dict[str, Any] = {"author": seen.author, "step": seen.step, "text": seen.text}
    if seen.kind:
        content["kind"] = seen.kind
    if seen.about:
        content["about"] = seen.about
    return content
