"""One name for each figure, whichever server's page it comes from."""

from __future__ import annotations

import pytest

from benchmarks.server_metrics import cached_share_between, read_metrics

VLLM = """
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="m"} 3.0
vllm:num_requests_running{engine="1",model_name="m"} 2.0
vllm:num_requests_waiting{engine="0",model_name="m {odd} name"} 7.0
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.2
vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.4
vllm:num_preemptions_total{engine="0",model_name="m"} 1e+01
vllm:prefix_cache_queries_total{engine="0"} 100.0
vllm:prefix_cache_hits_total{engine="0"} 40.0
process_cpu_seconds_total NaN
something else entirely
"""


def test_rows_of_several_engines_are_added_and_shares_averaged() -> None:
    assert read_metrics(VLLM) == pytest.approx(
        {"running": 5.0, "waiting": 7.0, "kv_cache_usage": 0.3, "preemptions": 10.0, "prefix_queries": 100.0, "prefix_hits": 40.0}
    )


def test_other_servers_have_their_own_names() -> None:
    text = 'llamacpp:requests_processing 2\nllamacpp:requests_deferred 1\nsglang:cache_hit_rate{x="y"} 0.5\n'
    assert read_metrics(text) == {"running": 2.0, "waiting": 1.0, "cache_hit_rate": 0.5}


@pytest.mark.parametrize(
    "text", ["", "<html>not found</html>", "vllm:num_requests_running{} many\nvllm:num_requests_running +Inf"]
)
def test_what_is_no_page_of_figures_gives_none(text: str) -> None:
    assert read_metrics(text) == {}


def test_the_cached_share_is_that_of_the_time_between() -> None:
    before = {"prefix_queries": 100.0, "prefix_hits": 40.0}
    assert cached_share_between(before, {"prefix_queries": 300.0, "prefix_hits": 90.0}) == 0.25
    assert cached_share_between(before, before) is None
    assert cached_share_between({}, before) is None
