"""Every text of a scenario that a model may be shown, with the field that it stands in.

Names that only the tables of a run show (items, phases, arms) are not among them, nor are people's facts, which come from data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from socsim.scenario.arms import patched, phase_paths
from socsim.scenario.asking import AnyOf, ItemSpec, PromptsSpec, ReadoutSpec
from socsim.scenario.document import Path
from socsim.scenario.people import FactSpec, PopulationSpec
from socsim.scenario.remembering import WORDING_MEMORY, MemorySpec
from socsim.scenario.root import Scenario
from socsim.scenario.schedule import InteractionSpec, PhaseSpec
from socsim.scenario.schedule_checks import phases
from socsim.scenario.ways_of_meeting import WORDING

__all__ = ["shown_texts"]

_NAMES = frozenset({"table", "board", "news", "game", "vote", "order", "show", "recall", "ask", "ranking", "group",
                    "rank_followed", "actions"})  # fmt: skip
"""Options of interactions that are names or words of the format, never shown."""
_OF_GAMES = {"dictator": "dictator", "ultimatum": "ultimatum", "trust": "trust", "public_goods": "public_goods",
             "prisoners_dilemma": "matrix", "stag_hunt": "matrix"}  # fmt: skip
"""How the names of templates of each game begin."""

Texts = Iterator[tuple[Path, str]]


def shown_texts(scenario: Scenario) -> Texts:
    """(field, text) of a resolved scenario: what the world of any arm shows, at the arm where it is the arm's own.

    Wording that the scenario does not give is socsim's own; it stands at the phase that uses it.
    """
    declared = dict(_world_texts(scenario))
    found: dict[tuple[Path, str], None] = {}
    names = {path: name for name, path in phase_paths(scenario).items()}
    for index, arm in enumerate(scenario.arms):
        for path, text in _world_texts(patched(scenario, arm)) if arm.patch else declared.items():
            found[path if declared.get(path) == text else _in_arm(index, path, names), text] = None
    yield from found


def _in_arm(index: int, path: Path, names: Mapping[Path, str]) -> Path:
    """Where an arm's patch has a field of the patched scenario."""
    for phase, name in names.items():
        if path[: len(phase)] == phase:
            return ("arms", index, "patch", "phases", name, *path[len(phase) :])
    return ("arms", index, "patch", *path)


def _world_texts(scenario: Scenario) -> Texts:
    yield from _prompts(scenario.prompts)
    items = scenario.items if isinstance(scenario.items, dict) else {}
    for name, item in items.items():
        yield from _item(("items", name), item)
    yield from _people(scenario.population)
    for name, condition in scenario.conditions.items():
        if isinstance(condition.levels, dict):
            yield from _strings(("conditions", name, "levels"), {k: v for k, v in condition.levels.items() if k != "table"})
    if scenario.memory is not None:
        yield from _memory(scenario.memory)
    for path, phase, _ in phases(scenario):
        yield from _phase(path, phase)


def _prompts(spec: PromptsSpec) -> Texts:
    for name in PromptsSpec.model_fields:
        value = getattr(spec, name)
        several = value.any_of if isinstance(value, AnyOf) else (value,)
        for index, text in enumerate(several):
            if isinstance(text, str):
                yield ("prompts", name, *(("any_of", index) if isinstance(value, AnyOf) else ())), text


def _item(path: Path, item: ItemSpec) -> Texts:
    fields = ("text", "options", "non_answers", "cloze_options", "unit")
    yield from _strings(path, {name: getattr(item, name) for name in fields})
    yield from _readout((*path, "readout"), item.readout)


def _readout(path: Path, readout: ReadoutSpec) -> Texts:
    yield from _strings(path, {"answer_prefix": readout.answer_prefix, "frames": readout.frames})


def _people(population: PopulationSpec) -> Texts:
    path: Path = ("population",)
    if population.persona.template is not None:
        yield (*path, "persona", "template"), population.persona.template
    for name, fact in population.facts.items():
        yield (*path, "facts", name), name.replace("_", " ")
        if isinstance(fact, FactSpec):
            labels = fact.labels if isinstance(fact.labels, dict) else {}
            yield from _strings((*path, "facts", name), {"labels": dict(labels), "unit": fact.unit})
    for index, one in enumerate(population.confederates):
        yield from _strings((*path, "confederates", index), {"answers": dict(one.answers), "says": one.says})


def _memory(memory: MemorySpec) -> Texts:
    for name, belief in memory.beliefs.items():
        yield ("memory", "beliefs", name), name.replace("_", " ")
        yield ("memory", "beliefs", name, "text"), belief.text
    for name in WORDING_MEMORY:
        yield ("memory", "wording", name), memory.words(name)


def _phase(path: Path, phase: PhaseSpec) -> Texts:
    if phase.say is not None:
        yield from _strings((*path, "say"), {"topic": phase.say.topic})
        if phase.say.silence is not None:
            yield from _readout((*path, "say", "silence"), phase.say.silence)
    for index, one in enumerate(phase.interventions):
        yield from _strings((*path, "interventions", index), {"text": one.text})
    spec = phase.interaction
    if isinstance(spec, InteractionSpec):
        place = (*path, "interaction")
        yield from _strings((*place, "options"), {name: v for name, v in spec.options.items() if name not in _NAMES})
        yield from _strings((*place, "wording"), _wording(spec))


def _wording(spec: InteractionSpec) -> Mapping[str, str]:
    """The templates of an interaction that are in use: the scenario's own, else socsim's; of games those of the game."""
    given = {**WORDING.get(spec.kind, {}), **spec.wording}
    others = {start for game, start in _OF_GAMES.items() if start != _OF_GAMES.get(str(spec.options.get("game")))}
    return {name: text for name, text in given.items() if spec.kind != "games" or not name.startswith(tuple(others))}


def _strings(path: Path, value: Any) -> Texts:
    """Every text in lists and mappings, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _strings((*path, str(name)), part)
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _strings((*path, index), part)
