"""How each row type of `socsim.events` is stored: table, key, columns, and the way there and back."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from socsim.events import (
    ActionRow,
    AgentRow,
    EventRow,
    ExposureRow,
    MessageRow,
    RecalledRow,
    ResponseRow,
    ResultRow,
    SeenRow,
    TieChangeRow,
    TieRow,
    TrialRow,
    ValueRow,
)
from socsim.items import Reading
from socsim.record.packing import pack_floats, pack_text, unpack_floats, unpack_text

__all__ = ["ROW_TABLES", "EventKey", "Row", "RowTable", "event_key", "table_named", "table_of"]

Row = AgentRow | TieRow | ResultRow
EventKey = tuple[str, int, int, str, int, int]
"""(arm, replicate, step, phase, agent, turn)."""

_INTEGERS = frozenset(
    {"replicate", "agent", "step", "turn", "author", "reader", "position", "author_step", "choice", "cut_off", "target"}
    | {"potential", "shown", "engaged", "wave"}
)
_REALS = frozenset({"weight", "value", "expected", "entropy", "mass", "u", "amount"})
_LONG_TEXTS = frozenset({"persona", "text", "raw"})
_SHORT_CALLS = 128
"""Lists of calls of fewer bytes, mostly of one call, are not compressed: there is little in them that repeats."""


def _pack_json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), ensure_ascii=True)


def _pack_calls(calls: tuple[tuple[str, str, str], ...]) -> str | bytes:
    return pack_text(orjson.dumps(calls).decode(), _SHORT_CALLS)


def _unpack_calls(stored: str | bytes) -> tuple[tuple[str, str, str], ...]:
    return tuple((path, digest, draw) for path, digest, draw in orjson.loads(unpack_text(stored)))


def _pack_readings(readings: tuple[Reading, ...]) -> bytes:
    head = orjson.dumps([(r.order, r.labels, len(r.probabilities), *_noted(r)) for r in readings])
    numbers = [number for r in readings for number in (r.mass, *r.probabilities)]
    return len(head).to_bytes(4, "little") + head + pack_floats(numbers)


def _noted(reading: Reading) -> tuple[Any, ...]:
    """How a reading was had, where there is something to say: readings without it are stored as they always were."""
    return (reading.how, reading.repaired) if reading.how or reading.repaired else ()


def _unpack_readings(data: bytes) -> tuple[Reading, ...]:
    end = 4 + int.from_bytes(data[:4], "little")
    numbers = unpack_floats(data[end:])
    readings, at = [], 0
    for order, labels, size, *noted in orjson.loads(data[4:end]):
        how, repaired = (tuple(noted[0]), noted[1]) if noted else ((), 0)
        readings.append(Reading(order, labels, numbers[at + 1 : at + 1 + size], numbers[at], how, repaired))
        at += 1 + size
    return tuple(readings)


_CODECS: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "facts": (_pack_json, json.loads),
    "reference": (_pack_json, json.loads),
    "calls": (_pack_calls, _unpack_calls),
    "readings": (_pack_readings, _unpack_readings),
    "probabilities": (pack_floats, unpack_floats),
    "cut_off": (int, bool),
    **dict.fromkeys(_LONG_TEXTS, (pack_text, unpack_text)),
}


def _affinity(column: str) -> str:
    if column in _INTEGERS:
        return "INTEGER"
    if column in _REALS:
        return "REAL"
    return "" if column in _CODECS else "TEXT"


@cache
def _packing(
    row: type[Any],
) -> tuple[tuple[int, ...], tuple[tuple[int, Callable[[Any], Any], Callable[[Any], Any]], ...]]:
    """Which columns of a row are real numbers, and which are encoded, how, and how they are read."""
    reals = tuple(at for at, column in enumerate(row._fields) if column in _REALS)
    return reals, tuple((at, *_CODECS[column]) for at, column in enumerate(row._fields) if column in _CODECS)


@cache
def _insert_sql(table: str, columns: int) -> str:
    return f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * columns)})"


@dataclass(frozen=True, slots=True)
class RowTable:
    """One stored table: rows of type ``row``, one per ``key``, read back in the order ``sort``."""

    name: str
    row: type[Any]
    key: tuple[str, ...]
    sort: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns: the fields of the row type."""
        columns: tuple[str, ...] = self.row._fields
        return columns

    def create_sql(self, *, temporary: bool = False) -> str:
        """The statement that makes the table."""
        columns = ", ".join(f'"{column}" {_affinity(column)}' for column in self.columns)
        kind = "TEMP TABLE" if temporary else "TABLE"
        return f"CREATE {kind} {self.name} ({columns}, PRIMARY KEY ({', '.join(self.key)})) WITHOUT ROWID"

    def insert_sql(self) -> str:
        """The statement that adds a row unless one with its key is there."""
        return _insert_sql(self.name, len(self.columns))

    def select_sql(self) -> str:
        """The statement that reads all rows, sorted."""
        columns = ", ".join(f'"{column}"' for column in self.columns)
        return f"SELECT {columns} FROM {self.name} ORDER BY {', '.join(self.sort)}"

    def pack(self, rows: Sequence[Row]) -> Sequence[tuple[Any, ...]]:
        """The rows as stored.

        Raises:
            ValueError: a number is not a number; missing values are None.
        """
        reals, coded = _packing(self.row)  # type: ignore[arg-type]  # a class is hashable
        for at in reals:
            numbers: list[Any] = [row[at] for row in rows]
            if any(number is not None and math.isnan(number) for number in numbers):
                raise ValueError(f"{self.row.__name__}.{self.columns[at]} is not a number; a missing value is None")
        if not coded:
            return rows
        stored = []
        for row in rows:
            values = list(row)
            for at, encode, _ in coded:
                values[at] = encode(values[at])
            stored.append(tuple(values))
        return stored

    def unpack(self, stored: Iterable[tuple[Any, ...]]) -> list[Any]:
        """The rows as they were put."""
        _, coded = _packing(self.row)  # type: ignore[arg-type]  # a class is hashable
        rows = []
        for one in stored:
            values = list(one)
            for at, _, decode in coded:
                values[at] = decode(values[at])
            rows.append(self.row._make(values))
        return rows


_WORLD = ("arm", "replicate")
_EVENT = (*_WORLD, "step", "phase", "agent", "turn")
_SORT = (*_WORLD, "step", "agent")
_AFTER = (*_SORT, "turn")

ROW_TABLES: tuple[RowTable, ...] = (
    RowTable("agents", AgentRow, (*_WORLD, "agent"), (*_WORLD, "agent")),
    RowTable("ties", TieRow, (*_WORLD, "author", "reader"), (*_WORLD, "author", "reader")),
    RowTable("events", EventRow, _EVENT, (*_SORT, "phase", "turn")),
    RowTable("messages", MessageRow, _EVENT, (*_SORT, "phase", "turn")),
    RowTable("seen", SeenRow, (*_AFTER, "position"), (*_AFTER, "position")),
    RowTable("responses", ResponseRow, (*_EVENT, "item"), (*_SORT, "item", "phase", "turn")),
    RowTable("actions", ActionRow, (*_EVENT, "position"), (*_AFTER, "position")),
    RowTable("exposures", ExposureRow, _EVENT, _AFTER),
    RowTable("recalled", RecalledRow, (*_EVENT, "position"), (*_AFTER, "position")),
    RowTable("tie_changes", TieChangeRow, (*_EVENT, "position"), (*_WORLD, "step", "wave", "agent", "turn", "position")),
    RowTable("trials", TrialRow, (*_EVENT, "name"), (*_AFTER, "name")),
    RowTable("numbers", ValueRow, (*_EVENT, "name"), (*_AFTER, "name")),
)
"""All stored row tables, in the order in which they are written."""

_BY_TYPE = {table.row: table for table in ROW_TABLES}
_BY_NAME = {table.name: table for table in ROW_TABLES}


def table_of(kind: type[Row]) -> RowTable:
    """The table that rows of a type belong to."""
    return _BY_TYPE[kind]


def table_named(name: str) -> RowTable:
    """The table called ``name``.

    Raises:
        KeyError: there is none.
    """
    return _BY_NAME[name]


def event_key(event: EventRow) -> EventKey:
    """What identifies an event: (arm, replicate, step, phase, agent, turn)."""
    return (event.arm, event.replicate, event.step, event.phase, event.agent, event.turn)
