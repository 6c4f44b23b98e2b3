"""Every step of a world made ready: its interaction, its turns, and what each turn reads and may write.

All of it follows from the scenario and the seed; nothing is asked and nothing changes here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from socsim.activation import Meeting, Part, PlannedStep, Turn, lay_out_turns
from socsim.activation.meetings import draw_meetings
from socsim.cells import TIES, Cell, actions_of, answer_of, memory_of, message_of, ties_of
from socsim.effects import Effects
from socsim.event import SPEAK, Event
from socsim.interactions import Interaction, Setup, interaction_class, spec_of
from socsim.interactions.reacting import Reaction
from socsim.interactions.rewiring import REWIRING, Rewiring
from socsim.memory import Memory
from socsim.scenario.ways_of_meeting import options_of
from socsim.view import View
from socsim.world import World

__all__ = ["Stage", "Stages", "count_turns", "ties_first"]

_KEPT = 64


@dataclass(frozen=True, slots=True)
class Stage:
    """One step made ready.

    Attributes:
        planned: the step.
        interaction: how agents meet in it.
        turns: who acts when, in the order of their keys.
        reaction: decides who acts, where activation is by events.
        rewiring: changes ties by rule after the last wave, where the network says so.
        memory: what agents remember, if they do.
    """

    planned: PlannedStep
    interaction: Interaction
    turns: tuple[Turn, ...]
    reaction: Reaction | None
    rewiring: Rewiring | None = None
    memory: Memory | None = None

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
        turns = lay_out_turns(step, draw_meetings(planned, world), script)
        reaction = Reaction(planned, interaction) if planned.phase.activating.kind == "events" else None
        rewiring = self._rewiring()
        turns += self._rewiring_turns(step, turns) if rewiring is not None else ()
        return Stage(planned, interaction, turns, reaction, rewiring, self._memory)

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
    return sum(_turns_of(stages, world, planned) for planned in world.steps)


def _turns_of(stages: Stages, world: World, planned: PlannedStep) -> int:
    plain = interaction_class(planned.phase, world.customs).script is Interaction.script
    plain = plain and not world.trials.crossed
    if plain and planned.phase.activating.kind in _EVERYBODY:
        return len(world.present(planned.step))
    return len([turn for turn in stages[planned.step].turns if not turn.part.silent])
