"""The record store: every model call and every result of a run, in one file that outlives the process.

Completions are kept exactly; prompts as references to parts that are stored once. It knows nothing of agents or of what
the rows mean.

Durability: a call or row counts once committed, at the latest 50 ms or 64 items after it was put (`flush` waits for it).
Committed items survive the end of the process and a loss of power. Items keep their order, so a row is never there
without the calls that were put before it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from socsim.errors import RecordError, ReplayMismatch
from socsim.events import EventRow
from socsim.inference.types import CallFailure, DrawKey, Request, TokenPiece
from socsim.record.calls import (
    CALL_COLUMNS,
    CallRow,
    Outcome,
    PendingCall,
    decode_outcome,
    decode_request,
)
from socsim.record.rows import EventKey, Row, event_key, table_named, table_of
from socsim.record.schema import connect_reader, connect_writer, create_file
from socsim.record.segments import PartReader
from socsim.record.writer import Begin, RecordWriter, Rows, SetMeta

__all__ = ["RecordStore"]

_SELECT_CALLS = f"SELECT {', '.join(CALL_COLUMNS)} FROM calls"
_BILLED = "possibly_billed_twice"
CallKey = tuple[str, str]


class RecordStore:
    """An open record; make one with `create` or `open`, and `close` it.

    Example:
        >>> import tempfile, pathlib
        >>> with RecordStore.create(pathlib.Path(tempfile.mkdtemp()) / "record.sqlite", {"name": "poll"}) as record:
        ...     record.meta("name")
        'poll'
    """

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self._lock = threading.RLock()
        self._closed = False
        self._found_unanswered = 0
        self._calls: dict[CallKey, Outcome | tuple[Any, ...]] | None = None
        self._events: dict[EventKey, tuple[str, str]] | None = None
        writing = None if read_only else connect_writer(path)
        self._reader = connect_reader(path)
        self._parts = PartReader(self._reader)
        self._writer = None if writing is None else RecordWriter(path, writing)
        self._meta: dict[str, str] = dict(self._rows("SELECT key, value FROM meta"))

    @classmethod
    def create(cls, path: Path, meta: Mapping[str, str]) -> RecordStore:
        """Make a new record and open it for writing.

        Raises:
            RecordError: there is one already, or it cannot be made.
        """
        create_file(path, meta)
        return cls(path, read_only=False)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> RecordStore:
        """Open a record.

        Opening it for writing counts the calls that an earlier process had handed to the engine and that got no
        outcome (see `possibly_billed_twice`). Read-only access works while another process writes.

        Raises:
            RecordError: no record, damaged, or of another version.
        """
        store = cls(path, read_only=read_only)
        if not read_only:
            store._settle_orphans()
        return store

    def __enter__(self) -> RecordStore:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # meta

    def meta(self, key: str, default: str = "") -> str:
        """A fact about the record, such as the scenario's hash."""
        return self._meta.get(key, default)

    def set_meta(self, key: str, value: str) -> None:
        """Set a fact about the record."""
        self._writing().put(SetMeta((key, value)))
        self._meta[key] = value

    @property
    def possibly_billed_twice(self) -> int:
        """Calls, over all resumes so far, that were handed to an engine and got no recorded outcome.

        A later process may have asked them again. Calls handed over within the last commit interval (50 ms) before a kill
        may be missing, so the true number lies between this one and this one plus, for each kill, the number of calls
        that were in flight.
        """
        return int(self.meta(_BILLED, "0"))

    @property
    def found_unanswered(self) -> int:
        """The part of `possibly_billed_twice` that was found when this record was opened."""
        return self._found_unanswered

    def _settle_orphans(self) -> None:
        ((count,),) = self._rows("SELECT COUNT(*) FROM begun")
        if count:
            total = str(self.possibly_billed_twice + count)
            remember = Rows(("INSERT OR REPLACE INTO meta VALUES (?, ?)", [(_BILLED, total)]))
            self._writing().put([remember, Rows(("DELETE FROM begun", [()]))])
            self.flush()
            self._meta[_BILLED] = total
        self._found_unanswered = int(count)

    # calls

    def lookup(self, keys: Sequence[CallKey]) -> list[Outcome | None]:
        """Outcomes of calls by (request digest, draw key text or ""), None where there is none."""
        return [self.get(*key) for key in keys]

    def get(self, digest: str, draw: str = "") -> Outcome | None:
        """Outcome of one call. A dictionary look-up; the first one reads the whole table of calls."""
        calls = self._index()
        found = calls.get((digest, draw))
        if type(found) is tuple:
            with self._lock:
                found = calls[digest, draw] = decode_outcome(found, self._parts)
        return found  # type: ignore[return-value]

    def begin_call(self, digest: str, draw: DrawKey | None) -> None:
        """Note that a call is handed to the engine, so that it can be counted if no outcome ever comes."""
        self._writing().put(Begin((digest, draw.text() if draw else "")))

    def put_call(self, request: Request, digest: str, draw: DrawKey | None, outcome: Outcome, attempts: int) -> None:
        """Record a call; the first outcome of a key stays. Returns at once, see `flush`.

        Raises:
            RecordError: the record cannot be written any more.
        """
        key = (digest, draw.text() if draw else "")
        calls = self._index()
        if key not in calls:
            self._writing().put(PendingCall(request, digest, key[1], outcome, attempts))
            calls[key] = outcome

    def load_request(self, digest: str) -> Request:
        """The exact request with this digest.

        Raises:
            RecordError: it is not in the record.
        """
        row = self._one_call("digest = ?", bytes.fromhex(digest))
        with self._lock:
            return decode_request(row, self._parts)

    def load_pieces(self, digest: str, draw: str = "") -> tuple[TokenPiece, ...]:
        """The prompt of a call token for token, as the engine read it; empty where the engine did not tell.

        Raises:
            RecordError: the call is not in the record.
        """
        outcome = self.get(digest, draw)
        if outcome is None:
            raise RecordError(f"{self.path}: holds no call {digest} with draw {draw!r}.")
        return () if isinstance(outcome, CallFailure) else outcome.pieces

    def calls(self) -> Iterator[CallRow]:
        """All committed calls, sorted by digest and draw."""
        for row in self._rows(f"{_SELECT_CALLS} ORDER BY digest, draw"):
            with self._lock:
                outcome = decode_outcome(row, self._parts)
                kind = orjson.loads(self._parts.text(row[2]))[0]
            yield _call_row(row, kind, outcome)

    def _index(self) -> dict[CallKey, Outcome | tuple[Any, ...]]:
        if self._calls is None:
            with self._lock:
                if self._calls is None:
                    self._calls = {(row[0].hex(), row[1]): row for row in self._rows(_SELECT_CALLS)}
                    self._parts.prefetch()
        return self._calls

    def _one_call(self, where: str, *values: object) -> tuple[Any, ...]:
        rows = self._rows(f"{_SELECT_CALLS} WHERE {where} LIMIT 1", *values)
        if not rows:
            raise RecordError(f"{self.path}: holds no such call. It may not have been asked yet.")
        return rows[0]

    # rows

    def put_rows(self, rows: Sequence[Row]) -> None:
        """Record result rows, behind everything put before; all rows of one call of this method become one transaction.

        A row whose key is there already is left as it is. For events this is checked: an event must have the hashes it
        was recorded with. A record opened read-only takes no new event.

        Raises:
            ReplayMismatch: an event differs from the recorded one (or is not recorded, if read-only).
            RecordError: the record cannot be written any more.
        """
        events = [row for row in rows if isinstance(row, EventRow)]
        for event in events:
            self._check_event(event)
        if self._writer is None:
            return
        packed: dict[str, list[tuple[Any, ...]]] = {}
        for row in rows:
            table = table_of(row)
            packed.setdefault(table.insert_sql(), []).append(table.pack(row))
        self._writer.put([Rows(item) for item in packed.items()])
        if events:
            self._event_index().update((event_key(event), _event_hash(event)) for event in events)

    def rows(self, name: str) -> list[Any]:
        """All committed rows of a table ("agents", "ties", "events", "messages", "seen", "responses"), sorted."""
        table = table_named(name)
        return [table.unpack(row) for row in self._rows(table.select_sql())]

    def rows_of(self, name: str, event: EventKey) -> list[Any]:
        """The committed rows of a table ("messages", "responses") that came of one event, sorted."""
        table = table_named(name)
        rows = self._rows(f"SELECT * FROM {name} WHERE (arm, replicate, step, phase, agent) = (?, ?, ?, ?, ?)", *event)
        return [table.unpack(row) for row in rows]

    def events(self) -> list[EventRow]:
        """All committed events, sorted."""
        return self.rows("events")

    def verify_rows(self, rows: Sequence[Row]) -> None:
        """Compare rows with the recorded ones, field by field.

        Raises:
            ReplayMismatch: a row is not in the record or differs; the message names it and its first differing field.
        """
        for row in rows:
            table = table_of(row)
            where = " AND ".join(f'"{column}" = ?' for column in table.key)
            key = [getattr(row, column) for column in table.key]
            found = self._rows(f"SELECT * FROM {table.name} WHERE {where}", *key)
            place = ", ".join(f"{column} {value}" for column, value in zip(table.key, key, strict=True))
            if not found:
                raise ReplayMismatch(f"{table.name}: {place}: not in the record.")
            old = table.unpack(found[0])
            for column in table.columns:
                then, now = getattr(old, column), getattr(row, column)
                if then != now:
                    raise ReplayMismatch(f"{table.name}: {place}: {column} is {now!r}, recorded was {then!r}.")

    def event(self, key: EventKey) -> EventRow | None:
        """The event with the key (arm, replicate, step, phase, agent), None where there is none."""
        table = table_named("events")
        where = " AND ".join(f"{column} = ?" for column in table.key)
        rows = self._rows(f"SELECT * FROM events WHERE {where}", *key)
        return table.unpack(rows[0]) if rows else None

    def totals(self) -> dict[str, int]:
        """Number of committed calls, of those without an answer, attempts and tokens, over all processes of the run."""
        names = ("calls", "failures", "attempts", "prompt_tokens", "cached_tokens", "completion_tokens")
        sums = ", ".join(f"SUM({column})" for column in ("failure IS NOT NULL", *names[2:]))
        ((count, *rest),) = self._rows(f"SELECT COUNT(*), {sums} FROM calls")
        return dict(zip(names, (count, *(number or 0 for number in rest)), strict=True))

    def event_count(self) -> int:
        """Number of committed events."""
        return int(self._rows("SELECT COUNT(*) FROM events")[0][0])

    def _check_event(self, event: EventRow) -> None:
        recorded = self._event_index().get(event_key(event))
        if recorded == _event_hash(event) or (recorded is None and not self.read_only):
            return
        where = f"arm {event.arm}, replicate {event.replicate}, step {event.step}, phase {event.phase}, agent {event.agent}"
        if recorded is None:
            raise ReplayMismatch(f"{where}: this event is not in the record.")
        raise ReplayMismatch(f"{where}: {self._difference(event)}")

    def _difference(self, event: EventRow) -> str:
        self._flush_if_writing()
        old = self.event(event_key(event))
        if old is None or old.observed != event.observed:
            return "the agent saw something else than was recorded."
        for now, then in zip(sorted(event.calls), sorted(old.calls), strict=False):
            if now != then:
                return f"it made call {now[0]} ({now[1]}), recorded was {then[0]} ({then[1]})."
        if len(event.calls) != len(old.calls):
            return f"it made {len(event.calls)} calls, recorded were {len(old.calls)}."
        return "from the same calls something else followed than was recorded."

    def _event_index(self) -> dict[EventKey, tuple[str, str]]:
        with self._lock:
            if self._events is None:
                columns = ", ".join(table_named("events").key)
                self._events = {row[:5]: row[5:] for row in self._rows(f"SELECT {columns}, observed, did FROM events")}
            return self._events

    # the file

    def flush(self) -> None:
        """Return when everything put so far is committed.

        Raises:
            RecordError: it could not be written; what was committed before is safe.
        """
        self._flush_if_writing()

    def close(self) -> None:
        """Commit what waits and close the file; closing twice does nothing. Raises like `flush`; the file is closed anyway."""
        if self._closed:
            return
        self._closed = True
        with self._lock:
            self._reader.close()
        if self._writer is not None:
            self._writer.close()

    def _flush_if_writing(self) -> None:
        if self._writer is not None:
            self._writer.flush()

    def _writing(self) -> RecordWriter:
        if self._writer is None:
            raise RecordError(f"{self.path}: the record was opened read-only.")
        return self._writer

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        if self._closed:
            raise RecordError(f"{self.path}: the record is closed.")
        self._flush_if_writing()
        with self._lock:
            try:
                return self._reader.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise RecordError(f"{self.path}: cannot be read: {error}") from error


def _event_hash(event: EventRow) -> tuple[str, str]:
    return event.observed, event.did


def _call_row(row: tuple[Any, ...], kind: str, outcome: Outcome) -> CallRow:
    failed = isinstance(outcome, CallFailure)
    return CallRow(
        digest=row[0].hex(),
        draw=row[1],
        kind=kind,
        status="failed" if failed else "ok",
        text="" if isinstance(outcome, CallFailure) else outcome.text,
        finish_reason="" if isinstance(outcome, CallFailure) else outcome.finish_reason,
        logprobs=() if isinstance(outcome, CallFailure) else outcome.logprobs,
        prompt_tokens=row[11] or 0,
        cached_tokens=row[13] or 0,
        completion_tokens=row[12] or 0,
        elapsed_s=row[14] or 0.0,
        attempts=row[15],
        failure=f"{outcome.kind}: {outcome.message}" if isinstance(outcome, CallFailure) else "",
    )
