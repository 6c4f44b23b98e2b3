"""From a declared network to a graph with nodes 0 to n - 1."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from socsim.errors import Problem, ScenarioError, nearest
from socsim.network.generators import GENERATORS, generator_problems
from socsim.network.importing import load_graph
from socsim.network.shipped import SHIPPED
from socsim.prompts import one_line
from socsim.scenario.people import NetworkSpec

__all__ = ["build_graph", "fixed_graph"]


def build_graph(spec: NetworkSpec, n: int, rng: np.random.Generator, folder: Path | None, prefix: str = "network") -> Any:
    """The declared graph (``networkx.Graph``, or ``DiGraph`` where directed) with nodes 0 to n - 1.

    Nodes have the attribute ``label`` (their name in the source); edges have ``weight`` if the network declares one.

    Args:
        spec: the network as declared.
        n: number of people.
        rng: the network's stream.
        folder: the scenario's folder; the working directory where None.
        prefix: field path of the network.

    Raises:
        ScenarioError: the graph cannot be built as declared, or has another number of nodes.
    """
    if spec.graph.generator is None:
        return fixed_graph(spec, n, folder, prefix)
    problems = generator_problems(spec.graph.generator, spec.graph.parameters, n, spec.directed, f"{prefix}.graph")
    if spec.weight is not None:
        problems.append(Problem("generated ties have no weights", f"{prefix}.weight", fix="Leave weight out"))
    if problems:
        raise ScenarioError(problems)
    found = GENERATORS[spec.graph.generator].build(n, spec.graph.parameters, spec.directed, rng)
    return _numbered(found, None, f"{prefix}.weight")


def fixed_graph(spec: NetworkSpec, n: int, folder: Path | None, prefix: str) -> Any:
    """The graph of a shipped network or a file.

    Raises:
        ScenarioError: see `build_graph`.
    """
    source = spec.graph
    field = f"{prefix}.graph.{'name' if source.name is not None else 'file'}"
    if source.parameters:
        raise ScenarioError(Problem("only generators have parameters", f"{prefix}.graph.parameters", fix="Leave them out"))
    if source.name is not None:
        if source.name not in SHIPPED:
            raise ScenarioError(Problem(f'there is no network "{source.name}"', field, fix=nearest(source.name, SHIPPED)))
        if spec.directed:
            raise ScenarioError(Problem(f"{source.name} has no directions", f"{prefix}.directed", fix="Leave directed out"))
        found = SHIPPED[source.name]()
    else:
        found = load_graph(source, spec.directed, folder, prefix)
    if len(found) != n:
        fix = f"Set population.size to {len(found)}"
        raise ScenarioError(Problem(f"the network has {len(found)} nodes, the population has {n} people", field, fix=fix))
    return _numbered(found, spec.weight, f"{prefix}.weight")


def _numbered(found: Any, weight: str | None, field: str) -> Any:
    """The graph in the source's node order, with labels, and with weights where declared."""
    number = {node: i for i, node in enumerate(found)}
    graph: Any = nx.DiGraph() if found.is_directed() else nx.Graph()
    labels = ((i, one_line(_label(node, found.nodes[node]))) for node, i in number.items())
    graph.add_nodes_from((i, {"label": label}) for i, label in labels)
    if weight is None:
        graph.add_edges_from((number[u], number[v]) for u, v in found.edges())
    else:
        graph.add_weighted_edges_from(
            (number[u], number[v], _weight(u, v, data, weight, field)) for u, v, data in found.edges(data=True)
        )
    return graph


def _label(node: Any, data: dict[str, Any]) -> str:
    if isinstance(node, tuple):
        return ",".join(str(part) for part in node)
    return str(data["label"]) if isinstance(data.get("label"), str) else str(node)


def _weight(u: Any, v: Any, data: dict[str, Any], name: str, field: str) -> float:
    if name not in data:
        fix = nearest(name, data) if data else "The ties of this network have no attributes: leave weight out"
        raise ScenarioError(Problem(f'the tie {u} - {v} has no "{name}"', field, fix=fix))
    value = data[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        fix = "Weights are finite numbers above 0; leave out ties that do not count"
        raise ScenarioError(Problem(f'the tie {u} - {v} has "{name}" {value!r}', field, fix=fix))
    return float(value)
