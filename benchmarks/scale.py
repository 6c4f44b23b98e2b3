"""What large populations take: building, peak memory and a step for agents in arrays; agent-steps per second with a full record;
a step in which few act.

Usage: python -m benchmarks scale [--agents N] [--ties M] [--steps T] [--curve] [--recorded N] [--reacting N]

Agents in arrays: a Watts–Strogatz graph of M directed ties, opinions that move towards the mean of those read, every opinion of
every step logged in columns. ``--curve`` does so for 1,000 agents and ten, a hundred and a thousand times as many, with as many
ties each. ``--recorded N`` instead runs N agents through the whole simulator, with every prompt rendered, a scripted reply to
each and a full record. ``--reacting N`` is N agents who act when somebody mentions them, of whom two mention each other at every
step; the first steps, when all speak once, are left out. Every size has a process of its own. Prints one JSON object on the
last line.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.memory import peak_mb

__all__ = ["in_arrays", "main", "reacting", "recorded"]

CURVE = (1_000, 10_000, 100_000, 1_000_000)


def in_arrays(agents: int, ties: int, steps: int) -> dict[str, Any]:
    """Build and step such a population in this process; seconds, and memory in MB."""
    from socsim.crowds import ColumnLog, Crowd, read_columns, watts_strogatz
    from socsim.dynamics import DeGroot

    libraries = peak_mb()
    began = time.perf_counter()
    graph = watts_strogatz(agents, ties // agents, 0.1, np.random.default_rng(1))
    start = np.random.default_rng(2).random(agents)
    with tempfile.TemporaryDirectory(prefix="socsim-scale-") as folder:
        path = Path(folder) / "steps.parquet"
        with ColumnLog(path) as log:
            crowd = Crowd(graph, {"opinion": start}, {"opinion": DeGroot(0.5)}, seed=1, log=log)
            build_s = time.perf_counter() - began
            seconds = []
            for _ in range(steps):
                began = time.perf_counter()
                crowd.step()
                seconds.append(time.perf_counter() - began)
        size = path.stat().st_size
        whole = bool(np.array_equal(read_columns(path, steps)["opinion"], crowd.column("opinion")))
    return {
        "benchmark": "scale",
        "agents": agents,
        "directed_ties": int(graph.indices.size),
        "build_s": build_s,
        "step_s": statistics.median(seconds),
        "step_s_max": max(seconds),
        "step_us_per_agent": statistics.median(seconds) / agents * 1e6,
        "peak_rss_mb": peak_mb(),
        "rss_mb_of_libraries": libraries,
        "log_bytes_per_agent_step": size / agents / (steps + 1),
        "log_whole": whole,
    }


def recorded(agents: int, steps: int) -> dict[str, Any]:
    """Run that many agents through the simulator in this process; one message each and step."""
    from benchmarks.replay import scenario
    from socsim import ScriptedEngine, run

    spec = scenario(agents, steps, False)
    with tempfile.TemporaryDirectory(prefix="socsim-scale-") as folder:
        began = time.perf_counter()
        done = run(spec, out=Path(folder) / "run", engine=ScriptedEngine())
        total_s = time.perf_counter() - began
        size = (done.path / "record.sqlite").stat().st_size
        manifest = done.manifest
    events = agents * steps
    return {
        "benchmark": "scale",
        "recorded": True,
        "agents": agents,
        "steps": steps,
        "calls": manifest["counts"]["calls"],
        "status": manifest["status"],
        "agent_steps_per_s": events / manifest["execution"]["simulation_s"],
        "agent_steps_per_s_with_building_and_tables": events / total_s,
        "peak_rss_mb": peak_mb(),
        "record_bytes_per_call": size / max(manifest["counts"]["calls"], 1),
    }


def reacting(agents: int, steps: int) -> dict[str, Any]:
    """Step a world in this process in which two people go on to mention each other; seconds of a step after the first two."""
    from socsim import Scenario, ScriptedEngine, SocialModel, open_world

    phase = {
        "phase": "talk",
        "repeat": 2 + steps,
        "activation": {"events": {"on": "mention"}},
        "interaction": {"kind": "neighbours", "see": "messages"},
        "say": {"topic": "it"},
    }
    couple = [{"who": {"agents": [one]}, "says": [f"Person {2 - one}, what now?"]} for one in (0, 1)]
    spec = {
        "socsim": 1,
        "name": "reacting_benchmark",
        "population": {"size": agents, "confederates": couple},
        "network": {"graph": {"watts_strogatz": {"k": 6, "p": 0.0}}, "place": {"by": "given"}},
        "schedule": [phase],
        "inference": {"engine": "scripted"},
    }
    engine = ScriptedEngine(reply=lambda _request, _seed: "Well.")
    with open_world(Scenario.model_validate(spec), engine=engine, model_class=SocialModel) as world:
        seconds = []
        while world.running:
            began = time.perf_counter()
            world.step()
            seconds.append(time.perf_counter() - began)
        acting = len(world.state.messages(1 + steps))
    return {
        "benchmark": "scale",
        "reacting": True,
        "agents": agents,
        "acting": acting,
        "step_s": statistics.median(seconds[2:]),
        "step_s_max": max(seconds[2:]),
    }


def _alone(*arguments: str) -> dict[str, Any]:
    """The result of a process of its own."""
    command = [sys.executable, "-m", "benchmarks.scale", "--inside", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=Path(__file__).parents[1])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found | {"python": platform.python_version()}


def _curve(sizes: Sequence[int], ties: int, steps: int) -> dict[str, Any]:
    rows = []
    print(f"{'agents':>10} {'ties':>11} {'build, s':>9} {'step, ms':>9} {'µs/agent':>9} {'peak, MB':>9}")
    for agents in sizes:
        rows.append(_alone(f"--agents={agents}", f"--ties={agents * ties}", f"--steps={steps}"))
        row = rows[-1]
        print(
            f"{agents:10,} {row['directed_ties']:11,} {row['build_s']:9.2f} {row['step_s'] * 1e3:9.2f} "
            f"{row['step_us_per_agent']:9.3f} {row['peak_rss_mb']:9,.0f}"
        )
    return {"benchmark": "scale", "curve": rows}


def main(given: Sequence[str] | None = None) -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=1_000_000)
    parser.add_argument("--ties", type=int, help="directed ties; ten for each agent where not given")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--curve", action="store_true")
    parser.add_argument("--recorded", type=int, metavar="N")
    parser.add_argument("--reacting", type=int, metavar="N")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(given)
    ties = chosen.ties if chosen.ties is not None else 10 * chosen.agents
    if chosen.recorded:
        if chosen.inside:
            print(json.dumps(recorded(chosen.recorded, chosen.steps)))
            return
        found = _alone(f"--recorded={chosen.recorded}", f"--steps={chosen.steps}")
        print(f"{found['agent_steps_per_s']:,.0f} agent-steps/s, peak {found['peak_rss_mb']:,.0f} MB, {found['status']}")
    elif chosen.reacting:
        if chosen.inside:
            print(json.dumps(reacting(chosen.reacting, chosen.steps)))
            return
        found = _alone(f"--reacting={chosen.reacting}", f"--steps={chosen.steps}")
        print(f"{found['acting']} of {found['agents']:,} act: {found['step_s'] * 1e3:,.1f} ms a step")
    elif chosen.inside:
        print(json.dumps(in_arrays(chosen.agents, ties, chosen.steps)))
        return
    elif chosen.curve:
        found = _curve(CURVE, ties // chosen.agents, chosen.steps)
    else:
        found = _alone(f"--agents={chosen.agents}", f"--ties={ties}", f"--steps={chosen.steps}")
        print(f"build {found['build_s']:.1f} s, step {found['step_s']:.2f} s, peak {found['peak_rss_mb']:,.0f} MB")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
