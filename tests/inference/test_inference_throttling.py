"""Turns come in order and not faster than allowed; the number of calls in flight follows trouble and success."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from socsim.inference.throttling import AdaptiveLimit, TokenGuess, Turns
from socsim.inference.types import Request, SamplingParams, Segment


def test_trouble_halves_and_success_adds_about_one_for_as_many_replies_as_there_are_places() -> None:
    now = [0.0]
    limit = AdaptiveLimit(16, clock=lambda: now[0])
    now[0] = 1.0
    assert limit.had_trouble(begun=0.5)
    assert limit.places == 8
    for expected in (9, 10):
        changes = [limit.went_well() for _ in range(expected)]
        assert limit.places == expected
        assert sum(changes) == 1
    for _ in range(200):
        limit.went_well()
    assert limit.places == 16
    assert not limit.went_well()


def test_calls_that_were_on_their_way_when_it_was_halved_say_nothing_new() -> None:
    now = [0.0]
    limit = AdaptiveLimit(16, clock=lambda: now[0])
    now[0] = 1.0
    limit.had_trouble(begun=0.0)
    assert not limit.had_trouble(begun=0.9)
    now[0] = 2.0
    assert limit.had_trouble(begun=1.5)
    assert limit.places == 4


def test_there_is_always_one_place() -> None:
    now = [0.0]
    limit = AdaptiveLimit(2, clock=lambda: now[0])
    for _ in range(5):
        now[0] += 1.0
        limit.had_trouble(begun=now[0])
        assert limit.places == 1


def request(characters: int, max_tokens: int = 10) -> Request:
    return Request("text", (Segment("user", "x" * characters),), sampling=SamplingParams(max_tokens=max_tokens))


def test_guesses_of_tokens_learn_from_what_engines_report() -> None:
    guess = TokenGuess()
    assert guess.prompt(request(300)) == pytest.approx(100)
    for _ in range(100):
        guess.learn(request(300), 60)
    assert guess.prompt(request(300)) == pytest.approx(60, rel=0.01)
    guess.learn(request(0), 5)
    guess.learn(request(300), 0)
    assert guess.prompt(request(300)) == pytest.approx(60, rel=0.01)


def test_requests_above_the_number_of_a_minute_wait_for_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("asyncio_throttle.throttler.time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr("socsim.inference.throttling._LOOK_AGAIN_S", 0.001)
    order: list[int] = []

    async def take(turns: Turns, number: int) -> None:
        await turns.wait(0.0)
        order.append(number)

    async def main() -> None:
        turns = Turns(2, None)
        tasks = [asyncio.ensure_future(take(turns, number)) for number in range(5)]
        for expected in ([0, 1], [0, 1, 2, 3], [0, 1, 2, 3, 4]):
            await asyncio.wait(tasks, timeout=0.02)
            assert order == expected
            now[0] += 61.0
        await turns.close()

    asyncio.run(main())


def test_tokens_are_spaced_and_corrected(monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    async def main() -> None:
        turns = Turns(None, 60)
        await turns.wait(10.0)
        monkeypatch.setattr("socsim.inference.admission.asyncio.sleep", nap)
        await turns.wait(10.0)
        turns.correct(-10.0)
        await turns.wait(10.0)
        monkeypatch.undo()
        await turns.close()

    asyncio.run(main())
    assert [round(seconds) for seconds in naps] == [10, 10]


def test_a_cancelled_caller_takes_no_turn_from_others(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("asyncio_throttle.throttler.time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr("socsim.inference.throttling._LOOK_AGAIN_S", 0.001)

    async def main() -> None:
        turns = Turns(1, None)
        await turns.wait(0.0)
        first, gone, last = (asyncio.ensure_future(turns.wait(0.0)) for _ in range(3))
        await asyncio.sleep(0)
        gone.cancel()
        now[0] = 61.0
        await first
        now[0] = 122.0
        await asyncio.wait_for(last, 1)
        await turns.close()

    asyncio.run(main())


def test_closing_leaves_no_task_and_cancels_who_waits() -> None:
    async def main() -> None:
        turns = Turns(1, None)
        await turns.wait(0.0)
        waiting = asyncio.ensure_future(turns.wait(0.0))
        await asyncio.sleep(0)
        await turns.close()
        await asyncio.gather(waiting, return_exceptions=True)
        assert waiting.cancelled()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        unbounded = Turns(None, None)
        await unbounded.wait(1e9)
        await unbounded.close()

    asyncio.run(main())
