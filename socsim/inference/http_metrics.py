"""Figures that local servers offer at ``/metrics`` in Prometheus' text format: queue, cache use, preemptions."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

__all__ = ["METRICS", "read_metrics"]

METRICS: Mapping[str, str] = {
    "vllm:num_requests_running": "running",
    "vllm:num_requests_waiting": "waiting",
    "vllm:kv_cache_usage_perc": "kv_cache_usage",
    "vllm:gpu_cache_usage_perc": "kv_cache_usage",
    "vllm:num_preemptions_total": "preemptions",
    "vllm:num_preemptions": "preemptions",
    "vllm:prefix_cache_queries_total": "prefix_cache_queries",
    "vllm:prefix_cache_hits_total": "prefix_cache_hits",
    "vllm:prompt_tokens_total": "prompt_tokens",
    "vllm:generation_tokens_total": "completion_tokens",
    "sglang:num_running_reqs": "running",
    "sglang:num_queue_reqs": "waiting",
    "sglang:token_usage": "kv_cache_usage",
    "sglang:cache_hit_rate": "cache_hit_rate",
    "sglang:prompt_tokens_total": "prompt_tokens",
    "sglang:generation_tokens_total": "completion_tokens",
    "llamacpp:requests_processing": "running",
    "llamacpp:requests_deferred": "waiting",
    "llamacpp:kv_cache_usage_ratio": "kv_cache_usage",
    "llamacpp:prompt_tokens_total": "prompt_tokens",
    "llamacpp:tokens_predicted_total": "completion_tokens",
}
"""Names of the servers' figures and our names of them."""

_LINE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{[^}]*\})?\s+(\S+)")


def read_metrics(text: str) -> dict[str, float]:
    """The known figures in a text; those of several engines behind one server add up, shares are averaged.

    Example:
        >>> read_metrics('vllm:num_requests_waiting{engine="0"} 3.0')
        {'waiting': 3.0}
    """
    values: dict[str, list[float]] = {}
    for line in text.splitlines():
        found = _LINE.match(line)
        name = METRICS.get(found[1]) if found else None
        if found is None or name is None:
            continue
        try:
            number = float(found[2])
        except ValueError:
            continue
        if math.isfinite(number):
            values.setdefault(name, []).append(number)
    shares = ("kv_cache_usage", "cache_hit_rate")
    return {name: sum(numbers) / (len(numbers) if name in shares else 1) for name, numbers in values.items()}
