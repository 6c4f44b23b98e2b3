"""The world as a Mesa model: one call of `step` is one step of the schedule.

A step is observe → act → apply: all agents of the step observe the world as the last step left it, act concurrently in the
run's event loop, and what they did is applied afterwards in the order of their numbers. Results therefore do not depend on
which reply came first. ``step`` is synchronous, as Mesa wants it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import mesa

from socsim.activation import PlannedStep
from socsim.agent import SocialAgent, acting, refuse_while_acting
from socsim.errors import RecordError, ReplayMismatch
from socsim.event import Asker, Event
from socsim.events import EventRow, MessageRow, ResponseRow, SeenRow
from socsim.interactions import build_interaction
from socsim.items import ItemFailure, Response
from socsim.loop import LoopThread
from socsim.observation import Observation, Seen
from socsim.state import WorldState
from socsim.world import World

__all__ = ["AnswersStopped", "SocialModel", "Sink"]

Sink = Callable[[Sequence[EventRow | MessageRow | ResponseRow | SeenRow]], None]


class AnswersStopped(Exception):
    """A reply was no answer and the scenario says ``then: stop``."""


class SocialModel(mesa.Model):  # type: ignore[misc]
    """One world: one arm of one replicate.

    Attributes:
        world: the people, ties, items and steps, as built from the scenario (``spec`` is the scenario of this arm).
        state: messages and answers so far.

    Works with Mesa's ``DataCollector`` and ``AgentSet``; ``running`` turns false after the last step. Mesa's own ``random``
    and ``rng`` are seeded from the replicate and raise inside ``act``.
    """

    def __init__(
        self, world: World, asker: Asker, loop: LoopThread, sink: Sink | None = None, agent_class: type[SocialAgent] = SocialAgent
    ) -> None:
        super().__init__(rng=world.seed)
        self.world = world
        self.spec = world.spec
        self.state = WorldState()
        self.replaying = False
        self.donor: Callable[[int], Mapping[int, str]] | None = None
        self.on_acted: Callable[[], None] | None = None
        """Called in the run's loop when an agent has acted; for progress."""
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

    _steps_done = 0

    def step(self) -> None:
        """Carry out the next step of the schedule; does nothing after the last."""
        if self.done:
            self.running = False
            return
        planned = self.world.steps[self._steps_done]
        events = [self._event(agent, planned) for agent in self.people]
        self._perform(events)
        self._apply(planned, events)
        self._steps_done += 1
        self.running = not self.done

    def read_by(self, agent: int) -> Sequence[int]:
        """Numbers of the people whom ``agent`` reads, ascending."""
        return self.world.read_by[agent]

    def everybody(self) -> Sequence[int]:
        """Numbers of all people."""
        return range(len(self.people))

    def shown_messages(self, step: int) -> Mapping[int, str]:
        """Messages of a step as others are shown them; in a yoked world these are another world's."""
        return self.donor(step) if self.donor else self.state.messages(step)

    def shown_answers(self, item: str, step: int) -> Mapping[int, str]:
        """Answers of a step in words."""
        return {agent: response.option for agent, response in self.state.answers(item, step).items()}

    def observe(self, agent: int, planned: PlannedStep) -> Observation:
        """What an agent sees at a step, from the state that finished steps left."""
        phase = planned.phase
        interaction = build_interaction(phase, planned.first_item)
        sees_others = self.world.arm.control != "alone"
        seen: tuple[Seen, ...] = interaction.observe(self, agent, planned.step) if sees_others else ()
        own_answers: tuple[tuple[str, str], ...] = ()
        if "own_last_answer" in phase.remember:
            last = ((item, self.state.last_answer(agent, item)) for item in planned.asks)
            own_answers = tuple((item, response.option) for item, response in last if response is not None)
        own_message = self.state.last_message(agent) if "own_last_message" in phase.remember else None
        return Observation(
            agent=agent,
            step=planned.step,
            phase=planned.name,
            repetition=planned.repetition,
            persona=self.people[agent].persona,
            seen=seen,
            own_message=own_message,
            own_answers=own_answers,
            asks=planned.asks,
            say=phase.say,
            topic=self._topic(planned),
        )

    def _topic(self, planned: PlannedStep) -> str:
        say = planned.phase.say
        if say is None:
            return ""
        if say.topic is not None:
            return say.topic
        return self.world.wording.items[planned.first_item].text if planned.first_item else ""

    def _event(self, agent: SocialAgent, planned: PlannedStep) -> Event:
        priority = planned.step + self._rank[agent.number] / len(self.people)
        return Event(self.observe(agent.number, planned), self.seed, self.world.wording, self._asker, priority)

    def _perform(self, events: list[Event]) -> None:
        if self.replaying and all(self._perform_at_once(agent, event) for agent, event in zip(self.people, events, strict=True)):
            return
        for event in events:
            event.reset()
        self._loop.run(self._perform_all(events))

    async def _perform_all(self, events: list[Event]) -> None:
        """Everybody acts, so many at once that the engine never waits for somebody to begin."""
        turn = iter(sorted(range(len(events)), key=self._rank.__getitem__))
        workers = min(len(events), self.at_once)
        tasks = [asyncio.ensure_future(self._act_in_turn(turn, events)) for _ in range(workers)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _perform_at_once(self, agent: SocialAgent, event: Event) -> bool:
        """Run an event whose calls are all answered by the record: it never has to wait, so it needs no loop."""
        work = self._act(agent, event)
        try:
            work.send(None)
        except StopIteration:
            return True
        except RecordError as missing:
            seen = event.observation
            raise ReplayMismatch(
                f"arm {self.world.arm.name}, replicate {self.world.replicate}, step {seen.step} ({seen.phase}), "
                f"agent {seen.agent} asks what was never asked (call {event.calls[-1][0]}): {missing}"
            ) from missing
        work.close()
        return False

    async def _act_in_turn(self, turn: Iterator[int], events: list[Event]) -> None:
        for number in turn:
            await self._act(self.people[number], events[number])
            if self.on_acted is not None:
                self.on_acted()

    async def _act(self, agent: SocialAgent, event: Event) -> None:
        agent._event = event
        try:
            with acting():
                await agent.act(event.observation)
        finally:
            agent._event = None

    def _apply(self, planned: PlannedStep, events: Sequence[Event]) -> None:
        """The only place where the world changes: all effects of a step, by agent number."""
        rows: list[EventRow | MessageRow | ResponseRow | SeenRow] = []
        for event in events:
            agent = event.observation.agent
            for answer in event.responses:
                if isinstance(answer, Response):
                    self.state.put_answer(planned.step, agent, answer)
            if event.message is not None and event.message.status == "ok":
                self.state.put_message(planned.step, agent, event.message.text)
            rows += self._rows(planned, event)
        if self._sink is not None:
            self._sink(rows)
        if self.spec.failures.then == "stop":
            _refuse_failures(events)

    def _rows(self, planned: PlannedStep, event: Event) -> list[EventRow | MessageRow | ResponseRow | SeenRow]:
        arm, replicate = self.world.arm.name, self.world.replicate
        seen, step, name = event.observation, planned.step, planned.name
        rows: list[EventRow | MessageRow | ResponseRow | SeenRow] = [
            EventRow(arm, replicate, step, name, seen.agent, event.observed_hash(), event.did_hash(), tuple(event.calls))
        ]
        rows += [
            SeenRow(arm, replicate, step, seen.agent, position, one.author, one.step, one.text)
            for position, one in enumerate(seen.seen)
        ]
        rows += [response_row((arm, replicate, step, name, seen.agent), answer) for answer in event.responses]
        if event.message is not None:
            m = event.message
            rows.append(MessageRow(arm, replicate, step, name, seen.agent, m.text, m.status, m.cut_off, m.raw, m.failure))
        return rows


def _ranks(texts: Sequence[str]) -> list[int]:
    """Everybody's place in the order of the persona texts: prompts that begin alike are asked one after another."""
    ranks = [0] * len(texts)
    for rank, number in enumerate(sorted(range(len(texts)), key=texts.__getitem__)):
        ranks[number] = rank
    return ranks


def response_row(place: tuple[str, int, int, str, int], answer: Response | ItemFailure) -> ResponseRow:
    """The table row of an answer, or of the lack of one. ``place`` is (arm, replicate, step, phase, agent)."""
    if isinstance(answer, ItemFailure):
        last = answer.failures[-1]
        reason = f"{last.reason}: {last.detail}" if last.detail else last.reason
        return ResponseRow(*place, answer.item, answer.method, "failed", failure=reason, raw=last.raw)
    return ResponseRow(
        *place,
        answer.item,
        answer.method,
        "answered" if answer.answered else "non_answer",
        option=answer.option,
        choice=answer.choice,
        value=answer.value,
        expected=answer.expected,
        entropy=answer.entropy,
        mass=answer.mass,
        u=answer.u,
        probabilities=answer.probabilities,
        readings=answer.readings,
        raw=json.dumps(answer.texts, ensure_ascii=False) if answer.texts else "",
    )


def _refuse_failures(events: Sequence[Event]) -> None:
    for event in events:
        for answer in event.responses:
            if isinstance(answer, ItemFailure):
                seen = event.observation
                raise AnswersStopped(
                    f"agent {seen.agent} gave no answer to {answer.item!r} at step {seen.step} "
                    f"({answer.failures[-1].reason}), and the scenario says failures.then: stop"
                )
