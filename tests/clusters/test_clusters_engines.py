"""A pool of replicas is one engine, also when some of them are lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from actors import Actor, Lost

from socsim import ScriptedEngine
from socsim.clusters.engines import EngineHost, EnginePool, pool_of
from socsim.errors import ClusterError, InferenceError, RateLimited, Rejected, Unavailable
from socsim.inference.types import EngineIdentity, Request, SamplingParams, Segment

SAY = Request("text", (Segment("user", "Well?"),), sampling=SamplingParams())


def about(topic: str) -> Request:
    return replace(SAY, segments=(Segment("user", topic),))


def lost(error: BaseException) -> bool:
    return isinstance(error, Lost)


def pool(*engines: ScriptedEngine) -> tuple[EnginePool, list[Actor]]:
    hosts = {f"node {number}": Actor(EngineHost(lambda engine=engine: engine)) for number, engine in enumerate(engines)}
    return pool_of(hosts, [host.body.introduce() for host in hosts.values()], lost), list(hosts.values())


def test_it_is_the_engine_in_more_places() -> None:
    one = ScriptedEngine(parallel=8)
    found, _ = pool(one, ScriptedEngine(parallel=8))
    assert found.identity == one.identity
    assert found.capabilities() == replace(one.capabilities(), parallel=16, at_once=False)


def test_it_answers_as_a_replica_does() -> None:
    one = ScriptedEngine(token_ids=True, able={"samples": 2})
    found, _ = pool(one, ScriptedEngine(token_ids=True, able={"samples": 2}))
    assert asyncio.run(found.generate(SAY, seed=3)) == asyncio.run(one.generate(SAY, seed=3))
    assert asyncio.run(found.sample(SAY, seeds=(1, 2))) == asyncio.run(one.sample(SAY, seeds=(1, 2)))
    assert asyncio.run(found.count_tokens(SAY)) == len("Well?")
    vectors = asyncio.run(found.serving(SAY).embed(["a b a", "c"]))
    assert vectors == asyncio.run(one.embed(["a b a", "c"]))


def test_prompts_that_begin_alike_go_to_one_replica_and_others_to_others() -> None:
    engines = [ScriptedEngine(), ScriptedEngine(), ScriptedEngine()]
    found, _ = pool(*engines)

    async def ask(topics: list[str]) -> None:
        for topic in topics:
            await found.generate(about(topic))

    asyncio.run(ask(["tax"] * 6))
    assert sorted(engine.calls for engine in engines) == [0, 0, 6]
    asyncio.run(ask([f"topic {number}" for number in range(60)]))
    assert min(engine.calls for engine in engines) > 5


def test_a_long_queue_sends_calls_elsewhere() -> None:
    engines = [ScriptedEngine(latency=0.001), ScriptedEngine(latency=0.001)]
    found, _ = pool(*engines)

    async def together() -> None:
        await asyncio.gather(*(found.generate(SAY, seed=seed) for seed in range(40)))

    asyncio.run(together())
    assert min(engine.calls for engine in engines) > 10


def test_calls_of_a_replica_that_is_lost_move_on() -> None:
    found, hosts = pool(ScriptedEngine(), ScriptedEngine())
    hosts[0].lost = True
    replies = [asyncio.run(found.generate(about(f"topic {number}"))) for number in range(20)]
    assert all(reply.text for reply in replies)
    assert "greet" in hosts[0].calls
    assert asyncio.run(found.count_tokens(SAY)) == 1
    assert sum(one.failures for one in found.stats()) > 0


def test_where_all_are_lost_a_call_waits_until_one_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socsim.clusters.engines._AGAIN_S", 0.0)
    found, hosts = pool(ScriptedEngine())
    hosts[0].lost = True

    async def back() -> str:
        asking = asyncio.create_task(found.generate(SAY))
        while len(hosts[0].calls) < 3:
            await asyncio.sleep(0)
        assert not asking.done()
        hosts[0].lost = False
        return (await asking).text

    assert asyncio.run(back()) == asyncio.run(ScriptedEngine().generate(SAY)).text


@pytest.mark.parametrize("make", [lambda: RateLimited("slowly", 3.0), lambda: Rejected("no"), lambda: Unavailable("down")])
def test_an_error_of_an_engine_arrives_as_it_is(make: Callable[[], InferenceError]) -> None:
    error = make()
    found, hosts = pool(ScriptedEngine(failure=lambda *_: error))
    with pytest.raises(type(error), match=str(error)) as raised:
        asyncio.run(found.generate(SAY))
    assert raised.value is error
    assert hosts[0].calls.count("take") == 1


def test_another_error_is_not_taken_for_a_lost_replica() -> None:
    found, _ = pool(ScriptedEngine(failure=lambda *_: OSError("broken")))
    with pytest.raises(OSError, match="broken"):
        asyncio.run(found.generate(SAY))


def test_what_is_wrong_with_making_an_engine_is_told_to_who_asks() -> None:
    def make() -> ScriptedEngine:
        raise ClusterError("no model here")

    host = EngineHost(make)
    with pytest.raises(ClusterError, match="no model here"):
        host.introduce()


def test_replicas_of_two_models_are_refused() -> None:
    class Other(ScriptedEngine):
        @property
        def identity(self) -> EngineIdentity:
            return replace(super().identity, file_sha256="b")

    with pytest.raises(ClusterError, match=r"node 1 is not that on node 0.*file_sha256"):
        pool(ScriptedEngine(), Other())
