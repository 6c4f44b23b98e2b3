"""The tables of a record file, its version, and how it is opened.

Durability: write-ahead log with ``synchronous=FULL``. What a commit has acknowledged survives the end of the process
(``kill -9``) and, on a disk that honours fsync, a loss of power; an interrupted commit disappears as a whole.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from socsim.errors import RecordError
from socsim.record.rows import ROW_TABLES, RowTable

__all__ = ["SCHEMA_VERSION", "connect_reader", "connect_writer", "create_file", "leave_one_file", "version_of"]

SCHEMA_VERSION = "3"
"""Changes with every change of the tables."""

_READABLE = ("1", "2", SCHEMA_VERSION)
"""Versions that are read as they are, and migrated when they are opened for writing. Others are refused, never half-read."""

_CACHE_KIB = 64 * 1024
_CHECKPOINT_PAGES = 4096
_ADDED = ("notes TEXT", "ttft_s REAL", "reused INTEGER NOT NULL DEFAULT 0")
"""Columns of calls since version 2."""
_NEW_TABLES = (
    "CREATE TABLE batches (name TEXT PRIMARY KEY, created TEXT NOT NULL, endpoint TEXT NOT NULL, calls BLOB NOT NULL,"
    " job_id TEXT, status TEXT NOT NULL)",
    "CREATE TABLE telemetry (name TEXT NOT NULL, process TEXT NOT NULL, at TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY (name, process))",
)
"""Tables since version 2."""
_SINCE_3 = {"turn": "0", "kind": "''"}
"""Columns of rows since version 3, and what older rows say in them."""
_CHANGED = ("events", "messages", "seen", "responses")
"""Tables that have got some of them; all other tables of rows but the first two are new in version 3."""
_OLDEST = ("agents", "ties")

_CONTENT = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE texts (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, body NOT NULL)",
    "CREATE TABLE pieces (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, template INTEGER NOT NULL,"
    " texts BLOB NOT NULL, ids BLOB NOT NULL)",
    "CREATE TABLE calls (id INTEGER PRIMARY KEY, digest BLOB NOT NULL, draw TEXT NOT NULL, frame INTEGER NOT NULL,"
    " segments BLOB NOT NULL, failure TEXT, text, finish_reason TEXT, logprobs BLOB, candidate_ids INTEGER,"
    " token_ids BLOB, pieces BLOB, prompt_tokens INTEGER, completion_tokens INTEGER, cached_tokens INTEGER,"
    f" elapsed_s REAL, attempts INTEGER NOT NULL, {', '.join(_ADDED)}, UNIQUE (digest, draw))",
    "CREATE TABLE begun (digest BLOB NOT NULL, draw TEXT NOT NULL, PRIMARY KEY (digest, draw)) WITHOUT ROWID",
    *_NEW_TABLES,
)


def create_file(path: Path, meta: Mapping[str, str]) -> None:
    """Make an empty record.

    Raises:
        RecordError: the file exists, or its folder cannot be written to.
    """
    if path.exists():
        raise RecordError(f"{path}: a record is already there. Resume that run, or choose another folder.")
    connection = connect_writer(path, check=False)
    try:
        with connection:
            connection.execute("BEGIN")
            for statement in (*_CONTENT, *(table.create_sql() for table in ROW_TABLES)):
                connection.execute(statement)
            rows = {**meta, "schema_version": SCHEMA_VERSION}
            connection.executemany("INSERT INTO meta VALUES (?, ?)", rows.items())
    except sqlite3.Error as error:
        raise RecordError(f"{path}: cannot be created: {error}. Check the folder's permissions and free space.") from error
    finally:
        connection.close()


def connect_writer(path: Path, *, check: bool = True) -> sqlite3.Connection:
    """A connection that may write, in write-ahead mode, with explicit transactions. An older record is migrated.

    Raises:
        RecordError: the file cannot be opened, is no record, has another version, or write-ahead mode is not to be had.
    """
    if check and not path.is_file():
        raise RecordError(f"{path}: there is no record here. Is this a run folder?")
    if check:
        _migrate(path)
    with _closed_on_error(path, path.absolute().as_uri()) as connection:
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        if mode != "wal":
            raise RecordError(f"{path}: this file system has no write-ahead mode ({mode}). Choose a folder on a local disk.")
        return connection


def leave_one_file(connection: sqlite3.Connection) -> None:
    """Before closing: move everything into the one file and end write-ahead mode, which readers would else keep beside it.

    Where somebody is reading just now, the mode stays; the record is as whole, and the next writer's end tidies up.
    """
    with contextlib.suppress(sqlite3.Error):
        connection.execute("PRAGMA busy_timeout=0")
        connection.execute("PRAGMA journal_mode=DELETE")


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that reads only, also while a run is writing, and also from a read-only medium.

    Raises:
        RecordError: the file is absent, no record, or of another version.
    """
    if not path.is_file():
        raise RecordError(f"{path}: there is no record here. Is this a run folder?")
    unchanging = not path.with_name(path.name + "-wal").exists() and not os.access(path.parent, os.W_OK)
    mode = "?mode=ro&immutable=1" if unchanging else "?mode=ro"
    with _closed_on_error(path, path.absolute().as_uri() + mode) as connection:
        if _check_version(connection, path) != SCHEMA_VERSION:
            _show_as_new(connection)
        return connection


def _show_as_new(connection: sqlite3.Connection) -> None:
    """Let an older record look like one of the present version, for this connection alone."""
    for table in ROW_TABLES:
        if table.name in _CHANGED:
            connection.execute(f"CREATE TEMP VIEW {table.name} AS SELECT {_old_columns(table)} FROM main.{table.name}")
        elif table.name not in _OLDEST:
            connection.execute(table.create_sql(temporary=True))


def _old_columns(table: RowTable) -> str:
    """The columns of a table, where those that an older one lacks have a fixed value."""
    return ", ".join(f'{_SINCE_3[name]} AS "{name}"' if name in _SINCE_3 else f'"{name}"' for name in table.columns)


def version_of(connection: sqlite3.Connection) -> str:
    """The schema version of an open record."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
    return str(row[0]) if row else "none"


def _migrate(path: Path) -> None:
    """Bring an older record to the present version, in one transaction; nothing is lost.

    Raises:
        RecordError: another process has the record open, or it has a version that cannot be migrated.
    """
    with _closed_on_error(path, path.absolute().as_uri()) as connection:
        found = _check_version(connection, path)
        connection.close()
    if found == SCHEMA_VERSION:
        return
    with _closed_on_error(path, path.absolute().as_uri()) as connection:
        _hold_alone(connection, path)
        if found == "1":
            for column in _ADDED:
                connection.execute(f"ALTER TABLE calls ADD COLUMN {column}")
            for statement in _NEW_TABLES:
                connection.execute(statement)
        _rebuild_rows(connection)
        connection.execute("UPDATE meta SET value = ? WHERE key = 'schema_version'", (SCHEMA_VERSION,))
        connection.execute("COMMIT")
        connection.close()


def _rebuild_rows(connection: sqlite3.Connection) -> None:
    """The tables of rows as they are since version 3: their keys hold the turn, so they are made anew and filled."""
    for table in ROW_TABLES:
        if table.name in _OLDEST:
            continue
        if table.name not in _CHANGED:
            connection.execute(table.create_sql())
            continue
        connection.execute(f"ALTER TABLE {table.name} RENAME TO old_{table.name}")
        connection.execute(table.create_sql())
        connection.execute(f"INSERT INTO {table.name} SELECT {_old_columns(table)} FROM old_{table.name}")
        connection.execute(f"DROP TABLE old_{table.name}")


def _hold_alone(connection: sqlite3.Connection, path: Path) -> None:
    """Begin a transaction of a connection that is the only one to the file, as readers of the old version would be misled."""
    connection.execute("PRAGMA busy_timeout=2000")
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        raise RecordError(
            f"{path}: another process has this record open, and its format must be brought up to date ({error}). "
            "Close the other process (a run, a notebook), then try again."
        ) from error


@contextmanager
def _closed_on_error(path: Path, uri: str) -> Iterator[sqlite3.Connection]:
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(uri, uri=True, timeout=30.0, isolation_level=None, check_same_thread=False)
        yield connection
    except (sqlite3.Error, RecordError) as error:
        if connection is not None:
            connection.close()
        if isinstance(error, RecordError):
            raise
        advice = "Check permissions and free space; the file may also be damaged, or no record."
        raise RecordError(f"{path}: cannot be opened: {error}. {advice}") from error


def _check_version(connection: sqlite3.Connection, path: Path) -> str:
    """The version of a record that can be read."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "meta" not in tables:
        raise RecordError(f"{path}: this is not a socsim record.")
    found = version_of(connection)
    if found not in _READABLE:
        raise RecordError(
            f"{path}: the record has format version {found}, this socsim reads versions {', '.join(_READABLE)}. "
            "Use the socsim version that manifest.json beside it names."
        )
    return found
