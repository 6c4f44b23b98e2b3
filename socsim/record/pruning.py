"""Making a record smaller: calls that no event refers to go, token ids of prompts on demand, and then the free space.

What is left replays as before. Only for the record of a run that has ended: before that, a call without an event is a reply
that was paid for and is still needed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import orjson

from socsim.errors import RecordError
from socsim.record.packing import unpack_refs, unpack_text
from socsim.record.schema import connect_writer, leave_one_file

__all__ = ["Pruned", "prune_record", "record_bytes"]

_ROLES = 3


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed from a record."""

    calls: int
    texts: int
    pieces: int
    bytes_before: int
    bytes_after: int


def record_bytes(path: Path) -> int:
    """Bytes of a record with its write-ahead log."""
    return sum(part.stat().st_size for part in (path, path.with_name(path.name + "-wal")) if part.is_file())


def prune_record(path: Path, *, pieces: bool = False) -> Pruned:
    """Remove what no event refers to.

    Args:
        path: the record file; nobody else may have it open.
        pieces: also remove the token ids of prompts. Their texts stay.

    Raises:
        RecordError: the record cannot be read or written; it is as it was.
    """
    before = record_bytes(path)
    with closing(connect_writer(path)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
            removed = _remove(connection, pieces=pieces)
            connection.execute("COMMIT")
            connection.execute("VACUUM")
        except sqlite3.Error as error:
            raise RecordError(f"{path}: cannot be pruned: {error}. Check free space, and that nothing else reads it.") from error
        leave_one_file(connection)
    return Pruned(*removed, before, record_bytes(path))


def _remove(connection: sqlite3.Connection, *, pieces: bool) -> tuple[int, int, int]:
    """Numbers of removed calls, texts and pieces."""
    execute = connection.execute
    execute("CREATE TEMP TABLE kept (digest BLOB, draw TEXT, PRIMARY KEY (digest, draw)) WITHOUT ROWID")
    connection.executemany("INSERT OR IGNORE INTO kept VALUES (?, ?)", _referred(connection))
    calls = execute("DELETE FROM calls WHERE (digest, draw) NOT IN (SELECT digest, draw FROM kept)").rowcount
    execute("DROP TABLE kept")
    if pieces:
        execute("UPDATE calls SET pieces = x'' WHERE pieces IS NOT NULL")
    used = (ref for (stored,) in execute("SELECT pieces FROM calls WHERE pieces IS NOT NULL") for ref in unpack_refs(stored))
    gone_pieces = _keep(connection, "pieces", used)
    return calls, _keep(connection, "texts", _texts(connection)), gone_pieces


def _referred(connection: sqlite3.Connection) -> Iterator[tuple[bytes, str]]:
    for (stored,) in connection.execute("SELECT calls FROM events"):
        for _, digest, draw in orjson.loads(unpack_text(stored)):
            yield bytes.fromhex(digest), draw


def _texts(connection: sqlite3.Connection) -> Iterator[int]:
    for frame, segments, candidate_ids in connection.execute("SELECT frame, segments, candidate_ids FROM calls"):
        yield frame
        yield from (ref // _ROLES for ref in unpack_refs(segments))
        if candidate_ids is not None:
            yield candidate_ids
    for (texts,) in connection.execute("SELECT texts FROM pieces"):
        yield from unpack_refs(texts)


def _keep(connection: sqlite3.Connection, table: str, numbers: Iterable[int]) -> int:
    """Delete all rows of a table but those with these numbers; how many went."""
    kept = set(numbers)
    gone = [(number,) for (number,) in connection.execute(f"SELECT id FROM {table}") if number not in kept]
    connection.executemany(f"DELETE FROM {table} WHERE id = ?", gone)
    return len(gone)
