"""What share of vLLM's own speed the inference layer reaches, in one process: ``python -m benchmarks vllm_efficiency``.

Usage: python -m benchmarks vllm_efficiency (--model FOLDER_OR_NAME | --dummy-8b [--tokenizer FOLDER] | --dummy-tiny)
           [--agents N] [--steps T] [--reply-tokens N] [--sequences S] [--gpus N] [--dtype T] [--eager] [--repeats R]
           [--workload shared|distinct]

The same requests (persona, neighbours' messages, a short reply; none depends on another) are answered three times in each repeat,
by one engine that keeps running, with its prefix cache emptied before each:

layer       through client, record and `VllmEngine`, all submitted at once; timed up to the last durable commit
saturation  by a loop that knows nothing of the layer: token ids written beforehand, straight into vLLM's `AsyncLLM`, replies of
            the lengths that the layer got, all at once; once in the order of submission and once in the order of the prompts;
            the faster of both counts

efficiency = saturation / layer, its median over repeats with a bootstrap interval (95 %). Where the seconds of one kind spread by
more than 10 % around their median, all repeats are done again, twice at most. ``distinct`` prompts share no persona. Also told is
this process's processor time per call, vLLM's own process left out. A tiny model makes the engine as fast as vLLM's bookkeeping
lets it be, and so asks the most of the layer. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.embedded_efficiency import GOAL, GOAL_LOW, interval_of_median, measured_batches, workload
from benchmarks.hardware import hardware
from benchmarks.in_process import dummy_tiny_config, make_vllm
from benchmarks.roofline import dummy_8b_config
from socsim.inference.client import InferenceClient
from socsim.inference.types import Completion, DrawKey, Request, SamplingParams
from socsim.provenance import provenance
from socsim.record.store import RecordStore

CONTEXT = 1024
_names = itertools.count()


@dataclass(frozen=True, slots=True)
class Pass:
    """All requests answered once; ``cpu_s`` is of this process, in which vLLM's engine core does not run."""

    seconds: float
    cpu_s: float
    computed_tokens: int
    reply_tokens: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the loop sends: tokens, and how long the reply is to be."""

    ids: tuple[int, ...]
    reply: int


async def layer_pass(engine: Any, requests: Sequence[Request]) -> tuple[Pass, list[Prompt]]:
    """Through the layer; also what it sent and how long the replies were."""
    await empty_cache(engine)
    with tempfile.TemporaryDirectory() as folder, RecordStore.create(Path(folder) / "record.sqlite", {}) as record:
        async with InferenceClient(engine, record) as client:
            began, cpu = time.perf_counter(), time.process_time()
            calls = [client.submit(request, DrawKey(1, number, 0, "talk")) for number, request in enumerate(requests)]
            outcomes = await asyncio.gather(*calls)
            record.flush()
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    done = [outcome for outcome in outcomes if isinstance(outcome, Completion)]
    if len(done) != len(requests):
        raise SystemExit(f"{len(requests) - len(done)} calls failed: {next(o for o in outcomes if o not in done)}")
    usages = [completion.usage for completion in done]
    computed = sum(usage.prompt_tokens - usage.cached_tokens + usage.completion_tokens for usage in usages)
    sent = [Prompt(tuple(token for piece in one.pieces for token in piece.ids), one.usage.completion_tokens) for one in done]
    return Pass(seconds, cpu, computed, sum(usage.completion_tokens for usage in usages)), sent


async def saturation_pass(engine: Any, prompts: Sequence[Prompt], sampling: SamplingParams, *, sort: bool) -> Pass:
    """Straight into vLLM, which is asked for nothing that the layer does not ask for as well."""
    await empty_cache(engine)
    llm = await engine.core.running()
    ordered = sorted(prompts, key=lambda prompt: prompt.ids) if sort else prompts
    calls = [({"prompt_token_ids": list(one.ids)}, _params(sampling, one.reply), f"loop-{next(_names)}") for one in ordered]
    began, cpu = time.perf_counter(), time.process_time()
    outputs = await asyncio.gather(*(_last(llm, *call) for call in calls))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    replies = sum(len(output.outputs[0].token_ids) for output in outputs)
    if replies != sum(prompt.reply for prompt in prompts):
        raise SystemExit("vLLM did not write replies of the lengths that it was asked for")
    computed = sum(len(output.prompt_token_ids) - int(output.num_cached_tokens or 0) for output in outputs)
    return Pass(seconds, cpu, computed + replies, replies)


def _params(sampling: SamplingParams, reply: int) -> Any:
    from vllm import SamplingParams as VllmParams
    from vllm.sampling_params import RequestOutputKind

    return VllmParams(
        temperature=sampling.temperature, top_p=sampling.top_p, top_k=sampling.top_k, min_p=sampling.min_p,
        max_tokens=reply, ignore_eos=True, output_kind=RequestOutputKind.FINAL_ONLY,
    )  # fmt: skip


async def _last(llm: Any, prompt: Any, params: Any, name: str) -> Any:
    output = None
    async for output in llm.generate(prompt, params, name):  # noqa: B007
        pass
    return output


async def empty_cache(engine: Any) -> None:
    """Forget what was computed for earlier prompts, also what ended a moment ago and is still being put away."""
    llm = await engine.core.running()
    for _ in range(100):
        if await llm.reset_prefix_cache() is not False:
            return
        await asyncio.sleep(0.01)
    raise SystemExit("vLLM does not empty its prefix cache")


async def one_repeat(engine: Any, requests: Sequence[Request], *, sorted_first: bool) -> dict[str, Any]:
    """The layer, then both ways of saturation with what the layer sent and got, and their ratio."""
    layer, prompts = await layer_pass(engine, requests)
    sampling = requests[0].sampling or SamplingParams()
    orders = (sorted_first, not sorted_first)
    passes = {sort: await saturation_pass(engine, prompts, sampling, sort=sort) for sort in orders}
    best = min(passes.values(), key=lambda one: one.seconds)
    return {
        "layer_s": layer.seconds,
        "saturation_s": best.seconds,
        "submission_order_s": passes[False].seconds,
        "prefix_order_s": passes[True].seconds,
        "efficiency": best.seconds / layer.seconds,
        "layer_cpu_ms_per_call": 1000.0 * layer.cpu_s / len(requests),
        "saturation_cpu_ms_per_call": 1000.0 * best.cpu_s / len(requests),
        "layer_computed_tokens": layer.computed_tokens,
        "saturation_computed_tokens": best.computed_tokens,
        "reply_tokens": layer.reply_tokens,
    }


def measure(engine: Any, arguments: argparse.Namespace) -> dict[str, Any]:
    """Every workload, after an unmeasured repeat that lets vLLM compile what it needs."""
    found: dict[str, Any] = {}
    with asyncio.Runner() as runner:
        for kind in arguments.workload:
            requests = workload(kind, arguments.agents, arguments.steps, reply_tokens=arguments.reply_tokens)
            runner.run(one_repeat(engine, requests, sorted_first=False))
            print(f"{kind}: {len(requests)} calls", flush=True)
            rows, batches, settled = measured_batches(
                lambda number, requests=requests: runner.run(one_repeat(engine, requests, sorted_first=number % 2 == 1)),  # type: ignore[misc]
                arguments.repeats,
            )
            found[kind] = summary(rows, batches, settled=settled, requests=len(requests))
            print(_line(kind, found[kind]), flush=True)
        runner.run(engine.leave())
    return found


def summary(rows: Sequence[dict[str, Any]], batches: int, *, settled: bool, requests: int) -> dict[str, Any]:
    """Medians of a workload's repeats, and whether the goal is reached."""
    ratios = [row["efficiency"] for row in rows]
    low, high = interval_of_median(ratios)
    median = statistics.median(ratios)
    layer_s = statistics.median(row["layer_s"] for row in rows)
    cpu = {name: statistics.median(row[name] for row in rows) for name in ("layer_cpu_ms_per_call", "saturation_cpu_ms_per_call")}
    return {
        "efficiency": median, "low": low, "high": high, "goal_reached": median >= GOAL and low >= GOAL_LOW,
        "settled": settled, "batches": batches, "requests": requests, "agent_steps_per_s": requests / layer_s,
        **cpu, "repeats": list(rows),
    }  # fmt: skip


def _line(kind: str, found: dict[str, Any]) -> str:
    return (
        f"{kind:9} efficiency {found['efficiency']:.3f} ({found['low']:.3f} to {found['high']:.3f}), "
        f"{found['agent_steps_per_s']:.1f} agent-steps/s; processor time per call {found['layer_cpu_ms_per_call']:.2f} ms, "
        f"loop {found['saturation_cpu_ms_per_call']:.2f} ms; batch {found['batches']}, spread kept: {found['settled']}"
    )


def arguments_of(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--model", default="", help="folder or name of a model")
    which.add_argument("--dummy-8b", action="store_true", help="made-up weights in the shape of an 8B model; needs a GPU")
    which.add_argument("--dummy-tiny", action="store_true", help="made-up weights that cost next to nothing")
    parser.add_argument("--tokenizer", default="", help="folder of a tokenizer for --dummy-8b")
    parser.add_argument("--agents", type=int, default=32)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--reply-tokens", type=int, default=16)
    parser.add_argument("--sequences", type=int, default=16, help="calls that vLLM computes at once")
    parser.add_argument("--gpus", type=int, default=1)
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--eager", action="store_true", help="compile nothing: starts sooner, computes slower")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--workload", nargs="+", choices=("shared", "distinct"), default=["shared", "distinct"])
    return parser.parse_args(argv)


def main() -> None:
    """See the module."""
    arguments = arguments_of()
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")  # its log goes where the figures go
    served = {
        "max_num_seqs": arguments.sequences, "tensor_parallel_size": arguments.gpus, "max_model_len": CONTEXT,
        "dtype": arguments.dtype, "arguments": {"enforce_eager": True} if arguments.eager else {},
    }  # fmt: skip
    dummy = dummy_8b_config() if arguments.dummy_8b else dummy_tiny_config() if arguments.dummy_tiny else None
    if arguments.tokenizer and not arguments.dummy_8b:
        raise SystemExit("--tokenizer is for --dummy-8b alone")
    engine, folder = make_vllm(arguments.model, dummy=dummy, tokenizer=arguments.tokenizer, served=served)
    try:
        found = measure(engine, arguments)
    finally:
        engine.close()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
    settings = {**vars(arguments), "context_tokens": CONTEXT, "engine": engine.identity.version, "seed": 1}
    print(json.dumps({"vllm_efficiency": found, "settings": settings, "hardware": hardware(), "versions": provenance()}))


if __name__ == "__main__":
    main()
