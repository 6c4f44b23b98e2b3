"""Whoever looks at a world between steps sees finished steps only, also when somebody has run ahead."""

from __future__ import annotations

import asyncio
import random
import tempfile
from pathlib import Path

import mesa
from proving import reply, scores, world_of

from socsim import Observation, ScriptedEngine, SocialAgent, SocialModel, open_world
from socsim.inference.manner import manner_of
from socsim.record.store import RecordStore
from socsim.session import Session
from socsim.world import build_world


def test_observers_see_a_step_when_it_has_finished_and_nothing_of_later_ones() -> None:
    scenario = world_of("neighbours", "simultaneous", people=12, steps=6)
    unrelated = random.Random(3)
    engine = ScriptedEngine(reply, scores, latency=lambda _request, _seed: unrelated.random() ** 4 * 0.02)
    looked: list[tuple[int, dict[int, str], list[str | None], int]] = []

    def look(model: SocialModel, step: int) -> None:
        ahead = max(entry.at[0] for agent in range(12) for entry in model.cells.entries(("message", agent), (99, 0)))
        looked.append((step, model.state.messages(step), [agent.message for agent in model.people], ahead))
        assert model.state.messages(step + 1) == {}

    with tempfile.TemporaryDirectory() as folder:
        store = RecordStore.create(Path(folder) / "record.sqlite", {"name": "look"})
        with Session(store, engine, scenario.inference) as session:
            world = build_world(scenario, scenario.arms[0], 0, None, manner_of(engine.capabilities()))
            model = SocialModel(world, session.client, session.loop)
            model.keeps_all = True
            model.observers.append(look)
            model.run()
            messages = {step: model.state.messages(step) for step in range(6)}
    assert [step for step, *_ in looked] == list(range(6))
    for step, said, newest, _ in looked:
        assert said == messages[step]
        assert newest == [messages[step][agent] for agent in range(12)]
    assert any(ahead > step for step, _, _, ahead in looked), "nobody ran ahead, so this shows nothing"


def test_a_data_collector_gets_the_same_under_manual_stepping() -> None:
    scenario = world_of("neighbours", "random_sequential", people=12, steps=4)
    with open_world(scenario, engine=ScriptedEngine(reply, scores)) as model:
        collector = mesa.DataCollector(agent_reporters={"message": "message"})
        while model.running:
            model.step()
            collector.collect(model)
        frame = collector.get_agent_vars_dataframe()
        assert list(frame["message"].iloc[-12:]) == [model.state.messages(3)[agent] for agent in range(12)]


class Town(SocialModel):
    """People who talk by the scenario, and a bus between steps, scheduled as Mesa schedules."""

    def step(self) -> None:
        super().step()
        self.agents.select(lambda agent: isinstance(agent, Citizen)).shuffle_do("pay")
        self.agents_by_type[Bus].do("drive")


class Citizen(SocialAgent):
    money = 10
    paid: list[int]

    def pay(self) -> None:
        self.money -= 1 if self.model.random.random() < 0.5 else 2
        self.model.order.append(self.number)


class Bus(mesa.Agent):  # type: ignore[misc]
    passengers = 0

    def drive(self) -> None:
        self.passengers += sum(agent.money % 2 for agent in self.model.people)


def test_a_subclass_schedules_as_mesa_does_beside_the_steps_of_the_scenario() -> None:
    def one() -> tuple[list[int], int, list[int]]:
        scenario = world_of("neighbours", "simultaneous", people=12, steps=3)
        with open_world(scenario, engine=ScriptedEngine(reply, scores), agent_class=Citizen, model_class=Town) as town:
            town.order, bus = [], Bus(town)
            while not town.done:
                town.step()
            assert town.state.messages(2)
            return [agent.money for agent in town.people], bus.passengers, town.order

    money, passengers, order = one()
    assert one() == (money, passengers, order), "Mesa's generator is seeded by the scenario"
    assert all(4 <= left <= 7 for left in money)
    assert order[:12] != list(range(12))
    assert sorted(order[:12]) == list(range(12))


class Curious(SocialAgent):
    """Looks at others directly, which nobody can know beforehand."""

    async def act(self, observation: Observation) -> None:
        self.publish(f"{self.model.people[0].message} {observation.step}")


class Plain(SocialAgent):
    """Looks at its observation only."""

    declared = True

    async def act(self, observation: Observation) -> None:
        self.publish(f"{len(observation.seen)}")


def test_agents_that_may_look_anywhere_act_step_by_step_unless_they_say_otherwise() -> None:
    scenario = world_of("neighbours", "simultaneous", people=12)
    for kind, declared in ((Curious, False), (Plain, True)):
        with open_world(scenario, engine=ScriptedEngine(reply, scores), agent_class=kind) as model:
            assert model.declared is declared
            model.run()
            assert model.done


def test_old_versions_are_freed_where_turns_write_and_never_before_somebody_has_looked() -> None:
    scenario = world_of("neighbours", "simultaneous", people=12, steps=12)
    engine = ScriptedEngine(reply, scores)
    seen: dict[int, int] = {}

    def look(model: SocialModel, step: int) -> None:
        seen[step] = len(model.state.messages(step))

    with tempfile.TemporaryDirectory() as folder:
        store = RecordStore.create(Path(folder) / "record.sqlite", {"name": "free"})
        with Session(store, engine, scenario.inference) as session:
            world = build_world(scenario, scenario.arms[0], 0, None, manner_of(engine.capabilities()))
            model = SocialModel(world, session.client, session.loop)
            model.observers.append(look)
            model.run()
            session.loop.run(asyncio.sleep(0.0))
            kept = [len(model.cells.entries(("message", agent), (99, 0))) for agent in range(12)]
    assert seen == dict.fromkeys(range(12), 12)
    assert max(kept) <= 4
