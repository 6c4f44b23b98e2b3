"""Worlds that are carried out elsewhere come to the same as here, whatever is carried out how often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from actors import Actor

from socsim import Run, Scenario, ScriptedEngine, run
from socsim.agent import SocialAgent
from socsim.clusters.door import Door
from socsim.clusters.planning import bundles
from socsim.clusters.worlds import Carried, Job, carry_out_bundle, packed, version
from socsim.errors import ClusterError
from socsim.events import EventRow, ResponseRow
from socsim.inference.manner import Manner
from socsim.record.calls import PendingCall
from socsim.record.store import RecordStore
from socsim.runner import build_worlds

Make = Callable[..., Scenario]
Known = dict[str, list[PendingCall]]


class Elsewhere:
    """A cluster in this process: a door, and bundles of worlds that are carried out one after another."""

    def __init__(self, scenario: Scenario, engine: ScriptedEngine, door: Actor, inputs: Path) -> None:
        inputs.mkdir(exist_ok=True)
        self.scenario, self.engine, self.door, self.written = scenario, engine, door, 0
        self.bundles = bundles(build_worlds(scenario, None, Manner()))
        self.job = Job(
            version=version(),
            spec=scenario,
            manner=Manner(),
            inputs=packed(inputs),
            identity=engine.identity,
            able=engine.capabilities(),
            parallel=door.open.remote(0.0),
            customs={},
            agent_class=SocialAgent,
            execution="dependencies",
            checked=False,
        )

    def carry_out(self, number: int) -> Carried:
        return carry_out_bundle(self.job, self.bundles[number], number, self.door)

    def news(self) -> Any:
        news = self.door.news.remote(self.written)
        self.written = news.until
        return news


@contextmanager
def elsewhere(scenario: Scenario, engine: ScriptedEngine, place: Path, known: Known | None = None) -> Iterator[Elsewhere]:
    door = Actor(Door(lambda: engine, scenario.inference))
    for name, calls in (known or {}).items():
        door.learn.remote(calls, name)
    try:
        yield Elsewhere(scenario, engine, door, place / "inputs")
    finally:
        door.close.remote()


def rows(carried: Carried, kind: type[Any]) -> list[Any]:
    return [row for step in carried.rows for row in step if isinstance(row, kind)]


def recorded(path: Run | Path) -> RecordStore:
    return RecordStore.open((path.path if isinstance(path, Run) else path) / "record.sqlite", read_only=True)


@pytest.fixture
def scenario(make_debate: Make) -> Scenario:
    return make_debate(replicates=2, arms=["treatment", "alone", {"yoked": {"world": "other_replicate"}}])


@pytest.fixture
def here(scenario: Scenario, tmp_path: Path) -> Run:
    return run(scenario, out=tmp_path / "here", engine=ScriptedEngine())


def test_all_worlds_come_to_what_they_come_to_here(scenario: Scenario, here: Run, tmp_path: Path) -> None:
    engine = ScriptedEngine()
    with elsewhere(scenario, engine, tmp_path) as cluster:
        carried = [cluster.carry_out(number) for number in reversed(range(len(cluster.bundles)))]
        news = cluster.news()
    assert {one.end for one in carried} == {"finished"}
    with closing(recorded(here)) as store:
        events = [row for one in carried for row in rows(one, EventRow)]
        assert sorted(events, key=str) == sorted(store.events(), key=str)
        answers = [row for one in carried for row in rows(one, ResponseRow)]
        assert sorted(answers, key=str) == sorted(store.rows("responses"), key=str)
        assert {call[1:4] for call in news.calls} == {call[1:4] for call in store.whole_calls()}
    assert engine.calls == here.manifest["counts"]["calls"] == news.stats.calls
    assert sum(events for events, _ in news.progress.values()) == len(here.events)


def test_a_world_that_is_carried_out_again_gets_the_replies_that_it_got(scenario: Scenario, tmp_path: Path) -> None:
    engine = ScriptedEngine()
    with elsewhere(scenario, engine, tmp_path) as cluster:
        once, asked = cluster.carry_out(1), engine.calls
        told = cluster.news().calls
        again = cluster.carry_out(1)
        assert again.rows == once.rows
        assert engine.calls == asked == len(told)
        assert cluster.news().calls == []


def test_calls_are_told_until_they_are_written_down(scenario: Scenario, tmp_path: Path) -> None:
    with elsewhere(scenario, ScriptedEngine(), tmp_path) as cluster:
        cluster.carry_out(0)
        told = cluster.door.news.remote(0).calls
        assert told
        assert cluster.door.news.remote(0).calls == told
        assert cluster.door.news.remote(10).calls == told[10:]
        assert cluster.door.news.remote(10).calls == told[10:]
        assert cluster.door.news.remote(10).until == len(told)


def test_what_the_run_knows_is_not_asked_and_not_told_again(scenario: Scenario, here: Run, tmp_path: Path) -> None:
    with closing(recorded(here)) as store:
        known = list(store.whole_calls())
    engine = ScriptedEngine()
    with elsewhere(scenario, engine, tmp_path, {"run": known}) as cluster:
        assert cluster.carry_out(0).end == "finished"
        assert (engine.calls, cluster.news().calls) == (0, [])


def test_what_another_record_knows_is_taken_from_there(scenario: Scenario, here: Run, tmp_path: Path) -> None:
    with closing(recorded(here)) as store:
        known = list(store.whole_calls())
    engine = ScriptedEngine()
    with elsewhere(scenario, engine, tmp_path, {"cache": known}) as cluster:
        assert cluster.carry_out(0).end == "finished"
        taken = cluster.news().calls
        assert engine.calls == 0
        assert taken
        assert all(call.reused for call in taken)


def test_a_cap_holds_for_all_worlds_together(make_debate: Make, tmp_path: Path) -> None:
    capped = make_debate(replicates=2, inference={"engine": "scripted", "budget": {"calls": 60}})
    engine = ScriptedEngine()
    with elsewhere(capped, engine, tmp_path) as cluster:
        ends = [cluster.carry_out(number) for number in range(4)]
        cluster.door.drain.remote()
        assert engine.calls == len(cluster.news().calls) == 60
    assert {one.end for one in ends[-2:]} == {"cap"}
    assert "60 calls" in ends[-1].reason


def test_a_failed_answer_stops_where_the_scenario_says_so(make_debate: Make, tmp_path: Path) -> None:
    strict = make_debate(failures={"then": "stop"})
    engine = ScriptedEngine(scorer=lambda request: [0.0] * 99)
    with elsewhere(strict, engine, tmp_path) as cluster:
        carried = cluster.carry_out(0)
    assert carried.end == "answers"
    assert "failures.then: stop" in carried.reason


def test_nodes_with_another_version_are_refused(scenario: Scenario, tmp_path: Path) -> None:
    with elsewhere(scenario, ScriptedEngine(), tmp_path) as cluster:
        cluster.job = replace(cluster.job, version="0.0.1")
        with pytest.raises(ClusterError, match=r"started with 0\.0\.1"):
            cluster.carry_out(0)
