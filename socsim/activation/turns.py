"""Turns: one agent acting once, at a place in the schedule.

Activation draws *meetings* (who comes together, one after another or side by side); the interaction's script says what each
member does in a meeting, in which order; laid out together they are the turns of a step. There is one of each for every turn,
so these are named tuples: frozen dataclasses take several times as long to make.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from socsim.cells import At

__all__ = ["Meeting", "Part", "Turn", "lay_out_turns"]


class Meeting(NamedTuple):
    """Who comes together.

    Attributes:
        members: agents, in the order drawn.
        place: meetings with a lower one come before; those with the same one go on side by side.
        number: number of the meeting in its step, from 0.
    """

    members: tuple[int, ...]
    place: int = 0
    number: int = 0


class Part(NamedTuple):
    """What one member does in a meeting.

    Attributes:
        agent: who.
        wave: when within the meeting, from 0; parts of one wave do not see each other.
        name: what for, in the words of the interaction ("speaker"); empty where there is but one part.
        round: which round of the meeting.
        silent: the model settles something; no agent acts and no call is made.
    """

    agent: int
    wave: int = 0
    name: str = ""
    round: int = 0
    silent: bool = False


class Turn(NamedTuple):
    """One agent acting once. Turns are ordered by `key`, and see what turns of lower `at` did.

    Attributes:
        step: number of the step.
        wave: when within the step.
        agent: who.
        nth: how many times the agent has acted in this step before.
        part: its part in the meeting.
        meeting: whom it meets.
    """

    step: int
    wave: int
    agent: int
    nth: int
    part: Part
    meeting: Meeting

    @property
    def at(self) -> At:
        """Step and wave."""
        return (self.step, self.wave)

    @property
    def key(self) -> tuple[int, int, int, int]:
        """The order of turns: step, wave, agent, how many times the agent has acted."""
        return (self.step, self.wave, self.agent, self.nth)

    @property
    def members(self) -> tuple[int, ...]:
        """All who meet, in the order drawn."""
        return self.meeting.members

    @property
    def others(self) -> tuple[int, ...]:
        """Whom the agent meets."""
        return tuple(member for member in self.meeting.members if member != self.agent)


def lay_out_turns(step: int, meetings: Iterable[Meeting], script: Callable[[Meeting], Sequence[Part]]) -> tuple[Turn, ...]:
    """The turns of a step, in their order.

    Meetings of the same place share its waves; a later place begins after the last wave of all earlier ones.

    Args:
        step: number of the step.
        meetings: who comes together.
        script: what each member does in a meeting.
    """
    scripts = [(meeting, script(meeting)) for meeting in meetings]
    lengths: Counter[int] = Counter()
    for meeting, parts in scripts:
        lengths[meeting.place] = max(lengths[meeting.place], 1 + max((part.wave for part in parts), default=0))
    begins, wave = {}, 0
    for place in sorted(lengths):
        begins[place] = wave
        wave += lengths[place]
    placed = [(begins[meeting.place] + part.wave, part.agent, index, part, meeting)
              for meeting, parts in scripts for index, part in enumerate(parts)]  # fmt: skip
    placed.sort(key=lambda one: (one[0], one[1], one[4].number, one[2]))
    times: Counter[int] = Counter()
    turns = []
    for wave, agent, _, part, meeting in placed:
        turns.append(Turn(step, wave, agent, times[agent], part, meeting))
        times[agent] += 1
    return tuple(turns)
