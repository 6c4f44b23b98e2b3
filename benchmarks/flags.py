"""Settings that a measured sweep speaks for, each with its reason: the server's flags and the scenario's fields.

Knows figures of a sweep and the flags of the servers that socsim is used with; measures nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.serve_client import ServerKind
from benchmarks.sweep import Level, best_level

__all__ = ["Advice", "recommend"]

_ROOM = 1.25
_LENGTHS = 256
_LITTLE_SHARED = 0.05
_BUSY_CLIENT = 0.85


@dataclass(frozen=True, slots=True)
class Advice:
    """One setting: where it goes, what to write, and why."""

    where: str
    setting: str
    reason: str


def recommend(levels: Sequence[Level], kind: ServerKind, *, max_model_len: int | None = None) -> list[Advice]:
    """What a sweep speaks for; nothing where no call was answered."""
    answered = [level for level in levels if level.done]
    if not answered:
        return []
    best = best_level(answered)
    highest = max(level.concurrency for level in answered)
    length = _enough_tokens(max(level.figures()["longest_tokens"] for level in answered))
    advice = _scenario(best, highest)
    if kind == "vllm":
        advice += _vllm(best, answered, length, max_model_len)
    elif kind == "sglang":
        advice += [
            Advice("server", f"--max-running-requests {_twice(best, answered)}", _why_places(best)),
            Advice("server", f"--context-length {length}", _why_length(answered, length)),
            Advice("server", "--enable-metrics --enable-cache-report", "queue, memory and cached tokens can then be seen"),
        ]
    elif kind == "llama_server":
        places, why = best.concurrency, f"one slot per call in flight; {_why_places(best)}"
        advice += [
            Advice("server", f"--parallel {places} --ctx-size {places * length} --no-kv-unified", why),
            Advice("server", "--metrics", "requests running and deferred can then be seen"),
        ]
    elif kind == "ollama":
        advice += [
            Advice("environment", f"OLLAMA_NUM_PARALLEL={best.concurrency}", _why_places(best)),
            Advice("environment", f"OLLAMA_CONTEXT_LENGTH={length}", _why_length(answered, length)),
        ]
    return advice


def _scenario(best: Level, highest: int) -> list[Advice]:
    more = " (the highest that was tried: try higher ones with --most)" if best.concurrency == highest and highest > 1 else ""
    advice = [
        Advice("scenario", f"inference.endpoint.parallel: {best.concurrency}", f"{_why_places(best)}{more}"),
        Advice(
            "scenario", f"inference.limits.parallel: {2 * best.concurrency}",
            "twice that in flight, so that the server always has the next call at hand (the default where it is left out)",
        ),
    ]  # fmt: skip
    if best.client_busy > _BUSY_CLIENT:
        reason = (
            f"this benchmark's process computed {best.client_busy:.0%} of the time: the server may be faster than the "
            f"{best.steps_per_s:.0f} calls/s that one process asked; ask from more (--processes)"
        )
        advice.append(Advice("client", "several processes", reason))
    return advice


def _vllm(best: Level, levels: Sequence[Level], length: int, max_model_len: int | None) -> list[Advice]:
    advice = [Advice("server", f"--max-num-seqs {_twice(best, levels)}", f"room for what is in flight; {_why_places(best)}")]
    share = best.cached_share
    if share is None:
        reason = "prompts of one agent begin alike; without --enable-prompt-tokens-details it cannot be seen how much is cached"
    elif share < _LITTLE_SHARED:
        reason = f"only {share:.0%} of prompt tokens were cached, although prompts of one agent begin alike: is it off?"
    else:
        reason = f"{share:.0%} of prompt tokens were cached at this level"
    advice.append(Advice("server", "--enable-prefix-caching", reason))
    reason = _why_length(levels, length)
    if max_model_len:
        reason += f"; the server allows {max_model_len}"
    advice.append(Advice("server", f"--max-model-len {length}", f"{reason}. Raise it if your scenario's prompts are longer"))
    preempted = sum(level.figures()["preemptions"] or 0.0 for level in levels)
    if preempted:
        reason = f"{preempted:.0f} preemptions: replies were computed twice for want of memory"
        advice.append(Advice("server", "--gpu-memory-utilization (higher), or fewer --max-num-seqs", reason))
    return [
        *advice,
        Advice("server", "--generation-config vllm", "else the checkpoint's own sampling stands in for what is left out"),
        Advice("server", "--enable-prompt-tokens-details", "replies then tell their cached tokens"),
        Advice("server", "--no-enable-log-requests --disable-uvicorn-access-log", "no line of log for each of very many calls"),
    ]  # fmt: skip


def _twice(best: Level, levels: Sequence[Level]) -> int:
    """Places of the server: what `inference.limits.parallel` sends, unless the server itself could not run so many."""
    running = max((level.peak.get("running", 0.0) for level in levels), default=0.0)
    queued = any(level.peak.get("waiting", 0.0) > 0 for level in levels)
    return int(max(best.concurrency, running)) if queued and running else 2 * best.concurrency


def _enough_tokens(longest: int) -> int:
    return -(-int(longest * _ROOM) // _LENGTHS) * _LENGTHS or _LENGTHS


def _why_places(best: Level) -> str:
    figures: dict[str, Any] = best.figures()
    return f"{best.concurrency} in flight reach {figures['request_throughput']:.2f} agent-steps/s; more bring less than 5 %"


def _why_length(levels: Sequence[Level], length: int) -> str:
    longest = max(level.figures()["longest_tokens"] for level in levels)
    return f"the longest prompt with its reply had {longest} tokens; {length} leave a quarter of room"
