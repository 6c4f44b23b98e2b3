"""A record of version 1 is read as it is, and brought up to date when it is opened for writing."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from recorded_calls import draw, event, put, reply, request

from socsim.errors import RecordError
from socsim.inference.provider_batch import OpenBatch
from socsim.inference.types import CallFailure, Completion, Usage
from socsim.record.store import RecordStore
from socsim.record.summarising import summarise

VERSION_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE texts (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, body NOT NULL);
CREATE TABLE pieces (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, template INTEGER NOT NULL, texts BLOB NOT NULL,
 ids BLOB NOT NULL);
CREATE TABLE calls (id INTEGER PRIMARY KEY, digest BLOB NOT NULL, draw TEXT NOT NULL, frame INTEGER NOT NULL,
 segments BLOB NOT NULL, failure TEXT, text, finish_reason TEXT, logprobs BLOB, candidate_ids INTEGER, token_ids BLOB,
 pieces BLOB, prompt_tokens INTEGER, completion_tokens INTEGER, cached_tokens INTEGER, elapsed_s REAL,
 attempts INTEGER NOT NULL, UNIQUE (digest, draw));
CREATE TABLE begun (digest BLOB NOT NULL, draw TEXT NOT NULL, PRIMARY KEY (digest, draw)) WITHOUT ROWID;
CREATE TABLE agents ("arm" TEXT, "replicate" INTEGER, "agent" INTEGER, "node" TEXT, "source_id" TEXT, "weight" REAL,
 "persona" , "facts" , "reference" , "model" TEXT, PRIMARY KEY (arm, replicate, agent)) WITHOUT ROWID;
CREATE TABLE ties ("arm" TEXT, "replicate" INTEGER, "author" INTEGER, "reader" INTEGER, "weight" REAL,
 PRIMARY KEY (arm, replicate, author, reader)) WITHOUT ROWID;
CREATE TABLE events ("arm" TEXT, "replicate" INTEGER, "step" INTEGER, "phase" TEXT, "agent" INTEGER, "observed" TEXT,
 "did" TEXT, "calls" , PRIMARY KEY (arm, replicate, step, phase, agent)) WITHOUT ROWID;
CREATE TABLE messages ("arm" TEXT, "replicate" INTEGER, "step" INTEGER, "phase" TEXT, "agent" INTEGER, "text" ,
 "status" TEXT, "cut_off" INTEGER, "raw" , "failure" TEXT, PRIMARY KEY (arm, replicate, step, phase, agent)) WITHOUT ROWID;
CREATE TABLE seen ("arm" TEXT, "replicate" INTEGER, "step" INTEGER, "agent" INTEGER, "position" INTEGER, "author" INTEGER,
 "author_step" INTEGER, "text" , PRIMARY KEY (arm, replicate, step, agent, position)) WITHOUT ROWID;
CREATE TABLE responses ("arm" TEXT, "replicate" INTEGER, "step" INTEGER, "phase" TEXT, "agent" INTEGER, "item" TEXT,
 "method" TEXT, "status" TEXT, "option" TEXT, "choice" INTEGER, "value" REAL, "expected" REAL, "entropy" REAL, "mass" REAL,
 "u" REAL, "probabilities" , "readings" , "failure" TEXT, "raw" ,
 PRIMARY KEY (arm, replicate, step, phase, agent, item)) WITHOUT ROWID;
"""
"""The tables of a record as version 1 made them."""

CALLS = 5


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A record of version 1 with answered calls, a failure, an event and a call without an outcome."""
    with RecordStore.create(tmp_path / "new.sqlite", {"name": "poll"}) as store:
        keys = [put(store, number) for number in range(CALLS)]
        put(store, CALLS, CallFailure("timed_out", "late", 3), 3)
        store.put_rows([event(0, *keys)])
    old = tmp_path / "record.sqlite"
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.executescript(VERSION_1)
        connection.execute("ATTACH ? AS new", (str(tmp_path / "new.sqlite"),))
        for table in ("meta", "texts", "pieces", "calls", "begun", "events"):
            columns = ", ".join(f'"{row[1]}"' for row in connection.execute(f"PRAGMA main.table_info({table})"))
            connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")
        connection.execute("UPDATE meta SET value = '1' WHERE key = 'schema_version'")
        connection.execute("INSERT INTO begun VALUES (?, ?)", (b"0" * 16, "20/9/0/say/0"))
    (tmp_path / "new.sqlite").unlink()
    return old


def version(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()[0])


def test_an_old_record_is_read_without_a_byte_of_it_changing(path: Path) -> None:
    before = path.read_bytes()
    with RecordStore.open(path, read_only=True) as store:
        found = store.get(request(1).digest(), draw(1).text())
        assert isinstance(found, Completion)
        assert (found, found.usage, found.notes, found.ttft_s) == (reply(1), Usage(20, 3, 5), (), 0.0)
        assert store.get(request(CALLS).digest(), draw(CALLS).text()) == CallFailure("timed_out", "late", 3)
        assert store.load_request(request(1).digest()) == request(1)
        assert [row.reused for row in store.calls()] == [False] * (CALLS + 1)
        assert store.totals()["attempts"] == CALLS + 3
        assert store.totals()["reused"] == 0
        assert (store.open_batches(), store.telemetry("client")) == ([], [])
        assert summarise(store).kinds == {"text": CALLS + 1}
        assert len(store.events()) == 1
    assert path.read_bytes() == before
    assert version(path) == "1"


def test_opening_it_for_writing_adds_what_is_new_and_keeps_all(path: Path) -> None:
    with RecordStore.open(path) as store:
        assert store.found_unanswered == 1
        assert store.get(request(1).digest(), draw(1).text()) == reply(1)
        put(store, 9, Completion("New.", notes=("control strings made visible",), ttft_s=0.25))
        store.put_batch_intent(OpenBatch("job", (("1", "ab", 7),)))
        store.put_telemetry("client", {"calls": 1})
    assert version(path) == "2"
    with RecordStore.open(path, read_only=True) as store:
        found = store.get(request(9).digest(), draw(9).text())
        assert isinstance(found, Completion)
        assert (found.notes, found.ttft_s) == (("control strings made visible",), 0.25)
        assert len(list(store.calls())) == CALLS + 2
        assert store.open_batches() == [OpenBatch("job", (("1", "ab", 7),))]
        assert store.telemetry("client") == [{"calls": 1}]


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_record_that_another_process_holds_is_not_migrated(path: Path, mode: str) -> None:
    holder = (
        "import sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute(f'PRAGMA journal_mode={sys.argv[2]}').fetchone()\n"
        "c.execute('BEGIN')\n"
        "c.execute('SELECT COUNT(*) FROM calls').fetchone()\n"
        "sys.stdout.write('ready\\n'); sys.stdout.flush(); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", holder, str(path), mode]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        with pytest.raises(RecordError, match=r"another process has this record open.*Close"):
            RecordStore.open(path)
        assert version(path) == "1"
        other.communicate("")
    RecordStore.open(path).close()
    assert version(path) == "2"


def test_a_migrated_record_is_a_new_one_in_every_table_and_column(path: Path, tmp_path: Path) -> None:
    RecordStore.open(path).close()
    RecordStore.create(tmp_path / "fresh.sqlite", {}).close()

    def columns(file: Path) -> dict[str, list[str]]:
        with closing(sqlite3.connect(file)) as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")] for name in names}

    assert columns(path) == columns(tmp_path / "fresh.sqlite")


def test_a_later_version_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE meta SET value = '3' WHERE key = 'schema_version'")
    for read_only in (True, False):
        with pytest.raises(RecordError, match="format version 3, this socsim reads versions 1 and 2"):
            RecordStore.open(path, read_only=read_only)
