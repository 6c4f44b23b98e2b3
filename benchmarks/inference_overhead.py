"""What the simulator costs per call: its speed beside bare loops that make the same calls, and how busy it keeps a server.

Usage: python -m benchmarks inference_overhead [--agents N] [--steps T] [--part overhead|utilisation|both] [--base-url URL]

Agents on a Watts–Strogatz graph (k=6) with persona and the six neighbours' messages in each prompt, one chat call per
agent-step, record on. ``overhead``: a mock server without latency, 64 calls in flight, warm; socsim, a loop over the openai
client and a bare aiohttp loop take turns with the very same calls. Their time is that of the calls alone (for socsim: from the
first step until everything is committed); processor time is that of all threads and processes but the server's.
``utilisation``: 50 ms and 64 slots, twice as many calls in flight; the share of slot time that was used, integrated at the
server from the first request to the last reply, by dependencies and behind a barrier. With ``--base-url`` another server is
asked, and the part that needs a server's own count is left out. Prints one JSON object on the last line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.bare_loops import BareLoop, OpenAILoop
from benchmarks.hardware import hardware
from benchmarks.mock_server import MockServer
from benchmarks.processor_time import processor_seconds
from socsim import Run, run
from socsim.events import ProgressSnapshot
from socsim.model import Execution

__all__ = ["Target", "Took", "main", "measure_overhead", "measure_utilisation", "write_scenario"]

_NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hana")
_TRADES = ("nurse", "baker", "driver", "teacher", "clerk", "farmer", "cook", "plumber")
_TOWNS = ("Northfield", "Eastwick", "Southgate", "Westbury")


@dataclass(frozen=True, slots=True)
class Target:
    """The server that is asked, and as what."""

    base_url: str
    model: str = "mock"
    kind: str = "vllm"
    key: str = ""
    """Name of the environment variable that holds the key."""


@dataclass(frozen=True, slots=True)
class Took:
    """What a number of calls took: seconds on the clock and seconds of processors."""

    calls: int
    seconds: float
    processor_s: float

    @property
    def calls_per_s(self) -> float:
        """Calls per second on the clock."""
        return self.calls / self.seconds

    @property
    def cpu_ms_per_call(self) -> float:
        """Milliseconds of processor time per call."""
        return 1e3 * self.processor_s / self.calls


@dataclass(slots=True)
class Clock:
    """Times the part of a run in which calls are made; a `socsim.events.RunProgress` that shows nothing.

    ``at_start`` is called when the preparations are over and the first step begins.
    """

    excluded: int
    at_start: Callable[[], object] = lambda: None
    began: float = 0.0
    began_cpu: float = 0.0
    seconds: float = 0.0
    processor_s: float = 0.0
    said: list[str] = field(default_factory=list)

    def start(self, title: str, events_total: int) -> None:  # noqa: ARG002
        """The first step begins."""
        self.at_start()
        self.began, self.began_cpu = time.perf_counter(), processor_seconds(self.excluded)

    def update(self, snapshot: ProgressSnapshot) -> None:
        """Shows nothing."""

    def note(self, message: str) -> None:
        """Keep what there is to say."""
        self.said.append(message)

    def finish(self, snapshot: ProgressSnapshot) -> None:  # noqa: ARG002
        """The last call is committed."""
        self.seconds = time.perf_counter() - self.began
        self.processor_s = processor_seconds(self.excluded) - self.began_cpu


def write_scenario(folder: Path, target: Target, agents: int, steps: int, in_flight: int) -> Path:
    """The benchmark's world as a scenario file, with its people beside it: no two of them are alike, so no two calls are."""
    inference: dict[str, Any] = {
        "engine": "openai",
        "model": target.model,
        "base_url": target.base_url,
        "endpoint": {"kind": target.kind, "parallel": in_flight},
        "limits": {"parallel": in_flight},
    }
    if target.key:
        inference["key"] = target.key
    world = {
        "socsim": 1,
        "name": "inference_overhead",
        "population": {
            "size": agents,
            "data": "people.csv",
            "facts": {"name": "name", "age": {"column": "age", "unit": "years"}, "work": "work", "town": "town"},
        },
        "network": {"graph": {"watts_strogatz": {"k": 6, "p": 0.1}}},
        "schedule": [
            {
                "phase": "talk",
                "repeat": steps,
                "interaction": {"kind": "neighbours", "see": "messages", "from": "previous_step"},
                "say": {"max_tokens": 20, "topic": "Taxes should be lower."},
            }
        ],
        "inference": inference,
    }
    people = [
        f"{_NAMES[number % 8]} {number},{18 + number * 7 % 70},{_TRADES[number // 8 % 8]},{_TOWNS[number // 64 % 4]}"
        for number in range(agents)
    ]
    (folder / "people.csv").write_text("name,age,work,town\n" + "\n".join(people) + "\n", encoding="utf-8")
    path = folder / "world.yaml"
    path.write_text(json.dumps(world, indent=1), encoding="utf-8")  # JSON is YAML
    return path


@contextmanager
def _finished_run(spec: Path, clock: Clock, execution: Execution) -> Iterator[Run]:
    with tempfile.TemporaryDirectory(prefix="socsim-overhead-") as folder:
        done = run(spec, out=Path(folder) / "run", progress=clock, execution=execution)
        if done.status != "complete":
            raise SystemExit(f"the run is {done.status}: {done.manifest.get('reason')}")
        yield done


def _simulated(
    spec: Path, excluded: int, at_start: Callable[[], object] = lambda: None, execution: Execution = "dependencies"
) -> tuple[Took, Took]:
    """What the calls of a run took, and what the run took from its first to its last line."""
    clock = Clock(excluded, at_start)
    began, cpu = time.perf_counter(), processor_seconds(excluded)
    with _finished_run(spec, clock, execution) as done:
        seconds, processor_s = time.perf_counter() - began, processor_seconds(excluded) - cpu
        calls = int(done.manifest["counts"]["calls"])
    return Took(calls, clock.seconds, clock.processor_s), Took(calls, seconds, processor_s)


def measure_overhead(
    target: Target, server: MockServer | None, bodies: Sequence[bytes], chosen: argparse.Namespace, folder: Path
) -> dict[str, Any]:
    """Socsim, the openai client and bare aiohttp in turns with the same calls.

    Args:
        target: who is asked.
        server: the mock server behind it, whose time does not count; None for another server.
        bodies: the calls of a run, as the bytes that were sent.
        chosen: the command's options.
        folder: where the scenario is written.
    """
    excluded = server.pid if server is not None else 0
    spec = write_scenario(folder, target, chosen.agents, chosen.steps, chosen.in_flight)
    calls = [OpenAILoop.arguments(body) for body in bodies]
    rows: dict[str, list[Took]] = {"socsim": [], "openai": [], "bare": [], "socsim_whole_run": []}
    key = _key(target)
    with asyncio.Runner() as runner:
        bare = runner.run(BareLoop(target.base_url, key=key, in_flight=chosen.in_flight).__aenter__())
        openai = runner.run(OpenAILoop(target.base_url, key=key, in_flight=chosen.in_flight).__aenter__())

        def loop(name: str) -> Took:
            began, cpu = time.perf_counter(), processor_seconds(excluded)
            runner.run(bare.ask_all(bodies) if name == "bare" else openai.ask_all(calls))
            return Took(len(bodies), time.perf_counter() - began, processor_seconds(excluded) - cpu)

        try:
            for name in ("bare", "openai"):
                loop(name)  # warm
            for repeat in range(chosen.repeats):
                names = ["socsim", "openai", "bare"]
                for name in names[repeat % 3 :] + names[: repeat % 3]:
                    if name == "socsim":
                        took, whole = _simulated(spec, excluded)
                        rows["socsim_whole_run"].append(whole)
                    else:
                        took = loop(name)
                    rows[name].append(took)
                    print(f"{name:>8} {took.calls_per_s:9,.0f} calls/s {took.cpu_ms_per_call:7.3f} ms/call", flush=True)
        finally:
            runner.run(bare.__aexit__())
            runner.run(openai.__aexit__())
    return _overhead_figures(rows)


def _overhead_figures(rows: dict[str, list[Took]]) -> dict[str, Any]:
    speed = [own.calls_per_s / other.calls_per_s for own, other in zip(rows["socsim"], rows["openai"], strict=True)]
    cost = [own.cpu_ms_per_call / other.cpu_ms_per_call for own, other in zip(rows["socsim"], rows["bare"], strict=True)]
    figures: dict[str, Any] = {
        name: {
            "calls_per_s": _spread([one.calls_per_s for one in took]),
            "cpu_ms_per_call": _spread([one.cpu_ms_per_call for one in took]),
        }
        for name, took in rows.items()
    }
    return {**figures, "speed_to_openai": _spread(speed), "cpu_to_bare": _spread(cost)}


def measure_utilisation(server: MockServer, chosen: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Share of slot time that is used, several runs, at a server with latency."""
    spec = write_scenario(folder, Target(server.base_url), chosen.agents, chosen.steps, 2 * chosen.slots)
    shares: dict[Execution, list[float]] = {"dependencies": [], "barrier": []}

    def begin() -> None:
        server.reset(slots=chosen.slots, latency_s=chosen.latency_s)

    for repeat in range(chosen.utilisation_repeats):
        for execution in shares if repeat % 2 == 0 else list(shares)[::-1]:
            _simulated(spec, server.pid, begin, execution)
            figures = server.stats()
            shares[execution].append(figures["utilisation"])
            print(f"{execution}: slot utilisation {shares[execution][-1]:.3f} in {figures['window_s']:.1f} s", flush=True)
    server.reset(latency_s=0.0)
    return {
        "slots": chosen.slots,
        "latency_s": chosen.latency_s,
        "in_flight": 2 * chosen.slots,
        "slot_utilisation": {execution: _spread(found) for execution, found in shares.items()},
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def _key(target: Target) -> str:
    return os.environ[target.key] if target.key else ""


def _recorded_bodies(server: MockServer, spec: Path) -> list[bytes]:
    """The calls of one run, as the server got them, in the order of their first arrival; a warm run of socsim."""
    _simulated(spec, server.pid, server.reset)
    kept = [one for one in server.kept() if one.path.endswith("/chat/completions")]
    return [one.body for one in kept for _ in range(one.requests)]


def _first_model(target: Target) -> str:
    request = urllib.request.Request(f"{target.base_url}/models")
    if target.key:
        request.add_header("Authorization", f"Bearer {_key(target)}")
    with urllib.request.urlopen(request, timeout=30.0) as reply:
        return str(json.load(reply)["data"][0]["id"])


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--part", choices=("overhead", "utilisation", "both"), default="both")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--utilisation-repeats", type=int, default=3)
    parser.add_argument("--in-flight", type=int, default=64, help="calls at once in the part without latency")
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--latency-s", type=float, default=0.05)
    parser.add_argument("--base-url", help="another server than the mock one: http://host:port/v1")
    parser.add_argument("--model", default="", help="of that server; the first that it lists where left out")
    parser.add_argument("--kind", default="vllm", choices=("hosted", "vllm", "sglang", "ollama", "llama_server"))
    parser.add_argument("--key", default="", help="name of the environment variable that holds its key")
    parser.add_argument("--quick", action="store_true", help="few agents, one repeat: only to see that it works")
    chosen = parser.parse_args(given)
    if chosen.quick:
        chosen.agents, chosen.steps, chosen.repeats, chosen.utilisation_repeats = 40, 3, 1, 1
    return chosen


def main(given: Sequence[str] | None = None) -> None:
    """See the module."""
    chosen = _arguments(given)
    result: dict[str, Any] = {
        "benchmark": "inference_overhead",
        "agents": chosen.agents,
        "steps": chosen.steps,
        "calls": chosen.agents * chosen.steps,
        "in_flight": chosen.in_flight,
        "repeats": chosen.repeats,
        "base_url": chosen.base_url or "mock",
        "python": platform.python_version(),
        "hardware": hardware(),
    }
    with MockServer(slots=chosen.slots, keep=True) as server, tempfile.TemporaryDirectory(prefix="socsim-overhead-") as made:
        mock, folder = Target(server.base_url, kind=chosen.kind), Path(made)
        if chosen.part != "utilisation":
            world = write_scenario(folder, mock, chosen.agents, chosen.steps, chosen.in_flight)
            bodies = _recorded_bodies(server, world)
            target = mock
            if chosen.base_url:
                target = Target(chosen.base_url.rstrip("/"), chosen.model, chosen.kind, chosen.key)
                target = target if target.model else Target(target.base_url, _first_model(target), chosen.kind, chosen.key)
                bodies = [body.replace(b'"model":"mock"', b'"model":' + json.dumps(target.model).encode(), 1) for body in bodies]
            result["overhead"] = measure_overhead(target, None if chosen.base_url else server, bodies, chosen, folder)
        if chosen.part != "overhead" and not chosen.base_url:
            result["utilisation"] = measure_utilisation(server, chosen, folder)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
