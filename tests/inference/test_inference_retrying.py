"""How an attempt is made and bounded, and how long to wait between attempts."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest

from socsim.errors import RateLimited, Rejected, TimedOut, Unavailable
from socsim.inference.retrying import Backoff, ask_once, failure_of, going_on
from socsim.inference.scripted import ScriptedEngine
from socsim.inference.types import Completion, Request, Segment


def test_waits_grow_and_are_bounded() -> None:
    backoff = Backoff(base_s=1.0, longest_s=8.0)
    for attempt, longest in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (9, 8.0)]:
        waits = [backoff.wait_s(attempt, Unavailable("down")) or 0.0 for _ in range(200)]
        assert longest / 2 <= min(waits) < max(waits) <= longest


def test_own_advice_of_the_engine_is_the_least_waited() -> None:
    wait_s = Backoff(base_s=1.0).wait_s(1, RateLimited("slow", retry_after_s=20.0))
    assert wait_s is not None
    assert 20.5 <= wait_s <= 21.0


def test_waiting_is_pointless_after_a_refusal_and_beyond_patience() -> None:
    backoff = Backoff(patience_s=100.0)
    assert backoff.wait_s(1, Rejected("no")) is None
    assert backoff.wait_s(1, RateLimited("slow", retry_after_s=101.0)) is None


@pytest.mark.parametrize("advice", [None, 86400.0])
def test_failure_tells_the_advice(advice: float | None) -> None:
    failure = failure_of(RateLimited("slow", advice), 2)
    assert ("asked to wait 86400 s" in failure.message) == (advice is not None)
    assert (failure.kind, failure.attempts) == ("rate_limited", 2)


class Waiting(ScriptedEngine):
    """Answers after a wait of its own, and notes how it was ended."""

    def __init__(self, wait_s: float) -> None:
        super().__init__()
        self.wait_s = wait_s
        self.ended = ""

    async def generate(self, request: Request, *, seed: int = 0) -> Completion:
        try:
            await asyncio.sleep(self.wait_s / 2)
            await asyncio.sleep(self.wait_s / 2)
        except asyncio.CancelledError:
            self.ended = "cancelled"
            raise
        return await super().generate(request, seed=seed)


def ask(engine: ScriptedEngine, timeout_s: float) -> Coroutine[Any, Any, Sequence[Completion]]:
    return ask_once(engine, Request("text", (Segment("user", "Well?"),)), [1], timeout_s=timeout_s)


def test_an_engine_that_waits_several_times_is_waited_for() -> None:
    (waited,) = asyncio.run(ask(Waiting(0.002), 60.0))
    (at_once,) = asyncio.run(ask(ScriptedEngine(), 60.0))
    assert waited.text == at_once.text != ""


def test_an_engine_that_has_begun_to_wait_is_ended_when_its_time_is_over() -> None:
    engine = Waiting(60.0)
    with pytest.raises(TimedOut, match=r"0\.001 s"):
        asyncio.run(ask(engine, 0.001))
    assert engine.ended == "cancelled"


def test_an_engine_that_has_begun_to_wait_is_cancelled_with_whoever_asks() -> None:
    engine = Waiting(60.0)

    async def cut_off() -> None:
        asking = asyncio.ensure_future(ask(engine, 60.0))
        await asyncio.sleep(0)
        asking.cancel()
        await asking

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cut_off())
    assert engine.ended == "cancelled"


def test_work_that_takes_an_error_thrown_into_it_goes_on() -> None:
    async def stubborn() -> str:
        try:
            await asyncio.sleep(60.0)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
        return "done"

    async def main() -> str:
        work = stubborn()
        waits_for = work.send(None)

        async def go_on() -> str:
            return await going_on(work, waits_for)

        task = asyncio.ensure_future(go_on())
        await asyncio.sleep(0)
        task.cancel()
        return await task

    assert asyncio.run(main()) == "done"
