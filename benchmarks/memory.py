"""How much memory a million waiting calls take, each with a prompt and a priority of its own, described when its turn comes.

Usage: python -m benchmarks memory [--queued N] [--answered M]

Queues the calls, answers the first M of them by the scripted engine through the client and a record, and prints the largest
resident memory of a process that does nothing else (with all libraries) as one JSON object on the last line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from socsim import ScriptedEngine
from socsim.inference.backlog import Backlog, Described
from socsim.inference.client import InferenceClient
from socsim.inference.types import DrawKey, Request, SamplingParams, Segment
from socsim.record.store import RecordStore
from socsim.scenario.engines import LimitsSpec

__all__ = ["describe", "main", "measure", "peak_mb", "queued"]

_SAMPLING = SamplingParams(max_tokens=20)
_PERSONA = (
    "You live in a town of {people} people and are resident {number}. You take part in a study. Answer as this person would."
)
_WISH = "Write one short sentence to people you know about what you think of proposal {number}."
_STRIDE = 611_953
"""Prime, so that priorities are another order than that of queueing."""


def describe(number: int, people: int) -> Described:
    """What one agent asks: about 60 tokens that no other agent asks."""
    system, user = _PERSONA.format(people=people, number=number), _WISH.format(number=number)
    request = Request("text", (Segment("system", system), Segment("user", user)), sampling=_SAMPLING)
    return request, DrawKey(0, number, 0, "say")


def queued(count: int) -> Backlog:
    """So many calls, none of them described yet."""
    backlog = Backlog()
    for number in range(count):
        backlog.add(number * _STRIDE % count / count, partial(describe, number, count))
    return backlog


def measure(count: int, answered: int) -> dict[str, Any]:
    """Queue and answer in this process; seconds, and memory in MB."""
    before = peak_mb()
    began = time.perf_counter()
    backlog = queued(count)
    queueing_s, waiting = time.perf_counter() - began, peak_mb()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="socsim-memory-") as folder:
        done = asyncio.run(_answer(backlog, answered, Path(folder) / "record.sqlite"))
    answering_s = time.perf_counter() - began
    return {
        "benchmark": "memory",
        "queued": count,
        "answered": done,
        "left": len(backlog),
        "peak_rss_mb": peak_mb(),
        "peak_rss_mb_while_queueing": waiting,
        "rss_mb_of_libraries": before,
        "bytes_per_waiting_call": (waiting - before) * 1e6 / count,
        "queueing_s": queueing_s,
        "calls_per_s": done / answering_s if done else None,
        "python": platform.python_version(),
    }


async def _answer(backlog: Backlog, answered: int, path: Path) -> int:
    done = 0
    with RecordStore.create(path, {"name": "memory"}) as record:
        async with InferenceClient(ScriptedEngine(), record, limits=LimitsSpec(parallel=64)) as client:
            if answered:
                answers = client.answer_all(backlog)
                async for _ in answers:
                    done += 1
                    if done == answered:
                        break
                await answers.aclose()  # type: ignore[attr-defined]
    return done


def peak_mb() -> float:
    """Largest resident memory of this program so far, in millions of bytes.

    What Linux says of the program goes before what it says of the process, which had its parent's memory when it began.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main(given: Sequence[str] | None = None) -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queued", type=int, default=1_000_000)
    parser.add_argument("--answered", type=int, default=20_000)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(given)
    if chosen.inside:
        print(json.dumps(measure(chosen.queued, min(chosen.answered, chosen.queued))))
        return
    # a process of its own, whose memory nothing else has used
    command = [
        sys.executable,
        "-m",
        "benchmarks.memory",
        "--inside",
        f"--queued={chosen.queued}",
        f"--answered={chosen.answered}",
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=Path(__file__).parents[1])
    result = json.loads(done.stdout.splitlines()[-1])
    print(f"{result['queued']:,} calls waiting: {result['peak_rss_mb']:,.0f} MB at most, of which libraries "
          f"{result['rss_mb_of_libraries']:,.0f}; {result['bytes_per_waiting_call']:,.0f} bytes per waiting call")  # fmt: skip
    print(json.dumps(result))


if __name__ == "__main__":
    main()
