"""What share of the embedded model's own speed the inference layer reaches: ``python -m benchmarks embedded_efficiency``.

Usage: python -m benchmarks embedded_efficiency [--model NAME_OR_FILE] [--agents N] [--steps T] [--slots S] [--repeats R]
           [--workload shared|distinct]

The same requests (persona, neighbours' messages, a short reply; none depends on another) are answered twice in each repeat,
each time by a server that was just started, with the same settings:

layer       through client, record and `EmbeddedEngine`, all submitted at once; timed up to the last durable commit
saturation  by a loop that knows nothing of the layer: token ids written beforehand, replies of the lengths that the layer got,
            twice as many calls at once as slots, once in the order of submission and once in the order of the prompts;
            the faster of both counts

efficiency = saturation / layer, its median over repeats with a bootstrap interval (95 %). Where the seconds of one kind spread by
more than 10 % around their median, all repeats are done again, twice at most. ``distinct`` prompts share no persona, so that
nothing can be won by keeping what was computed, and only the layer's own cost shows. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.hardware import hardware, processors
from benchmarks.talk import requests_of, talk
from socsim.inference.client import InferenceClient
from socsim.inference.embedded import EmbeddedEngine
from socsim.inference.llama_server import LlamaServer, ServerSettings, token_counts
from socsim.inference.token_prompts import PromptWriter
from socsim.inference.types import Completion, DrawKey, Request
from socsim.models import find_model
from socsim.provenance import provenance
from socsim.record.store import RecordStore

CONTEXT = 1024
LARGEST_SPREAD = 0.10
MOST_BATCHES = 3
GOAL, GOAL_LOW = 0.95, 0.90


@dataclass(frozen=True, slots=True)
class Pass:
    """All requests answered once."""

    seconds: float
    computed_tokens: int
    reply_tokens: tuple[int, ...]


def layer_pass(path: Path, requests: Sequence[Request], slots: int) -> Pass:
    """Through the layer, on an engine of its own."""
    engine = EmbeddedEngine(path, slots=slots, context_tokens=CONTEXT)
    try:
        with tempfile.TemporaryDirectory() as folder, RecordStore.create(Path(folder) / "record.sqlite", {}) as record:
            return asyncio.run(_submit_all(engine, record, requests))
    finally:
        engine.close()


async def _submit_all(engine: EmbeddedEngine, record: RecordStore, requests: Sequence[Request]) -> Pass:
    await engine.generate(replace(requests[0], segments=requests[0].segments[:1]))
    async with InferenceClient(engine, record) as client:
        began = time.perf_counter()
        calls = [client.submit(request, DrawKey(1, number, 0, "talk")) for number, request in enumerate(requests)]
        outcomes = await asyncio.gather(*calls)
        record.flush()
        seconds = time.perf_counter() - began
    done = [outcome for outcome in outcomes if isinstance(outcome, Completion)]
    if len(done) != len(requests):
        raise SystemExit(f"{len(requests) - len(done)} calls failed: {next(o for o in outcomes if o not in done)}")
    usages = [completion.usage for completion in done]
    computed = sum(usage.prompt_tokens - usage.cached_tokens + usage.completion_tokens for usage in usages)
    return Pass(seconds, computed, tuple(usage.completion_tokens for usage in usages))


def saturation_pass(path: Path, requests: Sequence[Request], lengths: Sequence[int], slots: int, *, sort: bool) -> Pass:
    """Straight to llama.cpp, on a server of its own."""
    server = LlamaServer(path, ServerSettings(slots, CONTEXT, processors()))
    try:
        writer = PromptWriter(server, chat=True)
        prompts = [(writer.write(request).ids, length) for request, length in zip(requests, lengths, strict=True)]
        bodies = [{"prompt": ids, "n_predict": n, "ignore_eos": True} for ids, n in (sorted(prompts) if sort else prompts)]
        server.complete({"prompt": prompts[0][0][:1], "n_predict": 1}, _never)
        with ThreadPoolExecutor(2 * slots) as threads:
            began = time.perf_counter()
            answers = list(threads.map(lambda body: server.complete(body, _never), bodies))
            seconds = time.perf_counter() - began
    finally:
        server.close()
    counts = [token_counts(answer) for answer in answers]
    replies = tuple(int(answer["tokens_predicted"]) for answer in answers)
    return Pass(seconds, sum(prompt - cached for prompt, cached in counts) + sum(replies), replies)


def _never() -> bool:
    return False


def one_repeat(path: Path, requests: Sequence[Request], slots: int, *, sorted_first: bool) -> dict[str, Any]:
    """The layer, then both ways of saturation with the lengths that the layer got, and their ratio."""
    layer = layer_pass(path, requests, slots)
    orders = (sorted_first, not sorted_first)
    passes = {sort: saturation_pass(path, requests, layer.reply_tokens, slots, sort=sort) for sort in orders}
    best = min(passes.values(), key=lambda one: one.seconds)
    return {
        "layer_s": layer.seconds,
        "saturation_s": best.seconds,
        "submission_order_s": passes[False].seconds,
        "prefix_order_s": passes[True].seconds,
        "efficiency": best.seconds / layer.seconds,
        "layer_computed_tokens": layer.computed_tokens,
        "saturation_computed_tokens": best.computed_tokens,
        "reply_tokens": sum(layer.reply_tokens),
    }


def spread(values: Sequence[float]) -> float:
    """Range over median."""
    return (max(values) - min(values)) / statistics.median(values)


def measured_batches(repeat: Callable[[int], dict[str, Any]], repeats: int) -> tuple[list[dict[str, Any]], int, bool]:
    """A batch of repeats whose seconds keep together, the number of batches done, and whether one was found."""
    rows: list[dict[str, Any]] = []
    for batch in range(1, MOST_BATCHES + 1):
        rows = [repeat(number) for number in range(repeats)]
        for row in rows:
            print(
                f"  layer {row['layer_s']:6.2f} s   saturation {row['saturation_s']:6.2f} s   efficiency {row['efficiency']:.3f}",
                flush=True,
            )
        if all(spread([row[kind] for row in rows]) <= LARGEST_SPREAD for kind in ("layer_s", "saturation_s")):
            return rows, batch, True
        print("  spread above 10 %", flush=True)
    return rows, MOST_BATCHES, False


def interval_of_median(values: Sequence[float], *, draws: int = 2000, seed: int = 1) -> tuple[float, float]:
    """Bootstrap percentile interval (95 %) of the median."""
    rng = random.Random(seed)
    medians = sorted(statistics.median(rng.choices(values, k=len(values))) for _ in range(draws))
    return medians[int(0.025 * draws)], medians[int(0.975 * draws) - 1]


def workload(kind: str, agents: int, steps: int, *, reply_tokens: int = 16) -> list[Request]:
    """The requests: people who speak in several steps, or as many who speak once."""
    people, times = (agents, steps) if kind == "shared" else (agents * steps, 1)
    return requests_of(talk(people, times, reply_tokens=reply_tokens))


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2-135m-q8")
    parser.add_argument("--agents", type=int, default=12)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--slots", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--workload", nargs="+", choices=("shared", "distinct"), default=["shared", "distinct"])
    arguments = parser.parse_args()
    path = find_model(arguments.model)
    found: dict[str, Any] = {}
    for kind in arguments.workload:
        print(f"{kind}:", flush=True)
        requests = workload(kind, arguments.agents, arguments.steps)
        rows, batches, settled = measured_batches(
            lambda number, requests=requests: one_repeat(path, requests, arguments.slots, sorted_first=number % 2 == 1),  # type: ignore[misc]
            arguments.repeats,
        )
        ratios = [row["efficiency"] for row in rows]
        low, high = interval_of_median(ratios)
        median = statistics.median(ratios)
        found[kind] = {
            "efficiency": median, "low": low, "high": high, "goal_reached": median >= GOAL and low >= GOAL_LOW,
            "settled": settled, "batches": batches, "requests": len(requests), "repeats": rows,
        }  # fmt: skip
        print(f"{kind:9} efficiency {median:.3f} ({low:.3f} to {high:.3f}), batch {batches}, spread kept: {settled}", flush=True)
    settings = {"model": arguments.model, "slots": arguments.slots, "context_tokens": CONTEXT, "seed": 1}
    print(json.dumps({"embedded_efficiency": found, "settings": settings, "hardware": hardware(), "versions": provenance()}))


if __name__ == "__main__":
    main()
