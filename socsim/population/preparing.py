"""Everything about a population that does not depend on chance: data read, codes in words, shares planned.

Checking a scenario and drawing its people both start here, so a population that checks can be drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from socsim.errors import Problem, ScenarioError, nearest
from socsim.population.columns import Columns, read_columns
from socsim.population.quotas import Cell, plan_quotas
from socsim.population.sources import load_people_table
from socsim.population.synthetic import joint_shares, marginal_problems
from socsim.scenario.people import FactSpec, PopulationSpec

__all__ = ["Prepared", "prepare_population", "synthetic_facts"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A population ready to be drawn: from ``columns``, from raked ``joint`` shares, or (neither) without data."""

    columns: Columns | None = None
    cells: tuple[Cell, ...] = ()
    joint: NDArray[np.float64] | None = None
    problems: tuple[Problem, ...] = field(default=())


def prepare_population(spec: PopulationSpec, folder: Path | None, prefix: str = "population") -> Prepared:
    """Read and check all that the population needs; what is wrong is in ``problems``.

    Args:
        spec: the population as declared.
        folder: the scenario's folder; the working directory where None.
        prefix: field path of the population, for error messages.
    """
    if spec.marginals is not None:
        return _from_marginals(spec, folder, prefix)
    if spec.data == "none":
        return Prepared(problems=tuple(_without_data(spec, prefix)))
    try:
        table = load_people_table(spec.data, folder, f"{prefix}.data")
    except ScenarioError as error:
        return Prepared(problems=error.problems)
    columns, problems = read_columns(table, spec, prefix)
    if problems:
        return Prepared(problems=tuple(problems))
    return _planned(spec, columns, prefix)


def synthetic_facts(spec: PopulationSpec) -> dict[str, str | FactSpec]:
    """Facts of made-up people: those declared, then every variable of the shares that nothing declared reads."""
    shares = spec.marginals.shares if spec.marginals is not None else {}
    read = {entry if isinstance(entry, str) else entry.column for entry in (*spec.facts.values(), *spec.reference.values())}
    return {**spec.facts, **{name: name for name in shares if name not in read and name not in spec.facts}}


def _planned(spec: PopulationSpec, columns: Columns, prefix: str) -> Prepared:
    drawable = np.ones(columns.rows, dtype=np.bool_)
    if columns.weight is not None and spec.sample.weighted:
        drawable = columns.weight > 0
    there, path = int(drawable.sum()), f"{prefix}.sample"
    if there == 0 or (there < spec.size and not spec.sample.replace):
        fix = f"Set {prefix}.size to at most {there}, or {path}.replace to true" if there else "Give a table with people in it"
        whom = "people" if there == columns.rows else "people with a weight above 0"
        message = f"{spec.size} people are wanted, {spec.data} has {there} {whom}"
        return Prepared(problems=(Problem(message, f"{prefix}.size", fix=fix),))
    if not spec.sample.quotas:
        return Prepared(columns)
    cells, problems = plan_quotas(spec.sample.quotas, columns, spec.size, drawable, spec.sample.replace, f"{path}.quotas")
    return Prepared(columns, cells, problems=tuple(problems))


def _from_marginals(spec: PopulationSpec, folder: Path | None, prefix: str) -> Prepared:
    assert spec.marginals is not None
    path = f"{prefix}.marginals"
    problems = marginal_problems(spec.marginals, path)
    if spec.data != "none":
        problems.append(
            Problem("people come from marginals or from data, not both", f"{prefix}.data", fix="Leave one of them out")
        )
    shares = spec.marginals.shares
    for group, declared in (("facts", spec.facts), ("reference", spec.reference)):
        for name, entry in declared.items():
            column = entry if isinstance(entry, str) else entry.column
            if column not in shares:
                problems.append(
                    Problem(f'no shares are given for "{column}"', f"{prefix}.{group}.{name}", fix=nearest(column, shares))
                )
    if spec.weight is not None or spec.documents:
        name = "weight" if spec.weight is not None else "documents"
        problems.append(Problem(f"{name} need people from data", f"{prefix}.{name}", fix=f"Leave {name} out, or use data"))
    if spec.sample.quotas:
        fix = "The shares are quotas already: leave quotas out"
        problems.append(Problem("quotas need people from data", f"{prefix}.sample.quotas", fix=fix))
    if problems or spec.marginals.joint is None:
        return Prepared(problems=tuple(problems))
    try:
        return Prepared(joint=joint_shares(spec.marginals, folder, path))
    except ScenarioError as error:
        return Prepared(problems=error.problems)


def _without_data(spec: PopulationSpec, prefix: str) -> list[Problem]:
    given = {"facts": spec.facts, "reference": spec.reference, "documents": spec.documents, "weight": spec.weight}
    fields = [name for name, value in given.items() if value]
    if spec.sample.quotas:
        fields.append("sample.quotas")
    fix = "Name a source under data, such as statsmodels/anes96"
    return [Problem("there is no data to take it from", f"{prefix}.{name}", fix=fix) for name in fields]
