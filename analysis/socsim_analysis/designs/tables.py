"""What a tidy table of a study must look like: its columns, what they mean, and errors that name the column at fault.

A `Table` lists its columns; `Table.check` gives back a copy with exactly these columns, in their order and of their kind, or
raises a `TableError`. Where the rows come from (people or a run) it does not know. Further columns are dropped, so that no
statistic can lean on one that is not documented.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Column", "Kind", "Table", "TableError", "constant_within", "in_arm", "of_arm", "one_of", "told"]

Kind = Literal["label", "number", "whole", "flag"]
"""Kinds of columns: any name or code; a finite real number; a whole number; true or false (or 1 and 0)."""


class TableError(ValueError):
    """A table is not what a statistic needs; the message names the column."""


@dataclass(frozen=True)
class Column:
    """One column of a tidy table."""

    name: str
    kind: Kind
    says: str
    """What it means, in a few words."""
    low: float = -math.inf
    high: float = math.inf
    """Least and greatest value allowed."""
    optional: bool = False
    """Whether the table may lack it: labels are then "", flags without gaps false, everything else missing."""
    gaps: bool = False
    """Whether values may be missing."""


@dataclass(frozen=True)
class Table:
    """A tidy table: one row per ``key``."""

    name: str
    says: str
    """What one row is."""
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    """Columns that together name a row; empty where rows may repeat."""

    @property
    def names(self) -> list[str]:
        """Names of all columns, in order."""
        return [column.name for column in self.columns]

    def fits(self, frame: pd.DataFrame) -> bool:
        """Whether the frame has all columns that this table needs."""
        return all(column.optional or column.name in frame.columns for column in self.columns)

    def check(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A copy with the documented columns only, each of its kind, and rows numbered from 0. A table without rows is fine.

        Numbers become floats, whole numbers integers (floats where there may be gaps), flags booleans (1.0, 0.0 and NaN where
        there may be gaps).

        Raises:
            TableError: a column is missing, holds something of another kind or out of range, has a gap it may not have, or two
                rows have the same key.
        """
        lacking = [column.name for column in self.columns if not column.optional and column.name not in frame.columns]
        if lacking:
            there = ", ".join(map(str, frame.columns)) or "none"
            raise TableError(f"table {self.name}: column {', '.join(map(repr, lacking))} is missing; its columns are {there}")
        rows = frame.reset_index(drop=True)
        made = {column.name: self._values(column, rows) for column in self.columns}
        checked = pd.DataFrame(made, columns=self.names)
        if self.key and checked.duplicated(list(self.key)).any():
            row = checked.loc[checked.duplicated(list(self.key)), list(self.key)].iloc[0]
            named = ", ".join(f"{name} {told(value)}" for name, value in row.items())
            raise TableError(f"table {self.name}: columns {', '.join(self.key)} must name a row, yet several rows have {named}")
        return checked

    def _values(self, column: Column, rows: pd.DataFrame) -> pd.Series:
        if column.name not in rows.columns:
            return _absent(column, len(rows))
        values = rows[column.name]
        missing = values.isna().to_numpy(dtype=bool)
        if not column.gaps and missing.any():
            self._fail(column, "has no value", int(missing.argmax()))
        if column.kind == "label":
            return values
        numbers = _numbers(values, flag=column.kind == "flag")
        strange = np.isnan(numbers) & ~missing
        if strange.any():
            wanted = {"number": "a number", "whole": "a whole number", "flag": "true or false"}[column.kind]
            row = int(strange.argmax())
            self._fail(column, f"holds {told(values.iloc[row])} where {wanted} belongs", row)
        low, high = (0.0, 1.0) if column.kind == "flag" else (column.low, column.high)
        outside = (numbers < low) | (numbers > high) | np.isinf(numbers)
        if column.kind in ("whole", "flag"):
            outside |= ~missing & (np.floor(numbers) != numbers)
        if outside.any():
            row = int(outside.argmax())
            self._fail(column, f"holds {told(values.iloc[row])}; it must be {_wanted(column)}", row)
        if column.gaps or column.kind == "number":
            return pd.Series(numbers)
        return pd.Series(numbers.astype(bool) if column.kind == "flag" else numbers.astype(np.int64))

    def _fail(self, column: Column, what: str, row: int) -> None:
        raise TableError(f"table {self.name}: column {column.name!r} ({column.says}) {what} (row {row})")


def _absent(column: Column, rows: int) -> pd.Series:
    if column.kind == "label":
        return pd.Series([""] * rows, dtype=object)
    if column.kind == "flag" and not column.gaps:
        return pd.Series(np.zeros(rows, dtype=bool))
    return pd.Series(np.full(rows, np.nan))


def _numbers(values: pd.Series, *, flag: bool) -> NDArray[np.float64]:
    """As floats; NaN for what is no number (text is none, and true and false are only where flags belong)."""

    def number(value: object) -> float:
        if isinstance(value, bool | np.bool_):
            return float(value) if flag else math.nan
        return float(value) if isinstance(value, int | float | np.integer | np.floating) else math.nan

    if pd.api.types.is_bool_dtype(values.dtype) or not pd.api.types.is_numeric_dtype(values.dtype):
        return np.asarray([number(value) for value in values], dtype=float)
    return np.asarray(values.to_numpy(dtype=float, na_value=np.nan))


def _wanted(column: Column) -> str:
    if column.kind == "flag":
        return "true or false"
    kind = "whole and finite" if column.kind == "whole" else "finite"
    if math.isfinite(column.low) and math.isfinite(column.high):
        return f"{kind}, between {column.low:g} and {column.high:g}"
    if math.isfinite(column.low):
        return f"{kind}, {column.low:g} or more"
    return f"{kind}, {column.high:g} or less" if math.isfinite(column.high) else kind


def one_of(frame: pd.DataFrame, tables: Sequence[Table]) -> tuple[Table, pd.DataFrame]:
    """The first of several tables that the frame has the columns for, and the checked frame.

    Raises:
        TableError: it has the columns of none, or does not pass the check of the first that it has.
    """
    for table in tables:
        if table.fits(frame):
            return table, table.check(frame)
    if len(tables) == 1:
        return tables[0], tables[0].check(frame)
    needs = "; or ".join(
        f"{one.name}: {', '.join(column.name for column in one.columns if not column.optional)}" for one in tables
    )
    raise TableError(f"the columns {', '.join(map(str, frame.columns))} are those of no table that fits; needed are {needs}")


def in_arm(frame: pd.DataFrame, arm: object = None) -> pd.DataFrame:
    """Rows of one arm; without ``arm`` all rows, which must be of one arm then.

    Raises:
        TableError: there are several arms and none is named, or none of that name.
    """
    arms = list(pd.unique(frame["arm"]))
    if arm is None:
        if len(arms) > 1:
            raise TableError(f"column 'arm' holds several arms ({_listed(arms)}); say which one is meant")
        return frame
    if arm not in arms:
        raise TableError(f"column 'arm' has no {told(arm)}; it has {_listed(arms) or 'no rows'}")
    return frame[frame["arm"] == arm]


def of_arm(made: pd.DataFrame, source: pd.DataFrame, arm: object = None) -> pd.DataFrame:
    """Rows of one arm in a table made of another one: which arms there are is for the source to say, see `in_arm`.

    So an arm of which nothing could be made gives no rows, and only one that never was is an error.
    """
    return made[made["arm"].isin(pd.unique(in_arm(source, arm)["arm"]))]


def constant_within(frame: pd.DataFrame, column: str, within: Sequence[str]) -> pd.Series:
    """The one value that a column has in each group of rows, by group.

    Raises:
        TableError: a group has several.
    """
    groups = frame.groupby(list(within), sort=True)[column]
    several = groups.nunique(dropna=False) > 1
    if several.any():
        place = several[several].index[0]
        raise TableError(f"column {column!r} has several values within {', '.join(within)} = {place}; it must have one")
    return groups.first()


def told(value: object) -> str:
    """A value as it is shown in errors: 3 and not np.int64(3)."""
    return repr(value.item() if isinstance(value, np.generic) else value)


def _listed(values: Iterable[object]) -> str:
    return ", ".join(map(told, values))
