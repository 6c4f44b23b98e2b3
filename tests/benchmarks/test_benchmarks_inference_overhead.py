"""The overhead benchmark runs from end to end, and what it counts is what it says it counts."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from benchmarks.bare_loops import BareLoop, OpenAILoop
from benchmarks.inference_overhead import Target, Took, main, write_scenario
from benchmarks.mock_server import MockServer
from benchmarks.processor_time import processor_seconds
from socsim import run

BODIES = [
    orjson.dumps({"model": "mock", "messages": [{"role": "user", "content": f"Well, {n}?"}], "max_tokens": 9, "top_k": n})
    for n in range(30)
]


def test_a_quick_run_prints_its_figures_as_json_on_the_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--quick"])
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (result["benchmark"], result["calls"]) == ("inference_overhead", 120)
    for who in ("socsim", "openai", "bare", "socsim_whole_run"):
        figures = result["overhead"][who]
        assert 0.0 < figures["calls_per_s"]["min"] <= figures["calls_per_s"]["median"] <= figures["calls_per_s"]["max"]
        assert figures["cpu_ms_per_call"]["min"] > 0.0
    whole, calls = result["overhead"]["socsim_whole_run"], result["overhead"]["socsim"]
    assert whole["calls_per_s"]["median"] < calls["calls_per_s"]["median"]
    assert result["overhead"]["speed_to_openai"]["median"] > 0.0
    for execution in ("dependencies", "barrier"):
        assert 0.0 < result["utilisation"]["slot_utilisation"][execution]["median"] <= 1.0


def test_another_server_is_asked_for_its_first_model_and_not_for_its_own_count(capsys: pytest.CaptureFixture[str]) -> None:
    with MockServer(model="somebody/else-8b", keep=True) as server:
        main(["--quick", "--part", "both", "--base-url", server.base_url + "/"])
        kept = server.kept()
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert "utilisation" not in result
    assert {json.loads(one.body)["model"] for one in kept} == {"somebody/else-8b"}
    assert sum(one.requests for one in kept) >= 3 * 120


def test_every_agent_step_is_one_call_with_a_persona_of_its_own_and_later_the_neighbours_messages(tmp_path: Path) -> None:
    with MockServer(keep=True) as server:
        world = write_scenario(tmp_path, Target(server.base_url), agents=70, steps=2, in_flight=8)
        assert run(world, out=tmp_path / "run").status == "complete"
        kept = [orjson.loads(one.body)["messages"] for one in server.kept() for _ in range(one.requests)]
    prompts = [messages for messages in kept if messages[0]["role"] == "system"]
    assert len({messages[0]["content"] for messages in prompts}) == 70
    assert len(prompts) == 140
    shown = [messages[-1]["content"].count('\n- "') for messages in prompts]
    assert shown.count(0) == 70
    assert sum(shown) == 6 * 70


def test_the_bare_loops_make_the_same_calls() -> None:
    async def ask(server: MockServer) -> tuple[int, int]:
        async with BareLoop(server.base_url, in_flight=4) as bare, OpenAILoop(server.base_url, in_flight=4) as client:
            first = await bare.ask_all(BODIES)
            server.reset()
            return first, await client.ask_all([OpenAILoop.arguments(body) for body in BODIES])

    with MockServer(keep=True) as server:
        bare, client = asyncio.run(ask(server))
        kept = [orjson.loads(one.body) for one in server.kept()]
    assert bare > 0
    assert client > 0
    assert sorted(map(_plain, kept)) == sorted(_plain(orjson.loads(body)) for body in BODIES)


def _plain(asked: Any) -> bytes:
    return orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)


def test_no_more_calls_are_in_flight_than_was_said() -> None:
    async def ask(server: MockServer) -> None:
        async with BareLoop(server.base_url, in_flight=3) as bare:
            await bare.ask_all(BODIES)

    with MockServer(slots=1, latency=0.001) as server:
        asyncio.run(ask(server))
        stats = server.stats()
    assert (stats["connections"] - 1, stats["most_waiting"]) == (3, 2)


def test_a_loop_over_a_failing_server_says_so() -> None:
    async def ask(server: MockServer) -> None:
        async with BareLoop(server.base_url) as bare:
            await bare.ask_all([b"[]"])

    with MockServer() as server, pytest.raises(RuntimeError, match="HTTP 400"):
        asyncio.run(ask(server))


BUSY = "import sys, time\nwhile time.process_time() < 0.3: pass\nprint('done', flush=True)\nsys.stdin.read()"


@pytest.mark.skipif(sys.platform != "linux", reason="living processes are counted on Linux only")
def test_processor_time_is_that_of_all_processes_but_the_excluded() -> None:
    began = time.process_time()
    before = processor_seconds()
    with subprocess.Popen([sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        own = time.process_time() - began
        assert processor_seconds() - before >= 0.25 + own
        assert processor_seconds(child.pid) - before < 0.2 + own
        child.communicate()
    assert processor_seconds() - before >= 0.25


def test_rates_are_per_call() -> None:
    took = Took(calls=200, seconds=4.0, processor_s=0.5)
    assert (took.calls_per_s, took.cpu_ms_per_call) == (50.0, 2.5)
