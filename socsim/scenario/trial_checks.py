"""What must hold of conditions and their effects, and where people go through several contexts that are crossed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from socsim.scenario.asking import AnyOf, PromptsSpec
from socsim.scenario.document import Path
from socsim.scenario.findings import Findings
from socsim.scenario.places import listed
from socsim.scenario.root import Scenario
from socsim.scenario.schedule import PhaseSpec
from socsim.scenario.worlds import EffectsSpec

__all__ = ["check_crossing", "check_effects", "crossed_parts"]

_BY_THEMSELVES = ("none", "survey", "exposure")


def crossed_parts(scenario: Scenario) -> list[Path]:
    """The parts of a scenario because of which a person is asked in several contexts."""
    found: list[Path] = []
    if not isinstance(scenario.population.persona.renderer, str) and scenario.population.persona.template is None:
        found.append(("population", "persona", "renderer"))
    found += [("prompts", name) for name in PromptsSpec.model_fields if isinstance(getattr(scenario.prompts, name), AnyOf)]
    named = scenario.conditions.items()
    return found + [("conditions", name) for name, condition in named if condition.assign == "each_in_own_context"]


def check_crossing(scenario: Scenario, phases: list[tuple[Path, PhaseSpec]], findings: Findings) -> None:
    """Several contexts of one person have no place where people meet or remember."""
    parts = crossed_parts(scenario)
    for name in PromptsSpec.model_fields:
        value = getattr(scenario.prompts, name)
        if isinstance(value, AnyOf) and value.per_agent > len(value.any_of):
            message = f"there are {len(value.any_of)} wordings, so nobody can be asked in {value.per_agent}"
            findings.add(("prompts", name, "per_agent"), message, "Give a smaller number")
    if not parts:
        return
    because = ".".join(map(str, parts[0]))
    for path, phase in phases:
        kind = "none" if phase.interaction == "none" else phase.interaction.kind
        if kind not in _BY_THEMSELVES:
            message = f"people are asked in several contexts ({because}), so they cannot meet"
            findings.add((*path, "interaction"), message, f"Use {' or '.join(_BY_THEMSELVES)}, or give one variant")
        elif phase.activating.kind != "simultaneous":
            message = f"people are asked in several contexts ({because}), which needs activation: simultaneous"
            findings.add((*path, "activation"), message, "Write activation: simultaneous")
        elif phase.remember:
            message = f"people are asked in several contexts ({because}), so there is nothing that they could remember"
            findings.add((*path, "remember"), message, "Remove it")


def check_effects(scenario: Scenario, levels: Mapping[str, Sequence[str]], findings: Findings) -> None:
    """Check how effects are to be estimated, against the levels of every condition.

    Levels that could not be read are empty; their problem is reported where they are declared.
    """
    effects, path = scenario.analysis.effects, ("analysis", "effects")
    if effects == EffectsSpec():
        return
    if not scenario.conditions:
        findings.add(path, "there is no condition that could have an effect", "Declare `conditions`, or remove it")
        return
    known = [level for own in levels.values() for level in own]
    named = effects.reference not in (None, "random")
    if named and effects.reference not in known and all(levels.values()):
        fix = listed(str(effects.reference), [*known, "random"], "Levels")
        findings.add((*path, "reference"), f"no condition has the level {effects.reference!r}", fix)
    if effects.reference != "random" and effects.repeats != EffectsSpec().repeats:
        message = "`repeats` counts draws of a reference, and none is drawn"
        findings.add((*path, "repeats"), message, "Write reference: random, or remove it")
    ways = [part for part in crossed_parts(scenario) if part[0] != "conditions"]
    if effects.centre_within is not None and not ways and not any(arm.patch for arm in scenario.arms):
        message = "there is one wording for all, so there is nothing to centre within"
        findings.add((*path, "centre_within"), message, "Remove it, or give several wordings or renderers")
