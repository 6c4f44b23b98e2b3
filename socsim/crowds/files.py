"""Ties of large populations from and to files, straight into neighbour arrays, and as a networkx graph where that is wished."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from socsim.crowds.pairs import neighbours_from_pairs
from socsim.dynamics.graph import Integers, Neighbours
from socsim.errors import RecordError

__all__ = ["MOST_FOR_NETWORKX", "read_neighbours", "to_networkx", "write_neighbours"]

MOST_FOR_NETWORKX = 2_000_000
"""Most ties of a graph that becomes a networkx object without asking for more; each direction takes about 100 bytes or more."""


def read_neighbours(path: Path | str, n: int | None = None, *, directed: bool = False) -> Neighbours:
    """Ties from a table of two columns of whole numbers, ``reader`` and ``author``, in Parquet or CSV (plain, .gz or .zst).

    Args:
        path: file; the ending says what it is.
        n: number of agents; the largest number in the file plus 1 where not given.
        directed: whether the author does not read the reader, unless another row says so.

    Raises:
        RecordError: the file cannot be read, has other columns, or a tie is not possible; says which.
    """
    place = Path(path)
    try:
        if ".parquet" in place.suffixes:
            table = pq.read_table(place, columns=["reader", "author"])
        else:
            only = pa.csv.ConvertOptions(include_columns=["reader", "author"])
            table = pa.csv.read_csv(place, convert_options=only)
        readers, authors = _whole(table, "reader"), _whole(table, "author")
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        raise RecordError(f"{place}: there is no table of ties with the columns reader and author here: {error}") from error
    largest = int(max(readers.max(), authors.max())) + 1 if readers.size else 0
    try:
        return neighbours_from_pairs(largest if n is None else n, readers, authors, directed=directed)
    except ValueError as error:
        raise RecordError(f"{place}: {error}") from error


def _whole(table: Any, name: str) -> Integers:
    column = table[name]
    if column.null_count or not pa.types.is_integer(column.type):
        raise ValueError(f"column {name} must hold a whole number in every row")
    return np.asarray(column.to_numpy(), dtype=np.int64)


def write_neighbours(neighbours: Neighbours, path: Path | str) -> None:
    """Every direction of every tie as one row of a Parquet file, which `read_neighbours` reads with ``directed=True``."""
    table = pa.table({"reader": pa.array(neighbours.rows), "author": pa.array(neighbours.indices)})
    pq.write_table(table, Path(path), compression="zstd")


def to_networkx(neighbours: Neighbours, *, most: int = MOST_FOR_NETWORKX) -> Any:
    """A `networkx.DiGraph` in which u → v means that v reads u, or a `networkx.Graph` where all ties go both ways.

    Raises:
        ValueError: there are more than ``most`` ties; a networkx graph takes about 100 bytes for each.
    """
    import networkx as nx

    if neighbours.indices.size > most:
        raise ValueError(
            f"{neighbours.indices.size:,} ties are too many for a networkx graph, which would take about "
            f"{neighbours.indices.size * 100 / 1e6:,.0f} MB or more; work on the arrays, or give a larger `most`"
        )
    forth = np.stack([neighbours.indices, neighbours.rows], axis=1)
    order = np.lexsort((neighbours.rows, neighbours.indices))
    mutual = np.array_equal(forth[order], np.stack([neighbours.rows, neighbours.indices], axis=1))
    graph: Any = nx.Graph() if mutual else nx.DiGraph()
    graph.add_nodes_from(range(neighbours.n))
    graph.add_edges_from(forth.tolist())
    return graph
