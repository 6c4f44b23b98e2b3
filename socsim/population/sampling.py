"""Drawing the people of a world from data or shares, seeded.

People are numbered in the order of the data (made-up people in random order). Without replacement, weighted draws follow
Efraimidis and Spirakis (2006, Weighted random sampling with a reservoir, Information Processing Letters 97, 181-185):
everybody gets the key log(u) / weight and the largest keys are drawn, which equals drawing one by one in proportion to
the weights of those who are left.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from socsim.errors import ScenarioError
from socsim.population.columns import Columns, labelled
from socsim.population.persona import Persona, Value
from socsim.population.preparing import Prepared, prepare_population, synthetic_facts
from socsim.population.synthetic import draw_synthetic
from socsim.scenario.people import FactSpec, MarginalsSpec, PopulationSpec

__all__ = ["draw_rows", "sample_population"]

Rows = NDArray[np.int64]


def sample_population(spec: PopulationSpec, rng: np.random.Generator, folder: Path | None) -> tuple[Persona, ...]:
    """Draw the people of a world.

    A person drawn in proportion to the survey weight has weight 1, as the weight has done its work; otherwise the
    persona carries it.

    Args:
        spec: the population as declared.
        rng: the population's stream.
        folder: the scenario's folder; the working directory where None.

    Raises:
        ScenarioError: the population cannot be drawn as declared; names every problem.
    """
    prepared = prepare_population(spec, folder)
    if prepared.problems:
        raise ScenarioError(prepared.problems)
    if spec.marginals is not None:
        return _made_up(spec, spec.marginals, prepared, rng)
    if prepared.columns is None:
        return tuple(Persona(id=i, source_id=str(i)) for i in range(spec.size))
    rows = np.sort(_draw(spec, prepared, prepared.columns, rng))
    return _personas(spec, prepared.columns, rows)


def draw_rows(rows: Rows, size: int, weight: NDArray[np.float64] | None, replace: bool, rng: np.random.Generator) -> Rows:
    """Draw ``size`` of ``rows``.

    Args:
        rows: row numbers to draw from.
        size: how many.
        weight: per row of ``rows`` its weight, 0 or above; None for equal chances.
        replace: whether a row may be drawn twice.
        rng: the stream to draw from.
    """
    if weight is None:
        return np.asarray(rng.choice(rows, size, replace=replace))
    if replace:
        return np.asarray(rng.choice(rows, size, replace=True, p=weight / weight.sum()))
    possible = weight > 0
    keys = np.log1p(-rng.random(len(rows))[possible]) / weight[possible]
    return np.asarray(rows[possible][np.argsort(-keys, kind="stable")[:size]])


def _draw(spec: PopulationSpec, prepared: Prepared, columns: Columns, rng: np.random.Generator) -> Rows:
    weight = columns.weight if spec.sample.weighted else None
    groups = [(cell.rows, cell.count) for cell in prepared.cells] or [(np.arange(columns.rows, dtype=np.int64), spec.size)]
    drawn = [draw_rows(rows, count, None if weight is None else weight[rows], spec.sample.replace, rng) for rows, count in groups]
    return np.concatenate(drawn)


def _personas(spec: PopulationSpec, columns: Columns, rows: Rows) -> tuple[Persona, ...]:
    units = _units(spec.facts)
    carried = columns.weight if not spec.sample.weighted else None
    return tuple(
        Persona(
            id=number,
            source_id=str(row),
            facts={name: column[row] for name, column in columns.facts.items()},
            reference={name: column[row] for name, column in columns.reference.items()},
            documents={name: "" if column[row] is None else str(column[row]) for name, column in columns.documents.items()},
            weight=1.0 if carried is None else float(carried[row]),
            units=units,
        )
        for number, row in enumerate(rows.tolist())
    )


def _made_up(spec: PopulationSpec, marginals: MarginalsSpec, prepared: Prepared, rng: np.random.Generator) -> tuple[Persona, ...]:
    drawn = draw_synthetic(marginals, spec.size, rng, prepared.joint)
    facts = synthetic_facts(spec)
    shown = _named(drawn, facts, "facts")
    held_back = _named(drawn, spec.reference, "reference")
    units = _units(facts)
    return tuple(
        Persona(
            id=i,
            source_id=str(i),
            facts={name: column[i] for name, column in shown.items()},
            reference={name: column[i] for name, column in held_back.items()},
            units=units,
        )
        for i in range(spec.size)
    )


def _named(
    drawn: Mapping[str, tuple[Value, ...]], declared: Mapping[str, str | FactSpec], group: str
) -> dict[str, tuple[Value, ...]]:
    found: dict[str, tuple[Value, ...]] = {}
    for name, entry in declared.items():
        column = drawn[entry if isinstance(entry, str) else entry.column]
        found[name], problems = labelled(column, entry, f"population.{group}.{name}")
        if problems:
            raise ScenarioError(problems)
    return found


def _units(facts: Mapping[str, str | FactSpec]) -> dict[str, str]:
    return {name: entry.unit for name, entry in facts.items() if isinstance(entry, FactSpec) and entry.unit}
