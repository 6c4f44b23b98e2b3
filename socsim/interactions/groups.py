"""Groups: a discussion with a transcript, and private reports before or after it.

Who sees what, when: the members of a meeting speak one after the other (``round_robin``, ``random``), all at once in every
round (``together``), or whoever wants to most (``raise_hand``). A speaker sees the transcript so far: what was said by
anybody of the meeting, itself included, in earlier waves of this step and, with ``recall: all_steps``, of earlier steps; the last
``at_most`` lines of it. Items are asked privately: nobody ever sees the answers. With ``raise_hand`` every member reports its
urge before each turn to speak, privately, too; the one with the largest expected value speaks (equal ones by a drawn number),
and nobody where no urge reaches ``least_urge``. Failed urges and non-answers do not speak.

Nobody sees anything of other meetings of the step. In the arm ``alone`` people speak in the same order, but see themselves only.

Source: the design of Moscovici & Zavalloni (1969), Journal of Personality and Social Psychology 12(2), 125-135, and of later
studies of group polarization: private report, discussion, private report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from socsim.activation import Meeting, Part, Turn
from socsim.cells import Cell, answer_of, message_of
from socsim.interactions.base import Interaction, Setup, Shown
from socsim.observation import Seen
from socsim.prompts import quotable
from socsim.scenario.options_groups import GroupsOptions
from socsim.seeding import stream, uniform
from socsim.view import View

__all__ = ["Groups"]


class Groups(Interaction):
    """See `socsim.interactions.groups`."""

    kind = "groups"
    reach = None

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        assert isinstance(setup.options, GroupsOptions)
        self.options = setup.options
        self.activating = setup.planned.phase.activating
        self.urge = self.activating.urge if self.activating.order == "raise_hand" else None

    def script(self, meeting: Meeting) -> Sequence[Part]:
        """Reports before, the discussion, reports after."""
        parts: list[Part] = []
        if self.planned.asks and self.options.ask in ("before", "both"):
            parts += [Part(member, 0, "before") for member in meeting.members]
        if self.planned.phase.say is not None:
            self._speaking(meeting, parts)
        if self.planned.asks and self.options.ask in ("after", "both"):
            wave = _next_wave(parts)
            parts += [Part(member, wave, "after") for member in meeting.members]
        return parts

    def _speaking(self, meeting: Meeting, parts: list[Part]) -> None:
        for number in range(self.activating.rounds):
            wave = _next_wave(parts)
            if self.activating.order == "together":
                parts += [Part(member, wave, "speaker", number) for member in meeting.members]
            elif self.urge is not None:
                for place in range(len(meeting.members)):
                    parts += [Part(member, wave + 2 * place, "urge", number) for member in meeting.members]
                    parts += [Part(member, wave + 2 * place + 1, "speaker", number) for member in meeting.members]
            else:
                order = self._order(meeting, number)
                parts += [Part(member, wave + place, "speaker", number) for place, member in enumerate(order)]

    def _order(self, meeting: Meeting, number: int) -> Sequence[int]:
        if self.activating.order != "random":
            return meeting.members
        drawn = stream(self.setup.setting.seed, "speaking", self.planned.step, meeting.number, number)
        return [meeting.members[index] for index in drawn.permutation(len(meeting.members))]

    def reads(self, turn: Turn, view: View) -> Iterable[Cell]:
        """What all members say and, where hands are raised, how much they want to."""
        del view
        cells = [message_of(member) for member in turn.members]
        if self.urge is not None and turn.part.name == "speaker":
            cells += [answer_of(member, self.urge) for member in turn.members]
        return cells

    def writes(self, turn: Turn) -> Iterable[Cell]:
        """The urge of whoever raises a hand."""
        return (answer_of(turn.agent, self.urge),) if self.urge is not None and turn.part.name == "urge" else ()

    def takes(self, turn: Turn, view: View) -> bool:
        """Where hands are raised, one member speaks."""
        if self.urge is None or turn.part.name != "speaker":
            return True
        return self._chosen(turn, view) == turn.agent

    def _chosen(self, turn: Turn, view: View) -> int | None:
        """Who wants to speak most, by the urges of the wave before."""
        wishes = []
        for member in turn.members:
            wish = view.newest(answer_of(member, self.urge or ""))
            if wish is None or wish.at != (turn.step, turn.wave - 1) or wish.value.expected is None:
                continue
            if self.options.least_urge is None or wish.value.expected >= self.options.least_urge:
                wishes.append((-wish.value.expected, uniform(view.seed, "hands", turn.step, turn.wave, member), member))
        return min(wishes)[2] if wishes else None

    def observe(self, turn: Turn, view: View) -> Shown:
        """The transcript so far."""
        seen = self._transcript(turn, view)
        others = str(len(turn.members) - 1)
        lines = "\n".join(self._line(one, turn.agent) for one in seen)
        scene = self.words("transcript", others=others, lines=lines) if seen else self.words("nothing_said", others=others)
        return Shown(seen, scene, asks=self._asks(turn), says=turn.part.name == "speaker")

    def _asks(self, turn: Turn) -> tuple[str, ...]:
        if turn.part.name == "urge":
            return (self.urge,) if self.urge is not None else ()
        if turn.part.name == "speaker":
            return self.planned.asks if self.options.ask == "each" else ()
        return self.planned.asks

    def _transcript(self, turn: Turn, view: View) -> tuple[Seen, ...]:
        since = (turn.step, -1) if self.options.recall == "this_step" else None
        said = [
            (entry.at, place, Seen(member, entry.at[0], entry.value))
            for place, member in enumerate(turn.members)
            for entry in view.entries(message_of(member), since)
        ]
        lines = [seen for _, _, seen in sorted(said, key=lambda one: one[:2])]
        return tuple(lines[-self.spec.at_most :] if self.spec.at_most is not None else lines)

    def _line(self, seen: Seen, agent: int) -> str:
        speaker = self.words("you") if seen.author == agent else self.words("person", number=str(seen.author + 1))
        return self.words("line", speaker=speaker, text=quotable(seen.text))


def _next_wave(parts: Sequence[Part]) -> int:
    return 1 + max((part.wave for part in parts), default=-1)
