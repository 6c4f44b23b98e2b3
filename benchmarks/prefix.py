"""What order and merging are worth on a real engine: ``python -m benchmarks prefix``.

Usage: python -m benchmarks prefix [--model NAME_OR_FILE] [--agents N] [--steps T] [--equal SHARE] [--rounds R] [--slots S]

Requests of a talk (a persona each, three neighbours' messages), some of them asked twice without being draws, are answered by the
embedded engine through the client, four ways:

order    the places in front of the engine go to waiting calls in the order of their prompts (``sorted``, as the client does), or
         in the order of their arrival, which is shuffled (``arrival``)
merging  equal calls in flight are one (``on``, as the client does), or each is asked by itself (``off``)

Printed are the share of prompt tokens that were cached, tokens computed, and seconds; the engine is started anew for each way.
It also keeps beginnings of its own accord, and order adds to that; ``--bare`` switches it off. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.hardware import hardware
from benchmarks.talk import requests_of, talk
from socsim.inference.client import InferenceClient
from socsim.inference.embedded import EmbeddedEngine
from socsim.inference.types import Capabilities, Completion, DrawKey, Request
from socsim.models import find_model
from socsim.provenance import provenance
from socsim.record.store import RecordStore

CONTEXT = 1024


class OneByOne(EmbeddedEngine):
    """The embedded engine, which says that it cannot draw several texts from one prefill."""

    def capabilities(self) -> Capabilities:
        """Those of the embedded engine but for that."""
        return replace(super().capabilities(), samples=1)


def calls_of(agents: int, steps: int, equal: float, *, seed: int = 1) -> list[Request]:
    """Shuffled requests, a share of which is there twice."""
    rng = random.Random(seed)
    requests = requests_of(talk(agents, steps, reply_tokens=8))
    calls = [*requests, *rng.sample(requests, int(equal * len(requests)))]
    rng.shuffle(calls)
    return calls


async def answer(
    engine: EmbeddedEngine, record: RecordStore, calls: Sequence[Request], *, sort: bool, merge: bool
) -> dict[str, Any]:
    """All calls at once. Without sorting, the priority of each is its arrival; without merging, each is a draw of its own."""
    async with InferenceClient(engine, record) as client:
        began = time.perf_counter()
        outcomes = await asyncio.gather(
            *(
                client.submit(call, None if merge else DrawKey(1, number, 0, "talk"), priority=0.0 if sort else float(number))
                for number, call in enumerate(calls)
            )
        )
        record.flush()
        seconds = time.perf_counter() - began
        stats = client.stats
    if not all(isinstance(outcome, Completion) for outcome in outcomes):
        raise SystemExit("a call failed")
    computed = stats.prompt_tokens - stats.cached_tokens + stats.completion_tokens
    return {
        "seconds": seconds, "asked": len(calls), "sent": stats.calls, "prompt_tokens": stats.prompt_tokens,
        "cached_share": stats.cached_share, "computed_tokens": computed,
    }  # fmt: skip


def measure(path: Path, calls: Sequence[Request], slots: int, *, sort: bool, merge: bool, keep: bool) -> dict[str, Any]:
    """One way, on an engine of its own."""
    engine = (EmbeddedEngine if merge else OneByOne)(path, slots=slots, context_tokens=CONTEXT, keep=keep)
    try:
        with tempfile.TemporaryDirectory() as folder, RecordStore.create(Path(folder) / "record.sqlite", {}) as record:
            return asyncio.run(answer(engine, record, calls, sort=sort, merge=merge))
    finally:
        engine.close()


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2-135m-q8")
    parser.add_argument("--agents", type=int, default=12)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--equal", type=float, default=0.25, help="share of the requests that are asked twice")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--bare", action="store_true", help="the engine keeps nothing outside its slots")
    arguments = parser.parse_args()
    path = find_model(arguments.model)
    calls = calls_of(arguments.agents, arguments.steps, arguments.equal)
    ways = {
        (f"order {'sorted' if sort else 'arrival'}", f"merging {'on' if merge else 'off'}"): (sort, merge)
        for sort, merge in itertools.product((True, False), (True, False))
    }
    found: dict[tuple[str, str], list[dict[str, Any]]] = {way: [] for way in ways}
    for _ in range(arguments.rounds):
        for way, (sort, merge) in ways.items():
            found[way].append(measure(path, calls, arguments.slots, sort=sort, merge=merge, keep=not arguments.bare))
    middle = {way: {key: statistics.median(row[key] for row in rows) for key in rows[0]} for way, rows in found.items()}
    for way, figures in middle.items():
        print(
            f"{way[0]:14} {way[1]:12} {figures['seconds']:7.2f} s  cached {figures['cached_share']:5.1%}  "
            f"{figures['computed_tokens']:6.0f} tokens computed  {figures['sent']:.0f} of {figures['asked']:.0f} calls sent"
        )
    rows = [{"order": way[0].split()[1], "merging": way[1].split()[1], **figures} for way, figures in middle.items()]
    about = {"settings": vars(arguments), "seed": 1, "hardware": hardware(), "versions": provenance()}
    print(json.dumps({"benchmark": "prefix", "rows": rows, **about}))


if __name__ == "__main__":
    main()
