"""Settings follow from what was measured, and say from what."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.flags import Advice, recommend
from benchmarks.serve_client import Timed
from benchmarks.sweep import Level

CALL = Timed(0.5, 0.1, 300, 32, 150)


def level(concurrency: int, seconds: float, call: Timed = CALL, **more: dict[str, float]) -> Level:
    return Level(concurrency, seconds, [call] * 16, **more)


LEVELS = [level(1, 16.0), level(2, 8.0), level(4, 4.0), level(8, 3.9)]


def settings(advice: list[Advice]) -> str:
    return "\n".join(f"{one.where}: {one.setting}" for one in advice)


def test_places_are_those_of_the_lowest_level_that_is_fast_enough() -> None:
    found = settings(recommend(LEVELS, "vllm"))
    assert "scenario: inference.endpoint.parallel: 4" in found
    assert "scenario: inference.limits.parallel: 8" in found
    assert "--max-num-seqs 8" in found


def test_the_length_has_room_above_the_longest_prompt_that_was_seen() -> None:
    assert "--max-model-len 512" in settings(recommend(LEVELS, "vllm"))
    long = [level(1, 16.0, replace(CALL, prompt_tokens=2000))]
    assert "--max-model-len 2560" in settings(recommend(long, "vllm"))


def test_a_server_that_queues_is_not_told_to_run_more_than_it_could() -> None:
    queued = [level(8, 4.0), level(16, 2.0, peak={"running": 12.0, "waiting": 4.0})]
    assert "--max-num-seqs 16" in settings(recommend(queued, "vllm"))
    assert "--max-num-seqs 32" in settings(recommend([level(8, 4.0), level(16, 2.0)], "vllm"))


def test_preemptions_ask_for_memory() -> None:
    assert "--gpu-memory-utilization" not in settings(recommend(LEVELS, "vllm"))
    preempted = [level(4, 4.0, before={"preemptions": 2.0}, after={"preemptions": 5.0})]
    found = recommend(preempted, "vllm")
    assert any(one.setting.startswith("--gpu-memory-utilization") and "3 preemptions" in one.reason for one in found)


def test_the_reason_for_prefix_caching_says_what_was_seen() -> None:
    def reason(cached: int | None) -> str:
        found = recommend([level(1, 16.0, replace(CALL, cached_tokens=cached))], "vllm")
        return next(one.reason for one in found if one.setting == "--enable-prefix-caching")

    assert "50% of prompt tokens were cached" in reason(150)
    assert "is it off?" in reason(3)
    assert "cannot be seen" in reason(None)


def test_each_kind_of_server_has_its_own_flags() -> None:
    assert "--parallel 4 --ctx-size 2048" in settings(recommend(LEVELS, "llama_server"))
    assert "--max-running-requests 8" in settings(recommend(LEVELS, "sglang"))
    assert "OLLAMA_NUM_PARALLEL=4" in settings(recommend(LEVELS, "ollama"))
    hosted = recommend(LEVELS, "hosted")
    assert {one.where for one in hosted} == {"scenario"}


def test_nothing_answered_speaks_for_nothing() -> None:
    assert recommend([level(1, 1.0, Timed(0.1, error="broken"))], "vllm") == []


def test_a_client_that_computes_all_the_time_is_said_to_be_the_bound() -> None:
    def places(busy: float) -> list[str]:
        found = recommend([replace(level(4, 1.0), client_busy=busy)], "vllm")
        return [one.reason for one in found if one.where == "client"]

    assert places(0.5) == []
    assert "computed 95% of the time" in places(0.95)[0]
