"""How fast a server answers a simulation, and how to set it up: ``python -m benchmarks serve --base-url URL``.

Usage: python -m benchmarks serve --base-url http://host:port/v1 [--model M] [--kind vllm|sglang|llama_server|ollama|hosted]
           [--key-env NAME] [--most N] [--seconds S] [--processes N] [--agents N] [--reply-tokens N] [--seed N]
           [--usd-per-hour X] [--gpu NAME | --peak-tflops X --memory-gbps Y] [--gpus N] [--config FILE | --params-b X]
       python -m benchmarks serve --in-process [--model FOLDER_OR_NAME | --dummy-8b] [--tokenizer FOLDER] …

Each call has a persona and three neighbours' messages for a prompt and a short reply, and is one agent-step. 1, 2, 4 … calls are
kept in flight until more bring nothing; each level asks four times as many calls, within ``--seconds``. Printed are requests and
tokens per second, time to first token (ttft), per further token (tpot) and to the end (e2el) at p50/p90/p99, what was cached,
what the server says of its queue, and the settings that this speaks for, with reasons. With ``--usd-per-hour``, the cost of
1,000 agent-steps; with the GPU and the model's size, the share of what the hardware allows at best. The last line is one JSON
object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.flags import recommend
from benchmarks.hardware import find_gpus, hardware, known_gpu
from benchmarks.in_process import EngineAsker
from benchmarks.roofline import ModelShape, Peak, ceiling_steps_per_s, dummy_8b_config, prompt_ceiling_tokens_per_s, read_shape
from benchmarks.serve_client import ServerAsker
from benchmarks.spreading import SpreadMeasure
from benchmarks.sweep import Level, best_level, levels_up_to, measure_level, sweep
from benchmarks.talk import Turn, endless_talk
from socsim.provenance import provenance


def arguments_of(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--base-url")
    where.add_argument("--in-process", action="store_true", help="a vLLM engine in this process")
    parser.add_argument("--model", default="")
    parser.add_argument("--kind", choices=("vllm", "sglang", "llama_server", "ollama", "hosted"), default="vllm")
    parser.add_argument("--key-env", default="", help="name of the environment variable that holds the key")
    parser.add_argument("--dummy-8b", action="store_true", help="made-up weights in the shape of an 8B model")
    parser.add_argument("--tokenizer", default="", help="folder of a tokenizer for --dummy-8b")
    parser.add_argument("--most", type=int, default=256, help="calls in flight at most")
    parser.add_argument("--seconds", type=float, default=30.0, help="no new calls of a level after so long")
    parser.add_argument("--processes", type=int, default=1, help="processes that ask; one asks about a thousand calls/s")
    parser.add_argument("--agents", type=int, default=256)
    parser.add_argument("--reply-tokens", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--usd-per-hour", type=float)
    parser.add_argument("--gpu", default="", help="h200, h100, h100-pcie, h100-nvl, a100, a100-40, a100-pcie, l40s, 4090")
    parser.add_argument("--gpus", type=int, default=1, help="GPUs that serve the model")
    parser.add_argument("--peak-tflops", type=float)
    parser.add_argument("--memory-gbps", type=float)
    parser.add_argument("--config", type=Path, help="the model's config.json")
    parser.add_argument("--params-b", type=float, help="billions of parameters that work on a token")
    parser.add_argument("--bytes-per-weight", type=float, default=2.0)
    return parser.parse_args(argv)


def shape_of(arguments: argparse.Namespace) -> ModelShape | None:
    """The model's shape, as far as it is known."""
    if arguments.params_b:
        return ModelShape(arguments.params_b * 1e9, arguments.bytes_per_weight)
    config = dummy_8b_config() if arguments.dummy_8b else None
    beside = Path(arguments.model) / "config.json" if arguments.model else None
    path = arguments.config or (beside if beside is not None and beside.is_file() else None)
    if config is None and path is not None:
        config = json.loads(path.read_text(encoding="utf-8"))
    if config is None:
        return None
    try:
        return read_shape(config, bytes_per_weight=arguments.bytes_per_weight)
    except ValueError as error:
        raise SystemExit(f"{path or 'the dummy'}: {error}") from error


def peak_of(arguments: argparse.Namespace) -> tuple[Peak | None, str]:
    """What the hardware can do, and where that comes from; the GPU of this machine only where the model runs in this process."""
    if arguments.peak_tflops and arguments.memory_gbps:
        return Peak(arguments.peak_tflops * arguments.gpus, arguments.memory_gbps * arguments.gpus), "given by hand"
    here = [gpu["name"] for gpu in find_gpus()] if arguments.in_process else []
    name = arguments.gpu or (here[0] if here else "")
    gpu = known_gpu(name) if name else None
    if arguments.gpu and gpu is None:
        raise SystemExit(f"--gpu {arguments.gpu}: not in the table; give --peak-tflops and --memory-gbps")
    return (
        (Peak(gpu.peak_tflops * arguments.gpus, gpu.memory_gbps * arguments.gpus), f"{gpu.name}: {gpu.source}")
        if gpu
        else (None, "")
    )


def share_of_ceiling(level: Level, shape: ModelShape, peak: Peak) -> dict[str, float] | None:
    """Measured speed beside the hardware's; None where nobody says how much was cached."""
    figures = level.figures()
    uncached = figures["uncached_prompt_tokens_per_s"]
    if uncached is None or not level.done:
        return None
    prompt, reply = figures["mean_prompt_tokens"], figures["mean_output_tokens"]
    share = level.cached_share or 0.0
    steps = ceiling_steps_per_s(
        shape, peak, uncached=prompt * (1.0 - share), prompt=prompt, reply=reply, at_once=float(level.concurrency)
    )
    most = prompt_ceiling_tokens_per_s(shape, peak)
    return {
        "uncached_prompt_tokens_per_s": uncached,
        "prompt_ceiling_tokens_per_s": most,
        "prompt_share": uncached / most,
        "ceiling_agent_steps_per_s": steps,
        "share": level.steps_per_s / steps,
    }


def tell(level: Level) -> None:
    """One line per level."""
    figures = level.figures()
    share = figures["cached_share"]

    def times(name: str) -> str:
        return "/".join("-" if value is None else f"{value:.0f}" for value in figures[name].values())

    peak = " ".join(f"{name} {value:g}" for name, value in level.peak.items())
    print(
        f"{level.concurrency:4} in flight  {figures['request_throughput']:8.2f} steps/s  "
        f"{figures['output_throughput']:8.1f} out/s  "
        f"{figures['prompt_tokens_per_s']:9.1f} prompt/s  cached {'?' if share is None else f'{share:.0%}':>4}  "
        f"ttft {times('ttft_ms')}  tpot {times('tpot_ms')}  e2el {times('e2el_ms')} ms  failed {figures['failed']}  {peak}",
        flush=True,
    )
    for error in figures["errors"]:
        print(f"     {error}", flush=True)


def measure_with(asker: Any, turns: Iterator[Turn], arguments: argparse.Namespace) -> Callable[[int], Awaitable[Level]]:
    """How one level is measured: in this process, or in several."""
    if arguments.processes > 1 and isinstance(asker, ServerAsker):
        return SpreadMeasure(
            asker, arguments.processes, arguments.seconds, agents=arguments.agents, seed=arguments.seed,
            reply_tokens=arguments.reply_tokens,
        )  # fmt: skip
    return lambda concurrency: measure_level(asker, turns, concurrency, arguments.seconds)


async def measured(arguments: argparse.Namespace) -> dict[str, Any]:
    """The sweep and what follows from it."""
    turns = endless_talk(arguments.agents, seed=arguments.seed, reply_tokens=arguments.reply_tokens)
    key = os.environ.get(arguments.key_env, "") if arguments.key_env else ""
    asker: Any = EngineAsker.vllm(arguments) if arguments.in_process else ServerAsker(
        arguments.base_url, model=arguments.model, kind=arguments.kind, key=key
    )  # fmt: skip
    async with asker:
        await asker.ask(next(turns))
        levels = await sweep(measure_with(asker, turns, arguments), levels_up_to(arguments.most), tell=tell)
        version = await asker.version()
    if not any(level.done for level in levels):
        raise SystemExit(f"nothing was answered: {levels[-1].figures()['errors']}")
    best = best_level([level for level in levels if level.done])
    shape, (peak, source) = shape_of(arguments), peak_of(arguments)
    ceiling = share_of_ceiling(best, shape, peak) if shape and peak else None
    advice = recommend(levels, "vllm" if arguments.in_process else arguments.kind, max_model_len=asker.max_model_len)
    cost = arguments.usd_per_hour / 3.6 / best.steps_per_s if arguments.usd_per_hour else None
    return {
        "benchmark": "serve", "server": {"kind": arguments.kind, "version": version, "model": asker.model},
        "agent_steps_per_s": best.steps_per_s, "tokens_per_s": best.figures()["total_token_throughput"],
        "output_tokens_per_s": best.figures()["output_throughput"], "usd_per_1000_agent_steps": cost,
        "ceiling": ceiling, "ceiling_source": source, "share_of_ceiling": ceiling and ceiling["share"],
        "best": best.figures(), "levels": [level.figures() for level in levels],
        "advice": [{"where": one.where, "setting": one.setting, "reason": one.reason} for one in advice],
        "workload": {"agents": arguments.agents, "neighbours": 3, "reply_tokens": arguments.reply_tokens},
        "seed": arguments.seed, "hardware": hardware(), "versions": provenance(),
    }  # fmt: skip


def print_summary(found: Mapping[str, Any]) -> None:
    """What a reader wants to know, in lines."""
    print(f"\nbest: {found['agent_steps_per_s']:.2f} agent-steps/s, {found['tokens_per_s']:.0f} tokens/s")
    if found["usd_per_1000_agent_steps"] is not None:
        print(f"cost: {found['usd_per_1000_agent_steps']:.4f} USD per 1,000 agent-steps")
    if found["ceiling"]:
        ceiling = found["ceiling"]
        print(
            f"ceiling ({found['ceiling_source']}): {ceiling['share']:.1%} of {ceiling['ceiling_agent_steps_per_s']:.1f} "
            f"agent-steps/s; uncached prompt tokens {ceiling['uncached_prompt_tokens_per_s']:.0f}/s, "
            f"{ceiling['prompt_share']:.1%} of {ceiling['prompt_ceiling_tokens_per_s']:.0f}/s"
        )
    print("\nsettings that this speaks for:")
    for advice in found["advice"]:
        print(f"  {advice['where']:11} {advice['setting']}\n{'':14}{advice['reason']}")


def main() -> None:
    """See the module."""
    found = asyncio.run(measured(arguments_of()))
    print_summary(found)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
