"""Arms: the world as declared, with the parts replaced that an arm changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socsim.errors import Problem, ScenarioError
from socsim.scenario.dumping import plain_data
from socsim.scenario.places import listed
from socsim.scenario.root import Scenario
from socsim.scenario.schedule import ForEachItemSpec
from socsim.scenario.worlds import ArmSpec

__all__ = ["PATCHABLE", "REPLACED", "patched", "patched_data", "phase_paths"]

PATCHABLE = ("network", "population", "prompts", "items", "memory", "phases")
"""Parts of a scenario that an arm may change."""

REPLACED = {"graph", "marginals", "quotas", "activation", "parameters"}
_SELECTOR = {"interaction": "kind", "place": "by", "readout": "method"}
_EITHER = ({"text", "text_file"},)


def patched(scenario: Scenario, arm: ArmSpec) -> Scenario:
    """The scenario of one arm: mappings are merged field by field, everything else is replaced.

    ``items`` merge by name, ``phases`` by phase name; a ``graph``, ``marginals``, ``quotas``, an ``activation``, a prompt, and
    an interaction, placement or readout of another kind are replaced whole. Arms stay as they are.

    Raises:
        ScenarioError: the patch names a part or phase that does not exist.
        pydantic.ValidationError: the patched scenario is not one; file checks report this with its place beforehand.
    """
    if not arm.patch:
        return scenario
    return Scenario.model_validate(patched_data(scenario, arm))


def patched_data(scenario: Scenario, arm: ArmSpec) -> dict[str, Any]:
    """The patched scenario as plain data, not validated.

    Raises:
        ScenarioError: the patch names a part or phase that does not exist. Fields are relative to the patch.
    """
    data: dict[str, Any] = plain_data(scenario)
    patch: dict[str, Any] = plain_data(arm.patch)
    problems = [
        Problem(f"an arm cannot change {part!r}", part, fix=listed(part, PATCHABLE, "An arm changes"))
        for part in patch
        if part not in PATCHABLE
    ]
    for part in ("network", "population", "prompts", "items", "memory"):
        if part in patch:
            data[part] = _merged(data.get(part), patch[part], part)
    problems += _patch_phases(scenario, data, patch.get("phases", {}))
    if problems:
        raise ScenarioError(problems)
    return data


def phase_paths(scenario: Scenario) -> dict[str, tuple[str | int, ...]]:
    """Where each phase stands in the schedule, by name."""
    paths: dict[str, tuple[str | int, ...]] = {}
    for index, entry in enumerate(scenario.schedule):
        if isinstance(entry, ForEachItemSpec):
            for inner, phase in enumerate(entry.phases):
                paths.setdefault(phase.phase, ("schedule", index, "phases", inner))
        else:
            paths.setdefault(entry.phase, ("schedule", index))
    return paths


def _patch_phases(scenario: Scenario, data: dict[str, Any], patch: Any) -> list[Problem]:
    if not isinstance(patch, Mapping):
        return [Problem("phases of an arm are a mapping from phase name to what differs", "phases", fix="Write {name: {…}}")]
    paths = phase_paths(scenario)
    problems = []
    for name, change in patch.items():
        if name not in paths:
            problems.append(Problem(f"there is no phase {name!r}", f"phases.{name}", fix=listed(name, paths, "Phases")))
        elif not isinstance(change, Mapping):
            problems.append(Problem("what differs in a phase is a mapping", f"phases.{name}", fix="Write {field: value}"))
        elif "phase" in change:
            problems.append(Problem("an arm cannot rename a phase", f"phases.{name}.phase", fix="Remove the field `phase`"))
        else:
            _put(data, paths[name], change)
    return problems


def _put(data: Any, path: tuple[str | int, ...], change: Mapping[str, Any]) -> None:
    for part in path[:-1]:
        data = data[part]
    data[path[-1]] = _merged(data[path[-1]], change, "phase")


def _merged(old: Any, new: Any, name: str) -> Any:
    """``new`` over ``old``: mappings by key, all else replaced."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping) or name in REPLACED:
        return new
    selector = _SELECTOR.get(name)
    if selector in new and new[selector] != old.get(selector):
        return new
    if name == "prompts":
        return {**old, **new}
    dropped: set[str] = set()
    for pair in _EITHER:
        dropped |= pair - set(new) if pair & set(new) else set()
    kept = {key: value for key, value in old.items() if key not in dropped}
    return kept | {key: _merged(kept.get(key), value, key) for key, value in new.items()}
