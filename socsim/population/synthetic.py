"""Made-up people from shares of each variable: independent of each other, or with the associations of a seed table.

Independent: each variable's labels are shared out by largest remainder and shuffled, so every margin holds to within
one person. With a joint: its cells, raked to the shares, are drawn systematically (Madow 1949), so every cell has the
whole number just below or above its expectation.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from socsim.errors import Problem, ScenarioError, nearest
from socsim.population.labels import code_key
from socsim.population.persona import Value
from socsim.population.quotas import share_problems
from socsim.population.raking import RakingError, largest_remainder, rake
from socsim.population.sources import PeopleTable, load_people_table
from socsim.scenario.people import MarginalsSpec

__all__ = ["draw_synthetic", "joint_shares", "marginal_problems"]

Array = NDArray[np.float64]


def marginal_problems(spec: MarginalsSpec, path: str) -> list[Problem]:
    """What is wrong with the declared shares, apart from the joint table."""
    if not spec.shares:
        return [Problem("no variable is given", f"{path}.shares", fix="Give at least one variable with its shares")]
    problems: list[Problem] = []
    for name, shares in spec.shares.items():
        if not shares:
            problems.append(Problem("no label is given", f"{path}.shares.{name}", fix="Give label: share pairs that sum to 1"))
        else:
            problems += share_problems(shares, f"{path}.shares.{name}")
    return problems


def joint_shares(spec: MarginalsSpec, folder: Path | None, path: str) -> Array:
    """The seed table raked to the shares; one axis per variable in declared order.

    Raises:
        ScenarioError: the file cannot be read, does not fit the shares, or has zeros that make them unreachable.
    """
    field = f"{path}.joint"
    table = load_people_table(spec.joint or "", folder, field)
    seed = _seed_table(spec, table, field)
    names = list(spec.shares)
    try:
        return rake(seed, [np.array(list(spec.shares[name].values()), dtype=float) for name in names])
    except RakingError as error:
        name = names[error.axis]
        label = list(spec.shares[name])[error.position]
        message = f'"{spec.joint}" cannot be raked: {name} {label} should be {error.target:g}, {error.reached:g} is reached'
        fix = "Cells that are 0 in the joint table stay 0: give them a small weight or change the shares"
        raise ScenarioError(Problem(message, field, fix=fix)) from error


def draw_synthetic(
    spec: MarginalsSpec, size: int, rng: np.random.Generator, joint: Array | None
) -> Mapping[str, tuple[Value, ...]]:
    """Per variable the labels of ``size`` people.

    Args:
        spec: the shares.
        size: number of people.
        rng: the population's stream.
        joint: from `joint_shares`; None for independent variables.
    """
    if joint is None:
        return {name: _independent(shares, size, rng) for name, shares in spec.shares.items()}
    cumulative = np.array(list(accumulate(joint.ravel().tolist())))
    points = (np.arange(size) + rng.random()) / size * cumulative[-1]
    cells = np.minimum(np.searchsorted(cumulative, points, side="right"), len(cumulative) - 1)
    positions = np.unravel_index(rng.permutation(cells), joint.shape)
    return {
        name: tuple(labels[i] for i in found.tolist())
        for (name, labels), found in zip(((n, list(s)) for n, s in spec.shares.items()), positions, strict=True)
    }


def _independent(shares: Mapping[str, float], size: int, rng: np.random.Generator) -> tuple[Value, ...]:
    counts = largest_remainder(np.array(list(shares.values()), dtype=float), size)
    labels = [label for label, count in zip(shares, counts.tolist(), strict=True) for _ in range(count)]
    return tuple(labels[i] for i in rng.permutation(size).tolist())


def _seed_table(spec: MarginalsSpec, table: PeopleTable, field: str) -> Array:
    problems = [
        Problem(f'{table.name} has no column "{name}"', field, fix=nearest(name, table.raw))
        for name in (*spec.shares, "weight")
        if name not in table.raw
    ]
    if problems:
        raise ScenarioError(problems)
    lookups = [{code_key(label): i for i, label in enumerate(shares)} for shares in spec.shares.values()]
    columns = [table.column(name) for name in spec.shares]
    seed = np.zeros([len(lookup) for lookup in lookups])
    for row, weight in enumerate(table.column("weight")):
        if not isinstance(weight, int | float) or weight < 0:
            fix = "Weights are numbers, 0 or above"
            raise ScenarioError(Problem(f"{table.name} row {row + 1}: weight is {weight!r}", field, fix=fix))
        cell = []
        for name, lookup, column in zip(spec.shares, lookups, columns, strict=True):
            position = lookup.get(code_key(column[row]))
            if position is None:
                fix = nearest(str(column[row]), spec.shares[name])
                raise ScenarioError(Problem(f"{table.name} row {row + 1}: {name} {column[row]!r} has no share", field, fix=fix))
            cell.append(position)
        seed[tuple(cell)] += weight
    if not seed.sum() > 0:
        raise ScenarioError(Problem(f"{table.name} has no weight above 0", field, fix="Give the cells their weights"))
    return seed
