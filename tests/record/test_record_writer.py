"""Kills and full disks: what was acknowledged stays, what was not disappears whole, and nobody waits forever."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from socsim.errors import RecordError
from socsim.events import TieRow
from socsim.inference.types import Completion, DrawKey, Request, SamplingParams, Segment
from socsim.record.store import RecordStore
from socsim.record.writer import BATCH

WRITES_FOREVER = """
import itertools, sys
from pathlib import Path
from socsim.events import EventRow
from socsim.inference.types import Completion, DrawKey, Request, SamplingParams, Segment
from socsim.record.store import RecordStore

path, start = Path(sys.argv[1]), int(sys.argv[2])
store = RecordStore.open(path) if path.exists() else RecordStore.create(path, {})
for number in itertools.count(start):
    request = Request("text", (Segment("user", f"question {number % 7}"),), sampling=SamplingParams())
    draw = DrawKey(1, number, 0, "say")
    store.begin_call(request.digest(), draw)
    store.put_call(request, request.digest(), draw, Completion(f"reply {number}"), 1)
    store.put_rows([EventRow("a", 0, 0, "p", number, "o", "d", (("say", request.digest(), draw.text()),))])
    if number % 10 == 9:
        store.flush()
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()
"""


def killed_at_random(path: Path, start: int, rng: random.Random) -> int:
    """Run the writer until it has acknowledged a random number of calls, kill it there; the last acknowledged number."""
    process = subprocess.Popen([sys.executable, "-c", WRITES_FOREVER, str(path), str(start)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(rng.randrange(1, 12))]
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().splitlines()
    process.wait()
    process.stdout.close()
    return int([*lines, *rest][-1]) if rest and rest[-1].isdigit() else int(lines[-1])


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_twenty_kills_lose_nothing_acknowledged(tmp_path: Path) -> None:
    path, rng, done = tmp_path / "record.sqlite", random.Random(5), 0
    for _ in range(20):
        acknowledged = killed_at_random(path, done, rng)
        with RecordStore.open(path, read_only=True) as store:
            texts = {row.text for row in store.calls()}
            assert {f"reply {number}" for number in range(acknowledged + 1)} <= texts
            events = store.events()
            assert [event.agent for event in events] == list(range(len(events)))
            assert all(store.get(digest, draw) is not None for event in events for _, digest, draw in event.calls)
        done = acknowledged + 1
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def request(number: int, size: int = 2000) -> Request:
    text = random.Random(number).randbytes(size).hex()
    return Request("text", (Segment("user", text),), sampling=SamplingParams())


def put(store: RecordStore, number: int) -> None:
    asked = request(number)
    store.put_call(asked, asked.digest(), DrawKey(1, number, 0, "say"), Completion(str(number)), 1)


def check_everyone_is_told(store: RecordStore) -> None:
    with pytest.raises(RecordError, match=r"cannot be written.*full.*Free space"):
        put(store, 99_999)
    with pytest.raises(RecordError, match="cannot be written"):
        store.close()


def acknowledged_until_full(store: RecordStore) -> int:
    """Put and flush until it fails; the number of acknowledged calls."""
    count = 0
    with contextlib.suppress(RecordError):
        while count < 10_000:
            put(store, count)
            store.flush()
            count += 1
    return count


def check_resume(path: Path, count: int) -> None:
    with RecordStore.open(path) as again:
        assert {row.text for row in again.calls()} == {str(number) for number in range(count)}
        put(again, count)
    with RecordStore.open(path, read_only=True) as again:
        assert str(count) in {row.text for row in again.calls()}


def test_full_file_is_told_and_can_be_resumed(tmp_path: Path) -> None:
    store = RecordStore.create(tmp_path / "record.sqlite", {})
    store._writer._connection.execute("PRAGMA max_page_count = 60")  # type: ignore[union-attr]
    count = acknowledged_until_full(store)
    assert count > 5
    check_everyone_is_told(store)
    check_resume(store.path, count)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk is not allowed here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def test_full_disk_is_told_and_can_be_resumed(small_disk: Path) -> None:
    store = RecordStore.create(small_disk / "record.sqlite", {})
    count = acknowledged_until_full(store)
    assert count > 5
    check_everyone_is_told(store)
    with RecordStore.open(store.path, read_only=True) as full:
        assert len(list(full.calls())) == count
    remount(small_disk, "size=8m")
    check_resume(store.path, count)


def test_record_on_a_read_only_disk_can_be_read(small_disk: Path) -> None:
    store = RecordStore.create(small_disk / "record.sqlite", {})
    put(store, 1)
    store.close()
    remount(small_disk, "ro")
    with RecordStore.open(store.path, read_only=True) as again:
        assert [row.text for row in again.calls()] == ["1"]


def test_a_batch_is_committed_without_flush(tmp_path: Path) -> None:
    """Another connection sees calls soon after they were put, although nobody asks for it."""
    with RecordStore.create(tmp_path / "record.sqlite", {}) as store, RecordStore.open(store.path, read_only=True) as reader:
        for number in range(BATCH + 1):
            put(store, number)
        waited = threading.Event()
        while len(list(reader.calls())) <= BATCH:
            assert not waited.wait(0.005)


def test_rows_put_together_are_there_together_or_not_at_all(tmp_path: Path) -> None:
    store = RecordStore.create(tmp_path / "record.sqlite", {})
    good, bad = TieRow("a", 0, 0, 1, 1.0), TieRow("a", 0, 2**70, 2, 1.0)
    store.put_rows([good, bad])
    with pytest.raises(RecordError, match="writer failed"):
        store.flush()
    with pytest.raises(RecordError, match="writer failed"):
        store.close()
    with RecordStore.open(tmp_path / "record.sqlite") as again:
        assert again.rows("ties") == []


def test_many_threads_may_put(tmp_path: Path) -> None:
    with RecordStore.create(tmp_path / "record.sqlite", {}) as store:
        threads = [threading.Thread(target=lambda k=k: [put(store, k * 100 + n) for n in range(50)]) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        store.flush()
        assert len(list(store.calls())) == 200


@pytest.mark.parametrize("count", [1, 31, 32, 33, 100])
def test_rows_of_any_number_are_written_once_each(tmp_path: Path, count: int) -> None:
    rows = [TieRow("a", 0, author, 1, 1.0) for author in range(count)]
    with RecordStore.create(tmp_path / "record.sqlite", {}) as store:
        store.put_rows([*rows, rows[0]])
        store.put_rows([TieRow("a", 0, 0, 1, 2.0), TieRow("a", 0, count, 1, 1.0)])
        assert store.rows("ties") == [*rows, TieRow("a", 0, count, 1, 1.0)]
