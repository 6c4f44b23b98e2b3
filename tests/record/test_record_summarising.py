"""Figures of a record against what was put in."""

from __future__ import annotations

from pathlib import Path

import pytest
from recorded_calls import event, put

from socsim.inference.provider_batch import OpenBatch
from socsim.inference.types import CallFailure, Completion, Request, Segment, Usage
from socsim.record.calls import PendingCall
from socsim.record.store import RecordStore
from socsim.record.summarising import CLIENT_TELEMETRY, Latency, percentile, summarise


def test_an_empty_record_has_no_shares_and_no_latencies(tmp_path: Path) -> None:
    with RecordStore.create(tmp_path / "record.sqlite", {}) as store:
        found = summarise(store)
    assert (found.kinds, found.failures, found.notes, found.events) == ({}, {}, {}, 0)
    assert (found.e2el, found.ttft, found.cached_share, found.dedup_share) == (None, None, None, None)


def test_calls_failures_notes_latencies_and_shares_are_counted(tmp_path: Path) -> None:
    score = Request("score", (Segment("user", "Agree? "),), candidates=("a",))
    with RecordStore.create(tmp_path / "record.sqlite", {}) as store:
        for number in range(100):
            notes = ("escaped", "no prefill") if number < 3 else ("escaped",) if number < 5 else ()
            put(store, number, Completion("x", usage=Usage(10, 2, 4), elapsed_s=float(number + 1), notes=notes))
        store.put_call(score, score.digest(), None, Completion("", "scored", (-1.0,), elapsed_s=1000.0, ttft_s=0.5), 1)
        for number, kind in enumerate(("timed_out", "timed_out", "refused")):
            put(store, 200 + number, CallFailure(kind, "why", 3), 3)  # type: ignore[arg-type]
        taken = next(store.whole_calls())
        store.put_pending(
            PendingCall(taken.request, "ff" * 16, "", Completion("y", usage=Usage(7, 7, 7), elapsed_s=5000.0), 1, True)
        )
        store.put_rows([event(0)])
        store.put_batch_intent(OpenBatch("job", ()))
        store.put_telemetry(CLIENT_TELEMETRY, {"calls": 60, "deduplicated": 40, "sampled_together": 10})
        found = summarise(store)
    assert found.kinds == {"score": 1, "text": 104}
    assert found.failures == {"refused": 1, "timed_out": 2}
    assert found.notes == {"escaped": 5, "no prefill": 3}
    assert found.e2el == Latency(101, 51.0, 91.0, 100.0)
    assert found.ttft == Latency(1, 0.5, 0.5, 0.5)
    assert found.cached_share == pytest.approx(0.4)
    assert found.dedup_share == pytest.approx(0.5)
    assert (found.totals["calls"], found.totals["reused"], found.totals["attempts"]) == (105, 1, 110)
    assert (found.events, found.open_batches) == (1, 1)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1.0), (0.25, 1.0), (0.26, 2.0), (0.5, 2.0), (0.99, 4.0), (1.0, 4.0)])
def test_a_percentile_is_one_of_the_numbers(share: float, expected: float) -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], share) == expected
