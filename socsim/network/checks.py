"""All that is wrong with a network, found before a world is built."""

from __future__ import annotations

from pathlib import Path

from socsim.errors import Problem, ScenarioError
from socsim.network.generators import generator_problems
from socsim.network.graphs import fixed_graph
from socsim.scenario.people import NetworkSpec

__all__ = ["check_network"]


def check_network(spec: NetworkSpec, n: int, folder: Path | None, prefix: str = "network") -> list[Problem]:
    """List every problem of a network for ``n`` people. Shipped graphs and files are read, generators are not run.

    Whether a target assortativity can be reached, and whether a shuffle changes anything, is found by `socsim.scenario.trying`.

    Args:
        spec: the network as declared.
        n: number of people.
        folder: the scenario's folder; the working directory where None.
        prefix: field path of the network in the scenario.
    """
    problems = _placement(spec, f"{prefix}.place")
    if spec.graph.generator is not None:
        problems += generator_problems(spec.graph.generator, spec.graph.parameters, n, spec.directed, f"{prefix}.graph")
        if spec.weight is not None:
            problems.append(Problem("generated ties have no weights", f"{prefix}.weight", fix="Leave weight out"))
        return problems
    try:
        fixed_graph(spec, n, folder, prefix)
    except ScenarioError as error:
        problems += error.problems
    return problems


def _placement(spec: NetworkSpec, path: str) -> list[Problem]:
    place = spec.place
    problems = []
    if place.by in ("degree", "homophily") and place.on is None:
        fix = "Add on: the name of a fact or reference fact"
        problems.append(Problem(f"placing by {place.by} needs a variable", path, fix=fix))
    if place.by == "homophily" and place.assortativity is None:
        fix = "Add assortativity, between -1 and 1"
        problems.append(Problem("placing by homophily needs a target", path, fix=fix))
    return problems
