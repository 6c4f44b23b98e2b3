"""Tables beside a scenario: their columns and rows, as text."""

from __future__ import annotations

from pathlib import Path

from socsim.errors import Problem, ScenarioError
from socsim.scenario.delimited import check_header, read_delimited
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
    header, rows = read_delimited(path, name, MAX_ROWS)
    return [dict(zip(header, cells, strict=True)) for cells in rows]


def _read_parquet(path: Path, name: str) -> list[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if pq.ParquetFile(path).metadata.num_rows > MAX_ROWS:
            raise ScenarioError(Problem(f"{name!r} has more than {MAX_ROWS} rows", fix="Give a smaller table"))
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise ScenarioError(Problem(f"{name!r} is not a Parquet file that can be read", fix="Write it anew")) from error
    check_header(table.column_names, name)
    return [{key: "" if value is None else str(value) for key, value in row.items()} for row in table.to_pylist()]
