"""Tables beside a scenario: their columns and rows, as text."""

from __future__ import annotations

import csv
from pathlib import Path

from socsim.errors import Problem, ScenarioError
from socsim.scenario.paths import file_problem

__all__ = ["MAX_ROWS", "Row", "read_table"]

MAX_ROWS = 100_000
_MAX_BYTES = 50_000_000

Row = dict[str, str]


def read_table(folder: Path, name: str) -> list[Row]:
    """Rows of a CSV or Parquet file, every cell as text; an empty or missing cell is the empty text.

    Raises:
        ScenarioError: the file is missing, outside the folder, too large, of another kind, empty, or has rows of unequal
            length or columns without a name.
    """
    wrong = file_problem(folder, name, _MAX_BYTES)
    if wrong is not None:
        raise ScenarioError(Problem(wrong[0], fix=wrong[1]))
    suffix = Path(name).suffix.lower()
    if suffix == ".csv":
        rows = _read_csv(folder / name, name)
    elif suffix == ".parquet":
        rows = _read_parquet(folder / name, name)
    else:
        raise ScenarioError(Problem(f"{name!r} is no table", fix="Give a file that ends in .csv or .parquet"))
    if not rows:
        raise ScenarioError(Problem(f"the table {name!r} has no rows", fix="Give it a header line and at least one row"))
    return rows


def _read_csv(path: Path, name: str) -> list[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            _check_header(header, name)
            rows = []
            for cells in reader:
                if not cells:
                    continue
                if len(cells) != len(header):
                    message = f"line {reader.line_num} of {name!r} has {len(cells)} cells, the header {len(header)}"
                    raise ScenarioError(Problem(message, fix="Quote cells that contain commas"))
                rows.append(dict(zip(header, cells, strict=True)))
                if len(rows) > MAX_ROWS:
                    raise ScenarioError(Problem(f"{name!r} has more than {MAX_ROWS} rows", fix="Give a smaller table"))
    except UnicodeDecodeError as error:
        raise ScenarioError(Problem(f"{name!r} is not UTF-8 text", fix="Save it as UTF-8")) from error
    except csv.Error as error:
        raise ScenarioError(Problem(f"{name!r} is not a CSV file: {error}", fix="Check its quotes")) from error
    except OSError as error:
        raise ScenarioError(Problem(f"{name!r} cannot be read: {error.strerror}", fix="Check its permissions")) from error
    return rows


def _read_parquet(path: Path, name: str) -> list[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if pq.ParquetFile(path).metadata.num_rows > MAX_ROWS:
            raise ScenarioError(Problem(f"{name!r} has more than {MAX_ROWS} rows", fix="Give a smaller table"))
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise ScenarioError(Problem(f"{name!r} is not a Parquet file that can be read", fix="Write it anew")) from error
    _check_header(table.column_names, name)
    return [{key: "" if value is None else str(value) for key, value in row.items()} for row in table.to_pylist()]


def _check_header(header: list[str], name: str) -> None:
    if not header or any(not column.strip() for column in header):
        raise ScenarioError(Problem(f"{name!r} has a column without a name", fix="Name every column in the first line"))
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        raise ScenarioError(Problem(f"{name!r} has the column {twice[0]!r} twice", fix="Give every column a name of its own"))
