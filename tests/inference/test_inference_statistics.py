"""Durations are counted in buckets, and shares and rates follow from the counts."""

from __future__ import annotations

import numpy as np
import pytest

from socsim.inference.statistics import ClientStats, Percentiles, Spread, Statistics
from socsim.inference.types import CallFailure, Completion, Usage


def test_percentiles_agree_with_numpy_to_within_a_bucket() -> None:
    durations = np.random.default_rng(3).lognormal(-2.0, 1.0, 5000)
    spread = Spread()
    for seconds in durations:
        spread.add(float(seconds))
    found = spread.percentiles()
    for value, share in ((found.p50, 50), (found.p90, 90), (found.p99, 99)):
        assert value == pytest.approx(np.percentile(durations, share), rel=0.06)


def test_nothing_measured_is_none_and_tiny_durations_count() -> None:
    assert Spread().percentiles() == Percentiles(None, None, None)
    spread = Spread()
    spread.add(0.0)
    assert spread.percentile(0.5) == pytest.approx(1e-5, rel=0.05)


def test_figures_follow_from_the_calls() -> None:
    now = [10.0]
    statistics = Statistics(clock=lambda: now[0])
    statistics.begun()
    now[0] = 12.0
    one = Completion("a b c", usage=Usage(100, 3, 40), elapsed_s=1.0, ttft_s=0.4)
    other = Completion("d", usage=Usage(0, 1), elapsed_s=1.0)
    statistics.settled([one, other], attempts=2)
    statistics.settled([CallFailure("refused", "no")], attempts=1)
    found = statistics.snapshot(deduplicated=2, replayed=0)
    assert (found.calls, found.attempts, found.retries, found.failures) == (3, 3, 1, 1)
    assert found.failures_by_kind == (("refused", 1),)
    assert (found.elapsed_s, found.request_throughput, found.token_throughput) == (2.0, 1.0, 32.0)
    assert (found.cached_share, found.dedup_share) == (0.4, 3 / 5)
    assert found.tpot.p50 == pytest.approx(0.3, rel=0.05)
    assert found.ttft.p50 == pytest.approx(0.4, rel=0.05)
    assert found.as_dict()["failures_by_kind"] == {"refused": 1}
    assert ClientStats().cached_share == ClientStats().dedup_share == ClientStats().request_throughput == 0.0


def test_texts_that_were_drawn_together_keep_the_engine_busy_once() -> None:
    figures = Statistics(clock=lambda: 0.0)
    figures.settled([Completion("a", elapsed_s=2.0), Completion("b", elapsed_s=2.0)], 1)
    figures.settled([Completion("c", elapsed_s=0.5)], 2)
    figures.settled([CallFailure("timed_out", "late", 3)], 3)
    assert figures.snapshot().busy_s == 2.5
