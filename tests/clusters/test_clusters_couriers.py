"""Calls reach an actor in few messages, none waits for another, and none is waited for in vain."""

from __future__ import annotations

import asyncio

import pytest
from actors import Actor, Lost

from socsim.clusters.couriers import Courier, Desk, UnknownTicket


class Doubling(Desk):
    """Doubles numbers, negative ones when it is told to, and takes no zero."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()
        self.served: list[int] = []

    async def serve(self, *call: int) -> int:
        (number,) = call
        self.served.append(number)
        if number == 0:
            raise ValueError("nothing to double")
        if number < 0:
            await self.go.wait()
        return 2 * number


async def until_served(desk: Doubling, number: int) -> None:
    while number not in desk.served:
        await asyncio.sleep(0)


def test_calls_that_come_together_are_one_message() -> None:
    actor = Actor(Doubling())

    async def many() -> list[int]:
        courier = Courier(actor)
        return await asyncio.gather(*(courier.ask(number) for number in range(1, 501)))

    assert asyncio.run(many()) == [2 * number for number in range(1, 501)]
    assert actor.calls.count("take") == 1
    assert len(actor.calls) < 10


def test_one_that_takes_long_keeps_no_other_waiting() -> None:
    desk = Doubling()
    courier = Courier(Actor(desk))

    async def long_and_short() -> list[int]:
        long = asyncio.create_task(courier.ask(-1))
        short = [await courier.ask(number) for number in (1, 2, 3)]
        assert not long.done()
        desk.go.set()
        return [*short, await long]

    assert asyncio.run(long_and_short()) == [2, 4, 6, -2]


def test_what_the_desk_raises_is_raised_where_it_was_asked() -> None:
    courier = Courier(Actor(Doubling()))

    async def both() -> list[object]:
        return await asyncio.gather(courier.ask(0), courier.ask(4), return_exceptions=True)

    failed, answered = asyncio.run(both())
    assert isinstance(failed, ValueError)
    assert answered == 8


def test_all_that_is_under_way_is_lost_with_the_actor_and_later_calls_are_not() -> None:
    actor = Actor(Doubling())
    courier = Courier(actor)

    async def lost_and_back() -> int:
        actor.lost = True
        for outcome in await asyncio.gather(courier.ask(1), courier.ask(2), return_exceptions=True):
            assert isinstance(outcome, Lost)
        actor.lost = False
        return int(await courier.ask(3))

    assert asyncio.run(lost_and_back()) == 6


def test_an_actor_that_was_started_again_is_not_waited_for_in_vain() -> None:
    first, second = Doubling(), Doubling()
    actor = Actor(first)
    courier = Courier(actor)

    async def restarted() -> int:
        waiting = asyncio.create_task(courier.ask(-1))
        await until_served(first, -1)
        actor.body = second  # it had taken the call, and nobody was collecting yet
        with pytest.raises(UnknownTicket):
            await waiting
        assert await courier.ask(1) == 2
        actor.body = Doubling()
        with pytest.raises(UnknownTicket):
            await courier.ask(2)
        return int(await courier.ask(2))

    assert asyncio.run(asyncio.wait_for(restarted(), 10.0)) == 4
    assert second.served == [1]


def test_who_waits_no_longer_disturbs_nobody() -> None:
    desk = Doubling()
    courier = Courier(Actor(desk))

    async def cancelled() -> int:
        waiting = asyncio.create_task(courier.ask(-1))
        await until_served(desk, -1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        found = int(await courier.ask(7))
        desk.go.set()
        return found + int(await courier.ask(8))

    assert asyncio.run(asyncio.wait_for(cancelled(), 10.0)) == 30


def test_nobody_but_who_was_greeted_is_served() -> None:
    desk = Doubling()
    with pytest.raises(UnknownTicket):
        asyncio.run(desk.take("forged", [(1, (1,))]))
    with pytest.raises(UnknownTicket):
        asyncio.run(desk.collect("forged"))
    assert desk.served == []
