"""Levels keep as many calls in flight as they say, and the sweep ends where more bring nothing."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from benchmarks.serve_client import Timed
from benchmarks.sweep import Level, best_level, levels_up_to, measure_level, percentiles, sweep
from benchmarks.talk import Asked, endless_talk


class CountingAsker:
    """Answers after a turn of the loop, and counts what is in flight."""

    def __init__(self, failing: int = 0) -> None:
        self.in_flight = self.most = self.asked = 0
        self.failing = failing

    async def ask(self, turn: Asked) -> Timed:
        self.in_flight += 1
        self.asked += 1
        broken = self.asked <= self.failing
        self.most = max(self.most, self.in_flight)
        await asyncio.sleep(0)
        self.in_flight -= 1
        return Timed(0.1, error="broken") if broken else Timed(0.2, 0.1, 100, 11, 40)

    async def metrics(self) -> dict[str, float]:
        return {"preemptions": float(self.asked), "running": float(self.in_flight)}


def level(concurrency: int, steps_per_s: float) -> Level:
    """A level of which only the speed is of interest."""
    return Level(concurrency, 10.0 / steps_per_s, [Timed(0.1)] * 10)


def test_levels_double_up_to_the_most() -> None:
    assert levels_up_to(256) == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert levels_up_to(6) == [1, 2, 4, 6]
    assert levels_up_to(1) == [1]


@pytest.mark.parametrize(("concurrency", "calls"), [(1, 16), (3, 16), (8, 32)])
def test_a_level_asks_four_times_as_many_with_so_many_in_flight(concurrency: int, calls: int) -> None:
    asker = CountingAsker()
    found = asyncio.run(measure_level(asker, endless_talk(4), concurrency))
    assert (len(found.calls), asker.most) == (calls, concurrency)


def test_a_trace_is_asked_to_its_end_and_no_further() -> None:
    asker = CountingAsker()
    turns = itertools.islice(endless_talk(4), 7)
    found = asyncio.run(measure_level(asker, turns, 3, calls=7))
    assert len(found.calls) == asker.asked == 7


def test_figures_count_failures_apart() -> None:
    found = asyncio.run(measure_level(CountingAsker(failing=4), endless_talk(4), 2)).figures()
    assert (found["completed"], found["failed"], found["errors"]) == (12, 4, ["broken"])
    assert found["mean_prompt_tokens"] == 100
    assert found["cached_share"] == pytest.approx(0.4)
    assert found["uncached_prompt_tokens_per_s"] == pytest.approx(0.6 * found["prompt_tokens_per_s"])
    assert found["tpot_ms"]["p50"] == pytest.approx(10.0)
    assert found["preemptions"] == 16
    assert found["longest_tokens"] == 111


def test_percentiles_are_measured_values() -> None:
    assert percentiles([n / 1000 for n in range(1, 101)]) == pytest.approx({"p50": 50.0, "p90": 90.0, "p99": 99.0})
    assert percentiles([0.5]) == {"p50": 500.0, "p90": 500.0, "p99": 500.0}
    assert percentiles([]) == {"p50": None, "p90": None, "p99": None}


def test_the_best_level_is_the_lowest_that_is_about_as_fast_as_any() -> None:
    assert best_level([level(1, 10.0), level(2, 19.5), level(4, 20.0), level(8, 18.0)]).concurrency == 2


def test_the_sweep_ends_after_two_levels_without_gain() -> None:
    speeds = {1: 10.0, 2: 20.0, 4: 20.5, 8: 20.0, 16: 100.0}

    async def measured(concurrency: int) -> Level:
        return level(concurrency, speeds[concurrency])

    told: list[Level] = []
    found = asyncio.run(sweep(measured, [1, 2, 4, 8, 16], tell=told.append))
    assert [one.concurrency for one in found] == [1, 2, 4, 8]
    assert told == found


def test_the_sweep_ends_where_nothing_is_answered() -> None:
    asker = CountingAsker(failing=10**6)
    turns = endless_talk(1)
    found = asyncio.run(sweep(lambda places: measure_level(asker, turns, places), [1, 2, 4], tell=lambda _: None))
    assert len(found) == 1
