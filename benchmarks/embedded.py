"""How to serve a small model on this processor: ``python -m benchmarks.embedded``.

Usage: python -m benchmarks.embedded [--model NAME_OR_FILE ...] [--people N] [--rounds R] [--busy]

Runs a small debate (persona, three neighbours' messages, one item read in four ways, one message of 28 tokens) on the
embedded engine in several configurations, each in a process of its own, in turn, ``--rounds`` times. With ``--busy`` another
process keeps one processor occupied all the while. Prints for each configuration the median of tokens computed per second
(prompt tokens that were not kept, plus generated ones), of seconds, and the ratio of the default's seconds to its own; the
last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from socsim import Scenario, run
from socsim.inference.embedded import EmbeddedEngine
from socsim.models import find_model
from socsim.provenance import package_version

DEFAULT: dict[str, Any] = {}
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "default: 16 slots, states kept": DEFAULT,
    "nothing kept between slots": {"keep": False},
    "4 slots": {"slots": 4},
    "32 slots": {"slots": 32},
    "one thread": {"threads": 1},
    "threads that always spin": {"OMP_WAIT_POLICY": "active"},
    "threads that never spin": {"OMP_WAIT_POLICY": "passive"},
}


def scenario(people: int) -> Scenario:
    """The debate: everybody answers, then two steps of talk."""
    return Scenario.model_validate(
        {
            "socsim": 1,
            "name": "embedded_benchmark",
            "seed": 1,
            "population": {
                "size": people,
                "data": "statsmodels/anes96",
                "facts": {"age": "age", "schooling": {"column": "educ", "labels": "anes96.educ"}},
                "persona": {"renderer": "second_person"},
            },
            "network": {"graph": {"watts_strogatz": {"k": 4, "p": 0.1}}},
            "items": {
                "services": {
                    "type": "ordinal",
                    "text": "The government should provide fewer services in order to reduce spending.",
                    "options": ["strongly disagree", "disagree", "neither", "agree", "strongly agree"],
                    "end_points_only": True,
                }
            },
            "schedule": [
                {"phase": "before", "ask": ["services"], "say": {"max_tokens": 28}},
                {
                    "phase": "talk",
                    "repeat": 2,
                    "interaction": {"kind": "neighbours", "see": "messages", "at_most": 3},
                    "remember": ["own_last_message", "own_last_answer"],
                    "ask": ["services"],
                    "say": {"max_tokens": 28},
                },
            ],
        }
    )


def measure(settings: dict[str, Any], model: str, people: int) -> dict[str, float]:
    """One run of the debate on an engine of its own."""
    engine = EmbeddedEngine(
        find_model(model), slots=settings.get("slots", 16), threads=settings.get("threads"), keep=settings.get("keep", True)
    )
    try:
        with tempfile.TemporaryDirectory() as folder:
            done = run(scenario(people), out=Path(folder) / "run", engine=engine)
            manifest = done.manifest
    finally:
        engine.close()
    counts = manifest["counts"]
    computed = counts["prompt_tokens"] - counts["cached_tokens"] + counts["completion_tokens"]
    return {
        "seconds": manifest["elapsed_s"],
        "calls": counts["calls"],
        "computed_tokens": computed,
        "cached_share": counts["cached_tokens"] / counts["prompt_tokens"],
        "tokens_per_s": computed / manifest["elapsed_s"],
    }


def in_process(settings: dict[str, Any], model: str, people: int) -> dict[str, float]:
    """`measure` in a new process: how threads wait is decided when the library is loaded."""
    own = {key: value for key, value in settings.items() if key.isupper()}
    job = json.dumps({"settings": {k: v for k, v in settings.items() if k not in own}, "model": model, "people": people})
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.embedded", "--one", job],
        env={**os.environ, **own}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def spin() -> None:
    """Keep a processor busy."""
    while True:
        pass


def compare(models: list[str], people: int, rounds: int) -> dict[str, dict[str, float]]:
    """All configurations with the first model, then the default one with each other model; medians over rounds."""
    cases = [(name, settings, models[0]) for name, settings in CONFIGURATIONS.items()]
    cases += [(f"default with {Path(model).name}", DEFAULT, model) for model in models[1:]]
    found: dict[str, list[dict[str, float]]] = {name: [] for name, _, _ in cases}
    for _ in range(rounds):
        for name, settings, model in cases:
            found[name].append(in_process(settings, model, people))
    middle = {
        name: {key: statistics.median(one[key] for one in several) for key in several[0]} for name, several in found.items()
    }
    first = middle[cases[0][0]]["seconds"]
    return {name: {**figures, "speed": first / figures["seconds"]} for name, figures in middle.items()}


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs="+", default=["smollm2-135m"])
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(**json.loads(arguments.one))))
        return
    busy = multiprocessing.get_context("spawn").Process(target=spin, daemon=True) if arguments.busy else None
    if busy is not None:
        busy.start()
        time.sleep(0.5)
    try:
        found = compare(arguments.model, arguments.people, arguments.rounds)
    finally:
        if busy is not None:
            busy.kill()
    for name, figures in found.items():
        print(
            f"{name:36} {figures['tokens_per_s']:6.0f} tokens/s {figures['seconds']:7.1f} s  x{figures['speed']:.2f}  "
            f"{figures['computed_tokens']:6.0f} tokens computed, {figures['cached_share']:.0%} kept"
        )
    machine = {"cores": os.cpu_count(), "processor": platform.processor() or platform.machine(), "busy": arguments.busy}
    print(json.dumps({"machine": machine, "xllamacpp": package_version("xllamacpp"), "configurations": found}))


if __name__ == "__main__":
    main()
