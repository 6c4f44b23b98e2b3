"""What waiting for each other costs on the embedded model: dependencies beside a barrier, and the same requests without either.

A small debate is carried out anew in each way, on an engine of its own, in turns; T_saturation asks the requests of the last
simulation all at once. Texts differ a little between fresh runs, so tokens are reported beside seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.hardware import hardware
from socsim import Scenario
from socsim.events import EventRow, ResultRow
from socsim.inference.factory import make_engine
from socsim.inference.manner import manner_of
from socsim.inference.types import DrawKey, Request
from socsim.model import Execution, SocialModel
from socsim.record.store import RecordStore
from socsim.runner import open_scenario
from socsim.session import Session
from socsim.world import build_world

EXECUTIONS: tuple[Execution, ...] = ("dependencies", "barrier")


def debate(agents: int, steps: int, model: str) -> Scenario:
    """Neighbours who write and answer, with messages of very different length."""
    return Scenario.model_validate(
        {
            "socsim": 1,
            "name": "execution_embedded",
            "seed": 5,
            "population": {
                "size": agents,
                "data": "statsmodels/anes96",
                "facts": {"age": "age", "party": {"column": "PID", "labels": "anes96.pid"}},
            },
            "network": {"graph": {"watts_strogatz": {"k": 4, "p": 0.1}}},
            "items": {
                "bus": {
                    "type": "ordinal",
                    "text": "Buses in our town should be free of charge.",
                    "options": ["disagree", "neither", "agree"],
                    "readout": {"labels": ["letters"]},
                }
            },
            "schedule": [
                {
                    "phase": "talk",
                    "repeat": steps,
                    "interaction": {"kind": "neighbours", "at_most": 2},
                    "ask": ["bus"],
                    "say": {"max_tokens": 60, "stop": ["."]},
                }
            ],
            "inference": {"engine": "embedded", "model": model, "profiles": {"say": {"temperature": 1.0}}},
        }
    )


@contextmanager
def _opened(spec: Scenario, rows: list[ResultRow]) -> Iterator[tuple[SocialModel, Session]]:
    prepared = open_scenario(spec)
    engine = make_engine(prepared.scenario.inference, None)
    try:
        with tempfile.TemporaryDirectory() as folder:
            store = RecordStore.create(Path(folder) / "record.sqlite", {"name": "execution"})
            with Session(store, engine, prepared.scenario.inference) as session:
                world = build_world(prepared.scenario, prepared.scenario.arms[0], 0, None, manner_of(engine.capabilities()))
                yield SocialModel(world, session.client, session.loop, rows.extend), session
    finally:
        engine.close()


def simulate(spec: Scenario, execution: Execution) -> tuple[dict[str, float], list[tuple[Request, DrawKey | None]]]:
    """Seconds, tokens and critical path of a simulation, and what it asked."""
    rows: list[ResultRow] = []
    with _opened(spec, rows) as (model, session):
        begun = time.perf_counter()
        model.run(execution)
        seconds = time.perf_counter() - begun
        stats = session.client.stats
        timing = model.clock.timing(session.client.parallel, stats.busy_s)
        session.store.flush()
        asked = [
            (session.store.load_request(digest), DrawKey.parse(draw) if draw else None)
            for one in rows
            if isinstance(one, EventRow)
            for _, digest, draw in one.calls
        ]
    computed = stats.prompt_tokens - stats.cached_tokens + stats.completion_tokens
    return {"seconds": seconds, "tokens": computed, "critical_s": timing.critical_path_s}, asked


def saturate(spec: Scenario, asked: Sequence[tuple[Request, DrawKey | None]]) -> float:
    """Seconds of the same requests when nothing depends on anything."""

    async def everything(session: Session) -> None:
        await asyncio.gather(*(session.client.submit(request, key) for request, key in asked))

    with _opened(spec, []) as (_, session):
        begun = time.perf_counter()
        session.loop.run(everything(session))
        return time.perf_counter() - begun


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=24)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model", default="smollm2-135m-q8")
    chosen = parser.parse_args()
    spec = debate(chosen.agents, chosen.steps, chosen.model)
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in EXECUTIONS}
    saturated: list[float] = []
    for repeat in range(chosen.repeats):
        for execution in EXECUTIONS if repeat % 2 == 0 else EXECUTIONS[::-1]:  # a machine that slows down favours neither
            figures, asked = simulate(spec, execution)
            runs[execution].append(figures)
        saturated.append(saturate(spec, asked))
    seconds = {name: statistics.median(one["seconds"] for one in found) for name, found in runs.items()}
    bound = statistics.median(saturated)
    efficiency: dict[str, Any] = {name: bound / taken for name, taken in seconds.items()}
    print(
        f"{chosen.agents} agents, {chosen.steps} steps: efficiency "
        + ", ".join(f"{name} {value:.3f}" for name, value in efficiency.items())
        + f"; {seconds['barrier'] / seconds['dependencies']:.2f}x barrier"
    )
    result = {"benchmark": "execution_embedded", **vars(chosen), "runs": runs, "saturation_s": saturated, "seconds": seconds}
    print(json.dumps(result | {"efficiency": efficiency, "hardware": hardware()}))


if __name__ == "__main__":
    main()
