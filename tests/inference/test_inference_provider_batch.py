"""Calls through a batch endpoint: one job per wait, nothing lost or sent twice wherever the process ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from socsim.errors import InferenceError, Rejected, Unavailable
from socsim.inference import provider_batch
from socsim.inference.provider_batch import BatchingEngine, BatchJob, JobState, OpenBatch, Reply
from socsim.inference.scripted import ScriptedEngine
from socsim.inference.types import Completion, Request, SamplingParams, Segment


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_batch, "_QUIET_S", 0.005)


def text(content: str) -> Request:
    return Request("text", (Segment("user", content),), sampling=SamplingParams())


class Ledger:
    """Keeps jobs in memory, as the record does on the disk."""

    def __init__(self) -> None:
        self.open: dict[str, OpenBatch] = {}
        self.closed: dict[str, str] = {}

    def put_batch_intent(self, batch: OpenBatch) -> None:
        self.open[batch.name] = batch

    def set_batch_id(self, name: str, job_id: str) -> None:
        self.open[name] = replace(self.open[name], job_id=job_id)

    def open_batches(self) -> list[OpenBatch]:
        return list(self.open.values())

    def close_batch(self, name: str, status: str) -> None:
        del self.open[name]
        self.closed[name] = status


class Provider:
    """A batch endpoint that answers with the prompt, after so many looks."""

    def __init__(self, looks: int = 1) -> None:
        self.jobs: dict[str, BatchJob] = {}
        self.looks = looks
        self.asked: list[str] = []
        self.loses: set[str] = set()
        self.refuses: dict[str, InferenceError] = {}
        self.outage: dict[str, list[InferenceError]] = {}
        self.state_now = JobState("done")
        self.answer_lost = False
        self.release = asyncio.Event()
        self.release.set()

    def _trouble(self, what: str) -> None:
        if self.outage.get(what):
            raise self.outage[what].pop(0)

    async def send(self, job: BatchJob) -> str:
        self._trouble("send")
        job_id = f"job-{len(self.jobs)}"
        self.jobs[job_id] = job
        self.asked += [request.segments[0].text for _, request, _ in job.calls]
        if self.answer_lost:
            raise Unavailable("the connection was reset")
        return job_id

    async def find(self, name: str) -> str | None:
        self._trouble("find")
        return next((job_id for job_id, job in self.jobs.items() if job.name == name), None)

    async def state(self, job_id: str) -> JobState:
        self._trouble("state")
        await self.release.wait()
        self.looks -= 1
        return self.state_now if self.looks < 0 else JobState("running")

    async def replies(self, job_id: str) -> dict[str, Reply]:
        self._trouble("replies")
        return {
            number: self.refuses.get(request.segments[0].text, {"text": request.segments[0].text.upper()})
            for number, request, _ in self.jobs[job_id].calls
            if request.segments[0].text not in self.loses
        }

    def read(self, request: Request, reply: Mapping[str, Any]) -> Completion:
        assert reply["text"] == request.segments[0].text.upper()
        return Completion(reply["text"])


def batching(door: Provider, ledger: Ledger, most: int = 100) -> BatchingEngine:
    return BatchingEngine(ScriptedEngine(), door, ledger, most=most, poll_s=0.001)


def run(body: Callable[[], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        return await asyncio.wait_for(body(), 20)

    return asyncio.run(main())


async def ask(engine: BatchingEngine, *contents: str) -> list[Any]:
    calls = (engine.generate(text(content), seed=seed) for seed, content in enumerate(contents))
    return await asyncio.gather(*calls, return_exceptions=True)


def test_all_calls_of_a_wait_are_one_job_and_it_is_closed_when_all_replies_were_taken() -> None:
    async def body() -> None:
        door, ledger = Provider(), Ledger()
        engine = batching(door, ledger)
        found = await ask(engine, "a", "b", "c")
        assert [one.text for one in found] == ["A", "B", "C"]
        again = await ask(engine, "d")
        assert again[0].text == "D"
        await asyncio.sleep(0)
        assert [len(job.calls) for job in door.jobs.values()] == [3, 1]
        assert list(ledger.closed.values()) == ["done", "done"]
        assert not ledger.open
        await engine.leave()
        engine.close()

    run(body)


def test_a_job_holds_no_more_calls_than_allowed() -> None:
    async def body() -> None:
        door = Provider()
        engine = batching(door, Ledger(), most=2)
        assert engine.capabilities().parallel == 2
        assert len(await ask(engine, "a", "b", "c")) == 3
        assert [len(job.calls) for job in door.jobs.values()] == [2, 1]
        await engine.leave()

    run(body)


def test_errors_of_single_calls_reach_who_asked_and_missing_replies_are_unavailable() -> None:
    async def body() -> None:
        door = Provider()
        door.refuses["b"] = Rejected("too long")
        door.loses.add("c")
        engine = batching(door, Ledger())
        good, refused, lost = await ask(engine, "a", "b", "c")
        assert good.text == "A"
        assert isinstance(refused, Rejected)
        assert isinstance(lost, Unavailable)
        assert "without a reply" in str(lost)
        await engine.leave()

    run(body)


def test_a_job_that_was_not_carried_out_is_an_error_for_every_call() -> None:
    async def body() -> None:
        door = Provider()
        door.state_now = JobState("failed", "quota")
        engine = batching(door, Ledger())
        for one in await ask(engine, "a", "b"):
            assert isinstance(one, Unavailable)
            assert "quota" in str(one)
        await engine.leave()

    run(body)


def test_outages_while_a_job_is_on_its_way_lose_nothing() -> None:
    async def body() -> None:
        door = Provider()
        door.outage = {what: [Unavailable("down"), Unavailable("down")] for what in ("state", "replies")}
        engine = batching(door, Ledger())
        assert (await ask(engine, "a"))[0].text == "A"
        assert door.asked == ["a"]
        await engine.leave()

    run(body)


@pytest.mark.parametrize("arrived", [True, False])
def test_a_job_whose_arrival_is_not_known_is_looked_for_and_never_sent_twice(arrived: bool) -> None:
    async def body() -> None:
        door, ledger = Provider(), Ledger()
        door.answer_lost = arrived
        door.outage = {"send": [] if arrived else [Unavailable("no connection")], "find": [Unavailable("down")]}
        engine = batching(door, ledger)
        (found,) = await ask(engine, "a")
        if arrived:
            assert found.text == "A"
            assert door.asked == ["a"]
        else:
            assert isinstance(found, Unavailable)
            assert door.asked == []
            assert list(ledger.closed.values()) == ["never sent"]
        await engine.leave()

    run(body)


def test_a_refused_job_is_an_error_at_once() -> None:
    async def body() -> None:
        door, ledger = Provider(), Ledger()
        door.outage = {"send": [Rejected("no batches on this plan")]}
        engine = batching(door, ledger)
        (found,) = await ask(engine, "a")
        assert isinstance(found, Rejected)
        assert not ledger.open
        await engine.leave()

    run(body)


@pytest.mark.parametrize(
    "ended", ["before it was sent", "before its number was known", "while it went on", "before its replies were taken"]
)
def test_whoever_resumes_takes_up_the_job_and_asks_nothing_twice(ended: str) -> None:
    async def body() -> None:
        door, ledger = Provider(), Ledger()
        door.release.clear()
        first = batching(door, ledger)
        asking = asyncio.ensure_future(ask(first, "a", "b"))
        while len(door.asked) < 2:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0)
        await first.leave()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        (name,) = ledger.open
        if ended == "before it was sent":
            door.jobs.clear()
            door.asked.clear()
        if ended.startswith("before it"):
            ledger.open[name] = replace(ledger.open[name], job_id="")
        if ended == "before its replies were taken":
            door.looks = 0
        door.release.set()
        second = batching(door, ledger)
        found = await ask(second, "a", "b")
        assert [one.text for one in found] == ["A", "B"]
        assert sorted(door.asked) == ["a", "b"]
        await second.leave()

    run(body)


def test_identity_is_that_of_the_engine_behind_it() -> None:
    engine = batching(Provider(), Ledger())
    assert engine.identity == ScriptedEngine().identity
    assert engine.capabilities().samples == 1
