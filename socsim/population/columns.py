"""Columns of a data source as facts, reference facts, documents and weights, with codes in words.

All problems are collected; a column that cannot be used is left out of the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from socsim.errors import Problem, ScenarioError, nearest
from socsim.population.labels import LABEL_SETS, code_key
from socsim.population.persona import Value
from socsim.population.sources import PeopleTable
from socsim.scenario.people import FactSpec, PopulationSpec

__all__ = ["Columns", "labelled", "read_columns"]

Column = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """All people of a source, variable by variable; ``weight`` is None where none is declared."""

    rows: int
    facts: Mapping[str, Column] = field(default_factory=dict)
    reference: Mapping[str, Column] = field(default_factory=dict)
    documents: Mapping[str, Column] = field(default_factory=dict)
    weight: NDArray[np.float64] | None = None

    def variable(self, name: str) -> Column | None:
        """The fact or reference fact of this name, if there is one."""
        return self.facts.get(name, self.reference.get(name))


def read_columns(table: PeopleTable, spec: PopulationSpec, prefix: str) -> tuple[Columns, list[Problem]]:
    """Take the declared columns out of a table.

    Args:
        table: the data source as read.
        spec: declares facts, reference facts, documents and the weight.
        prefix: field path of the population, for error messages.
    """
    problems: list[Problem] = []
    groups: dict[str, dict[str, Column]] = {"facts": {}, "reference": {}}
    for group, declared in (("facts", spec.facts), ("reference", spec.reference)):
        for name, entry in declared.items():
            column = _fact(table, entry, f"{prefix}.{group}.{name}", problems)
            if column is not None:
                groups[group][name] = column
    documents: dict[str, Column] = {}
    for name, column_name in spec.documents.items():
        column = _column(table, column_name, f"{prefix}.documents.{name}", problems)
        if column is not None:
            documents[name] = column
    weight = _weight(table, spec.weight, f"{prefix}.weight", problems) if spec.weight is not None else None
    return Columns(table.rows, groups["facts"], groups["reference"], documents, weight), problems


def labelled(column: Column, entry: str | FactSpec, path: str) -> tuple[Column, list[Problem]]:
    """The column with codes in words.

    Codes match however they are written (``0``, ``0.0``, ``"0"``); the code "" names missing values, which otherwise
    stay missing.

    Args:
        column: values as read.
        entry: the declaration; without labels the column is returned as it is.
        path: field path of the fact, for error messages.
    """
    if isinstance(entry, str) or entry.labels is None:
        return column, []
    if isinstance(entry.labels, str):
        shipped = LABEL_SETS.get(entry.labels)
        if shipped is None:
            message = f'there is no label set "{entry.labels}"'
            return column, [Problem(message, f"{path}.labels", fix=nearest(entry.labels, LABEL_SETS))]
        labels = dict(shipped)
    else:
        labels = {code_key(code): label for code, label in entry.labels.items()}
    unnamed = dict.fromkeys(str(value) for value in column if value is not None and code_key(value) not in labels)
    if unnamed:
        codes = ", ".join(list(unnamed)[:5]) + (" …" if len(unnamed) > 5 else "")
        found = f"{'code' if len(unnamed) == 1 else 'codes'} {codes} of the data without a label"
        return column, [Problem(found, f"{path}.labels", fix="Add a label for every code that occurs")]
    return tuple(labels.get(code_key(value)) if value is None else labels[code_key(value)] for value in column), []


def _fact(table: PeopleTable, entry: str | FactSpec, path: str, problems: list[Problem]) -> Column | None:
    short = isinstance(entry, str)
    name = entry if isinstance(entry, str) else entry.column
    column = _column(table, name, path if short else f"{path}.column", problems)
    if column is None:
        return None
    found, wrong = labelled(column, entry, path)
    problems += wrong
    return found


def _column(table: PeopleTable, name: str, path: str, problems: list[Problem]) -> Column | None:
    if name not in table.raw:
        problems.append(Problem(f'{table.name} has no column "{name}"', path, fix=nearest(name, table.raw)))
        return None
    try:
        return table.column(name)
    except ScenarioError as error:
        problems += [Problem(problem.message, path, fix=problem.fix) for problem in error.problems]
        return None


def _weight(table: PeopleTable, name: str, path: str, problems: list[Problem]) -> NDArray[np.float64] | None:
    column = _column(table, name, path, problems)
    if column is None:
        return None
    bad = [row for row, value in enumerate(column) if not isinstance(value, int | float) or value < 0]
    if bad:
        message = f'weight "{name}" is {column[bad[0]]!r} in row {bad[0] + 1} ({len(bad)} such rows)'
        problems.append(Problem(message, path, fix="Weights are numbers, 0 or above, and none is missing"))
        return None
    weight = np.array(column, dtype=np.float64)
    if not weight.sum() > 0:
        problems.append(Problem(f'weight "{name}" is 0 for everybody', path, fix="Give at least one person a weight above 0"))
        return None
    return weight
