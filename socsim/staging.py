"""Every step of a world made ready: its interaction, its turns, and what each turn reads and may write.

All of it follows from the scenario and the seed; nothing is asked and nothing changes here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from socsim.activation import Meeting, Part, PlannedStep, Turn, lay_out_turns
from socsim.activation.events import who_may_react
from socsim.activation.meetings import alone_at_once, draw_meetings
from socsim.cells import TIES, Cell, Cells, actions_of, answer_of, memory_of, message_of, ties_of
from socsim.effects import Effects
from socsim.event import SPEAK, Event
from socsim.interactions import Interaction, Setup, interaction_class, spec_of
from socsim.interactions.reacting import Reaction
from socsim.interactions.rewiring import REWIRING, Rewiring
from socsim.memory import Memory
from socsim.network.ties import Ties
from socsim.scenario.ways_of_meeting import options_of
from socsim.view import View
from socsim.world import World

__all__ = ["Stage", "Stages", "count_turns", "ties_first"]

_KEPT = 64
AHEAD_AT_MOST = 1_000
"""People of whom all are laid out ahead where they react to events. Among more, engines are busy without running ahead."""


@dataclass(frozen=True)
class Stage:
    """One step made ready.

    Attributes:
        planned: the step.
        interaction: how agents meet in it.
        lay_out: the turns that follow from meetings, in the order of their keys; all of the step where none are given.
        reaction: decides who acts, where activation is by events.
        rewiring: changes ties by rule after the last wave, where the network says so.
        memory: what agents remember, if they do.
        awaited: kind of the cells to which people react, where there are turns for those alone to whom something may have
            happened, so that all earlier steps must have ended; else empty.
    """

    planned: PlannedStep
    interaction: Interaction
    lay_out: Callable[[Sequence[Meeting] | None], tuple[Turn, ...]]
    reaction: Reaction | None
    rewiring: Rewiring | None = None
    memory: Memory | None = None
    awaited: str = ""

    @cached_property
    def turns(self) -> tuple[Turn, ...]:
        """Who may act when, in the order of their keys, whatever happens."""
        return self.lay_out(None)

    def takes(self, turn: Turn, view: View) -> bool:
        """Whether a turn is taken."""
        if turn.part.name == REWIRING:
            return True
        if self.reaction is not None and not self.reaction.holds(turn, view):
            return False
        return self.interaction.takes(turn, view)

    def reads(self, turn: Turn, view: View) -> tuple[Cell, ...]:
        """Everything that a turn may look at."""
        if turn.part.name == REWIRING and self.rewiring is not None:
            return tuple(self.rewiring.reads())
        return (*self.own_reads(turn), *self._reactions(turn, view), *self.interaction.reads(turn, view))

    def _reactions(self, turn: Turn, view: View) -> Iterable[Cell]:
        return self.reaction.reads(turn, view) if self.reaction is not None else ()

    def settle(self, turn: Turn, view: View, effects: Effects) -> None:
        """What the model settles in a silent turn."""
        if turn.part.name == REWIRING and self.rewiring is not None:
            self.rewiring.settle(turn, view, effects)
        else:
            self.interaction.settle(turn, view, effects)

    async def bring_up(self, event: Event, view: View, since: int) -> None:
        """Let a turn begin with what the agent remembers, where the phase remembers it."""
        if self.memory is not None and "memory" in self.planned.phase.remember:
            await self.memory.bring_up(event, view, since)

    async def keep(self, event: Event, view: View) -> None:
        """Let the agent keep what has happened in a turn."""
        if self.memory is not None:
            await self.memory.keep(event, view)

    def own_reads(self, turn: Turn) -> list[Cell]:
        """What a turn looks at of the agent's own."""
        phase, agent = self.planned.phase, turn.agent
        cells: list[Cell] = []
        if "own_last_message" in phase.remember:
            cells.append(message_of(agent))
        if "own_last_answer" in phase.remember:
            cells += [answer_of(agent, item) for item in self.planned.asks]
        if self.memory is not None:
            cells.append(memory_of(agent))
        return cells

    def writes(self, turn: Turn) -> tuple[Cell, ...]:
        """Everything that a turn may write."""
        if turn.part.name == REWIRING and self.rewiring is not None:
            return tuple(self.rewiring.writes())
        agent = turn.agent
        cells = [*self.interaction.writes(turn)]
        if turn.part.silent:
            return tuple(cells)
        cells += [answer_of(agent, item) for item in self.planned.asks]
        cells.append(actions_of(agent))
        say = self.planned.phase.say
        if say is not None:
            cells += [message_of(agent), answer_of(agent, SPEAK)] if say.silence is not None else [message_of(agent)]
        if self.memory is not None:
            cells += self.memory.writes(agent)
        return tuple(cells)


class Stages:
    """The stages of one world, made when they are wanted.

    Args:
        world: the world.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._kept: dict[int, Stage] = {}
        self._passed: dict[int, int] = {}
        declared = world.spec.memory
        questions = {name: item.spec.text or name for name, item in world.wording.items.items()}
        self._memory = Memory(declared, questions) if declared is not None and declared.remembers else None

    def __getitem__(self, step: int) -> Stage:
        stage = self._kept.get(step)
        if stage is None:
            if len(self._kept) >= _KEPT:
                del self._kept[min(self._kept)]
            stage = self._kept[step] = self._make(step)
        return stage

    @property
    def follow(self) -> bool:
        """Whether there may be any step that `follows` from what happened before it."""
        phases = {id(planned.phase): planned.phase for planned in self._world.steps}.values()
        return len(self._world.personas) > AHEAD_AT_MOST and any(phase.activating.kind == "events" for phase in phases)

    def follows(self, step: int) -> bool:
        """Whether who may act at a step is known only when all earlier ones have ended."""
        return bool(self[step].awaited)

    def acting(self, step: int, cells: Cells) -> Sequence[Turn]:
        """The turns of a step, of which all earlier ones must have ended where it `follows` from them."""
        stage = self[step]
        if not stage.awaited:
            return stage.turns
        present = self._world.present(step)
        written = cells.written(step - 1) if stage.planned.repetition else ()  # nothing has happened when a phase begins
        who = who_may_react(written, stage.awaited, self._readers, present)
        self._passed[step] = len(present) - len(who)
        return stage.lay_out(alone_at_once(who.tolist()))

    def passed(self, step: int) -> int:
        """How many people have no turn at a step because nothing can have happened to them, once it has been laid out."""
        return self._passed.pop(step, 0)

    @cached_property
    def _readers(self) -> Ties | None:
        return self._world.ties.transposed() if self._world.ties is not None else None

    def count(self, step: int) -> int:
        """Number of times that an agent may act at a step; what the model settles is not counted."""
        world, planned = self._world, self._world.steps[step]
        plain = interaction_class(planned.phase, world.customs).script is Interaction.script
        if plain and not world.trials.crossed and planned.phase.activating.kind in _EVERYBODY:
            return len(world.present(step))
        return sum(not turn.part.silent for turn in self[step].turns)

    def reach(self) -> int | None:
        """How many finished steps back anything in this world may look; None for all."""
        reaches = [self._class(planned).reach for planned in self._world.steps]
        if any(reach is None for reach in reaches):
            return None
        return max((reach for reach in reaches if reach is not None), default=0) + 1

    def _class(self, planned: PlannedStep) -> type[Interaction]:
        return interaction_class(planned.phase, self._world.customs)

    def _make(self, step: int) -> Stage:
        world, planned = self._world, self._world.steps[step]
        interaction = self._interaction(planned)
        script = self._crossed if world.trials.crossed else _script(interaction)
        reaction = Reaction(planned, interaction) if planned.phase.activating.kind == "events" else None
        rewiring = self._rewiring()

        def lay_out(meetings: Sequence[Meeting] | None) -> tuple[Turn, ...]:
            turns = lay_out_turns(step, draw_meetings(planned, world) if meetings is None else meetings, script)
            return turns + self._rewiring_turns(step, turns) if rewiring is not None else turns

        return Stage(planned, interaction, lay_out, reaction, rewiring, self._memory, self._awaited(planned, interaction))

    def _awaited(self, planned: PlannedStep, interaction: Interaction) -> str:
        """See `Stage`. Few people are laid out ahead: that costs little, and they act as soon as those whom they read have."""
        world, spec = self._world, planned.phase.activating
        few = len(world.personas) <= AHEAD_AT_MOST
        all_begin = planned.repetition == 0 and spec.first == "all"
        if spec.kind != "events" or all_begin or few or world.ties_change or world.trials.crossed:
            return ""
        kind, plain = type(interaction), Interaction
        if kind.script is not plain.script or world.arm.control == "yoked":
            return ""
        if spec.on == "mention":
            return message_of(0)[0]
        own = kind.noticed is not plain.noticed or kind.has_changed is not plain.has_changed
        return "" if own or not interaction.item else answer_of(0, interaction.item)[0]

    def _crossed(self, meeting: Meeting) -> tuple[Part, ...]:
        """Everybody alone, once in each of its contexts."""
        (agent,) = meeting.members
        return tuple(Part(agent, round=number) for number in range(len(self._world.trials.of_agent[agent])))

    def _rewiring(self) -> Rewiring | None:
        network = self._world.spec.network
        if network is None or not network.changes:
            return None
        return Rewiring(network.changes, len(self._world.personas), directed=self._world.graph.is_directed())

    def _rewiring_turns(self, step: int, turns: Sequence[Turn]) -> tuple[Turn, ...]:
        wave = 1 + max((turn.wave for turn in turns), default=-1)
        times = Counter(turn.agent for turn in turns)
        return tuple(
            Turn(step, wave, agent, times[agent], Part(agent, name=REWIRING, silent=True), Meeting((agent,)))
            for agent in self._world.present(step)
        )

    def _interaction(self, planned: PlannedStep) -> Interaction:
        spec, world = spec_of(planned.phase), self._world
        setup = Setup(planned, spec, options_of(spec), world, world.wording.book, world.wording.items)
        return self._class(planned)(setup)


def _script(interaction: Interaction) -> Callable[[Meeting], Sequence[Part]]:
    """The script of an interaction; where it is the plain one, whoever is alone has one part, without a look at the phase."""
    if type(interaction).script is not Interaction.script:
        return interaction.script
    return lambda meeting: (Part(meeting.members[0]),) if len(meeting.members) == 1 else interaction.script(meeting)


def ties_first(turn: Turn, *, ties_change: bool) -> Sequence[Cell]:
    """What must be settled before it can be said what a turn reads."""
    return (ties_of(turn.agent), TIES) if ties_change else ()


_EVERYBODY = ("simultaneous", "random_sequential", "events")


def count_turns(world: World) -> int:
    """Number of times that an agent may act in a world; what the model settles is not counted."""
    stages = Stages(world)
    return sum(stages.count(planned.step) for planned in world.steps)
