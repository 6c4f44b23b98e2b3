"""Tidy tables: rows of a run as Arrow tables, their files, and hashes of what they say.

One row per agent, step and variable; columns are the fields of the row types in `socsim.events`. A hash names the logical
content of the sorted rows, so it does not depend on file formats, versions or compression; telemetry (times, token counts,
attempts) is outside it. Knows nothing of where the rows come from.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from socsim.errors import RecordError
from socsim.events import (
    ActionRow,
    AgentRow,
    EventRow,
    ExposureRow,
    MessageRow,
    RecalledRow,
    ResponseRow,
    SeenRow,
    TieChangeRow,
    TieRow,
    TrialRow,
    ValueRow,
)
from socsim.record.calls import CallRow
from socsim.record.manifest import write_whole

__all__ = [
    "TABLE_NAMES",
    "TELEMETRY",
    "agents_table",
    "completed",
    "read_table",
    "readings_table",
    "row_table",
    "table_hash",
    "to_pandas",
    "write_labelled_csv",
    "write_table",
]

_REALS = pa.list_(pa.float64())
_CALLS = pa.list_(pa.struct([("path", pa.string()), ("digest", pa.string()), ("draw", pa.string())]))
_TYPES: Mapping[str, pa.DataType] = {
    **dict.fromkeys(("replicate", "agent", "step", "author", "reader", "position", "author_step", "choice"), pa.int64()),
    **dict.fromkeys(("reading", "repaired", "prompt_tokens", "cached_tokens", "completion_tokens", "attempts"), pa.int64()),
    **dict.fromkeys(("turn", "wave", "target", "potential", "shown", "engaged"), pa.int64()),
    **dict.fromkeys(("amount", "weight", "value", "expected", "entropy", "mass", "u", "elapsed_s", "ttft_s"), pa.float64()),
    **dict.fromkeys(("probabilities", "logprobs"), _REALS),
    **dict.fromkeys(("cut_off", "reused"), pa.bool_()),
    "notes": pa.list_(pa.string()),
    "calls": _CALLS,
}
_WORLD = ("arm", "replicate")
_WHEN = (*_WORLD, "step", "agent")
_SORT: Mapping[str, tuple[str, ...]] = {
    "agents": (*_WORLD, "agent"),
    "ties": (*_WORLD, "author", "reader"),
    "events": (*_WHEN, "phase", "turn"),
    "messages": (*_WHEN, "phase", "turn"),
    "seen": (*_WHEN, "turn", "position"),
    "responses": (*_WHEN, "item", "phase", "turn"),
    "readings": (*_WHEN, "item", "phase", "turn", "reading"),
    "actions": (*_WHEN, "turn", "position"),
    "exposures": (*_WHEN, "turn"),
    "recalled": (*_WHEN, "turn", "position"),
    "tie_changes": (*_WORLD, "step", "wave", "agent", "turn", "position"),
    "trials": (*_WHEN, "turn", "name"),
    "numbers": (*_WHEN, "turn", "name"),
    "calls": ("digest", "draw"),
}
TABLE_NAMES: tuple[str, ...] = tuple(_SORT)
"""All tables of a run."""

TELEMETRY = frozenset({"prompt_tokens", "cached_tokens", "completion_tokens", "elapsed_s", "ttft_s", "attempts", "reused"})
"""Columns that say how a run went, not what came out; no hash covers them."""

_ADDED = frozenset({"notes", "how", "repaired", "turn", "kind"})
"""Columns that tables of earlier versions lack: while they say nothing, the hash is as it was without them."""

_ALWAYS = frozenset({("calls", "kind")})
"""Columns called like some that were added, in tables that had them from the first."""

_ABSENT: Mapping[str, Any] = {"notes": (), "how": "", "repaired": 0, "turn": 0, "kind": "", "ttft_s": 0.0, "reused": False}
"""What files of earlier versions say in the columns that they lack."""

_ROW_TYPES: Mapping[str, type[Any]] = {
    "ties": TieRow,
    "events": EventRow,
    "messages": MessageRow,
    "seen": SeenRow,
    "responses": ResponseRow,
    "actions": ActionRow,
    "exposures": ExposureRow,
    "recalled": RecalledRow,
    "tie_changes": TieChangeRow,
    "trials": TrialRow,
    "numbers": ValueRow,
    "calls": CallRow,
}
_READING_COLUMNS = (
    "arm", "replicate", "step", "phase", "agent", "item", "reading", "order", "labels", "mass", "probabilities", "how",
    "repaired", "turn",
)  # fmt: skip


def row_table(name: str, rows: Iterable[Any]) -> pa.Table:
    """A sorted table of rows as stored; of responses without their readings."""
    rows = list(rows)
    columns = _ROW_TYPES[name]._fields
    values = {column: list(map(itemgetter(at), rows)) for at, column in enumerate(columns) if column != "readings"}
    if name == "responses":
        values["repaired"] = [sum(reading.repaired for reading in row.readings) for row in rows]
    if name == "events":
        keys = ("path", "digest", "draw")
        values["calls"] = [[dict(zip(keys, call, strict=True)) for call in calls] for calls in values["calls"]]
    return _sorted(name, _table(values))


def readings_table(responses: Iterable[ResponseRow]) -> pa.Table:
    """One row per reading of a response: an order of the options, a label set or a sentence frame."""
    values: dict[str, list[Any]] = {column: [] for column in _READING_COLUMNS}
    for row in responses:
        for index, reading in enumerate(row.readings):
            where = (row.arm, row.replicate, row.step, row.phase, row.agent, row.item, index)
            what = (
                reading.order, reading.labels, reading.mass, reading.probabilities, "; ".join(reading.how), reading.repaired,
                row.turn,
            )  # fmt: skip
            for column, value in zip(_READING_COLUMNS, (*where, *what), strict=True):
                values[column].append(value)
    return _sorted("readings", _table(values))


def agents_table(rows: Iterable[AgentRow]) -> pa.Table:
    """One row per agent; facts are columns ``fact_…``, held-back variables ``reference_…``.

    A variable whose values are all numbers is a number, else it is text.
    """
    rows = list(rows)
    plain = [field for field in AgentRow._fields if field not in ("facts", "reference")]
    values: dict[str, list[Any]] = {column: [getattr(row, column) for row in rows] for column in plain}
    types: dict[str, pa.DataType] = {}
    for field, prefix in (("facts", "fact_"), ("reference", "reference_")):
        for name in dict.fromkeys(name for row in rows for name in getattr(row, field)):
            column = [getattr(row, field).get(name) for row in rows]
            values[prefix + name], types[prefix + name] = _variable(column)
    return _sorted("agents", _table(values, types))


def completed(name: str, table: pa.Table) -> pa.Table:
    """A table as read from a file, with the columns that earlier versions did not write; these say nothing there."""
    if name == "agents":
        return table
    whole = (readings_table([]) if name == "readings" else row_table(name, [])).schema
    for field in whole:
        if field.name in _ABSENT and field.name not in table.column_names:
            table = table.append_column(field, pa.array([_ABSENT[field.name]] * table.num_rows, field.type))
    known = [column for column in whole.names if column in table.column_names]
    return table.select([*known, *(column for column in table.column_names if column not in known)])


def table_hash(name: str, table: pa.Table) -> str:
    """32 hexadecimal digits naming the logical content of a table.

    BLAKE2b over the sorted column names and, in the order of the sort keys, each row's values as JSON with every digit of
    its numbers. Two tables have the same hash if and only if they say the same, whatever files they were read from.
    """
    table = completed(name, table)
    added = {column for column in _ADDED & set(table.column_names) if (name, column) not in _ALWAYS}
    silent = {column for column in added if not any(table[column].to_pylist())}
    columns = sorted(column for column in table.column_names if column not in TELEMETRY | silent)
    state = hashlib.blake2b(orjson.dumps(columns), digest_size=16)
    for batch in _sorted(name, table).select(columns).to_batches(max_chunksize=4096):
        lists = [_canonical(batch.column(index)) for index in range(len(columns))]
        for row in zip(*lists, strict=True):
            state.update(b"\n" + orjson.dumps(row))
    return state.hexdigest()


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table as Parquet; a reader sees the whole file or none.

    Raises:
        RecordError: it cannot be written.
    """
    data = io.BytesIO()
    pq.write_table(table, data, compression="zstd")
    _make_folder(path)
    write_whole(path, data.getvalue())


def read_table(path: Path) -> pa.Table:
    """Read a table that `write_table` wrote.

    Raises:
        RecordError: it cannot be read.
    """
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise RecordError(f"{path}: cannot be read: {error}") from error


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """The table as a pandas frame. Whole numbers with gaps become ``Int64``; lists become Python lists."""
    gaps = {column for column in table.column_names if table[column].null_count and pa.types.is_integer(table[column].type)}
    frame: pd.DataFrame = table.drop_columns(sorted(gaps)).to_pandas()
    for column in sorted(gaps):
        frame[column] = pd.array(table[column].to_pylist(), dtype="Int64")
    for column in table.column_names:
        if pa.types.is_list(table[column].type):
            frame[column] = pd.Series(table[column].to_pylist(), dtype=object, index=frame.index)
    return frame.loc[:, list(table.column_names)]


def write_labelled_csv(table: pa.Table, path: Path, options: Mapping[str, Sequence[str]]) -> None:
    """Write a table as CSV for people: lists as JSON and, beside the probabilities of an item, the options they belong to.

    Args:
        table: any table.
        path: the file, UTF-8 with a byte order mark, so that spreadsheets read accents.
        options: option texts (non-answers last) per item.

    Raises:
        RecordError: it cannot be written.
    """
    columns = list(table.column_names)
    values = {column: table[column].to_pylist() for column in columns}
    if "probabilities" in values and "item" in values:
        values["options"] = [list(options.get(item, ())) for item in values["item"]]
        columns.insert(columns.index("probabilities"), "options")
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(zip(*([_cell(value) for value in values[column]] for column in columns), strict=True))
    _make_folder(path)
    write_whole(path, text.getvalue().encode("utf-8-sig", "surrogatepass"))


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error}. Check free space and permissions.") from error


def _cell(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, list) else value


def _table(values: Mapping[str, list[Any]], types: Mapping[str, pa.DataType] | None = None) -> pa.Table:
    types = types or {}
    arrays = [pa.array(column, types.get(name) or _TYPES.get(name, pa.string())) for name, column in values.items()]
    return pa.table(arrays, names=list(values))


def _sorted(name: str, table: pa.Table) -> pa.Table:
    return table.sort_by([(column, "ascending") for column in _SORT[name]])


def _variable(column: list[Any]) -> tuple[list[Any], pa.DataType]:
    present = [value for value in column if value is not None]
    if present and all(isinstance(value, int) and not isinstance(value, bool) for value in present):
        return column, pa.int64()
    if present and all(isinstance(value, int | float) and not isinstance(value, bool) for value in present):
        return [None if value is None else float(value) for value in column], pa.float64()
    return [None if value is None else str(value) for value in column], pa.string()


def _canonical(array: pa.Array) -> list[Any]:
    """Values for hashing; numbers that JSON has no word for become text."""
    values = array.to_pylist()
    kind = array.type.value_type if pa.types.is_list(array.type) else array.type
    if not pa.types.is_floating(kind):
        return list(values)
    if pa.types.is_list(array.type):
        return [None if value is None else [_number(number) for number in value] for value in values]
    return [_number(value) for value in values]


def _number(value: float | None) -> float | str | None:
    if value is None or value - value == 0.0:
        return value
    return str(value)
