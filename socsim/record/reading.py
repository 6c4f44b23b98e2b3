"""Reading a record file: one connection that several threads share, and the calls in it.

Memory stays bounded however long the record is: of a call that was not asked for lately, only its key and its place in the
file are held.
"""

from __future__ import annotations

import sqlite3
import struct
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from socsim.errors import RecordError
from socsim.inference.types import Request
from socsim.record.ahead import Ahead
from socsim.record.calls import CallKey, CallRow, Outcome, call_row, columns_of, decode_outcome, decode_request
from socsim.record.lately import Lately
from socsim.record.schema import connect_reader, version_of
from socsim.record.segments import PartReader

__all__ = ["CallReader", "Reading"]

_WHOLE = 100_000
"""Records of at most so many calls are read at once, which is faster."""
_PAGE = 1024
_OUTCOMES = 32_768
_NOT_KNOWN = 0
_DAMAGE = (ValueError, TypeError, KeyError, struct.error, zlib.error, sqlite3.Error)
"""What comes of decoding something that was not encoded here."""
_Place = int | tuple[Any, ...]
"""The number of a row in the file; or the row itself, where it was read and not asked for yet."""


class Reading:
    """The reading connection.

    Args:
        path: the record file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.RLock()
        self.settle: Callable[[], None] | None = None
        """Called before reading, so that what was put is seen."""
        self._connection = connect_reader(path)
        self._closed = False
        self.version = version_of(self._connection)
        self.parts = PartReader(self._connection)

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a statement.

        Raises:
            RecordError: the record is closed or cannot be read.
        """
        if self._closed:
            raise RecordError(f"{self.path}: the record is closed.")
        if self.settle is not None:
            self.settle()
        with self.lock:
            try:
                return self._connection.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise RecordError(f"{self.path}: cannot be read: {error}") from error

    def each(self, statement: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a statement one by one; nobody else can read meanwhile, so go through them at once."""
        if self.settle is not None:
            self.settle()
        with self.lock:
            try:
                yield from self._connection.execute(statement)
            except sqlite3.Error as error:
                raise RecordError(f"{self.path}: cannot be read: {error}") from error

    def close(self) -> None:
        """Close the connection; closing twice does nothing."""
        with self.lock:
            self._closed = True
            self._connection.close()


class CallReader:
    """The calls of a record by their keys.

    Args:
        reading: where they are read.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._select = f"SELECT {columns_of(reading.version)}"
        self._places: dict[bytes, _Place] | None = None
        self._stored = Ahead(self._block)
        self._outcomes: Lately[CallKey, Outcome] = Lately(_OUTCOMES)

    def get(self, digest: str, draw: str) -> Outcome | None:
        """The outcome of a call, None where there is none."""
        key = (digest, draw)
        found = self._outcomes.get(key)
        if found is None:
            places = self._index() if self._places is None else self._places
            packed = bytes.fromhex(digest) + draw.encode()
            place = places.get(packed)
            if place is not None:
                found = self._read(key, packed, place)
        return found

    def get_all(self, keys: Sequence[CallKey]) -> list[Outcome | None]:
        """The outcomes of many calls; those that must be read from the file are read in its order."""
        places = self._index()
        found = [self._outcomes.get(key) for key in keys]
        missing = [at for at, outcome in enumerate(found) if outcome is None]
        for at in sorted(missing, key=lambda at: _number(places.get(_packed(keys[at]), _NOT_KNOWN))):
            found[at] = self.get(*keys[at])
        return found

    def holds(self, digest: str, draw: str) -> bool:
        """Whether the call is there, or on its way into the file."""
        return _packed((digest, draw)) in self._index()

    def add(self, key: CallKey, outcome: Outcome) -> bool:
        """A call is on its way into the file; False if it was there already."""
        packed, places = _packed(key), self._index()
        if packed in places:
            return False
        places[packed] = _NOT_KNOWN
        self._outcomes.put(key, outcome)
        return True

    def request(self, digest: str) -> Request | None:
        """The request with this digest, None where no call has it."""
        found = self._reading.rows(f"{self._select} FROM calls WHERE digest = ? LIMIT 1", bytes.fromhex(digest))
        return self.decoded(found[0])[0] if found else None

    def draws(self, digest: str) -> list[str]:
        """Texts of the draw keys under which a request was asked."""
        rows = self._reading.rows("SELECT draw FROM calls WHERE digest = ? ORDER BY draw", bytes.fromhex(digest))
        return [draw for (draw,) in rows]

    def stored(self, key: CallKey) -> tuple[Any, ...] | None:
        """A call as it stands in the file; None where it does not."""
        found = self._reading.rows(f"{self._select} FROM calls WHERE digest = ? AND draw = ?", bytes.fromhex(key[0]), key[1])
        return found[0] if found else None

    def pages(self, *, by_time: bool = False) -> Iterator[tuple[Any, ...]]:
        """All committed calls as they stand in the file, sorted by digest and draw, or in the order of recording."""
        columns = "id" if by_time else "digest, draw"
        after: tuple[Any, ...] = (-1,) if by_time else (b"", "")
        while True:
            marks = ", ".join("?" * len(after))
            statement = f"{self._select}, id FROM calls WHERE ({columns}) > ({marks}) ORDER BY {columns} LIMIT {_PAGE}"
            rows = self._reading.rows(statement, *after)
            yield from rows
            if len(rows) < _PAGE:
                return
            after = rows[-1][-1:] if by_time else rows[-1][:2]

    def table(self) -> Iterator[CallRow]:
        """All committed calls as rows of the table of calls, sorted."""
        for row in self.pages():
            with self._reading.lock:
                try:
                    made = call_row(row, self._reading.parts)
                except _DAMAGE as error:
                    raise self._damaged(row, error) from error
            yield made

    def decoded(self, row: tuple[Any, ...]) -> tuple[Request, Outcome]:
        """Request and outcome of a call as it stands in the file."""
        with self._reading.lock:
            try:
                return decode_request(row, self._reading.parts), decode_outcome(row, self._reading.parts)
            except _DAMAGE as error:
                raise self._damaged(row, error) from error

    def _damaged(self, row: tuple[Any, ...], error: Exception) -> RecordError:
        return RecordError(f"{self._reading.path}: call {row[0].hex()}, draw {row[1]!r}, is damaged: {error}")

    def _read(self, key: CallKey, packed: bytes, place: _Place) -> Outcome:
        with self._reading.lock:
            row = place if type(place) is tuple else self._stored.take(place) if place else self.stored(key)  # type: ignore[arg-type]
            if row is None:
                raise RecordError(f"{self._reading.path}: call {key[0]}, draw {key[1]!r}, has gone while the record was open.")
            try:
                outcome = decode_outcome(row, self._reading.parts)
            except _DAMAGE as error:
                raise self._damaged(row, error) from error
        if row is place:
            self._index()[packed] = row[-1]
        self._outcomes.put(key, outcome)
        return outcome

    def _block(self, first: int, last: int) -> list[tuple[Any, ...]]:
        return self._reading.rows(f"{self._select}, id FROM calls WHERE id BETWEEN ? AND ?", first, last)

    def _index(self) -> dict[bytes, _Place]:
        """Where each call stands in the file; read at first use."""
        if self._places is None:
            with self._reading.lock:
                if self._places is None:
                    self._places = self._read_index()
        return self._places

    def _read_index(self) -> dict[bytes, _Place]:
        reading = self._reading
        ((count,),) = reading.rows("SELECT COUNT(*) FROM calls")
        if count > _WHOLE:
            return {digest + draw.encode(): place for digest, draw, place in reading.each("SELECT digest, draw, id FROM calls")}
        reading.parts.prefetch()
        return {row[0] + row[1].encode(): row for row in reading.rows(f"{self._select}, id FROM calls")}


def _packed(key: CallKey) -> bytes:
    return bytes.fromhex(key[0]) + key[1].encode()


def _number(place: _Place) -> int:
    return place if isinstance(place, int) else int(place[-1])
