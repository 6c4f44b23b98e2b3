"""The benchmark of executions on a world of a few people: what it says adds up."""

from __future__ import annotations

import math
import statistics

import pytest

from benchmarks.execution import Row, measure

ROW = Row(agents=12, steps=3, slots=4, mean_s=0.01)


def test_all_executions_do_the_same_work_and_none_beats_its_bound_by_much() -> None:
    found = measure(ROW, 1, ("dependencies", "barrier", "sequential"))
    assert found["calls"] == 36
    assert found["sequential_s"] == pytest.approx(sum_of_durations(), rel=1e-6)
    assert found["seconds"]["sequential"] >= found["sequential_s"]
    assert found["critical_s"] <= found["ideal_s"] <= found["sequential_s"]
    assert found["ideal_s"] >= found["sequential_s"] / ROW.slots
    for name, value in found["efficiency"].items():
        assert value == pytest.approx(max(found["seconds"]["saturation"], found["critical_s"]) / found["seconds"][name])


def sum_of_durations() -> float:
    from benchmarks.execution import durations_of, simulate

    _, _, rows = simulate(ROW, "barrier")
    return sum(durations_of(ROW, rows).values())


def test_latencies_have_the_mean_and_the_spread_that_they_are_named_for() -> None:
    draws = [Row(latency="lognormal:0.8").draw(seed) for seed in range(20_000)]
    assert statistics.mean(draws) == pytest.approx(0.25, rel=0.05)
    assert statistics.stdev(math.log(one) for one in draws) == pytest.approx(0.8, rel=0.05)
    assert {Row(latency="constant").draw(seed) for seed in range(5)} == {0.25}
    assert statistics.mean(Row(latency="pareto:3").draw(seed) for seed in range(20_000)) == pytest.approx(0.25, rel=0.1)
