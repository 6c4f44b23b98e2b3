"""Calls go where their prefix was before, to shorter queues, and away from servers that do not answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import pairwise

import pytest

from socsim.errors import TimedOut, Unavailable
from socsim.inference.http_endpoints import Endpoints
from socsim.inference.http_errors import Unreachable
from socsim.inference.http_transport import Reply

ADDRESSES = ("http://a/v1", "http://b/v1", "http://c/v1")


class Servers:
    """Answers, or does not, by address."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.errors: dict[str, Exception] = {}
        self.status: dict[str, int] = {}

    async def send(self, address: str) -> Reply:
        self.calls[address] += 1
        if address in self.errors:
            raise self.errors[address]
        return Reply(self.status.get(address, 200), {}, address.encode())


def ask(endpoints: Endpoints, servers: Servers, prefix: str) -> str:
    return asyncio.run(endpoints.call(prefix, servers.send)).body.decode()


def test_a_prefix_keeps_its_server_and_prefixes_are_spread() -> None:
    endpoints, servers = Endpoints(ADDRESSES), Servers()
    first = {f"p{n}": ask(endpoints, servers, f"p{n}") for n in range(60)}
    assert {f"p{n}": ask(endpoints, servers, f"p{n}") for n in range(60)} == first
    assert min(servers.calls.values()) >= 20
    fewer = Endpoints(ADDRESSES[:2])
    assert all(ask(fewer, servers, p) == address for p, address in first.items() if address != ADDRESSES[2])


def test_a_long_queue_sends_calls_to_the_shortest_one() -> None:
    async def main() -> Counter[str]:
        endpoints, seen, gate = Endpoints(ADDRESSES[:2]), Counter[str](), asyncio.Event()

        async def send(address: str) -> Reply:
            seen[address] += 1
            await gate.wait()
            return Reply(200, {}, b"")

        tasks = [asyncio.ensure_future(endpoints.call("the same", send)) for _ in range(30)]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*tasks)
        return seen

    seen = asyncio.run(main())
    assert 12 <= min(seen.values()) <= max(seen.values()) <= 18


def test_calls_of_a_server_that_cannot_be_reached_move_on_and_it_is_set_aside_then_tried_again() -> None:
    now = [0.0]
    endpoints, servers = Endpoints(ADDRESSES[:2], clock=lambda: now[0]), Servers()
    servers.errors["http://a/v1"] = Unreachable("refused")
    for n in range(40):
        assert ask(endpoints, servers, f"p{n}") == "http://b/v1"
    assert servers.calls["http://a/v1"] == 3
    assert [one.aside for one in endpoints.stats()] == [True, False]
    now[0] = 1.5
    for n in range(40):
        ask(endpoints, servers, f"p{n}")
    assert servers.calls["http://a/v1"] == 4
    del servers.errors["http://a/v1"]
    now[0] = 10.0
    assert {ask(endpoints, servers, f"p{n}") for n in range(40)} == {"http://a/v1", "http://b/v1"}
    assert [one.failures for one in endpoints.stats()] == [4, 0]


def test_only_one_call_at_a_time_tries_a_server_again() -> None:
    now = [0.0]

    async def main() -> None:
        endpoints, seen, gate = Endpoints(ADDRESSES[:2], clock=lambda: now[0]), Counter[str](), asyncio.Event()
        broken = True

        async def send(address: str) -> Reply:
            seen[address] += 1
            if address == "http://a/v1":
                if broken:
                    raise Unreachable("refused")
                await gate.wait()
            return Reply(200, {}, b"")

        for n in range(40):
            await endpoints.call(f"p{n}", send)
        broken, now[0] = False, 5.0
        seen.clear()
        tasks = [asyncio.ensure_future(endpoints.call(f"p{n}", send)) for n in range(40)]
        await asyncio.sleep(0)
        assert seen["http://a/v1"] == 1
        gate.set()
        await asyncio.gather(*tasks)

    asyncio.run(main())


def test_many_calls_that_fail_together_set_a_server_aside_once() -> None:
    now = [0.0]

    async def main() -> None:
        endpoints, gate = Endpoints(ADDRESSES[:2], clock=lambda: now[0]), asyncio.Event()

        async def send(address: str) -> Reply:
            await gate.wait()
            return Reply(500 if address == "http://a/v1" else 200, {}, b"")

        tasks = [asyncio.ensure_future(endpoints.call("the same", send)) for _ in range(3000)]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*tasks)
        assert [one.aside for one in endpoints.stats()] == [True, False]
        now[0] = 1.5
        assert not endpoints.stats()[0].aside

    asyncio.run(main())


def test_a_server_that_stays_away_is_tried_ever_more_seldom_and_at_least_once_a_minute() -> None:
    now = [0.0]
    endpoints, servers = Endpoints(ADDRESSES[:2], clock=lambda: now[0]), Servers()
    servers.errors["http://a/v1"] = Unreachable("refused")
    times = []
    for tick in range(3000):
        now[0] = tick / 4
        before = servers.calls["http://a/v1"]
        for n in range(8):
            ask(endpoints, servers, f"p{n}")
        if servers.calls["http://a/v1"] > before:
            times.append(now[0])
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert waits[:4] == [1.0, 2.0, 4.0, 8.0]
    assert max(waits) == waits[-1] == 60.0


def test_old_calls_that_still_hang_do_not_keep_a_server_from_being_tried_again() -> None:
    now = [0.0]

    async def main() -> None:
        endpoints, gate, hang = Endpoints(ADDRESSES[:2], clock=lambda: now[0]), asyncio.Event(), True

        async def send(address: str) -> Reply:
            if address == "http://a/v1" and hang:
                await gate.wait()
            elif address == "http://a/v1" and now[0] < 1.0:
                raise Unreachable("refused")
            return Reply(200, {}, address.encode())

        hanging = [asyncio.ensure_future(endpoints.call(f"p{n}", send)) for n in range(8)]
        await asyncio.sleep(0)
        hang = False
        for n in range(40):
            await endpoints.call(f"p{n}", send)
        assert endpoints.stats()[0].aside
        assert endpoints.stats()[0].in_flight > 0
        now[0] = 2.0
        assert b"http://a/v1" in {(await endpoints.call(f"p{n}", send)).body for n in range(40)}
        gate.set()
        await asyncio.gather(*hanging)

    asyncio.run(main())


@pytest.mark.parametrize("error", [Unavailable("in the middle"), TimedOut("late")])
def test_a_call_that_may_have_been_worked_on_is_not_sent_elsewhere_in_the_same_attempt(error: Exception) -> None:
    endpoints, servers = Endpoints(ADDRESSES[:2]), Servers()
    servers.errors = dict.fromkeys(ADDRESSES, error)
    with pytest.raises(type(error)):
        ask(endpoints, servers, "p")
    assert sum(servers.calls.values()) == 1


def test_servers_that_answer_with_errors_of_their_own_are_set_aside_too() -> None:
    endpoints, servers = Endpoints(ADDRESSES[:2]), Servers()
    servers.status["http://a/v1"] = 500
    for n in range(40):
        ask(endpoints, servers, f"p{n}")
    assert servers.calls["http://a/v1"] == 3


def test_where_none_can_be_reached_that_is_said() -> None:
    endpoints, servers = Endpoints(ADDRESSES), Servers()
    servers.errors = dict.fromkeys(ADDRESSES, Unreachable("refused"))
    for _ in range(4):
        with pytest.raises(Unavailable):
            ask(endpoints, servers, "p")
    with pytest.raises(Unavailable, match=r"none of the 3 servers.*tried again later$"):
        ask(endpoints, servers, "p")


def test_a_single_server_is_never_set_aside() -> None:
    endpoints, servers = Endpoints(ADDRESSES[:1]), Servers()
    servers.errors["http://a/v1"] = Unreachable("refused")
    for _ in range(5):
        with pytest.raises(Unreachable):
            ask(endpoints, servers, "p")
    assert servers.calls["http://a/v1"] == 5
