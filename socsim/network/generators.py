"""Random and regular graphs by name, with networkx's own parameter names; impossible parameters named before building."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np

from socsim.errors import Problem, nearest
from socsim.network.swapping import swap_edges

__all__ = ["GENERATORS", "MAX_TIES", "Generator", "generator_problems"]

MAX_TIES = 50_000_000
"""Most ties a generated graph may be expected to have."""

Parameters = Mapping[str, Any]
Complaint = tuple[str, str, str]
"""Parameter, what is wrong, how to mend it."""


@dataclass(frozen=True, slots=True)
class Generator:
    """A kind of graph.

    ``parameters`` maps each parameter to whether it is required; ``check(n, parameters)`` yields what is impossible;
    ``expected_ties`` guards against graphs that do not fit into memory.
    """

    build: Callable[[int, Parameters, bool, np.random.Generator], Any]
    parameters: Mapping[str, bool]
    check: Callable[[int, Parameters], list[Complaint]]
    expected_ties: Callable[[int, Parameters], float]
    directed: bool = False


def generator_problems(name: str, parameters: Parameters, n: int, directed: bool, path: str) -> list[Problem]:
    """What is wrong with a generator's parameters for ``n`` people.

    Args:
        name: name of the generator.
        parameters: as declared.
        n: number of people.
        directed: whether ties have a direction.
        path: field path of the network's graph.
    """
    generator = GENERATORS.get(name)
    if generator is None:
        return [Problem(f'there is no graph generator "{name}"', f"{path}.generator", fix=nearest(name, GENERATORS))]
    field = f"{path}.parameters"
    problems = [_unknown(key, f"{field}.{key}", generator) for key in parameters if key not in generator.parameters]
    problems += [
        Problem(f"{name} needs {key}", field, fix=f"Add {key}")
        for key, required in generator.parameters.items()
        if required and key not in parameters
    ]
    if not problems:
        problems += [
            Problem(what, f"{field}.{key}" if key else field, fix=fix) for key, what, fix in generator.check(n, parameters)
        ]
    if not problems and name == "stochastic_block_model" and not directed and not _symmetric(parameters["p"]):
        problems.append(Problem("without direction, p must be symmetric", f"{field}.p", fix="Make p[i][j] equal p[j][i]"))
    if directed and not generator.directed:
        able = ", ".join(key for key, entry in GENERATORS.items() if entry.directed)
        fix = f"Leave directed out, or use one of: {able}"
        problems.append(Problem(f"{name} has no directed form", path.rpartition(".")[0] + ".directed", fix=fix))
    if not problems and generator.expected_ties(n, parameters) > MAX_TIES:
        problems.append(
            Problem(
                f"about {generator.expected_ties(n, parameters):.3g} ties are too many", path, fix=f"Stay below {MAX_TIES:,} ties"
            )
        )
    return problems


def _unknown(key: str, path: str, generator: Generator) -> Problem:
    if key == "n":
        return Problem("the number of nodes is the population's size", path, fix="Leave n out")
    if key == "seed":
        return Problem("the seed is the scenario's", path, fix="Leave seed out")
    return Problem(f'there is no parameter "{key}"', path, fix=nearest(key, generator.parameters))


def _symmetric(table: Any) -> bool:
    return all(table[i][j] == table[j][i] for i in range(len(table)) for j in range(i))


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**62))


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _share(key: str, value: Any) -> list[Complaint]:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0.0 <= value <= 1.0:
        return []
    return [(key, f"{value!r} is not a probability", "Give a number between 0 and 1")]


def _count(key: str, value: Any, low: int, high: int) -> list[Complaint]:
    if _whole(value) and low <= value <= high:
        return []
    fix = f"Give a whole number from {low} to {high}" if low <= high else "Make population.size larger"
    return [(key, f"{value!r} is not possible here", fix)]


def _fewest(n: int, low: int) -> list[Complaint]:
    return [] if n >= low else [("", f"it needs at least {low} people, the population has {n}", "Make population.size larger")]


def _check_small_world(n: int, given: Parameters) -> list[Complaint]:
    found = _count("k", given["k"], 2, n - 1) + _share("p", given["p"])
    if not found and given["k"] % 2:
        found.append(("k", f"{given['k']} is odd: as many neighbours on each side are joined", "Give an even number"))
    return found


def _check_regular(n: int, given: Parameters) -> list[Complaint]:
    found = _count("d", given["d"], 0, n - 1)
    if not found and n * given["d"] % 2:
        found.append(
            ("d", f"{n} people with {given['d']} ties each is impossible: the product is odd", "Make d or population.size even")
        )
    return found


def _check_blocks(n: int, given: Parameters) -> list[Complaint]:
    sizes, p = given["sizes"], given["p"]
    if not isinstance(sizes, tuple | list) or not sizes or not all(_whole(size) and size > 0 for size in sizes):
        return [("sizes", f"{sizes!r} is not a list of group sizes", "Give a list of whole numbers above 0")]
    if sum(sizes) != n:
        return [("sizes", f"the sizes sum to {sum(sizes)}, the population has {n}", f"Make the sizes sum to {n}")]
    k = len(sizes)
    if not isinstance(p, tuple | list) or len(p) != k or not all(isinstance(row, tuple | list) and len(row) == k for row in p):
        return [("p", f"{p!r} is not a {k} by {k} table", f"Give {k} rows of {k} probabilities")]
    return [complaint for row in p for value in row for complaint in _share("p", value)][:1]


def _check_lattice(n: int, given: Parameters) -> list[Complaint]:
    dim = given["dim"]
    if not isinstance(dim, tuple | list) or not dim or not all(_whole(length) and length > 0 for length in dim):
        return [("dim", f"{dim!r} is not a list of lengths", "Give a list of whole numbers above 0, such as [5, 8]")]
    if math.prod(dim) != n:
        return [("dim", f"the lattice has {math.prod(dim)} nodes, the population has {n}", f"Make the product {n}")]
    if not isinstance(given.get("periodic", False), bool):
        return [("periodic", f"{given['periodic']!r} is not true or false", "Give true or false")]
    return []


def _check_degrees(n: int, given: Parameters) -> list[Complaint]:
    degrees = given["deg_sequence"]
    if not isinstance(degrees, tuple | list) or not all(_whole(degree) and degree >= 0 for degree in degrees):
        return [("deg_sequence", "it is not a list of degrees", "Give a list of whole numbers, 0 or above")]
    if len(degrees) != n:
        return [("deg_sequence", f"it has {len(degrees)} degrees, the population has {n}", f"Give {n} degrees")]
    if not nx.is_graphical(degrees):
        fix = "Make the sum even, and no degree larger than the others allow"
        return [("deg_sequence", "no graph without loops and double ties has these degrees", fix)]
    return []


def _configuration(_n: int, given: Parameters, _directed: bool, rng: np.random.Generator) -> Any:
    """Exactly these degrees, no loops, no double ties: a Havel-Hakimi graph, mixed by degree-preserving swaps."""
    return swap_edges(nx.havel_hakimi_graph(list(given["deg_sequence"])), rng)


def _blocks(_n: int, given: Parameters, directed: bool, rng: np.random.Generator) -> Any:
    p = [list(row) for row in given["p"]]
    return nx.stochastic_block_model(list(given["sizes"]), p, seed=_seed(rng), directed=directed)


def _lattice(_n: int, given: Parameters, _directed: bool, _rng: np.random.Generator) -> Any:
    """In a periodic lattice, a side of length 1 would tie everybody to themselves; such ties are left out."""
    made = nx.grid_graph(list(given["dim"]), periodic=given.get("periodic", False))
    made.remove_edges_from(list(nx.selfloop_edges(made)))
    return made


def _kind(directed: bool) -> Any:
    return nx.DiGraph if directed else nx.Graph


GENERATORS: Mapping[str, Generator] = {
    "erdos_renyi": Generator(
        lambda n, q, directed, rng: nx.fast_gnp_random_graph(n, q["p"], seed=_seed(rng), directed=directed),
        {"p": True},
        lambda _n, q: _share("p", q["p"]),
        lambda n, q: q["p"] * n * (n - 1) / 2,
        directed=True,
    ),
    "watts_strogatz": Generator(
        lambda n, q, _directed, rng: nx.watts_strogatz_graph(n, q["k"], q["p"], seed=_seed(rng)),
        {"k": True, "p": True},
        _check_small_world,
        lambda n, q: n * q["k"] / 2,
    ),
    "barabasi_albert": Generator(
        lambda n, q, _directed, rng: nx.barabasi_albert_graph(n, q["m"], seed=_seed(rng)),
        {"m": True},
        lambda n, q: _count("m", q["m"], 1, n - 1),
        lambda n, q: n * q["m"],
    ),
    "random_regular": Generator(
        lambda n, q, _directed, rng: nx.random_regular_graph(q["d"], n, seed=_seed(rng)),
        {"d": True},
        _check_regular,
        lambda n, q: n * q["d"] / 2,
    ),
    "stochastic_block_model": Generator(
        _blocks,
        {"sizes": True, "p": True},
        _check_blocks,
        lambda _n, q: sum(
            a * b * p / 2 for a, row in zip(q["sizes"], q["p"], strict=True) for b, p in zip(q["sizes"], row, strict=True)
        ),
        directed=True,
    ),
    "complete": Generator(
        lambda n, _q, directed, _rng: nx.complete_graph(n, _kind(directed)),
        {},
        lambda _n, _q: [],
        lambda n, _q: n * (n - 1) / 2,
        True,
    ),
    "ring": Generator(
        lambda n, _q, directed, _rng: nx.cycle_graph(n, _kind(directed)), {}, lambda n, _q: _fewest(n, 3), lambda n, _q: n, True
    ),
    "lattice": Generator(_lattice, {"dim": True, "periodic": False}, _check_lattice, lambda n, q: n * len(q["dim"])),
    "configuration_model": Generator(
        _configuration, {"deg_sequence": True}, _check_degrees, lambda _n, q: sum(q["deg_sequence"]) / 2
    ),
    "star": Generator(lambda n, _q, _directed, _rng: nx.star_graph(n - 1), {}, lambda n, _q: _fewest(n, 2), lambda n, _q: n),
    "path": Generator(
        lambda n, _q, directed, _rng: nx.path_graph(n, _kind(directed)), {}, lambda n, _q: _fewest(n, 2), lambda n, _q: n, True
    ),
}
"""Generators by the name used in scenarios."""
