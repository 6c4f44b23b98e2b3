"""Who stands on which node: at random, in the order of the data, by degree, or homophilous with a target assortativity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from socsim.errors import Problem, ScenarioError, nearest
from socsim.network.assortativity import CategoryMixing, Mixing, NumberMixing
from socsim.population.persona import Persona, Value
from socsim.scenario.people import PlaceSpec

__all__ = ["place_people"]

_BASE_TRIES, _TRIES_PER_PERSON = 20_000, 60
_BASE_PATIENCE, _PATIENCE_PER_PERSON = 1_000, 20


def place_people(
    graph: Any, personas: Sequence[Persona], spec: PlaceSpec, rng: np.random.Generator, prefix: str = "network.place"
) -> NDArray[np.int64]:
    """Node on which each person stands, a permutation.

    ``random``: any. ``given``: person i on node i. ``degree``: the highest number of ``on`` on the node with most ties,
    equal ones in random order. ``homophily``: from a random placement, people exchange places (simulated annealing)
    until the assortativity of ``on`` is within the tolerance of the target, and as near as is quickly found.

    Args:
        graph: nodes 0 to n - 1.
        personas: as many people as nodes.
        spec: the placement as declared.
        rng: the placement's stream.
        prefix: field path of the placement.

    Raises:
        ScenarioError: the variable is unknown, missing for somebody or no number where one is needed, or the target
            cannot be reached; names the best value reached.
    """
    n = graph.number_of_nodes()
    if n != len(personas):
        raise ScenarioError(Problem(f"{len(personas)} people cannot stand on {n} nodes", prefix, fix="Make the numbers equal"))
    if spec.by == "given":
        return np.arange(n, dtype=np.int64)
    if spec.by == "random":
        return rng.permutation(n).astype(np.int64)
    values = _values(personas, spec.on, f"{prefix}.on")
    return _by_degree(graph, values, rng, prefix) if spec.by == "degree" else _homophilous(graph, values, spec, rng, prefix)


def _values(personas: Sequence[Persona], name: str | None, field: str) -> list[Value]:
    if name is None:
        raise ScenarioError(Problem("the variable is missing", field, fix="Name a fact or reference fact"))
    known = [*personas[0].facts, *personas[0].reference] if personas else []
    if name not in known:
        raise ScenarioError(Problem(f'there is no fact "{name}"', field, fix=nearest(name, known)))
    values = [person.facts[name] if name in person.facts else person.reference[name] for person in personas]
    missing = sum(value is None for value in values)
    if missing:
        fix = 'Name missing values with the label of the code "", or choose another variable'
        raise ScenarioError(Problem(f"{missing} people have no {name}", field, fix=fix))
    return values


def _numbers(values: Sequence[Value]) -> list[float] | None:
    found = [float(value) for value in values if isinstance(value, int | float)]
    return found if len(found) == len(values) else None


def _by_degree(graph: Any, values: list[Value], rng: np.random.Generator, prefix: str) -> NDArray[np.int64]:
    numbers = _numbers(values)
    if numbers is None:
        fix = "Choose a variable of numbers, or take the labels off"
        raise ScenarioError(Problem("placing by degree needs numbers", f"{prefix}.on", fix=fix))
    n = len(numbers)
    degrees = np.array([graph.degree(node) for node in range(n)])
    people = np.lexsort((rng.random(n), -np.array(numbers)))
    nodes = np.lexsort((rng.random(n), -degrees))
    node_of_agent = np.empty(n, dtype=np.int64)
    node_of_agent[people] = nodes
    return node_of_agent


def _homophilous(graph: Any, values: list[Value], spec: PlaceSpec, rng: np.random.Generator, prefix: str) -> NDArray[np.int64]:
    target = spec.assortativity
    if target is None:
        raise ScenarioError(Problem("the target is missing", f"{prefix}.assortativity", fix="Give a number from -1 to 1"))
    agent_of_node = rng.permutation(len(values)).astype(np.int64)
    placed = [values[agent] for agent in agent_of_node.tolist()]
    numbers = _numbers(placed)
    mixing: Mixing = CategoryMixing(graph, [str(v) for v in placed]) if numbers is None else NumberMixing(graph, numbers)
    if math.isnan(mixing.coefficient()):
        why = "the network has no ties" if graph.number_of_edges() == 0 else f"everybody with ties has the same {spec.on}"
        fix = "Place people at random, or choose another variable"
        raise ScenarioError(Problem(f"assortativity is not defined: {why}", f"{prefix}.on", fix=fix))
    reached = _anneal(mixing, agent_of_node, target, spec.tolerance, rng)
    if abs(reached - target) > spec.tolerance:
        message = f"assortativity {target:g} was not reached; the nearest was {reached:.3f}"
        fix = f"Set assortativity to {reached:.2f} or widen tolerance (now {spec.tolerance:g})"
        raise ScenarioError(Problem(message, f"{prefix}.assortativity", fix=fix))
    node_of_agent = np.empty_like(agent_of_node)
    node_of_agent[agent_of_node] = np.arange(len(agent_of_node))
    return node_of_agent


def _anneal(mixing: Mixing, agent_of_node: NDArray[np.int64], target: float, tolerance: float, rng: np.random.Generator) -> float:
    """Exchange people until the target is met or the tries are spent; the nearest value found.

    An exchange that leads away is kept with probability exp(-how far / temperature); the temperature starts at a tenth
    of a typical change and falls to 0. Once within the tolerance, only exchanges that lead nearer are kept, until a tenth of
    the tolerance is met or many in a row do not: otherwise all placements would lie at the near end of the tolerance.
    """
    n = len(agent_of_node)
    tries, patience = _BASE_TRIES + _TRIES_PER_PERSON * n, _BASE_PATIENCE + _PATIENCE_PER_PERSON * n
    distance = abs(mixing.coefficient() - target)
    nearest_value, nearest_distance, scale, waited = mixing.coefficient(), distance, 0.0, 0
    for attempt in range(tries):
        inside = distance <= tolerance
        if distance <= tolerance / 10 or (inside and waited >= patience):
            break
        u, v, luck = int(rng.random() * n), int(rng.random() * n), rng.random()
        mixing.exchange(u, v)
        value = mixing.coefficient()
        change = abs(value - target) - distance
        scale = max(scale * 0.999, abs(change)) if change == change else scale
        heat = 0.0 if inside else 0.1 * scale * (1 - attempt / tries)
        waited = 0 if change < 0 else waited + 1
        if not (change <= 0 or (heat > 0 and luck < math.exp(-change / heat))):
            mixing.exchange(u, v)
            continue
        agent_of_node[[u, v]] = agent_of_node[[v, u]]
        distance = abs(value - target)
        if distance < nearest_distance:
            nearest_value, nearest_distance = value, distance
    return nearest_value
