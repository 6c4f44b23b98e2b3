"""All that is wrong with a population, found before anybody is drawn."""

from __future__ import annotations

from pathlib import Path

from socsim.errors import Problem, nearest
from socsim.population.columns import labelled
from socsim.population.preparing import Prepared, prepare_population, synthetic_facts
from socsim.prompts import slots_of
from socsim.scenario.people import PopulationSpec

__all__ = ["check_population"]


def check_population(spec: PopulationSpec, folder: Path | None, prefix: str = "population") -> list[Problem]:
    """Read the data and list every problem: sources, columns, labels, weights, quotas, sizes and the persona.

    Args:
        spec: the population as declared.
        folder: the scenario's folder; the working directory where None.
        prefix: field path of the population in the scenario.
    """
    prepared = prepare_population(spec, folder, prefix)
    problems = [*prepared.problems, *_persona(spec, prefix)]
    problems += [
        Problem(
            "it is both a fact and a reference fact, which is never shown",
            f"{prefix}.reference.{name}",
            fix="Keep one of them",
        )
        for name in spec.reference
        if name in spec.facts
    ]
    if spec.marginals is not None and not prepared.problems:
        problems += _synthetic_labels(spec, prefix)
    if spec.persona.template is not None and prepared.columns is not None:
        problems += _empty_slots(spec, prepared, prefix)
    return problems


def _fact_names(spec: PopulationSpec) -> tuple[str, ...]:
    return tuple(synthetic_facts(spec)) if spec.marginals is not None else tuple(spec.facts)


def _persona(spec: PopulationSpec, prefix: str) -> list[Problem]:
    persona, names, path = spec.persona, _fact_names(spec), f"{prefix}.persona"
    problems = [
        _unknown(name, f"{path}.facts.{position}", spec, names)
        for position, name in enumerate(persona.facts or ())
        if name not in names
    ]
    if persona.template is not None:
        allowed = (*names, *spec.documents)
        return problems + [
            _unknown(slot, f"{path}.template", spec, allowed) for slot in slots_of(persona.template) if slot not in allowed
        ]
    renderers = (persona.renderer,) if isinstance(persona.renderer, str) else persona.renderer
    if "document" in renderers:
        problems += _document(spec, path)
    return problems


def _unknown(name: str, path: str, spec: PopulationSpec, allowed: tuple[str, ...]) -> Problem:
    if name in spec.reference:
        return Problem(f'"{name}" is held back as a reference fact', path, fix="Declare it under facts to show it")
    return Problem(f'there is no fact "{name}"', path, fix=nearest(name, allowed))


def _document(spec: PopulationSpec, path: str) -> list[Problem]:
    name = spec.persona.document
    if not spec.documents:
        fix = "Declare documents: {name: column}"
        return [Problem("the document renderer needs a document", f"{path}.renderer", fix=fix)]
    if name is None and len(spec.documents) > 1:
        fix = f"Set {path}.document to one of: {', '.join(spec.documents)}"
        return [Problem("there are several documents", f"{path}.renderer", fix=fix)]
    if name is not None and name not in spec.documents:
        return [Problem(f'there is no document "{name}"', f"{path}.document", fix=nearest(name, spec.documents))]
    return []


def _synthetic_labels(spec: PopulationSpec, prefix: str) -> list[Problem]:
    assert spec.marginals is not None
    problems: list[Problem] = []
    for group, declared in (("facts", spec.facts), ("reference", spec.reference)):
        for name, entry in declared.items():
            shares = spec.marginals.shares[entry if isinstance(entry, str) else entry.column]
            problems += labelled(tuple(shares), entry, f"{prefix}.{group}.{name}")[1]
    return problems


def _empty_slots(spec: PopulationSpec, prepared: Prepared, prefix: str) -> list[Problem]:
    """A sentence with an empty slot reads wrongly, so a template may only use facts that everybody has."""
    assert prepared.columns is not None
    problems = []
    for name in dict.fromkeys(slots_of(spec.persona.template or "")):
        missing = sum(value is None for value in prepared.columns.facts.get(name, ()))
        if missing:
            fix = f'Name missing values with the label of the code "", or show {name} by a renderer, which leaves them out'
            message = f"{missing} of {prepared.columns.rows} people have no value for {{{name}}}"
            problems.append(Problem(message, f"{prefix}.persona.template", fix=fix))
    return problems
