"""Known figures are read, unknown and broken lines are passed over."""

from __future__ import annotations

from socsim.inference.http_metrics import read_metrics


def test_known_figures_are_read_under_our_names() -> None:
    text = """
# HELP vllm:num_preemptions_total Cumulative number of preemptions.
# TYPE vllm:num_preemptions_total counter
vllm:num_preemptions_total{engine="0",model_name="m"} 12.0
vllm:num_requests_running{engine="0"} 3.0
vllm:kv_cache_usage_perc{engine="0"} 0.25
vllm:kv_cache_usage_perc{engine="1"} 0.75
vllm:prompt_tokens_total{engine="0"} 100
vllm:prompt_tokens_total{engine="1"} 50
sglang:num_queue_reqs NaN
llamacpp:requests_deferred five
something_else 3
"""
    assert read_metrics(text) == {"preemptions": 12.0, "running": 3.0, "kv_cache_usage": 0.5, "prompt_tokens": 150.0}


def test_nonsense_gives_nothing() -> None:
    assert read_metrics("") == read_metrics("<html>\x00\n}{ 5") == {}
