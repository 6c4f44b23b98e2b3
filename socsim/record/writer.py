"""The one thread that writes a record: takes what is queued, in order, and commits it in batches.

A batch is committed when 64 items wait, or 50 ms after its first item came. A batch is one transaction: it is there as a whole
or not at all. An error ends the thread; everyone who puts or waits from then on is told.

That a call begins is written down 50 ms after it was said, and never where its outcome has come by then.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from socsim.errors import RecordError
from socsim.record.calls import CALL_COLUMNS, CallKey, PendingCall, encode_call
from socsim.record.schema import leave_one_file
from socsim.record.segments import PartWriter

__all__ = ["BATCH", "DELAY_S", "RecordWriter", "Rows", "SetMeta"]

BATCH = 64
"""Items that wait for a commit at most; where the disk is slower than the engine, whoever puts more waits. So the end of the
process costs at most this number of replies, and as many that were being committed."""
DELAY_S = 0.05
"""Longest time from queueing an item to the start of its commit, in seconds."""


_TOGETHER = 32
"""Rows that one statement inserts. With each statement this thread lets the others go on, and has to wait for them afterwards."""


class SetMeta(tuple[str, str]):
    """(key, value) of the record's own facts."""

    __slots__ = ()


class Rows(tuple[str, Sequence[tuple[Any, ...]]]):
    """(insert statement, packed rows)."""

    __slots__ = ()


_Item = PendingCall | SetMeta | Sequence[Rows]
_INSERT_CALL = f"INSERT OR IGNORE INTO calls ({', '.join(CALL_COLUMNS)}) VALUES ({', '.join('?' * len(CALL_COLUMNS))})"
_SET_META = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
_INSERT_BEGUN = "INSERT OR IGNORE INTO begun VALUES (?, ?)"
_DELETE_BEGUN = "DELETE FROM begun WHERE digest = ? AND draw = ?"


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
        self._begun: set[CallKey] = set()
        """Calls that the file says have begun, and that have no outcome yet."""
        self._beginning: dict[CallKey, float] = {}
        """Calls that have begun, and when, of which the file says nothing yet; oldest first."""
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
            while len(self._queue) >= BATCH and not self._ended():
                self._changed.wait()
            self._check_open()
            if type(item) is PendingCall:
                self._beginning.pop((item.digest, item.draw), None)
            if not self._queue:
                self._oldest = time.monotonic()
            self._queue.append(item)
            self._put += 1
            if len(self._queue) in (1, BATCH):
                self._changed.notify_all()

    def begin(self, key: CallKey) -> None:
        """Note that a call is handed to the engine now. Raises like `put`."""
        with self._changed:
            self._check_open()
            self._beginning[key] = time.monotonic()
            self._put += 1
            if len(self._beginning) == 1:
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

    def _check_open(self) -> None:
        if self._closing or self._ended():
            self._check()
            raise RecordError(f"{self._path}: the record is closed.")

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
            while True:
                items, begins, done = self._next_batch()
                if not items and not begins:
                    if self._closing:
                        return
                    continue  # somebody wanted to flush what was being committed just then
                self._commit(items, begins)
                with self._changed:
                    self._done = done
                    self._changed.notify_all()
        except Exception as error:  # the end of a thread: whatever it is, whoever waits must hear of it
            with self._changed:
                self._error = error
                self._changed.notify_all()

    def _next_batch(self) -> tuple[list[_Item], list[CallKey], int]:
        """What to commit next, and how much of all that was put is done then; nothing when the record is closing and all is."""
        with self._changed:
            while not (self._urgent or self._closing or len(self._queue) >= BATCH):
                since = [self._oldest] if self._queue else []
                since += [next(iter(self._beginning.values()))] if self._beginning else []
                left = min(since) + DELAY_S - time.monotonic() if since else None
                if left is not None and left <= 0.0:
                    break
                self._changed.wait(left)
            begins = self._begins(time.monotonic(), everything=self._urgent or self._closing)
            items = list(self._queue)
            self._queue.clear()
            self._urgent = False
            self._changed.notify_all()
            return items, begins, self._put - len(self._beginning)

    def _begins(self, now: float, *, everything: bool) -> list[CallKey]:
        keys = []
        for key, since in self._beginning.items():
            if not everything and now - since < DELAY_S:
                break
            keys.append(key)
        for key in keys:
            del self._beginning[key]
        return keys

    def _commit(self, items: list[_Item], begins: list[CallKey]) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            self._write_calls([item for item in items if type(item) is PendingCall])
            if begins:
                self._connection.executemany(_INSERT_BEGUN, map(_stored, begins))
            self._write_rows([item for item in items if not isinstance(item, PendingCall)])
            execute("COMMIT")
        except BaseException:
            self._parts.forget()
            if self._connection.in_transaction:
                execute("ROLLBACK")
            raise
        self._begun.update(begins)

    def _write_calls(self, calls: list[PendingCall]) -> None:
        """A call that has its outcome is no longer one that has begun."""
        if not calls:
            return
        self._insert(_INSERT_CALL, [encode_call(call, self._parts) for call in calls])
        settled = self._begun.intersection([(call.digest, call.draw) for call in calls]) if self._begun else ()
        if settled:
            self._connection.executemany(_DELETE_BEGUN, map(_stored, settled))
            self._begun.difference_update(settled)

    def _insert(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        whole = len(rows) - len(rows) % _TOGETHER
        for begin in range(0, whole, _TOGETHER):
            self._connection.execute(_several(statement), list(chain.from_iterable(rows[begin : begin + _TOGETHER])))
        self._connection.executemany(statement, rows[whole:])

    def _write_rows(self, items: Sequence[SetMeta | Sequence[Rows]]) -> None:
        """Rows of equal statements go together, at the place of the first."""
        together: dict[str, list[tuple[Any, ...]]] = {}
        for item in items:
            parts: Sequence[tuple[str, Sequence[Any]]] = [(_SET_META, [tuple(item)])] if isinstance(item, SetMeta) else item
            for statement, rows in parts:
                together.setdefault(statement, []).extend(rows)
        for statement, rows in together.items():
            self._insert(statement, rows)


@cache
def _several(statement: str) -> str:
    """The statement that inserts as many rows as go together."""
    head, values, marks = statement.partition("VALUES ")
    return head + values + ", ".join([marks] * _TOGETHER)


def _stored(key: CallKey) -> tuple[bytes, str]:
    return bytes.fromhex(key[0]), key[1]
