"""Small worlds in which what everybody replies is written down, and what everybody saw is kept."""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from socsim import Scenario, ScriptedEngine, SocialAgent
from socsim.events import ActionRow, ResultRow, SeenRow, ValueRow
from socsim.inference.manner import manner_of
from socsim.inference.types import Request
from socsim.model import Execution, SocialModel
from socsim.observation import Observation
from socsim.record.store import RecordStore
from socsim.runner import open_scenario
from socsim.session import Session
from socsim.world import build_world

Answer = Callable[[int, str], str]
"""What agent number i replies to a prompt."""


@dataclass
class Played:
    """What came of a world: its rows, what every agent had in front of it at each step, and the prompts of all calls."""

    rows: list[ResultRow] = field(default_factory=list)
    scenes: dict[tuple[int, int], str] = field(default_factory=dict)
    prompts: list[str] = field(default_factory=list)

    def seen(self) -> list[tuple[int, int, int, int, str, str]]:
        """(step, agent, author, author's step, text, kind) in the order shown."""
        rows = [row for row in self.rows if isinstance(row, SeenRow)]
        return [(row.step, row.agent, row.author, row.author_step, row.text, row.kind) for row in rows]

    def done(self) -> list[tuple[int, int, str, str, int | None, str]]:
        """(step, agent, kind, about, target, status)."""
        rows = [row for row in self.rows if isinstance(row, ActionRow)]
        return [(row.step, row.agent, row.kind, row.about, row.target, row.status) for row in rows]

    def kept(self, name: str) -> dict[tuple[int, int], float]:
        """A number by step and agent."""
        return {(row.step, row.agent): row.value for row in self.rows if isinstance(row, ValueRow) and row.name == name}


def scenario(phases: Sequence[dict[str, Any]], size: int = 4, **parts: Any) -> Scenario:
    """A scenario for a scripted engine that asks everything once."""
    whole = {
        "socsim": 1,
        "name": "crowd",
        "seed": 5,
        "population": {"size": size},
        "schedule": list(phases),
        "failures": {"retry": 0, "complete_below": 1.0},
        "inference": {"engine": "scripted", "model": "scripted"},
    }
    return Scenario.model_validate(whole | parts)


def play(
    spec: Scenario, answer: Answer, *, execution: Execution = "dependencies", arm: int = 0, latency_seed: int | None = None
) -> Played:
    """Carry out one arm, holding every read and write against what was declared."""
    found = Played()

    class Watched(SocialAgent):
        declared = True

        async def act(self, observation: Observation) -> None:
            found.scenes[(observation.step, observation.agent)] = self.event.context.seen
            await super().act(observation)

    def reply(request: Request, seed: int) -> str:
        del seed
        text = "\n".join(segment.text for segment in request.segments)
        found.prompts.append(text)
        number = re.search(r"You are number (\d+)\.", text)
        assert number is not None
        return answer(int(number[1]), text)

    unrelated = random.Random(latency_seed)
    latency = 0.0 if latency_seed is None else lambda _request, _seed: unrelated.random() * 0.004
    engine = ScriptedEngine(reply, latency=latency)
    prepared = open_scenario(spec)
    with tempfile.TemporaryDirectory() as folder:
        store = RecordStore.create(Path(folder) / "record.sqlite", {"name": "crowd"})
        with Session(store, engine, prepared.scenario.inference) as session:
            world = build_world(prepared.scenario, prepared.scenario.arms[arm], 0, None, manner_of(engine.capabilities()))
            model = SocialModel(world, session.client, session.loop, found.rows.extend, Watched, checked=True)
            for person in model.people:
                person.persona = f"You are number {person.number}."
            model.run(execution)
    return found


def same_under_every_execution(spec: Scenario, answer: Answer) -> bool:
    """Whether all rows are the same however turns are carried out and whenever replies come."""
    expected = play(spec, answer, execution="sequential").rows
    assert expected
    ways: tuple[tuple[Execution, int], ...] = (("barrier", 1), ("dependencies", 2), ("dependencies", 3))
    return all(play(spec, answer, execution=way, latency_seed=seed).rows == expected for way, seed in ways)
