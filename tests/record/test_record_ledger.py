"""Jobs at a provider and figures of processes: what was written down is there, whatever happens to the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from socsim.errors import RecordError
from socsim.inference.provider_batch import BatchLedger, OpenBatch
from socsim.record.store import RecordStore

JOB = OpenBatch("socsim-1", (("socsim-1-0", "ab" * 16, 12), ("socsim-1-1", "cd" * 16, 2**31 - 1)))

WRITES_AND_WAITS = """
import sys
from pathlib import Path
from socsim.inference.provider_batch import OpenBatch
from socsim.record.store import RecordStore

store = RecordStore.create(Path(sys.argv[1]), {})
for number in range(3):
    store.put_batch_intent(OpenBatch(f"job {number}", ((f"call {number}", "ab" * 16, number),)))
store.set_batch_id("job 1", "batch_1")
store.close_batch("job 2", "done")
store.put_telemetry("client", {"calls": 3})
sys.stdout.write("written\\n")
sys.stdout.flush()
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.sqlite"


def test_a_record_is_the_ledger_of_a_batching_engine(path: Path) -> None:
    with RecordStore.create(path, {}) as store:
        ledger: BatchLedger = store
        ledger.put_batch_intent(JOB)
        assert ledger.open_batches() == [JOB]
        ledger.set_batch_id(JOB.name, "batch_7")
        assert ledger.open_batches() == [OpenBatch(JOB.name, JOB.keys, "batch_7")]
        ledger.close_batch(JOB.name, "done")
        assert ledger.open_batches() == []


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_what_was_written_down_survives_a_kill_at_once(path: Path) -> None:
    command = [sys.executable, "-c", WRITES_AND_WAITS, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        process.send_signal(signal.SIGKILL)
    with RecordStore.open(path) as store:
        first, second = store.open_batches()
        assert (first.name, first.job_id, first.keys) == ("job 0", "", (("call 0", "ab" * 16, 0),))
        assert (second.name, second.job_id) == ("job 1", "batch_1")
        assert store.telemetry("client") == [{"calls": 3}]


def test_a_job_that_nobody_wrote_down_is_named(path: Path) -> None:
    with RecordStore.create(path, {}) as store:
        with pytest.raises(RecordError, match="no batch job 'other'"):
            store.set_batch_id("other", "batch_1")
        with pytest.raises(RecordError, match="no batch job 'other'"):
            store.close_batch("other", "done")


def test_a_job_is_written_down_once(path: Path) -> None:
    store = RecordStore.create(path, {})
    store.put_batch_intent(JOB)
    with pytest.raises(RecordError, match="UNIQUE"):
        store.put_batch_intent(JOB)


def test_a_record_that_is_only_read_takes_no_job(path: Path) -> None:
    RecordStore.create(path, {}).close()
    with RecordStore.open(path, read_only=True) as store, pytest.raises(RecordError, match="read-only"):
        store.put_batch_intent(JOB)


def test_figures_are_kept_for_every_process_the_last_ones_of_each(path: Path) -> None:
    with RecordStore.create(path, {}) as store:
        store.put_telemetry("client", {"calls": 1})
        store.put_telemetry("client", {"calls": 2})
        store.put_telemetry("other", [1.5, None])
    with RecordStore.open(path) as store:
        store.put_telemetry("client", {"calls": 5})
        assert store.telemetry("client") == [{"calls": 2}, {"calls": 5}]
        assert store.telemetry("other") == [[1.5, None]]
        assert store.telemetry("absent") == []
