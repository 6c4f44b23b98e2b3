"""Per-step values of many agents in one Parquet file: a row group for each step, a column for each quantity.

Rows of a step are in the order of agents, so no column says which agent a row belongs to; it is the place within the step.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from socsim.errors import RecordError

__all__ = ["ColumnLog", "read_columns"]

Columns = Mapping[str, NDArray[Any]]


class ColumnLog:
    """Writes the columns of one step after another; use it as a context manager.

    The file gets its name when the log is closed; after an error it keeps the ending ``.partial``.

    Args:
        path: file to make; must not exist.

    Raises:
        RecordError: it exists, or cannot be written.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        if self.path.exists():
            raise RecordError(f"{self.path} exists already; name another file for the log")
        self._partial = self.path.with_name(self.path.name + ".partial")
        self._writer: pq.ParquetWriter | None = None
        self._closed = False

    def write(self, step: int, columns: Columns) -> None:
        """Append a step.

        Args:
            step: number of the step.
            columns: arrays of shape (agents,), the same names and kinds at every step.

        Raises:
            RecordError: names or kinds are others than before, the log is closed, or the disk is full.
        """
        if self._closed:
            raise RecordError(f"{self.path} is closed")
        size = len(next(iter(columns.values()), ()))
        table = pa.table({"step": pa.array(np.full(size, step, dtype=np.int32)), **{k: pa.array(v) for k, v in columns.items()}})
        try:
            if self._writer is None:
                self._writer = pq.ParquetWriter(self._partial, table.schema, compression="zstd", use_dictionary=["step"])
            self._writer.write_table(table, row_group_size=max(size, 1))
        except (pa.ArrowInvalid, ValueError, OSError) as error:
            raise RecordError(f"{self.path}: step {step} cannot be written: {error}") from error

    def close(self, *, whole: bool = True) -> None:
        """Finish the file and, if it is ``whole``, give it its name."""
        if self._closed:
            return
        self._closed = True
        if self._writer is not None:
            self._writer.close()
            if whole:
                self._partial.replace(self.path)

    def __enter__(self) -> ColumnLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close(whole=error is None)


def read_columns(path: Path | str, step: int) -> dict[str, NDArray[Any]]:
    """The columns of one step, without reading others: arrays of shape (agents,) in the order of agents.

    Raises:
        KeyError: the log has no such step.
    """
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            if file.metadata.row_group(group).column(0).statistics.min == step:
                table = file.read_row_group(group)
                return {name: table[name].to_numpy() for name in table.column_names if name != "step"}
    raise KeyError(f"{path} has no step {step}")
