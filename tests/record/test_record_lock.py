"""A run folder is held by one process; a dead holder does not hold."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from socsim.errors import RecordError
from socsim.record.lock import RunLock

HOLDS = """
import sys, pathlib
from socsim.record.lock import RunLock
with RunLock(pathlib.Path(sys.argv[1])):
    sys.stdout.write("held\\n"); sys.stdout.flush(); sys.stdin.read()
"""


def test_second_holder_is_refused_and_told_who_holds(tmp_path: Path) -> None:
    with (
        RunLock(tmp_path),
        pytest.raises(RecordError, match=f"process {os.getpid()} on .* is working on this run"),
        RunLock(tmp_path),
    ):
        pass


def test_folder_is_free_after_release(tmp_path: Path) -> None:
    for _ in range(2):
        with RunLock(tmp_path):
            assert (tmp_path / "run.pid").exists()
    assert not (tmp_path / "run.pid").exists()


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_lock_of_a_killed_process_does_not_block(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(RecordError, match=f"process {process.pid} on"), RunLock(tmp_path):
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    process.stdin.close()
    with RunLock(tmp_path):
        pass


def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no such folder"), RunLock(tmp_path / "file"):
        pass
