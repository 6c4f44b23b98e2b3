"""What must hold where people go through several contexts: conditions, renderers and wordings that are crossed."""

from __future__ import annotations

from socsim.scenario.asking import AnyOf, PromptsSpec
from socsim.scenario.document import Path
from socsim.scenario.findings import Findings
from socsim.scenario.root import Scenario
from socsim.scenario.schedule import PhaseSpec

__all__ = ["check_crossing", "crossed_parts"]

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
