"""Figures from a server's ``/metrics`` page, under one name each, whichever server it is.

Reads Prometheus' text format; knows the names that vLLM, SGLang and llama.cpp use, and leaves out what a server does not offer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

__all__ = ["cached_share_between", "read_metrics"]

_NAMES: Mapping[str, tuple[str, ...]] = {
    "running": ("vllm:num_requests_running", "sglang:num_running_reqs", "llamacpp:requests_processing"),
    "waiting": ("vllm:num_requests_waiting", "sglang:num_queue_reqs", "llamacpp:requests_deferred"),
    "kv_cache_usage": ("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc", "sglang:token_usage"),
    "preemptions": ("vllm:num_preemptions_total", "vllm:num_preemptions", "sglang:num_retracted_reqs_total"),
    "prefix_queries": ("vllm:prefix_cache_queries_total", "vllm:prefix_cache_queries", "vllm:gpu_prefix_cache_queries_total"),
    "prefix_hits": ("vllm:prefix_cache_hits_total", "vllm:prefix_cache_hits", "vllm:gpu_prefix_cache_hits_total"),
    "prompt_tokens": ("vllm:prompt_tokens_total", "sglang:prompt_tokens_total", "llamacpp:prompt_tokens_total"),
    "generated_tokens": ("vllm:generation_tokens_total", "sglang:generation_tokens_total", "llamacpp:tokens_predicted_total"),
    "cache_hit_rate": ("sglang:cache_hit_rate",),
}  # fmt: skip
_MEAN = {"kv_cache_usage", "cache_hit_rate"}
"""Shares, of which several rows (engines of one server) are averaged; counts are added up."""
_LINE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{.*\})?\s+(\S+)")


def read_metrics(text: str) -> dict[str, float]:
    """Known figures of a page in Prometheus' text format."""
    rows: dict[str, list[float]] = {}
    for line in text.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        try:
            value = float(found[2])
        except ValueError:
            continue
        if math.isfinite(value):
            rows.setdefault(found[1], []).append(value)
    figures = {}
    for name, theirs in _NAMES.items():
        values = next((rows[one] for one in theirs if one in rows), None)
        if values is not None:
            figures[name] = sum(values) / len(values) if name in _MEAN else sum(values)
    return figures


def cached_share_between(before: Mapping[str, float], after: Mapping[str, float]) -> float | None:
    """Share of prompt tokens found in the prefix cache between two looks; None where the server does not count it."""
    if "prefix_queries" not in before or "prefix_queries" not in after:
        return None
    asked = after["prefix_queries"] - before["prefix_queries"]
    return (after.get("prefix_hits", 0.0) - before.get("prefix_hits", 0.0)) / asked if asked > 0 else None
