"""How fast a recorded run replays: agent-steps per second, with every prompt rendered and every answer read again.

Usage: python -m benchmarks.replay [--agents N] [--steps T] [--reads logprob|none]

Records a run on the scripted engine (Watts–Strogatz k=6, persona and two neighbours' messages in each prompt, one message
per agent-step; with ``--reads logprob`` also one item asked in two directions), then replays it. Prints one JSON object on
the last line.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
from pathlib import Path
from typing import Any

from socsim import Scenario, ScriptedEngine, replay, run


def scenario(agents: int, steps: int, reads: bool) -> Scenario:
    """The benchmark's world."""
    phase: dict[str, Any] = {
        "phase": "talk",
        "repeat": steps,
        "interaction": {"kind": "neighbours", "see": "messages", "from": "previous_step", "at_most": 2},
        "remember": ["own_last_message"],
        "say": {"max_tokens": 20, "topic": "Taxes should be lower."},
    }
    if reads:
        phase["ask"] = ["tax"]
    item = {
        "type": "ordinal",
        "text": "Taxes should be lower.",
        "options": ["disagree", "neither", "agree"],
        "readout": {"labels": ["letters"]},
    }
    return Scenario.model_validate(
        {
            "socsim": 1,
            "name": "replay_benchmark",
            "population": {
                "size": agents,
                "data": "statsmodels/anes96",
                "facts": {"age": "age"},
                "sample": {"replace": True},
            },
            "network": {"graph": {"watts_strogatz": {"k": 6, "p": 0.1}}},
            "items": {"tax": item},
            "schedule": [phase],
            "inference": {"engine": "scripted"},
        }
    )


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--reads", choices=("logprob", "none"), default="none")
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        spec = scenario(chosen.agents, chosen.steps, chosen.reads == "logprob")
        done = run(spec, out=Path(folder) / "run", engine=ScriptedEngine())
        size = (done.path / "record.sqlite").stat().st_size
        reports = [replay(done.path) for _ in range(chosen.repeats)]
        calls = done.manifest["counts"]["calls"]
    rates = [report.agent_steps_per_s for report in reports]
    print(f"{'agent-steps/s':>14} {'verified':>9}")
    for report in reports:
        print(f"{report.agent_steps_per_s:14,.0f} {report.verified!s:>9}")
    result = {
        "benchmark": "replay",
        "agents": chosen.agents,
        "steps": chosen.steps,
        "reads": chosen.reads,
        "calls": calls,
        "agent_steps_per_s_median": statistics.median(rates),
        "agent_steps_per_s_min": min(rates),
        "agent_steps_per_s_max": max(rates),
        "verified": all(report.verified for report in reports),
        "record_bytes_per_call": size / calls,
        "python": platform.python_version(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
