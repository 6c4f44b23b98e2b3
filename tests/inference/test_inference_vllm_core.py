"""vLLM's engine as this process holds it, with a double in vLLM's place: starts, deaths, loops, errors, cancelled calls."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from socsim.errors import ContextOverflow, InferenceError, ModelFileError, RateLimited, Rejected, Unavailable
from socsim.inference import vllm_core
from socsim.inference.vllm_core import VllmCore


class EngineDeadError(Exception):
    """Named like vLLM's."""


class VLLMClientError(Exception):
    """Named like vLLM's."""


class GracefulHTTPError(Exception):
    """Named like vLLM's."""


class LlmDouble:
    """Answers with the tokens asked; a token of 0 waits for ever, an exception in place of parameters is raised."""

    def __init__(self) -> None:
        self.errored = False
        self.ended = 0
        self.aborted: list[str] = []
        self.asked: list[tuple[str, int]] = []
        self.model_config = SimpleNamespace(max_model_len=128)

    async def generate(self, prompt: Any, params: Any, name: str, *, lora_request: Any, priority: int) -> AsyncIterator[Any]:
        self.asked.append((name, priority))
        if isinstance(params, Exception):
            self.errored = isinstance(params, EngineDeadError)
            raise params
        try:
            if 0 in prompt["prompt_token_ids"]:
                await asyncio.Event().wait()
            yield SimpleNamespace(finished=params != "cut", ids=prompt["prompt_token_ids"])
        except asyncio.CancelledError:
            self.aborted.append(name)
            raise

    def shutdown(self) -> None:
        self.ended += 1


class MovableLlm(LlmDouble):
    """Holds tasks of an event loop where vLLM holds them."""

    def __init__(self) -> None:
        super().__init__()
        self.output_handler: Any = None
        resources = SimpleNamespace(stats_update_task=None, output_queue_task=None)
        self.engine_core = SimpleNamespace(resources=resources, outputs_queue=None)

    async def generate(self, prompt: Any, params: Any, name: str, **rest: Any) -> AsyncIterator[Any]:
        if self.output_handler is None:
            self.output_handler = asyncio.get_running_loop().create_task(asyncio.Event().wait())
        assert self.output_handler.get_loop() is asyncio.get_running_loop()
        async for one in super().generate(prompt, params, name, **rest):
            yield one


Started = list[Any]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """The engines that were started; an exception put in by a test is raised by the next start instead."""
    made: Started = []
    monkeypatch.setattr(vllm_core, "_new_engine", lambda arguments: made.append(arguments["make"]()) or made[-1])
    return made


def core(make: Callable[[], Any] = LlmDouble, **rest: Any) -> VllmCore:
    return VllmCore({"make": make}, **{"between_starts_s": 0.0, **rest})


def test_calls_that_come_while_it_starts_get_the_same_engine(started: Started) -> None:
    one = core()

    async def work() -> list[Any]:
        return await asyncio.gather(*(one.run([number], None, priority=number) for number in range(1, 5)))

    assert [found.ids for found in asyncio.run(work())] == [[1], [2], [3], [4]]
    assert len(started) == 1
    assert sorted(priority for _, priority in started[0].asked) == [1, 2, 3, 4]
    assert len({name for name, _ in started[0].asked}) == 4
    assert one.context_tokens == 128


def test_a_dead_engine_is_ended_and_the_next_call_starts_another(started: Started) -> None:
    one = core()

    async def work() -> Any:
        with pytest.raises(Unavailable, match="died"):
            await one.run([1], EngineDeadError())
        assert one.context_tokens == 0
        return await one.run([2], None)

    assert asyncio.run(work()).ids == [2]
    assert [llm.ended for llm in started] == [1, 0]


def test_calls_that_were_under_way_at_a_death_do_not_end_the_engine_that_follows(started: Started) -> None:
    one = core()

    async def work() -> None:
        first = await one.running()
        with pytest.raises(Unavailable):
            await one.run([1], EngineDeadError())
        second = await one.running()
        assert isinstance(one._translated(first, EngineDeadError()), Unavailable)
        assert await one.running() is second

    asyncio.run(work())
    assert [llm.ended for llm in started] == [1, 0]


def test_starts_keep_their_distance(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    one = core(between_starts_s=1000.0)
    waits: list[float] = []

    async def at_once(seconds: float) -> None:
        waits.append(seconds)

    async def work() -> None:
        for _ in range(2):
            with pytest.raises(Unavailable):
                await one.run([1], EngineDeadError())

    monkeypatch.setattr(asyncio, "sleep", at_once)
    asyncio.run(work())
    assert len(started) == 2
    assert len(waits) == 1
    assert 500.0 < waits[0] <= 1000.0


def test_what_cannot_be_started_says_why_and_is_final_only_at_first(started: Started) -> None:
    outcomes = iter([ValueError("no such model\nand much more"), LlmDouble(), RuntimeError("no memory"), LlmDouble()])

    def make() -> Any:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    one = core(make)

    async def work() -> None:
        with pytest.raises(ModelFileError, match=r"cannot be started: no such model\. Its own words"):
            await one.run([1], None)
        with pytest.raises(Unavailable, match="died"):
            await one.run([1], EngineDeadError())
        with pytest.raises(Unavailable, match="no memory"):
            await one.run([1], None)
        assert (await one.run([1], None)).ids == [1]

    asyncio.run(work())


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("the prompt is longer than the maximum model length of 128"), ContextOverflow),
        (ValueError("no such parameter"), Rejected),
        (VLLMClientError("no such parameter"), Rejected),
        (GracefulHTTPError("full"), RateLimited),
        (RuntimeError("odd"), Unavailable),
    ],
)
def test_vllms_errors_are_told_apart(started: Started, error: Exception, kind: type[InferenceError]) -> None:
    one = core()

    async def work() -> None:
        with pytest.raises(kind):
            await one.run([1], error)
        await one.run([1], None)

    asyncio.run(work())
    assert len(started) == 1


def test_a_call_without_a_finished_answer_is_a_failure(started: Started) -> None:
    with pytest.raises(Unavailable, match="without an answer"):
        asyncio.run(core().run([1], "cut"))


def test_a_cancelled_call_is_cancelled_at_vllm(started: Started) -> None:
    one = core()

    async def work() -> None:
        llm = await one.running()
        call = asyncio.ensure_future(one.run([0], None))
        for _ in itertools.takewhile(lambda _: not llm.asked, itertools.count()):
            await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(work())
    assert started[0].aborted == [started[0].asked[0][0]]


def test_a_start_goes_on_when_who_asked_for_it_is_gone(started: Started) -> None:
    one = core()

    async def work() -> Any:
        call = asyncio.ensure_future(one.run([1], None))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        return await one.run([2], None)

    assert asyncio.run(work()).ids == [2]
    assert len(started) == 1


@pytest.mark.parametrize("left", [True, False])
def test_the_engine_goes_on_in_the_next_loop(started: Started, left: bool) -> None:
    one = core(MovableLlm)

    async def work() -> Any:
        found = await one.run([1], None)
        if left:
            await one.leave()
        return found

    assert asyncio.run(work()).ids == asyncio.run(work()).ids == [1]
    assert len(started) == 1
    assert started[0].ended == 0


@pytest.mark.parametrize("left", [True, False])
def test_an_engine_that_cannot_move_is_started_again_in_the_next_loop(started: Started, left: bool) -> None:
    one = core()

    async def work() -> Any:
        found = await one.run([1], None)
        if left:
            await one.leave()
        return found

    assert asyncio.run(work()).ids == asyncio.run(work()).ids == [1]
    assert [llm.ended for llm in started] == [1, 1] if left else [1, 0]


def test_two_loops_at_once_are_refused(started: Started) -> None:
    one = core()
    first = asyncio.new_event_loop()
    try:
        first.run_until_complete(one.run([1], None))
        with pytest.raises(Unavailable, match="another event loop"):
            asyncio.run(one.run([1], None))
    finally:
        first.close()


def test_once_closed_it_stays_closed(started: Started) -> None:
    one = core()
    asyncio.run(one.run([1], None))
    one.close()
    one.close()
    assert started[0].ended == 1
    with pytest.raises(Unavailable, match="closed"):
        asyncio.run(one.run([1], None))
