"""Personas in words: pure functions, each with a version that changes when its wording does.

Values come from data and are not trusted: whatever they hold, they stay on one line. Missing values are left out.
Reference facts are out of reach of every renderer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from socsim.errors import Problem, ScenarioError, nearest
from socsim.population.persona import Persona, Value
from socsim.prompts import fill, one_line, slots_of
from socsim.scenario.people import PersonaSpec

__all__ = ["RENDERERS", "TEMPLATE", "Renderer", "display", "render_persona"]

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Renderer:
    """A way to put a persona into words. ``version`` changes whenever its output for some persona does."""

    name: str
    version: str
    render: Callable[[Persona, PersonaSpec], str]

    def __call__(self, persona: Persona, spec: PersonaSpec) -> str:
        """The persona in words."""
        return self.render(persona, spec)


def render_persona(persona: Persona, spec: PersonaSpec) -> str:
    """The persona in words, by the one renderer of ``spec``, or by its template where it has one.

    Raises:
        ScenarioError: ``spec`` has several renderers, or names a fact or document that the persona does not have.
    """
    if spec.template is not None:
        return TEMPLATE(persona, spec)
    names = (spec.renderer,) if isinstance(spec.renderer, str) else spec.renderer
    if len(names) != 1:
        fix = "Choose one renderer per world"
        raise ScenarioError(
            Problem(f"a persona is rendered in one way, not {len(names)}", "population.persona.renderer", fix=fix)
        )
    return RENDERERS[names[0]](persona, spec)


def display(value: Value, unit: str = "") -> str:
    """A value on one line: whole numbers without a point, other numbers with up to 12 digits, a unit after numbers.

    Example:
        >>> display(45.0, "years"), display("a\\nb")
        ('45 years', 'a b')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return one_line(value)
    text = str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.12g}"
    return f"{text} {one_line(unit)}" if unit else text


def _shown(persona: Persona, spec: PersonaSpec) -> list[tuple[str, Value, str]]:
    """Name in words, value and unit of every fact that is shown and not missing."""
    names = tuple(persona.facts) if spec.facts is None else spec.facts
    for position, name in enumerate(names):
        if name not in persona.facts:
            raise ScenarioError(_unknown(name, f"population.persona.facts.{position}", persona, tuple(persona.facts)))
    return [
        (one_line(name.replace("_", " ")), persona.facts[name], persona.units.get(name, ""))
        for name in names
        if display(persona.facts[name])
    ]


def _unknown(name: str, path: str, persona: Persona, allowed: tuple[str, ...]) -> Problem:
    if name in persona.reference:
        return Problem(f'"{name}" is held back as a reference fact', path, fix="Declare it under facts to show it")
    return Problem(f'there is no fact "{name}"', path, fix=nearest(name, allowed))


def _none(_persona: Persona, _spec: PersonaSpec) -> str:
    return ""


def _attributes(persona: Persona, spec: PersonaSpec) -> str:
    return "\n".join(f"{name}: {display(value, unit)}" for name, value, unit in _shown(persona, spec))


def _is_age(name: str, value: Value, unit: str) -> bool:
    return name.lower() == "age" and isinstance(value, int | float) and unit in ("", "years")


def _sentences(persona: Persona, spec: PersonaSpec, age: str, possessive: str) -> str:
    parts = []
    for name, value, unit in _shown(persona, spec):
        text = age.format(display(value)) if _is_age(name, value, unit) else f"{possessive} {name}: {display(value, unit)}"
        parts.append(text if text.endswith((".", "!", "?")) else f"{text}.")
    return " ".join(parts)


def _second_person(persona: Persona, spec: PersonaSpec) -> str:
    return _sentences(persona, spec, "You are {} years old", "Your")


def _first_person(persona: Persona, spec: PersonaSpec) -> str:
    return _sentences(persona, spec, "I am {} years old", "My")


def _json(persona: Persona, spec: PersonaSpec) -> str:
    facts = {
        f"{name} ({one_line(unit)})" if unit and not isinstance(value, str) else name: one_line(value)
        if isinstance(value, str)
        else value
        for name, value, unit in _shown(persona, spec)
    }
    return json.dumps(facts, ensure_ascii=False)


def _document(persona: Persona, spec: PersonaSpec) -> str:
    """The document as it is, line breaks kept, other control characters as spaces."""
    name = spec.document
    if name is None and len(persona.documents) == 1:
        (name,) = persona.documents
    if name is None or name not in persona.documents:
        message = f'there is no document "{name}"' if name else "the document renderer needs to know which document"
        fix = nearest(name, persona.documents) if name else f"Set document. {nearest('', persona.documents)}"
        raise ScenarioError(Problem(message, "population.persona.document", fix=fix))
    return _document_text(persona.documents[name])


def _document_text(text: str) -> str:
    return _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _template(persona: Persona, spec: PersonaSpec) -> str:
    """Own wording with ``{fact}`` and ``{document}`` slots, filled in one pass; a missing value leaves its slot empty."""
    template = spec.template or ""
    allowed = (*persona.facts, *persona.documents)
    for name in slots_of(template):
        if name not in allowed:
            raise ScenarioError(_unknown(name, "population.persona.template", persona, allowed))
    values = {name: display(value, persona.units.get(name, "")) for name, value in persona.facts.items()}
    documents = {name: _document_text(text) for name, text in persona.documents.items()}
    return fill(template, {**documents, **values})


RENDERERS: Mapping[str, Renderer] = {
    renderer.name: renderer
    for renderer in (
        Renderer("none", "1", _none),
        Renderer("attributes", "1", _attributes),
        Renderer("second_person", "1", _second_person),
        Renderer("first_person", "1", _first_person),
        Renderer("json", "1", _json),
        Renderer("document", "1", _document),
    )
}
"""Renderers by the name used in scenarios."""

TEMPLATE = Renderer("template", "1", _template)
"""The renderer behind ``persona.template``."""
