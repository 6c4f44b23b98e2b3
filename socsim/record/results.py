"""Result rows of a record: put once, read sorted, and held against what was recorded when they come again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from socsim.errors import ReplayMismatch
from socsim.events import EventRow
from socsim.record.reading import Reading
from socsim.record.rows import EventKey, Row, event_key, table_named, table_of
from socsim.record.writer import RecordWriter, Rows

__all__ = ["Results"]

_PAGE = 1024


class Results:
    """The tables of results in one record.

    Args:
        reading: where rows are read.
        writer: where they are put; None for a record that is only read.
    """

    def __init__(self, reading: Reading, writer: RecordWriter | None) -> None:
        self._reading = reading
        self._writer = writer
        self._events: dict[EventKey, str] | None = None

    def put(self, rows: Sequence[Row]) -> None:
        """See `RecordStore.put_rows`."""
        events = [row for row in rows if isinstance(row, EventRow)]
        for event in events:
            self._check(event)
        if self._writer is None:
            return
        together: dict[type[Row], list[Row]] = {}
        for row in rows:
            together.setdefault(type(row), []).append(row)
        tables = [(table_of(kind), own) for kind, own in together.items()]
        self._writer.put([Rows((table.insert_sql(), table.pack(own))) for table, own in tables])
        if events:
            self._index().update((event_key(event), _hashes(event)) for event in events)

    def all(self, name: str) -> list[Any]:
        """All committed rows of a table, sorted."""
        table = table_named(name)
        return table.unpack(self._reading.rows(table.select_sql()))

    def of_event(self, name: str, event: EventKey) -> list[Any]:
        """The committed rows of a table that came of one event."""
        table = table_named(name)
        columns = ", ".join(f'"{column}"' for column in table.columns)
        where = "(arm, replicate, step, phase, agent, turn) = (?, ?, ?, ?, ?, ?)"
        statement = f"SELECT {columns} FROM {name} WHERE {where} ORDER BY {', '.join(table.sort)}"
        return table.unpack(self._reading.rows(statement, *event))

    def event(self, key: EventKey) -> EventRow | None:
        """The event with this key, None where there is none."""
        found = self.of_event("events", key)
        return found[0] if found else None

    def each_event(self) -> Iterator[EventRow]:
        """See `RecordStore.each_event`."""
        table = table_named("events")
        key = ", ".join(table.key)
        columns = ", ".join(table.columns)
        statement = f"SELECT {columns} FROM events WHERE ({key}) > (?, ?, ?, ?, ?, ?) ORDER BY {key} LIMIT {_PAGE}"
        after: EventKey = ("", -1, -1, "", -1, -1)
        while rows := self._reading.rows(statement, *after):
            events: list[EventRow] = table.unpack(rows)
            yield from events
            after = event_key(events[-1])

    def verify(self, rows: Sequence[Row]) -> None:
        """See `RecordStore.verify_rows`."""
        for row in rows:
            table = table_of(type(row))
            where = " AND ".join(f'"{column}" = ?' for column in table.key)
            key = [getattr(row, column) for column in table.key]
            columns = ", ".join(f'"{column}"' for column in table.columns)
            found = self._reading.rows(f"SELECT {columns} FROM {table.name} WHERE {where}", *key)
            place = ", ".join(f"{column} {value}" for column, value in zip(table.key, key, strict=True))
            if not found:
                raise ReplayMismatch(f"{table.name}: {place}: not in the record.")
            (old,) = table.unpack(found[:1])
            for column in table.columns:
                then, now = getattr(old, column), getattr(row, column)
                if then != now:
                    raise ReplayMismatch(f"{table.name}: {place}: {column} is {now!r}, recorded was {then!r}.")

    def _check(self, event: EventRow) -> None:
        recorded = self._index().get(event_key(event))
        if recorded == _hashes(event) or (recorded is None and self._writer is not None):
            return
        where = f"arm {event.arm}, replicate {event.replicate}, step {event.step}, phase {event.phase}, agent {event.agent}"
        where += f", turn {event.turn}" if event.turn else ""
        if recorded is None:
            raise ReplayMismatch(f"{where}: this event is not in the record.")
        raise ReplayMismatch(f"{where}: {self._difference(event)}")

    def _difference(self, event: EventRow) -> str:
        old = self.event(event_key(event))
        if old is None or old.observed != event.observed:
            return "the agent saw something else than was recorded."
        for now, then in zip(sorted(event.calls), sorted(old.calls), strict=False):
            if now != then:
                return f"it made call {now[0]} ({now[1]}), recorded was {then[0]} ({then[1]})."
        if len(event.calls) != len(old.calls):
            return f"it made {len(event.calls)} calls, recorded were {len(old.calls)}."
        return "from the same calls something else followed than was recorded."

    def _index(self) -> dict[EventKey, str]:
        """What each event saw and did, by its key."""
        with self._reading.lock:
            if self._events is None:
                columns = ", ".join(table_named("events").key)
                rows = self._reading.rows(f"SELECT {columns}, observed, did FROM events")
                self._events = {row[:6]: row[6] + row[7] for row in rows}
            return self._events


def _hashes(event: EventRow) -> str:
    return event.observed + event.did
