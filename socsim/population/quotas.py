"""How many people of each kind a sample holds, when shares are to be met.

One quota variable: largest remainder. Several: the data's own cross-table raked to the shares, rounded, then repaired
until the margins hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from socsim.errors import Problem, nearest
from socsim.population.columns import Columns
from socsim.population.labels import code_key
from socsim.population.raking import RakingError, largest_remainder, rake

__all__ = ["Cell", "plan_quotas", "share_problems"]

_SUM_TOLERANCE = 1e-3
_REPAIR_TOLERANCE = 1


@dataclass(frozen=True, slots=True)
class Cell:
    """People who agree on all quota variables: which rows of the data, and how many of them to draw."""

    rows: NDArray[np.int64]
    count: int


@dataclass(frozen=True, slots=True)
class _Crossing:
    """Quota variables crossed: per cell the label positions and the rows."""

    names: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    positions: NDArray[np.int64]
    rows: tuple[NDArray[np.int64], ...]
    capacity: NDArray[np.int64]


def share_problems(shares: Mapping[str, float], path: str) -> list[Problem]:
    """What is wrong with shares that should be non-negative and sum to 1."""
    problems = [
        Problem(f"the share of {label} is {share:g}", f"{path}.{label}", fix="A share lies between 0 and 1")
        for label, share in shares.items()
        if not 0.0 <= share <= 1.0
    ]
    total = sum(shares.values())
    if not problems and abs(total - 1.0) > _SUM_TOLERANCE:
        problems.append(Problem(f"the shares sum to {total:g}", path, fix="Make them sum to 1"))
    return problems


def plan_quotas(
    quotas: Mapping[str, Mapping[str, float]],
    columns: Columns,
    size: int,
    drawable: NDArray[np.bool_],
    replace: bool,
    path: str,
) -> tuple[tuple[Cell, ...], list[Problem]]:
    """Cells with the number of people to draw from each; no cells where there are problems.

    Args:
        quotas: per variable the shares of its labels; people with another label, or none, are not drawn.
        columns: the people there are.
        size: number of people to draw.
        drawable: per row whether it may be drawn (its weight is not 0).
        replace: whether a person may be drawn again, so that one person fills a cell.
        path: field path of the quotas.
    """
    problems = _problems(quotas, columns, path)
    if problems:
        return (), problems
    crossing = _cross(quotas, columns, drawable, replace, size)
    shares = [np.array(list(quotas[name].values()), dtype=float) for name in crossing.names]
    targets = [largest_remainder(share, size) for share in shares]
    problems = _scarce(crossing, targets, path)
    if problems:
        return (), problems
    counts = _counts(crossing, shares, targets, size)
    problems = _unmet(crossing, targets, counts, size, path)
    if problems:
        return (), problems
    return tuple(Cell(rows, int(count)) for rows, count in zip(crossing.rows, counts, strict=True) if count), []


def _problems(quotas: Mapping[str, Mapping[str, float]], columns: Columns, path: str) -> list[Problem]:
    problems: list[Problem] = []
    known = [*columns.facts, *columns.reference]
    for name, shares in quotas.items():
        column = columns.variable(name)
        if column is None:
            problems.append(Problem(f'there is no fact "{name}"', f"{path}.{name}", fix=nearest(name, known)))
            continue
        there = {code_key(value): str(value) for value in column if value is not None}
        problems += [
            Problem(f'nobody has {name} "{label}"', f"{path}.{name}.{label}", fix=nearest(label, sorted(there.values())))
            for label, share in shares.items()
            if code_key(label) not in there and share > 0
        ]
        problems += share_problems(shares, f"{path}.{name}")
    return problems


def _cross(
    quotas: Mapping[str, Mapping[str, float]], columns: Columns, drawable: NDArray[np.bool_], replace: bool, size: int
) -> _Crossing:
    names = tuple(quotas)
    labels = tuple(tuple(quotas[name]) for name in names)
    lookup = [{code_key(label): position for position, label in enumerate(group)} for group in labels]
    members: dict[tuple[int, ...], list[int]] = {}
    variables = [columns.variable(name) or () for name in names]
    for row in np.flatnonzero(drawable).tolist():
        found = [table.get(code_key(column[row]), -1) for table, column in zip(lookup, variables, strict=True)]
        if -1 not in found:
            members.setdefault(tuple(found), []).append(row)
    cells = sorted(members)
    rows = tuple(np.array(members[cell], dtype=np.int64) for cell in cells)
    capacity = np.array([size if replace else len(group) for group in rows], dtype=np.int64)
    return _Crossing(names, labels, np.array(cells, dtype=np.int64).reshape(len(cells), len(names)), rows, capacity)


def _scarce(crossing: _Crossing, targets: Sequence[NDArray[np.int64]], path: str) -> list[Problem]:
    """Labels of which the data has fewer people than wanted."""
    problems = []
    for axis, (name, group) in enumerate(zip(crossing.names, crossing.labels, strict=True)):
        for position, label in enumerate(group):
            there = int(crossing.capacity[crossing.positions[:, axis] == position].sum())
            wanted = int(targets[axis][position])
            if there < wanted:
                message = f"{wanted} people with {name} {label} are wanted, the data has {there}"
                problems.append(Problem(message, f"{path}.{name}.{label}", fix="Lower the share or population.size"))
    return problems


def _counts(
    crossing: _Crossing, shares: Sequence[NDArray[np.float64]], targets: Sequence[NDArray[np.int64]], size: int
) -> NDArray[np.int64]:
    """Whole people per cell: the raked cross-table rounded, at most as many as there are, then repaired."""
    seed = np.zeros([len(group) for group in crossing.labels])
    for position, rows in zip(crossing.positions, crossing.rows, strict=True):
        seed[tuple(position)] = len(rows)
    try:
        fitted = rake(seed, shares)
    except RakingError:
        fitted = seed / seed.sum()
    exact = np.array([fitted[tuple(position)] for position in crossing.positions])
    counts = np.minimum(largest_remainder(exact, size), crossing.capacity)
    while _repair_step(crossing, targets, counts):
        pass
    return counts


def _deviations(crossing: _Crossing, targets: Sequence[NDArray[np.int64]], counts: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [
        target - np.bincount(crossing.positions[:, axis], weights=counts, minlength=len(target)).astype(np.int64)
        for axis, target in enumerate(targets)
    ]


def _repair_step(crossing: _Crossing, targets: Sequence[NDArray[np.int64]], counts: NDArray[np.int64]) -> bool:
    """Add, remove or move one person where that brings the margins nearer to their targets; false if nothing does."""
    gaps = _deviations(crossing, targets, counts)
    per_cell = np.stack([gap[crossing.positions[:, axis]] for axis, gap in enumerate(gaps)])
    adding = np.where(counts < crossing.capacity, (np.abs(per_cell) - np.abs(per_cell - 1)).sum(axis=0), -np.inf)
    removing = np.where(counts > 0, (np.abs(per_cell) - np.abs(per_cell + 1)).sum(axis=0), -np.inf)
    if adding.max() > 0:
        counts[int(np.argmax(adding))] += 1
        return True
    if removing.max() > 0:
        counts[int(np.argmax(removing))] -= 1
        return True
    return _move_one(crossing, gaps, counts)


def _move_one(crossing: _Crossing, gaps: Sequence[NDArray[np.int64]], counts: NDArray[np.int64]) -> bool:
    cells = crossing.positions
    for giver in np.flatnonzero(counts > 0).tolist():
        gain = np.zeros(len(cells))
        for axis, gap in enumerate(gaps):
            here, there = gap[cells[giver, axis]], gap[cells[:, axis]]
            change = abs(here) - abs(here + 1) + np.abs(there) - np.abs(there - 1)
            gain += np.where(cells[:, axis] == cells[giver, axis], 0, change)
        gain[counts >= crossing.capacity] = -np.inf
        taker = int(np.argmax(gain))
        if gain[taker] > 0:
            counts[giver] -= 1
            counts[taker] += 1
            return True
    return False


def _unmet(
    crossing: _Crossing, targets: Sequence[NDArray[np.int64]], counts: NDArray[np.int64], size: int, path: str
) -> list[Problem]:
    """Labels whose number is off by more than rounding; with one variable every number is exact."""
    allowed = _REPAIR_TOLERANCE if len(targets) > 1 else 0
    problems = []
    for axis, gap in enumerate(_deviations(crossing, targets, counts)):
        for position in np.flatnonzero(np.abs(gap) > allowed).tolist():
            name, label = crossing.names[axis], crossing.labels[axis][position]
            wanted = int(targets[axis][position])
            message = (
                f"{wanted} people with {name} {label} are wanted, with the other quotas at most {wanted - int(gap[position])} fit"
            )
            problems.append(Problem(message, f"{path}.{name}.{label}", fix="Lower the share or population.size"))
    if not problems and int(counts.sum()) != size:
        fix = "Lower population.size or drop a quota"
        problems.append(Problem(f"{size} people are wanted, {int(counts.sum())} fit all quotas", path, fix=fix))
    return problems
