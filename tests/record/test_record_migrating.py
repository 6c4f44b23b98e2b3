"""A record of version 1 or 2 is read as it is, and brought up to date when it is opened for writing."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from recorded_calls import draw, event, put, reply, request

from socsim.errors import RecordError
from socsim.events import ActionRow, EventRow, MessageRow, ResponseRow, SeenRow
from socsim.inference.provider_batch import OpenBatch
from socsim.inference.types import CallFailure, Completion, Usage
from socsim.record.checking import check_record
from socsim.record.rows import ROW_TABLES
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

VERSION_2 = (
    VERSION_1.replace(
        " attempts INTEGER NOT NULL, UNIQUE",
        " attempts INTEGER NOT NULL, notes TEXT, ttft_s REAL, reused INTEGER NOT NULL DEFAULT 0, UNIQUE",
    )
    + """
CREATE TABLE batches (name TEXT PRIMARY KEY, created TEXT NOT NULL, endpoint TEXT NOT NULL, calls BLOB NOT NULL, job_id TEXT,
 status TEXT NOT NULL);
CREATE TABLE telemetry (name TEXT NOT NULL, process TEXT NOT NULL, at TEXT NOT NULL, value TEXT NOT NULL,
 PRIMARY KEY (name, process));
"""
)
"""The tables of a record as version 2 made them."""

CALLS = 5
WHERE = ("a", 0, 0, "talk")
ROWS = {
    "messages": [MessageRow(*WHERE, agent, "Hi", "ok", False, '"Hi') for agent in (0, 1)],
    "seen": [SeenRow("a", 0, 0, 0, position, 1, -1, "Hé") for position in (0, 1)],
    "responses": [ResponseRow(*WHERE, 0, "x", "logprob", "answered", "agree", 1, 2.0, probabilities=(0.25, 0.75))],
}
"""Rows that came with the event."""
OLD_TABLES = {"1": VERSION_1, "2": VERSION_2}
COPIED = {
    "1": ("meta", "texts", "pieces", "calls", "begun", "events", *ROWS),
    "2": ("meta", "texts", "pieces", "calls", "begun", "batches", "telemetry", "events", *ROWS),
}


@pytest.fixture(params=["1", "2"])
def old(request: pytest.FixtureRequest) -> str:
    """The version of the record."""
    return str(request.param)


@pytest.fixture
def path(tmp_path: Path, old: str) -> Path:
    """An old record with answered calls, a failure, an event with what came of it, and a call without an outcome."""
    with RecordStore.create(tmp_path / "new.sqlite", {"name": "poll"}) as store:
        keys = [put(store, number) for number in range(CALLS)]
        put(store, CALLS, CallFailure("timed_out", "late", 3), 3)
        store.put_rows([event(0, *keys), *(row for rows in ROWS.values() for row in rows)])
        store.put_telemetry("client", {"calls": 6})
    path = tmp_path / "record.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(OLD_TABLES[old])
        connection.execute("ATTACH ? AS new", (str(tmp_path / "new.sqlite"),))
        for table in COPIED[old]:
            columns = ", ".join(f'"{row[1]}"' for row in connection.execute(f"PRAGMA main.table_info({table})"))
            connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")
        connection.execute("UPDATE meta SET value = ? WHERE key = 'schema_version'", (old,))
        connection.execute("INSERT INTO begun VALUES (?, ?)", (b"0" * 16, "20/9/0/say/0"))
    (tmp_path / "new.sqlite").unlink()
    return path


def version(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()[0])


def test_an_old_record_is_read_without_a_byte_of_it_changing(path: Path, old: str) -> None:
    before = path.read_bytes()
    ttft_s = {"1": 0.0, "2": 0.1}[old]
    with RecordStore.open(path, read_only=True) as store:
        found = store.get(request(1).digest(), draw(1).text())
        assert isinstance(found, Completion)
        assert (found, found.usage, found.notes, found.ttft_s) == (reply(1), Usage(20, 3, 5), (), ttft_s)
        assert store.get(request(CALLS).digest(), draw(CALLS).text()) == CallFailure("timed_out", "late", 3)
        assert store.load_request(request(1).digest()) == request(1)
        assert [row.reused for row in store.calls()] == [False] * (CALLS + 1)
        assert store.totals()["attempts"] == CALLS + 3
        assert store.totals()["reused"] == 0
        assert (store.open_batches(), store.telemetry("client")) == ([], [] if old == "1" else [{"calls": 6}])
        assert summarise(store).kinds == {"text": CALLS + 1}
    assert path.read_bytes() == before
    assert version(path) == old


def check_rows(store: RecordStore) -> None:
    """The rows of the old record, each of turn 0, and nothing in tables that it did not have."""
    (acted,) = store.events()
    assert (acted.turn, len(acted.calls)) == (0, CALLS)
    assert {name: store.rows(name) for name in ROWS} == ROWS
    assert all(row.turn == 0 for rows in ROWS.values() for row in rows)
    later = [table.name for table in ROW_TABLES if table.name not in ("events", *ROWS)]
    assert "actions" in later
    assert {name: store.rows(name) for name in later} == {name: [] for name in later}
    key = (*WHERE, 0, 0)
    assert list(store.each_event()) == [store.event(key)] == [acted]
    assert store.event((*WHERE, 0, 1)) is None
    assert store.rows_of("responses", key) == ROWS["responses"]
    assert store.rows_of("actions", key) == []
    store.verify_rows([acted, *ROWS["seen"]])


def test_rows_of_an_old_record_are_those_of_the_only_turn(path: Path) -> None:
    with RecordStore.open(path, read_only=True) as store:
        check_rows(store)
        assert check_record(store) == []
    RecordStore.open(path).close()
    with RecordStore.open(path, read_only=True) as store:
        check_rows(store)
        assert check_record(store) == []


def test_further_turns_stand_beside_what_was_migrated(path: Path) -> None:
    second = [
        EventRow(*WHERE, 0, "saw more", "did", (), 1),
        MessageRow(*WHERE, 0, "Again", "ok", False, "Again", turn=1),
        SeenRow("a", 0, 0, 0, 0, -1, 0, "Rain", 1, "news"),
        ActionRow(*WHERE, 0, 1, 0, "nothing"),
    ]
    with RecordStore.open(path) as store:
        store.put_rows(second)
    with RecordStore.open(path, read_only=True) as store:
        assert [one.turn for one in store.each_event()] == [0, 1]
        assert store.event((*WHERE, 0, 1)) == second[0]
        assert [row.text for row in store.rows("messages")] == ["Hi", "Again", "Hi"]
        assert [(row.turn, row.position, row.kind) for row in store.rows("seen")] == [(0, 0, ""), (0, 1, ""), (1, 0, "news")]
        assert store.rows("actions") == second[3:]


def test_a_migration_that_fails_leaves_the_record_as_it_was(path: Path, old: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE old_responses (x)")  # in the way of the last table that is made anew
    before = path.read_bytes()
    with pytest.raises(RecordError, match=r"cannot be opened.*old_responses"):
        RecordStore.open(path)
    assert version(path) == old
    assert path.read_bytes() == before
    with RecordStore.open(path, read_only=True) as store:
        check_rows(store)


def test_opening_it_for_writing_adds_what_is_new_and_keeps_all(path: Path, old: str) -> None:
    with RecordStore.open(path) as store:
        assert store.found_unanswered == 1
        assert store.get(request(1).digest(), draw(1).text()) == reply(1)
        put(store, 9, Completion("New.", notes=("control strings made visible",), ttft_s=0.25))
        store.put_batch_intent(OpenBatch("job", (("1", "ab", 7),)))
        store.put_telemetry("client", {"calls": 1})
    assert version(path) == "3"
    with RecordStore.open(path, read_only=True) as store:
        found = store.get(request(9).digest(), draw(9).text())
        assert isinstance(found, Completion)
        assert (found.notes, found.ttft_s) == (("control strings made visible",), 0.25)
        assert len(list(store.calls())) == CALLS + 2
        assert store.open_batches() == [OpenBatch("job", (("1", "ab", 7),))]
        assert store.telemetry("client") == [*([] if old == "1" else [{"calls": 6}]), {"calls": 1}]


@pytest.mark.parametrize(("old", "mode"), [("1", "wal"), ("2", "delete")], indirect=["old"])
def test_a_record_that_another_process_holds_is_not_migrated(path: Path, old: str, mode: str) -> None:
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
        assert version(path) == old
        other.communicate("")
    RecordStore.open(path).close()
    assert version(path) == "3"


def test_a_migrated_record_is_a_new_one_in_every_table_and_column(path: Path, tmp_path: Path) -> None:
    RecordStore.open(path).close()
    RecordStore.create(tmp_path / "fresh.sqlite", {}).close()

    def columns(file: Path) -> dict[str, list[tuple[object, ...]]]:
        """Of each table: number, name, type, whether it may be NULL, default and place in the key of every column."""
        with closing(sqlite3.connect(file)) as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: connection.execute(f"PRAGMA table_info({name})").fetchall() for name in names}

    assert columns(path) == columns(tmp_path / "fresh.sqlite")


def test_a_later_version_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE meta SET value = '4' WHERE key = 'schema_version'")
    for read_only in (True, False):
        with pytest.raises(RecordError, match="format version 4, this socsim reads versions 1, 2, 3"):
            RecordStore.open(path, read_only=read_only)
