"""What must hold of a sweep beyond the types of its fields; what its points change is checked as any arm is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socsim.scenario.arms import PATCHABLE, phase_paths
from socsim.scenario.findings import Findings
from socsim.scenario.places import listed
from socsim.scenario.root import Scenario
from socsim.scenario.sweeping import ARM, expanded_arms, is_field, is_range, touched

__all__ = ["MOST_WORLDS", "check_sweep"]

MOST_WORLDS = 20_000
_Path = tuple[str | int, ...]


def check_sweep(scenario: Scenario, findings: Findings) -> None:
    """Check the sweep of a scenario, if it has one."""
    spec = scenario.sweep
    if spec is None:
        return
    for factor, values in spec.vary.items():
        _check_factor(scenario, factor, values, findings)
    if any(arm.factors for arm in scenario.arms):
        findings.add(("arms",), "`factors` are set by a sweep", "Remove them")
    if findings.under("sweep") or findings.under("arms"):
        return
    _check_undone(scenario, spec.vary, findings)
    arms = expanded_arms(scenario)
    names = [arm.name for arm in arms]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        findings.add(("sweep", "vary"), f"two points are both called {twice!r}", "Give the levels names that differ")
    too_long = next((name for name in names if len(name) > 100), None)
    if too_long is not None:
        findings.add(("sweep", "vary"), f"the name of a point is too long: {too_long[:100]!r}", "Give levels shorter names")
    worlds = len(arms) * scenario.replicates
    if worlds > MOST_WORLDS:
        findings.add(("sweep",), f"this makes {worlds} worlds; {MOST_WORLDS} is the most", "Vary less, or make fewer replicates")


def _check_undone(scenario: Scenario, vary: Mapping[str, Any], findings: Findings) -> None:
    """No factor may give a field a value that another factor, or an arm, gives another one: it would vary nothing."""
    fields: dict[str, set[str]] = {}
    for factor, values in vary.items():
        patches = () if is_field(factor) else [patch for patch in values.values() if patch]
        fields[factor] = {factor} if is_field(factor) else {one for patch in patches for one in touched(patch)}
    for number, (factor, own) in enumerate(fields.items()):
        for other, theirs in list(fields.items())[:number]:
            both = _common(own, theirs)
            if both:
                message = f"{factor!r} and {other!r} both give {both!r} a value, so one would undo the other"
                findings.add(("sweep", "vary", factor), message, "Vary each field in one factor")
        for index, arm in enumerate(scenario.arms):
            both = _common(own, set(touched(arm.patch)))
            if both:
                message = f"the arm {arm.name!r} gives {both!r} a value itself, so {factor!r} would vary nothing in it"
                findings.add(("arms", index), message, "Leave the field out of the arm, or out of the sweep")


def _common(own: set[str], theirs: set[str]) -> str:
    """A field that both give a value, or of which one gives a part; empty where there is none."""
    pairs = ((f"{a}.", f"{b}.") for a in sorted(own) for b in sorted(theirs))
    return next((min(a, b, key=len)[:-1] for a, b in pairs if a.startswith(b) or b.startswith(a)), "")


def _check_factor(scenario: Scenario, factor: str, values: Any, findings: Findings) -> None:
    path: _Path = ("sweep", "vary", factor)
    part, *rest = factor.split(".")
    if factor == ARM:
        findings.add(path, f"{ARM!r} is what the arms of a point are called", "Give the factor another name")
    if is_field(factor):
        if part not in PATCHABLE:
            findings.add(path, f"an arm cannot change {part!r}", listed(part, PATCHABLE, "A sweep varies fields of"))
        elif part == "phases" and rest[0] not in phase_paths(scenario):
            findings.add(path, f"there is no phase {rest[0]!r}", listed(rest[0], phase_paths(scenario), "Phases"))
        elif not all(rest):
            findings.add(path, "a part of this name is empty", "Write part.field, as phases.talk.repeat")
    if isinstance(values, Mapping):
        _check_mapping(factor, values, path, findings)
    elif len(values) < 2:
        findings.add(path, "one level does not vary", "Give two or more")
    elif len({repr(value) for value in values}) < len(values):
        findings.add(path, "a level stands twice", "Keep one of them")
    elif not is_field(factor):
        fix = "Write the field with its part, as phases.talk.repeat, or {LEVEL: patch, …}"
        findings.add(path, f"{factor!r} is no field, so its levels must say what they change", fix)


def _check_mapping(factor: str, values: Mapping[str, Any], path: _Path, findings: Findings) -> None:
    if is_range(values):
        low, high = values["from"], values["to"]
        numbers = all(isinstance(end, int | float) and not isinstance(end, bool) for end in (low, high))
        if not is_field(factor):
            findings.add(path, f"{factor!r} is no field, so it cannot have a range", "Name a field, as population.size")
        elif not numbers or not low < high:
            findings.add(path, "a range goes from one number to a larger one", "Write {from: 0.0, to: 1.0}")
        elif values.get("log") and low <= 0:
            findings.add((*path, "from"), "equal ratios need numbers above 0", "Begin above 0, or leave `log` out")
        for name in ("integer", "log"):
            if not isinstance(values.get(name, False), bool):
                findings.add((*path, name), f"`{name}` is true or false", "Write true, or leave it out")
        return
    if is_field(factor):
        findings.add(path, "a field has a list of values, or a range", "Write [VALUE, VALUE] or {from: 0.0, to: 1.0}")
    elif len(values) < 2:
        findings.add(path, "one level does not vary", "Give two or more")
    for level, patch in values.items():
        if not is_field(factor) and patch is not None and not isinstance(patch, Mapping):
            findings.add((*path, level), "what a level changes is a mapping, as an arm's patch", "Write {PART: {FIELD: value}}")
