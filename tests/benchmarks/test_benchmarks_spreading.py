"""A level from several processes: all its calls, none asked twice, on a server in a process of its own."""

from __future__ import annotations

import asyncio

from benchmarks.mock_server import MockServer
from benchmarks.serve_client import ServerAsker
from benchmarks.spreading import SpreadMeasure
from benchmarks.sweep import Level


def test_processes_share_the_places_and_ask_different_things() -> None:
    async def main(address: str) -> list[Level]:
        async with ServerAsker(address) as asker:
            measure = SpreadMeasure(asker, 2, 30.0, agents=4, reply_tokens=3)
            return [await measure(concurrency) for concurrency in (1, 5)]

    with MockServer(slots=8, keep=True) as server:
        one, five = asyncio.run(main(server.base_url))
        bodies = [kept.body for kept in server.kept() if kept.path.endswith("chat/completions")]
    assert (len(one.calls), len(five.calls)) == (16, 20)
    assert not [call.error for call in (*one.calls, *five.calls) if call.error]
    assert len(bodies) == len(set(bodies)) == 16 + 1 + 20 + 2  # with the one that opens each process's connection
    assert five.seconds > 0.0
    assert five.client_busy > 0.0
