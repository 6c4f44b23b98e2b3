"""What waiting for each other costs: a simulation under three executions beside the same requests without dependencies.

Efficiency is max(T_saturation, T_critical) / T_simulation. Replies take a time that belongs to the agent and step alone, so all
executions do the same work; T_saturation comes from the same requests through the same client, all at once; beside it stands
the makespan of a list schedule that knows every duration beforehand. The engine is scripted: it measures waiting, not models.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from benchmarks.hardware import hardware
from benchmarks.scheduling import critical_path_s, list_schedule_s, trace_of
from socsim import Scenario, ScriptedEngine
from socsim.events import EventRow, ResultRow
from socsim.inference.client import engine_seed
from socsim.inference.manner import manner_of
from socsim.inference.types import Completion, DrawKey, Request
from socsim.model import Execution, SocialModel
from socsim.record.store import RecordStore
from socsim.runner import open_scenario
from socsim.session import Session
from socsim.world import build_world

EXECUTIONS: tuple[Execution, ...] = ("dependencies", "barrier", "sequential")
WINDOW = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One configuration of the table."""

    agents: int = 500
    steps: int = 10
    slots: int = 64
    latency: str = "lognormal:0.8"
    activation: Any = "simultaneous"
    interaction: str = "neighbours"
    graph: str = "watts_strogatz"
    mean_s: float = 0.25

    def scenario(self) -> Scenario:
        """The world of this row: one call for each turn; on a feed two, what to do and the post."""
        options = {"actions": ["post"], "readout": {"method": "sample", "orders": "fixed"}} if self.interaction == "feed" else {}
        graph = {"watts_strogatz": {"k": 6, "p": 0.1}} if self.graph == "watts_strogatz" else {self.graph: {"m": 3}}
        return Scenario.model_validate(
            {
                "socsim": 1,
                "name": "execution",
                "seed": 7,
                "population": {"size": self.agents},
                "network": {"graph": graph},
                "schedule": [
                    {
                        "phase": "talk",
                        "repeat": self.steps,
                        "activation": self.activation,
                        "interaction": {"kind": self.interaction, "options": options},
                        "remember": ["own_last_message"],
                        "say": {"topic": "the weather"},
                    }
                ],
                "inference": {"engine": "scripted", "model": "scripted"},
            }
        )

    def draw(self, seed: int) -> float:
        """Seconds of one reply, by the seed of its draw; the mean of the distribution is ``mean_s``."""
        kind, _, spread = self.latency.partition(":")
        if kind == "constant":
            return self.mean_s
        generator = random.Random(seed)
        if kind == "lognormal":
            sigma = float(spread)
            return self.mean_s * math.exp(sigma * generator.gauss(0.0, 1.0) - sigma * sigma / 2.0)
        alpha = float(spread)  # heavy tail: Pareto with this exponent
        return self.mean_s * (alpha - 1.0) / alpha * generator.paretovariate(alpha)


class _Slots(ScriptedEngine):
    """A scripted engine that answers so many calls at once; others wait in its queue."""

    def __init__(self, slots: int, reply: Any, latency: Any) -> None:
        super().__init__(reply, latency=latency, parallel=slots, able={"samples": 1})
        self._free = asyncio.Semaphore(slots)

    async def generate(self, request: Request, *, seed: int = 0) -> Completion:
        """Wait for a slot, then follow the script."""
        async with self._free:
            return await super().generate(request, seed=seed)


class _Measured:
    """A scripted engine whose latencies follow a row, and which writes down what it was asked."""

    def __init__(self, row: Row) -> None:
        self.asked: list[tuple[Request, int]] = []
        self.row = row
        self.engine = _Slots(row.slots, self._reply, self._latency)

    def _latency(self, request: Request, seed: int) -> float:
        self.asked.append((request, seed))
        return self.row.draw(seed)

    @staticmethod
    def _reply(request: Request, seed: int) -> str:
        if "What do you do?" in request.segments[-1].text or "Answer with the label" in request.segments[-1].text:
            return "A"
        return f"It is {seed % 97} degrees, and {len(request.segments)} people say so."


@contextmanager
def _model(row: Row, measured: _Measured, rows: list[ResultRow]) -> Any:
    prepared = open_scenario(row.scenario())
    engine = measured.engine
    with tempfile.TemporaryDirectory() as folder:
        store = RecordStore.create(Path(folder) / "record.sqlite", {"name": "execution"})
        with Session(store, engine, prepared.scenario.inference) as session:
            world = build_world(prepared.scenario, prepared.scenario.arms[0], 0, None, manner_of(engine.capabilities()))
            yield SocialModel(world, session.client, session.loop, rows.extend), session


def simulate(row: Row, execution: Execution) -> tuple[float, _Measured, list[ResultRow]]:
    """Seconds of the simulation, what the engine was asked, and the rows."""
    measured, rows = _Measured(row), list[ResultRow]()
    with _model(row, measured, rows) as (model, _):
        begun = time.perf_counter()
        model.run(execution, window=WINDOW)
        return time.perf_counter() - begun, measured, rows


def saturate(row: Row, rows: Sequence[ResultRow], asked: Sequence[tuple[Request, int]]) -> float:
    """Seconds of the same requests through the same client when nothing depends on anything."""
    keys = [DrawKey.parse(draw) for one in rows if isinstance(one, EventRow) for _, _, draw in one.calls if draw]
    by_digest = {request.digest(): request for request, _ in asked}
    digests = [digest for one in rows if isinstance(one, EventRow) for _, digest, draw in one.calls if draw]
    measured = _Measured(row)

    async def everything(session: Session) -> None:
        waits = [session.client.submit(by_digest[digest], key) for digest, key in zip(digests, keys, strict=True)]
        await asyncio.gather(*waits)

    with _model(row, measured, []) as (_, session):
        begun = time.perf_counter()
        session.loop.run(everything(session))
        return time.perf_counter() - begun


def durations_of(row: Row, rows: Sequence[ResultRow]) -> dict[tuple[int, int, int], float]:
    """Seconds that each turn's calls take, by (step, agent, nth)."""
    return {
        (one.step, one.agent, one.turn): sum(row.draw(engine_seed(DrawKey.parse(draw))) for _, _, draw in one.calls if draw)
        for one in rows
        if isinstance(one, EventRow)
    }


def measure(row: Row, repeats: int, executions: Sequence[Execution]) -> dict[str, Any]:
    """All figures of one row; executions and saturation are interleaved, and medians are reported."""
    seconds: dict[str, list[float]] = {name: [] for name in (*executions, "saturation")}
    rows: list[ResultRow] = []
    for _ in range(repeats):
        for execution in executions:
            taken, measured, found = simulate(row, execution)
            assert not rows or found == rows, "two executions gave different results"
            rows = found
            seconds[execution].append(taken)
        seconds["saturation"].append(saturate(row, rows, measured.asked))
    with _model(row, _Measured(row), []) as (model, _):
        trace = trace_of(model, durations_of(row, rows))
    critical = critical_path_s(trace)
    bound = max(statistics.median(seconds["saturation"]), critical)
    ideal = list_schedule_s(trace, row.slots, WINDOW)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    return {
        "agents": row.agents, "steps": row.steps, "slots": row.slots, "latency": row.latency, "activation": row.activation,
        "interaction": row.interaction, "graph": row.graph, "calls": sum(duration > 0 for duration in trace.durations),
        "seconds": medians, "range": {name: [min(times), max(times)] for name, times in seconds.items()},
        "critical_s": critical, "ideal_s": ideal, "ideal_efficiency": bound / ideal if ideal else None,
        "efficiency": {name: bound / medians[name] for name in executions},
        "sequential_s": sum(trace.durations), "sequential_efficiency": bound / sum(trace.durations),
        "speedup": medians["barrier"] / medians["dependencies"],
    }  # fmt: skip


def table(fast: bool) -> list[Row]:
    """The rows of the full table, or of a quick one."""
    if fast:
        return [Row(agents=40, steps=3, slots=8, mean_s=0.02)]
    spreads = [Row(latency=f"lognormal:{sigma}") for sigma in (0.3, 0.5, 0.8, 1.0, 1.5)]
    others = [
        Row(latency="constant"),
        Row(latency="pareto:1.8"),
        Row(agents=25, slots=16),
        Row(agents=100),
        Row(agents=2000, mean_s=0.1),
        Row(slots=16, steps=5),
        Row(slots=256, mean_s=0.5),
        Row(graph="barabasi_albert"),
        Row(activation="random_sequential", agents=200, steps=5, mean_s=0.05),
        Row(activation="dyads", steps=20),
        Row(interaction="feed", agents=100, steps=4, mean_s=0.1),
    ]
    return spreads + others


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--fast", action="store_true", help="a small world, for a look whether it works")
    parser.add_argument("--only", help="rows of the table by number, such as 0,2,13")
    parser.add_argument(
        "--sequential", action="store_true", help="also one turn after the other, which takes agents × steps × latency"
    )
    chosen = parser.parse_args()
    executions = EXECUTIONS if chosen.fast or chosen.sequential else EXECUTIONS[:2]
    found = []
    wanted = {int(number) for number in chosen.only.split(",")} if chosen.only else None
    for number, row in enumerate(table(chosen.fast)):
        if wanted is not None and number not in wanted:
            continue
        figures = measure(row, chosen.repeats, executions)
        found.append(figures)
        efficiency = ", ".join(f"{name} {value:.3f}" for name, value in figures["efficiency"].items())
        if "sequential" not in figures["efficiency"]:
            efficiency += f", sequential at most {figures['sequential_efficiency']:.3f} (sum of all replies)"
        print(
            f"{row.agents} agents, {row.slots} slots, {row.latency}, {row.activation}, {row.graph}: efficiency {efficiency}; "
            f"ideal {cast(float, figures['ideal_efficiency']):.3f}; {figures['speedup']:.2f}x barrier",
            flush=True,
        )
    print(json.dumps({"benchmark": "execution", "window": WINDOW, "rows": found, "hardware": hardware()}))


if __name__ == "__main__":
    main()
