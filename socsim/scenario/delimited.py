"""Reading CSV and TSV text strictly: every column named once, every row as long as the first, cells of any length."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from socsim.errors import Problem, ScenarioError

__all__ = ["check_header", "read_delimited"]


def read_delimited(path: Path, name: str, max_rows: int, separator: str = ",") -> tuple[list[str], list[list[str]]]:
    """Column names and rows of a file; empty lines are passed over.

    Args:
        path: the file.
        name: what it is called in messages.
        max_rows: most rows that are read.
        separator: what stands between cells.

    Raises:
        ScenarioError: it is not UTF-8, a column has no name or stands twice, or a row is longer or shorter than the first;
            names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file, _cells_of_any_length():
            reader = csv.reader(file, strict=True, delimiter=separator)
            header = next(reader, [])
            check_header(header, name)
            _check_separator(header, name, separator)
            return header, list(_rows(reader, len(header), name, max_rows))
    except UnicodeDecodeError as error:
        raise ScenarioError(Problem(f"{name!r} is not UTF-8 text (byte {error.start})", fix="Save it as UTF-8")) from error
    except csv.Error as error:
        message = f"line {reader.line_num} of {name!r} is not CSV: {error}"
        raise ScenarioError(Problem(message, fix="Close every quote, and write quotes inside of a quoted cell twice")) from error
    except OSError as error:
        raise ScenarioError(Problem(f"{name!r} cannot be read: {error.strerror}", fix="Check its permissions")) from error


def check_header(header: list[str], name: str) -> None:
    """Refuse columns without a name, and names that stand twice.

    Raises:
        ScenarioError: there is one.
    """
    if not header:
        raise ScenarioError(Problem(f"{name!r} is empty", fix="Name the columns in the first line, and write one row per line"))
    if any(not column.strip() for column in header):
        raise ScenarioError(Problem(f"{name!r} has a column without a name", fix="Name every column in the first line"))
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        raise ScenarioError(Problem(f"{name!r} has the column {twice[0]!r} twice", fix="Give every column a name of its own"))


def _check_separator(header: list[str], name: str, separator: str) -> None:
    for other, what in ((";", "semicolons"), ("\t", "tabs"), (",", "commas")):
        if len(header) == 1 and other != separator and other in header[0]:
            wanted = "tabs" if separator == "\t" else "commas"
            raise ScenarioError(Problem(f"{name!r} is separated by {what}", fix=f"Save it with {wanted} between cells"))


def _rows(reader: Iterator[list[str]], width: int, name: str, max_rows: int) -> Iterator[list[str]]:
    count = 0
    for cells in reader:
        if not cells:
            continue
        count += 1
        if len(cells) != width:
            line = getattr(reader, "line_num", count + 1)
            message = f"line {line} of {name!r} has {len(cells)} {'cell' if len(cells) == 1 else 'cells'}, the header {width}"
            raise ScenarioError(Problem(message, fix="Quote cells that contain commas; give every row one cell per column"))
        if count > max_rows:
            raise ScenarioError(Problem(f"{name!r} has more than {max_rows} rows", fix="Give a smaller table"))
        if any("\x00" in cell for cell in cells):
            raise ScenarioError(Problem(f"row {count} of {name!r} holds a null character", fix="Save it as UTF-8 text"))
        yield cells


@contextmanager
def _cells_of_any_length() -> Iterator[None]:
    """The csv module refuses cells of more than 131,072 characters unless told otherwise; interviews are longer."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)
