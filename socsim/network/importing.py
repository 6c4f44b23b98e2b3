"""Graphs from files: GraphML, GEXF, edge lists, adjacency CSV and JSON node-link. Files are not trusted.

XML with a document type or entities is refused before it is parsed, sizes are bounded, and names stay text. Loops and
double ties are refused, never dropped. An adjacency row is the author and its columns are the readers; an edge list has
one ``author reader [weight]`` per line (separated by commas, tabs or spaces, ``#`` begins a comment), and a line with one
name is a person without ties.
"""

from __future__ import annotations

import csv
import io
import math
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import networkx as nx
import orjson

from socsim.errors import Problem, ScenarioError
from socsim.population.sources import data_path
from socsim.scenario.people import GraphSpec

__all__ = ["MAX_BYTES", "load_graph"]

MAX_BYTES = 200_000_000
"""Largest file that is read."""

_FORMATS = {
    ".graphml": "graphml",
    ".gexf": "gexf",
    ".edgelist": "edgelist",
    ".edges": "edgelist",
    ".txt": "edgelist",
    ".csv": "adjacency_csv",
    ".json": "node_link",
}
_ADVICE = {
    "graphml": "Export the network anew as plain GraphML in UTF-8",
    "gexf": "Export the network anew as plain GEXF in UTF-8",
    "edgelist": "Write one `author reader [weight]` per line, without a header",
    "adjacency_csv": "Give a square table with the same names in its first row and column; a list of ties is format: edgelist",
    "node_link": 'Give {"nodes": [{"id": …}], "edges": [{"source": …, "target": …}]}',
}
_EDGE_DATA = re.compile(r"\{(?:\s*['\"]weight['\"]\s*:\s*(?P<weight>[^\s,}]+))?\s*\}\Z")
_ENCODING = re.compile(r"""^\s*<\?xml[^>]*encoding\s*=\s*["']([^"']+)["']""")
_DANGEROUS = re.compile(r"<!\s*(doctype|entity)", re.IGNORECASE)


def load_graph(source: GraphSpec, directed: bool, folder: Path | None, prefix: str = "network") -> Any:
    """The graph in a file.

    Args:
        source: file and format.
        directed: whether the network is declared with direction; the file must agree where it says.
        folder: the scenario's folder; the working directory where None.
        prefix: field path of the network.

    Raises:
        ScenarioError: the file is missing, too large, not what it should be, or holds loops or double ties.
    """
    field = f"{prefix}.graph.file"
    name = source.file or ""
    path = data_path(name, folder, field)
    kind = source.format or _FORMATS.get(path.suffix.lower())
    if kind is None:
        fix = f"Set {prefix}.graph.format to graphml, gexf, edgelist, adjacency_csv or node_link"
        raise ScenarioError(Problem(f'the ending of "{name}" does not say its format', field, fix=fix))
    if path.stat().st_size > MAX_BYTES:
        raise ScenarioError(Problem(f'"{name}" is larger than {MAX_BYTES:,} bytes', field, fix="Give a smaller network"))
    try:
        text = path.read_bytes().decode("utf-8-sig")
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # networkx warns where it guesses what a file means
            graph = _READERS[kind](text, directed)
    except UnicodeDecodeError as error:
        raise ScenarioError(Problem(f'"{name}" is not UTF-8 text (byte {error.start})', field, fix="Save it as UTF-8")) from error
    except (ValueError, TypeError, KeyError, SyntaxError, nx.NetworkXException, csv.Error, UserWarning) as error:
        fix = f"{_ADVICE[kind]}, or set {prefix}.graph.format"
        raise ScenarioError(Problem(f'"{name}" cannot be read as {kind}: {error}', field, fix=fix)) from error
    if graph.is_directed() != directed:
        fix = "Set directed: true" if graph.is_directed() else "Leave directed out"
        says = "has directed ties" if graph.is_directed() else "has ties without direction"
        raise ScenarioError(Problem(f'"{name}" {says}', f"{prefix}.directed", fix=fix))
    return _simple(graph, name, field)


def _simple(graph: Any, name: str, field: str) -> Any:
    loop = next(nx.selfloop_edges(graph), None)
    if loop is not None:
        raise ScenarioError(Problem(f'"{name}" ties {loop[0]} to itself', field, fix="Remove loops from the file"))
    if graph.is_multigraph():
        plain = nx.DiGraph(graph) if graph.is_directed() else nx.Graph(graph)
        if plain.number_of_edges() != graph.number_of_edges():
            raise ScenarioError(Problem(f'"{name}" has double ties', field, fix="Merge them in the file"))
        return plain
    return graph


def _safe_xml(text: str) -> bytes:
    encoding = _ENCODING.match(text)
    if encoding and encoding[1].lower() not in ("utf-8", "utf8", "us-ascii", "ascii"):
        raise ValueError(f"its encoding is {encoding[1]}, not UTF-8")
    if _DANGEROUS.search(text):
        raise ValueError("it declares a document type or entities, which are refused")
    return text.encode()


def _graphml(text: str, _directed: bool) -> Any:
    return nx.read_graphml(io.BytesIO(_safe_xml(text)), node_type=str)


def _gexf(text: str, _directed: bool) -> Any:
    return nx.read_gexf(io.BytesIO(_safe_xml(text)), node_type=str)


def _assemble(directed: bool, nodes: Iterable[str], edges: Iterable[tuple[str, str, Mapping[str, Any]]]) -> Any:
    graph: Any = nx.DiGraph() if directed else nx.Graph()
    graph.add_nodes_from(nodes)
    for u, v, data in edges:
        if graph.has_edge(u, v):
            raise ValueError(f"the tie {u} - {v} stands twice")
        graph.add_edge(u, v, **data)
    return graph


def _edge_list(text: str, directed: bool) -> Any:
    nodes: dict[str, None] = {}
    edges: list[tuple[str, str, dict[str, float]]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        content, weight = _without_edge_data(content)
        separator = "," if "," in content else "\t" if "\t" in content else None
        parts = [part.strip() for part in content.split(separator)]
        if len(parts) > 3 or not all(parts):
            raise ValueError(f"line {number} is not: author reader [weight]")
        parts += [weight] if weight is not None and len(parts) == 2 else []
        nodes.update(dict.fromkeys(parts[:2]))
        if len(parts) > 1:
            edges.append((parts[0], parts[1], {"weight": _number(parts[2], number)} if len(parts) == 3 else {}))
    return _assemble(directed, nodes, edges)


def _without_edge_data(line: str) -> tuple[str, str | None]:
    """A line without the ``{}`` or ``{'weight': 2}`` that ``networkx.write_edgelist`` ends it with, and that weight."""
    match = _EDGE_DATA.search(line)
    return (line[: match.start()].strip(" ,\t"), match["weight"]) if match else (line, None)


def _number(text: str, line: int) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise ValueError(f"line {line}: {text!r} is not a number") from error
    if not math.isfinite(number):
        raise ValueError(f"line {line}: {text!r} is not a finite number")
    return number


def _adjacency(text: str, directed: bool) -> Any:
    rows = [row for row in csv.reader(io.StringIO(text), strict=True) if row]
    if not rows:
        raise ValueError("it is empty")
    if len(rows[0]) == 1 and ";" in rows[0][0]:
        raise ValueError("its cells are separated by semicolons; save it with commas")
    names = [name.strip() for name in rows[0][1:]]
    if len(set(names)) != len(names) or [row[0].strip() for row in rows[1:]] != names:
        raise ValueError("the first row and the first column must hold the same names, each once, in the same order")
    table = []
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(names) + 1:
            raise ValueError(f"line {number} has {len(row)} cells, the first row has {len(names) + 1}")
        table.append([_number(cell, number) if cell.strip() else 0.0 for cell in row[1:]])
    size = range(len(names))
    if not directed:
        uneven = next(((i, j) for i in size for j in range(i) if table[i][j] != table[j][i]), None)
        if uneven is not None:
            u, v = names[uneven[0]], names[uneven[1]]
            raise ValueError(f"{u} - {v} differs from {v} - {u}; set directed: true if that is meant")
    pairs = ((i, j) for i in size for j in (size if directed else range(i + 1)) if table[i][j] != 0.0)
    return _assemble(directed, names, ((names[i], names[j], {"weight": table[i][j]}) for i, j in pairs))


def _node_link(text: str, directed: bool) -> Any:
    data = orjson.loads(text)
    edges = data.get("edges", data.get("links")) if isinstance(data, dict) else None
    if not isinstance(edges, list) or not isinstance(data.get("nodes"), list):
        raise ValueError('it needs lists "nodes" and "edges" (or "links")')
    if not all(isinstance(entry, dict) for entry in (*data["nodes"], *edges)):
        raise ValueError("nodes and edges must be objects")
    names = [_name(node, "id") for node in data["nodes"]]
    if len(set(names)) != len(names):
        raise ValueError("a node id stands twice")
    known = set(names)
    triples = []
    for edge in edges:
        u, v = _name(edge, "source"), _name(edge, "target")
        if u not in known or v not in known:
            raise ValueError(f"the tie {u} - {v} names an unknown node")
        triples.append((u, v, {key: value for key, value in edge.items() if key not in ("source", "target", "key")}))
    return _assemble(bool(data.get("directed", directed)), names, triples)


def _name(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f'"{key}" is {value!r}, not a name')
    return str(value)


_READERS: Mapping[str, Callable[[str, bool], Any]] = {
    "graphml": _graphml,
    "gexf": _gexf,
    "edgelist": _edge_list,
    "adjacency_csv": _adjacency,
    "node_link": _node_link,
}
