"""The world as a Mesa model: one call of `step` is one step of the schedule, `run` carries out many.

A turn is observe → act → apply: the agent sees the world as it was below its own place in the schedule, acts in the run's event
loop, and what it did is applied as new versions of what it has declared to write. Results therefore do not depend on which
reply came first. ``step`` is synchronous, as Mesa wants it.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, Literal

import mesa

from socsim.activation import PlannedStep, Turn
from socsim.agent import SocialAgent, act_in, refuse_while_acting
from socsim.cells import TIES, Cell, Cells, Entry, cell_name
from socsim.effects import Effects
from socsim.errors import RecordError, ReplayMismatch, UndeclaredAccess
from socsim.event import Asker, Event
from socsim.events import ResultRow, TieChangeRow
from socsim.execution.dependencies import WINDOW, Dependencies
from socsim.execution.timing import Clock
from socsim.execution.waves import Waves
from socsim.interactions import Shown
from socsim.loop import LoopThread, wake_on_interrupt
from socsim.observation import Observation, Seen
from socsim.outcomes import Place, effect_rows, effect_versions, refusal_of, rows_of, versions_of
from socsim.prompts import one_line
from socsim.staging import Stage, Stages, ties_first
from socsim.state import WorldState
from socsim.troupe import WorldTroupe, then_tell
from socsim.view import Donor, View
from socsim.world import World

__all__ = ["AnswersStopped", "Execution", "Sink", "SocialModel"]

Sink = Callable[[Sequence[ResultRow]], None]
Execution = Literal["dependencies", "barrier", "sequential"]
"""In which order turns are carried out; the result is the same."""


_Taken = tuple[tuple[int, int, int, int], Sequence[ResultRow], str | None]
"""What a turn leaves: its key, its rows, and why the run may not go on, where it may not."""


class AnswersStopped(Exception):
    """A reply was no answer and the scenario says ``then: stop``."""


class SocialModel(mesa.Model):  # type: ignore[misc]
    """One world: one arm of one replicate.

    Attributes:
        world: the people, ties, items and steps, as built from the scenario (``spec`` is the scenario of this arm).
        state: messages and answers of finished steps.
        observers: called with this model and the number of every step that has finished, in order, while nothing of later
            steps can be seen.

    Works with Mesa's ``DataCollector`` and ``AgentSet``; ``running`` turns false after the last step. Mesa's own ``random``
    and ``rng`` are seeded from the replicate and raise inside ``act``.

    Args:
        world: the world.
        asker: answers calls; None for a model that only shows what agents would see.
        loop: where agents act; None likewise.
        sink: takes the rows of every finished step.
        agent_class: how people act.
        checked: hold every read and write against what was declared.
    """

    def __init__(
        self,
        world: World,
        asker: Asker | None,
        loop: LoopThread | None,
        sink: Sink | None = None,
        agent_class: type[SocialAgent] = SocialAgent,
        *,
        checked: bool = False,
    ) -> None:
        super().__init__(rng=world.seed)
        self.world = world
        self.spec = world.spec
        self.stages = Stages(world)
        self.cells = Cells(noting=self.stages.follow)
        self.state = WorldState(self.cells, len(world.personas), lambda: self._steps_done)
        self.observers: list[Callable[[SocialModel, int], None]] = []
        self.replaying = False
        self.checked = checked
        self.clock = Clock()
        self.keeps_all = False
        """Whether everything that was ever written is kept, because another world will show it."""
        self.donor: Donor | None = None
        self.on_acted: Callable[[], None] | None = None
        """Called in the run's loop when a turn has ended; for progress."""
        self.at_once = 1024
        """People who act at the same time at most."""
        self._asker = asker
        self._loop = loop
        self._sink = sink
        self.people: tuple[SocialAgent, ...] = tuple(
            agent_class(self, number, person, world.persona_texts[number], int(world.node_of_agent[number]))
            for number, person in enumerate(world.personas)
        )
        self._rank = _ranks(world.persona_texts)
        self._taken: dict[int, list[_Taken]] = {}
        self._finished: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._steps_done = 0
        self._reach = self.stages.reach()
        self._chains: dict[tuple[int, int, int, int], int] = {}

    @property
    def random(self) -> Any:
        """Mesa's shared generator, for code between steps; raises inside ``act``."""
        refuse_while_acting("model.random")
        return self._shared_random

    @random.setter
    def random(self, value: Any) -> None:
        self._shared_random = value

    @property
    def rng(self) -> Any:
        """Mesa's shared numpy generator, for code between steps; raises inside ``act``."""
        refuse_while_acting("model.rng")
        return self._shared_rng

    @rng.setter
    def rng(self, value: Any) -> None:
        self._shared_rng = value

    @property
    def seed(self) -> int:
        """Seed of the replicate."""
        return self.world.seed

    @property
    def done(self) -> bool:
        """Whether the schedule has ended."""
        return self.steps_done >= len(self.world.steps)

    @property
    def steps_done(self) -> int:
        """Number of finished steps."""
        return self._steps_done

    @property
    def declared(self) -> bool:
        """Whether all that agents read and write is declared, so that turns may be taken ahead.

        A class of agents with an ``act`` of its own may look at anything, unless it says ``declared = True``.
        """
        kind = type(self.people[0]) if self.people else SocialAgent
        return (kind.act is SocialAgent.act or bool(vars(kind).get("declared"))) and type(self).step is SocialModel.step

    def step(self) -> None:
        """Carry out the next step of the schedule, wave by wave; does nothing after the last."""
        if self.done:
            self.running = False
            return
        self._carry_out(self._steps_done + 1, "sequential" if self.replaying else "barrier")

    def run(self, execution: Execution = "dependencies", *, until: int | None = None, window: int = WINDOW) -> None:
        """Carry out the schedule to its end.

        Args:
            execution: in which order turns are taken. A world whose agents have not declared what they read is carried out step
                by step, whatever is given.
            until: number of steps after which to end; all where not given.
            window: steps that may be open at once.
        """
        end = len(self.world.steps) if until is None else min(until, len(self.world.steps))
        if self.declared:
            self._carry_out(end, execution, window)
            return
        while self._steps_done < end:
            self.step()

    def _carry_out(self, end: int, execution: Execution, window: int = WINDOW) -> None:
        loop = self._loop
        if loop is None:
            raise RuntimeError("this model only shows what agents would see; it has nobody to ask")
        self.clock.begin()
        if self.replaying and execution == "sequential":
            self._take_at_once(range(self._steps_done, end))
            return
        steps, troupe = range(self._steps_done, end), WorldTroupe(self, self._finished.put)
        self._chains = troupe.chains(steps) if execution == "dependencies" else {}
        work = (
            Dependencies(troupe, steps, window=window, at_once=self.at_once).run()
            if execution == "dependencies"
            else Waves(troupe, at_once=1 if execution == "sequential" else self.at_once).run(steps)
        )
        future = loop.start(then_tell(work, self._finished))
        wake_on_interrupt()
        try:
            while (step := self._finished.get()) is not None:
                self._close(step)
            future.result()
        except BaseException:
            future.cancel()
            raise

    def _take_at_once(self, steps: range) -> None:
        """Take turns whose calls are all answered by the record: they never have to wait, so they need no loop."""
        for step in steps:
            for turn in self.stages.acting(step, self.cells):
                self._take_recorded(turn)
            self._close(step)

    def _take_recorded(self, turn: Turn) -> None:
        work = self.take(turn)
        try:
            work.send(None)
        except StopIteration:
            return
        work.close()
        raise RecordError(f"step {turn.step}, agent {turn.agent}: waits for something that is not a call")

    def observe(self, turn: Turn, view: View) -> Observation:
        """What an agent sees at its turn."""
        stage, agent = self.stages[turn.step], turn.agent
        planned, phase = stage.planned, stage.planned.phase
        shown = stage.interaction.observe(turn, view)
        say = phase.say if shown.says else None
        asks = planned.asks if shown.asks is None else shown.asks
        since = self.world.happenings.since(agent, turn.step)
        persona = self.world.persona_in(agent, self.world.trials.of(agent, turn.part.round), turn.step)
        told = self.world.happenings.news.get((turn.step, agent), ())
        news = tuple([Seen(-1, turn.step, one_line(text), "news") for text in told]) if told else ()
        own_message = view.message(agent, since) if "own_last_message" in phase.remember else None
        return Observation(
            agent=agent,
            step=turn.step,
            phase=planned.name,
            repetition=planned.repetition,
            persona=self.people[agent].persona if persona is None else persona,
            seen=(*news, *shown.seen) if news else shown.seen,
            own_message=own_message.text if own_message is not None else None,
            own_answers=self._own_answers(planned, view, since),
            asks=asks,
            say=say,
            topic=self._topic(planned) if shown.topic is None else shown.topic,
            turn=turn.nth,
            part=turn.part.name,
            round=turn.part.round,
            members=turn.members if len(turn.members) > 1 else (),
            scene=self._scene(news, shown) if news else shown.scene,
            potential=shown.potential,
            facts=shown.facts,
        )

    def _scene(self, news: Sequence[Seen], shown: Shown) -> str:
        """The news, then what the interaction shows."""
        book = self.world.wording.book
        messages = [(f"Person {one.author + 1}", one.text) for one in shown.seen]
        return book.news_text([one.text for one in news]) + (shown.scene or book.seen_text(messages))

    def _own_answers(self, planned: PlannedStep, view: View, since: int) -> tuple[tuple[str, str], ...]:
        if "own_last_answer" not in planned.phase.remember:
            return ()
        last = ((item, view.answer(view.agent, item, since)) for item in planned.asks)
        return tuple((item, response.option) for item, response in last if response is not None)

    def _topic(self, planned: PlannedStep) -> str:
        say = planned.phase.say
        if say is None:
            return ""
        if say.topic is not None:
            return say.topic
        return self.world.wording.items[planned.first_item].text if planned.first_item else ""

    def view(self, turn: Turn, declared: Iterable[Cell] | None = None) -> View:
        """The world as a turn may see it."""
        held = frozenset(declared) if declared is not None and self.checked else None
        return View(self.world, self.cells, turn, held, alone=self.world.arm.control == "alone", donor=self.donor)

    def priority(self, turn: Turn) -> float:
        """Lower goes first: those for whom the longest chain of turns waits, or, where that is not known ahead, earlier steps;
        and among equals prompts that begin alike one after another."""
        first = self._chains.get(turn.key, turn.step) if self._chains else turn.step
        return first + self._rank[turn.agent] / len(self.people)

    async def take(self, turn: Turn) -> float:
        """Take a turn and apply what follows; returns the seconds that the engine took."""
        stage = self.stages[turn.step]
        view = self.view(turn, self._declared(turn, stage) if self.checked else None)
        if not stage.takes(turn, view):
            return 0.0
        if turn.part.silent:
            effects = Effects()
            stage.settle(turn, view, effects)
            self._apply(turn, effect_versions(turn, effects))
            self._leave(turn, effect_rows(self._place(turn), turn, effects))
            return 0.0
        event = self._event(turn, view, stage)
        await self._act(event, view, stage)
        self._apply(turn, versions_of(turn, event))
        self._leave(turn, rows_of(self._place(turn), turn, event), event)
        return event.busy_s

    def _place(self, turn: Turn) -> Place:
        return (self.world.arm.name, self.world.replicate, turn.step, self.world.steps[turn.step].name, turn.agent)

    def _leave(self, turn: Turn, rows: Sequence[ResultRow], event: Event | None = None) -> None:
        """Keep what a turn leaves until its step has ended: its rows, as all else that it was made of would take more room."""
        refused = refusal_of(event) if event is not None and self.spec.failures.then == "stop" else None
        self._taken.setdefault(turn.step, []).append((turn.key, rows, refused))

    def _declared(self, turn: Turn, stage: Stage) -> Iterable[Cell]:
        first = ties_first(turn, ties_change=self.world.ties_change)
        return (*first, *stage.reads(turn, self.view(turn, first)))

    def _event(self, turn: Turn, view: View, stage: Stage) -> Event:
        trial = self.world.trials.of(turn.agent, turn.part.round)
        wording = self.world.wording_in(trial, turn.agent, turn.step)
        event = Event(self.observe(turn, view), self.seed, wording, self._asker, self.priority(turn))
        event.playing, event.trial = stage.interaction, trial.named()
        if self.world.models:
            event.trial = (*event.trial, ("model", wording.model))
        event.script = self.world.happenings.scripts.get(turn.agent)
        event.drawing_as = self.world.archetypes[turn.agent] if self.world.archetypes else None
        return event

    async def event_of(self, turn: Turn, asker: Asker) -> Event:
        """A turn as it would be taken now, with somebody else to ask; nothing of it is applied."""
        view, stage = self.view(turn), self.stages[turn.step]
        event = self._event(turn, view, stage)
        await stage.bring_up(event, view, self.world.happenings.since(turn.agent, turn.step))
        event.asker = asker
        return event

    async def _act(self, event: Event, view: View, stage: Stage) -> None:
        seen = event.observation
        try:
            if stage.memory is not None:
                await stage.bring_up(event, view, self.world.happenings.since(seen.agent, seen.step))
            await act_in(event, self.people[seen.agent])
            await stage.keep(event, view)
        except RecordError as missing:
            if not self.replaying:
                raise
            raise ReplayMismatch(
                f"arm {self.world.arm.name}, replicate {self.world.replicate}, step {seen.step} ({seen.phase}), "
                f"agent {seen.agent} asks what was never asked (call {event.calls[-1][0]}): {missing}"
            ) from missing

    def _apply(self, turn: Turn, versions: Iterable[tuple[Cell, object]]) -> None:
        """The only place where the world changes."""
        declared = frozenset(self.writes(turn)) if self.checked else None
        for cell, value in versions:
            if declared is not None and cell not in declared and not (cell[0] == "ties" and TIES in declared):
                raise UndeclaredAccess(
                    f"agent {turn.agent}, step {turn.step}: writes {cell_name(cell)}, which it has not declared. "
                    "Add it to what the interaction's `writes` gives."
                )
            self.cells.put(cell, Entry(turn.at, turn.agent, value, turn.nth))

    def writes(self, turn: Turn) -> Iterable[Cell]:
        """All cells that a turn may write."""
        return self.stages[turn.step].writes(turn)

    def _removals(self, step: int) -> list[ResultRow]:
        """The ties that end because somebody is removed at a step."""
        where = (self.world.arm.name, self.world.replicate, step, self.world.steps[step].name)
        rows: list[ResultRow] = []
        for position, (gone, one) in enumerate(self.world.happenings.changes_at(step, self.world.read_by)):
            rows.append(TieChangeRow(*where, gone, 0, position, one.kind, one.reader, one.author, one.cause, -1))
        return rows

    def _close(self, step: int) -> None:
        """A step has finished: its rows are written, in order, and observers may look."""
        taken = sorted(self._taken.pop(step, ()), key=itemgetter(0))
        rows = self._removals(step)
        for _, own, _ in taken:
            rows += own
        if self._sink is not None:
            self._sink(rows)
        for _, _, refused in taken:
            if refused is not None:
                raise AnswersStopped(refused)
        self._steps_done = step + 1
        self.running = not self.done
        for observer in self.observers:
            observer(self, step)
        if self._reach is not None and not self.keeps_all and self._loop is not None:
            horizon = (step + 1 - self._reach, -1)
            self._loop.soon(lambda: self.cells.forget(horizon))  # where turns write, so that nobody reads meanwhile


def _ranks(texts: Sequence[str]) -> list[int]:
    """Everybody's place in the order of the persona texts: prompts that begin alike are asked one after another."""
    ranks = [0] * len(texts)
    for rank, number in enumerate(sorted(range(len(texts)), key=texts.__getitem__)):
        ranks[number] = rank
    return ranks
