"""The one thread that writes a record: takes what is queued, in order, and commits it in batches.

A batch is committed when 64 items wait or 50 ms after its first one came. A batch is one transaction: it is there as a
whole or not at all. An error ends the thread; everyone who puts or waits from then on is told.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from socsim.errors import RecordError
from socsim.record.calls import CALL_COLUMNS, PendingCall, encode_call
from socsim.record.schema import leave_one_file
from socsim.record.segments import PartWriter

__all__ = ["BATCH", "DELAY_S", "Begin", "RecordWriter", "Rows", "SetMeta"]

BATCH = 64
"""Items that wait for a commit at most, unless the disk is slower than the engine."""
DELAY_S = 0.05
"""Longest time from queueing an item to the start of its commit, in seconds."""
_BACKLOG = 16 * BATCH
"""Where the disk is slower: whoever puts more than this waits."""


class Begin(tuple[str, str]):
    """(digest, draw) of a call that is handed to the engine now."""

    __slots__ = ()


class SetMeta(tuple[str, str]):
    """(key, value) of the record's own facts."""

    __slots__ = ()


class Rows(tuple[str, list[tuple[Any, ...]]]):
    """(insert statement, packed rows)."""

    __slots__ = ()


_Item = PendingCall | Begin | SetMeta | Sequence[Rows]
_INSERT_CALL = f"INSERT OR IGNORE INTO calls ({', '.join(CALL_COLUMNS)}) VALUES ({', '.join('?' * len(CALL_COLUMNS))})"


class RecordWriter:
    """Owns the writing connection.

    Args:
        path: the record file, for messages.
        connection: an open connection in explicit-transaction mode; closed by `close`.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._parts = PartWriter(connection)
        self._queue: deque[_Item] = deque()
        self._changed = threading.Condition()
        self._put = 0
        self._done = 0
        self._oldest = 0.0
        self._urgent = False
        self._closing = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="socsim-record", daemon=True)
        self._thread.start()

    def put(self, item: _Item) -> None:
        """Queue an item; waits only where the disk cannot follow.

        Raises:
            RecordError: an earlier item could not be written, or the record is closed.
        """
        with self._changed:
            self._changed.wait_for(lambda: len(self._queue) < _BACKLOG or self._ended())
            self._check()
            if self._closing:
                raise RecordError(f"{self._path}: the record is closed.")
            if not self._queue:
                self._oldest = time.monotonic()
            self._queue.append(item)
            self._put += 1
            if len(self._queue) in (1, BATCH):
                self._changed.notify_all()

    def flush(self) -> None:
        """Return when everything put so far is committed.

        Raises:
            RecordError: it could not be written.
        """
        with self._changed:
            target = self._put
            if self._done < target:
                self._urgent = True
                self._changed.notify_all()
            self._changed.wait_for(lambda: self._done >= target or self._ended())
            if self._done < target:
                self._check()

    def close(self) -> None:
        """Commit what waits, end the thread and close the file. Raises like `flush`; the file is closed in any case."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        if self._error is None:
            leave_one_file(self._connection)
        self._connection.close()
        if self._done < self._put:
            self._check()

    def _ended(self) -> bool:
        return self._error is not None or not self._thread.is_alive()

    def _check(self) -> None:
        if isinstance(self._error, sqlite3.Error | OSError):
            raise RecordError(
                f"{self._path}: cannot be written: {self._error}. Everything committed before is safe. Free space on this "
                f"disk, or mend it; then go on: socsim resume {self._path.parent}"
            ) from self._error
        if self._error is not None:
            raise RecordError(f"{self._path}: the record's writer failed: {self._error!r}") from self._error

    def _run(self) -> None:
        try:
            while batch := self._next_batch():
                self._commit(batch)
                with self._changed:
                    self._done += len(batch)
                    self._changed.notify_all()
        except Exception as error:  # the end of a thread: whatever it is, whoever waits must hear of it
            with self._changed:
                self._error = error
                self._changed.notify_all()

    def _next_batch(self) -> list[_Item]:
        """The next items to commit together; empty when the record is closing and nothing is left."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._queue) or self._closing)
            deadline = self._oldest + DELAY_S
            while len(self._queue) < BATCH and not self._urgent and not self._closing:
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    break
                self._changed.wait(remaining)
            self._urgent = False
            batch = list(self._queue)
            self._queue.clear()
            self._changed.notify_all()
            return batch

    def _commit(self, batch: list[_Item]) -> None:
        execute = self._connection.execute
        settled = {(item.digest, item.draw) for item in batch if isinstance(item, PendingCall)}
        execute("BEGIN IMMEDIATE")
        try:
            for item in batch:
                if not (isinstance(item, Begin) and tuple(item) in settled):
                    self._write(item)
            execute("COMMIT")
        except BaseException:
            self._parts.forget()
            if self._connection.in_transaction:
                execute("ROLLBACK")
            raise

    def _write(self, item: _Item) -> None:
        connection = self._connection
        if isinstance(item, PendingCall):
            row = encode_call(item, self._parts)
            connection.execute(_INSERT_CALL, row)
            connection.execute("DELETE FROM begun WHERE digest = ? AND draw = ?", row[:2])
        elif isinstance(item, Begin):
            connection.execute("INSERT OR IGNORE INTO begun VALUES (?, ?)", (bytes.fromhex(item[0]), item[1]))
        elif isinstance(item, SetMeta):
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", tuple(item))
        else:
            for statement, rows in item:
                connection.executemany(statement, rows)
