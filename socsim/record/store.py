"""The record store: every model call and every result of a run, in one file that outlives the process.

Completions are kept exactly; prompts as references to parts that are stored once. It knows nothing of agents or of what
the rows mean.

Durability: a call or row counts once committed, at the latest 50 ms or 64 items after it was put (`flush` waits for it).
Committed items survive the end of the process and a loss of power. Items keep their order, so a row is never there
without the calls that were put before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from socsim.errors import RecordError
from socsim.events import EventRow
from socsim.inference.provider_batch import OpenBatch
from socsim.inference.types import CallFailure, DrawKey, Request, TokenPiece
from socsim.record.calls import CallKey, CallRow, Outcome, PendingCall
from socsim.record.ledger import Ledger
from socsim.record.reading import CallReader, Reading
from socsim.record.results import Results
from socsim.record.rows import EventKey, Row
from socsim.record.schema import connect_writer, create_file
from socsim.record.writer import RecordWriter, Rows, SetMeta

__all__ = ["RecordStore"]

_BILLED = "possibly_billed_twice"


class RecordStore:
    """An open record; make one with `create` or `open`, and `close` it.

    Example:
        >>> import tempfile, pathlib
        >>> with RecordStore.create(pathlib.Path(tempfile.mkdtemp()) / "record.sqlite", {"name": "poll"}) as record:
        ...     record.meta("name")
        'poll'
    """

    def __init__(self, path: Path, *, read_only: bool, cache: RecordStore | None = None) -> None:
        self.path = path
        self.read_only = read_only
        self._closed = False
        self._found_unanswered = 0
        self._cache = cache
        writing = None if read_only else connect_writer(path)
        self._reading = Reading(path)
        self._calls = CallReader(self._reading)
        self._writer = None if writing is None else RecordWriter(path, writing)
        self._reading.settle = None if self._writer is None else self._writer.flush
        self._results = Results(self._reading, self._writer)
        self._ledger = Ledger(self._reading, self._writer)
        self._meta: dict[str, str] = dict(self._reading.rows("SELECT key, value FROM meta"))

    @classmethod
    def create(cls, path: Path, meta: Mapping[str, str]) -> RecordStore:
        """Make a new record and open it for writing.

        Raises:
            RecordError: there is one already, or it cannot be made.
        """
        create_file(path, meta)
        return cls(path, read_only=False)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, cache: RecordStore | None = None) -> RecordStore:
        """Open a record.

        Opening it for writing counts the calls that an earlier process had handed to the engine and that got no
        outcome (see `possibly_billed_twice`), and brings a record of an older version up to date. Read-only access works
        while another process writes, and leaves an older record as it is.

        Args:
            path: the file.
            read_only: take nothing new.
            cache: another record, which stays open: a call that is answered there and not here is copied and counts as
                answered. Failures are not taken over.

        Raises:
            RecordError: no record, damaged, or of another version.
        """
        store = cls(path, read_only=read_only, cache=cache)
        if not read_only:
            store._settle_orphans()
        return store

    @property
    def cache(self) -> RecordStore | None:
        """The record from which this one takes replies, if any."""
        return self._cache

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

        A later process may have asked them again. That a call has begun is written down after a commit interval (50 ms) only, so
        calls that began within the last one before a kill are missing: the true number lies between this one and this one plus,
        for each kill, the calls in flight and, at an engine that answers faster than that, the replies of two commits.
        """
        return int(self.meta(_BILLED, "0"))

    @property
    def found_unanswered(self) -> int:
        """The part of `possibly_billed_twice` that was found when this record was opened."""
        return self._found_unanswered

    def _settle_orphans(self) -> None:
        ((count,),) = self._reading.rows("SELECT COUNT(*) FROM begun")
        if count:
            total = str(self.possibly_billed_twice + count)
            remember = Rows(("INSERT OR REPLACE INTO meta VALUES (?, ?)", [(_BILLED, total)]))
            self._writing().put([remember, Rows(("DELETE FROM begun", [()]))])
            self.flush()
            self._meta[_BILLED] = total
        self._found_unanswered = int(count)

    # calls

    def lookup(self, keys: Sequence[CallKey]) -> list[Outcome | None]:
        """Outcomes of calls by (request digest, draw key text or ""), None where there is none.

        Those that have to be read from the file are read together, so this is the way to look up many.
        """
        found = self._calls.get_all(keys)
        if self._cache is None:
            return found
        return [self.get(*key) if outcome is None else outcome for key, outcome in zip(keys, found, strict=True)]

    def get(self, digest: str, draw: str = "") -> Outcome | None:
        """Outcome of one call. A dictionary look-up; the first one reads the keys of all calls."""
        found = self._calls.get(digest, draw)
        return self._from_cache((digest, draw)) if found is None and self._cache is not None else found

    def begin_call(self, digest: str, draw: DrawKey | None) -> None:
        """Note that a call is handed to the engine, so that it can be counted if no outcome ever comes."""
        self._writing().begin((digest, draw.text() if draw else ""))

    def put_call(self, request: Request, digest: str, draw: DrawKey | None, outcome: Outcome, attempts: int) -> None:
        """Record a call; the first outcome of a key stays. Returns at once, see `flush`.

        Raises:
            RecordError: the record cannot be written any more.
        """
        self.put_pending(PendingCall(request, digest, draw.text() if draw else "", outcome, attempts))

    def put_pending(self, call: PendingCall) -> bool:
        """Like `put_call`, for a call that may have been taken from another record; False if there was one with its key."""
        writer = self._writing()
        new = self._calls.add((call.digest, call.draw), call.outcome)
        if new:
            writer.put(call)
        return new

    def load_request(self, digest: str) -> Request:
        """The exact request with this digest.

        Raises:
            RecordError: it is not in the record.
        """
        request = self._calls.request(digest)
        if request is None:
            raise RecordError(f"{self.path}: holds no such call ({digest}). It may not have been asked yet.")
        return request

    def load_pieces(self, digest: str, draw: str = "") -> tuple[TokenPiece, ...]:
        """The prompt of a call token for token, as the engine read it; empty where the engine did not tell.

        Raises:
            RecordError: the call is not in the record.
        """
        outcome = self.get(digest, draw)
        if outcome is None:
            raise RecordError(f"{self.path}: holds no call {digest} with draw {draw!r}.")
        return () if isinstance(outcome, CallFailure) else outcome.pieces

    def draws(self, digest: str) -> list[str]:
        """Texts of the draw keys under which the request with this digest was asked."""
        return self._calls.draws(digest)

    def calls(self) -> Iterator[CallRow]:
        """All committed calls, sorted by digest and draw, read a page at a time."""
        return self._calls.table()

    def holds(self, digest: str, draw: str = "") -> bool:
        """Whether a call is in this record (or on its way into it), without reading its outcome."""
        return self._calls.holds(digest, draw)

    def undecoded_calls(self) -> Iterator[tuple[str, str, Callable[[], tuple[Request, Outcome]]]]:
        """(digest, draw, what gives request and outcome) of all committed calls, sorted; a damaged one raises when decoded."""
        for row in self._calls.pages():
            yield row[0].hex(), row[1], partial(self._calls.decoded, row)

    def whole_calls(self, *, by_time: bool = False) -> Iterator[PendingCall]:
        """All committed calls with their requests, sorted by digest and draw, or in the order of recording."""
        for row in self._calls.pages(by_time=by_time):
            request, outcome = self._calls.decoded(row)
            yield PendingCall(request, row[0].hex(), row[1], outcome, row[15], bool(row[18]))

    def _from_cache(self, key: CallKey) -> Outcome | None:
        """An answer that another record has; it becomes one of this record."""
        assert self._cache is not None
        outcome = self._cache.get(*key)
        if outcome is None or isinstance(outcome, CallFailure):
            return None
        if not self.read_only:
            row = self._cache._calls.stored(key)
            assert row is not None
            request, _ = self._cache._calls.decoded(row)
            self.put_pending(PendingCall(request, *key, outcome, row[15], reused=True))
        return outcome

    # rows

    def put_rows(self, rows: Sequence[Row]) -> None:
        """Record result rows, behind everything put before; all rows of one call of this method become one transaction.

        A row whose key is there already is left as it is. For events this is checked: an event must have the hashes it
        was recorded with. A record opened read-only takes no new event.

        Raises:
            ReplayMismatch: an event differs from the recorded one (or is not recorded, if read-only).
            RecordError: the record cannot be written any more.
        """
        self._results.put(rows)

    def rows(self, name: str) -> list[Any]:
        """All committed rows of a table of `socsim.record.rows.ROW_TABLES`, sorted."""
        return self._results.all(name)

    def rows_of(self, name: str, event: EventKey) -> list[Any]:
        """The committed rows of a table that came of one event, sorted; the table has a phase and a turn."""
        return self._results.of_event(name, event)

    def events(self) -> list[EventRow]:
        """All committed events, sorted."""
        return self.rows("events")

    def each_event(self) -> Iterator[EventRow]:
        """All committed events, read a page at a time."""
        return self._results.each_event()

    def verify_rows(self, rows: Sequence[Row]) -> None:
        """Compare rows with the recorded ones, field by field.

        Raises:
            ReplayMismatch: a row is not in the record or differs; the message names it and its first differing field.
        """
        self._results.verify(rows)

    def event(self, key: EventKey) -> EventRow | None:
        """The event with the key (arm, replicate, step, phase, agent, turn), None where there is none."""
        return self._results.event(key)

    def event_count(self) -> int:
        """Number of committed events."""
        return int(self.query("SELECT COUNT(*) FROM events")[0][0])

    def totals(self) -> dict[str, int]:
        """Number of committed calls, of those without an answer, attempts and tokens, over all processes of the run.

        Calls ``reused`` from another record count as calls; what they took was taken there, so it is not in the sums.
        """
        sums = ("attempts", "prompt_tokens", "cached_tokens", "completion_tokens")
        reused = "0" if self._reading.version == "1" else "reused"
        parts = ["COUNT(*)", "SUM(failure IS NOT NULL)", *(f"SUM({name} * (1 - {reused}))" for name in sums), f"SUM({reused})"]
        (row,) = self.query(f"SELECT {', '.join(parts)} FROM calls")
        return dict(zip(("calls", "failures", *sums, "reused"), (number or 0 for number in row), strict=True))

    # jobs and figures

    def put_batch_intent(self, batch: OpenBatch, endpoint: str = "") -> None:
        """Write down a job at a provider before it is sent; returns when it is safe."""
        self._ledger.put_intent(batch, endpoint)

    def set_batch_id(self, name: str, job_id: str) -> None:
        """Write down the provider's id of a job; returns when it is safe."""
        self._ledger.set_id(name, job_id)

    def open_batches(self) -> list[OpenBatch]:
        """Jobs that were written down and not closed, oldest first."""
        return self._ledger.open_batches()

    def close_batch(self, name: str, status: str) -> None:
        """Note how a job ended, behind all calls put before; returns when it is safe."""
        self._ledger.close(name, status)

    def put_telemetry(self, name: str, value: Any) -> None:
        """Keep figures (any JSON value) of this process under a name; later ones replace its earlier ones."""
        self._ledger.put_figures(name, value)

    def telemetry(self, name: str) -> list[Any]:
        """The figures under a name, one for each process that gave some, in order of time."""
        return self._ledger.figures(name)

    # the file

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a SELECT on the tables of `socsim.record.schema`; for the other modules of this package.

        Raises:
            RecordError: the record is closed or cannot be read.
        """
        return self._reading.rows(statement, *values)

    @property
    def version(self) -> str:
        """The schema version of the file."""
        return self._reading.version

    def flush(self) -> None:
        """Return when everything put so far is committed.

        Raises:
            RecordError: it could not be written; what was committed before is safe.
        """
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Commit what waits and close the file; closing twice does nothing. Raises like `flush`; the file is closed anyway."""
        if self._closed:
            return
        self._closed = True
        self._reading.close()
        if self._writer is not None:
            self._writer.close()

    def _writing(self) -> RecordWriter:
        if self._writer is None:
            raise RecordError(f"{self.path}: the record was opened read-only.")
        return self._writer
