"""What must hold of interventions and confederates: who and what they name."""

from __future__ import annotations

from collections.abc import Iterable

from socsim.scenario.document import Path
from socsim.scenario.findings import Findings
from socsim.scenario.happenings import ConfederateSpec, WhoSpec
from socsim.scenario.places import listed
from socsim.scenario.root import Scenario
from socsim.scenario.schedule import PhaseSpec

__all__ = ["check_happenings"]


def check_happenings(scenario: Scenario, phases: Iterable[tuple[Path, PhaseSpec]], findings: Findings) -> None:
    """Check everything that is done to the world from outside."""
    for path, phase in phases:
        for index, one in enumerate(phase.interventions):
            place = (*path, "interventions", index)
            _check_who(scenario, one.who, (*place, "who"), findings)
            if one.at >= phase.repeat:
                message = f"the phase {phase.phase!r} is repeated {phase.repeat} times, so there is no repetition {one.at}"
                findings.add((*place, "at"), message, "Repetitions count from 0")
            labels = scenario.inference.labels
            if one.model is not None and one.model not in labels:
                fix = listed(one.model, labels, "inference.model lists")
                findings.add((*place, "model"), f"there is no model {one.model!r}", fix)
            if one.kind == "replace" and scenario.population.data == "none" and scenario.population.marginals is None:
                findings.add((*place, "kind"), "nothing is known of anybody, so nobody could be another one", "Give `data`")
    for index, confederate in enumerate(scenario.population.confederates):
        place = ("population", "confederates", index)
        _check_who(scenario, confederate.who, (*place, "who"), findings)
        _check_script(scenario, confederate, place, findings)


def _check_who(scenario: Scenario, who: WhoSpec, path: Path, findings: Findings) -> None:
    size = scenario.population.size
    for index, agent in enumerate(who.agents):
        if not 0 <= agent < size:
            findings.add((*path, "agents", index), f"there is no agent {agent}", f"Agents are 0 to {size - 1}")
    for name in who.where:
        if name not in scenario.population.facts:
            fix = listed(name, scenario.population.facts, "Facts")
            findings.add((*path, "where", name), f"there is no fact {name!r}", fix)
    if who.hubs is not None and scenario.network is None:
        findings.add((*path, "hubs"), "nobody is read by anybody, so there are no hubs", "Add `network: {graph: …}`")


def _check_script(scenario: Scenario, confederate: ConfederateSpec, path: Path, findings: Findings) -> None:
    if not confederate.answers and not confederate.says:
        findings.add(path, "the script is empty", "Add `answers` or `says`")
    items = scenario.items if isinstance(scenario.items, dict) else {}
    for name, answer in confederate.answers.items():
        item = items.get(name)
        if item is None:
            continue  # a choice of an interaction
        place = (*path, "answers", name)
        if item.type == "number":
            low, high = item.range if item.range is not None else (float("-inf"), float("inf"))
            if not isinstance(answer, int | float) or not low <= answer <= high:
                findings.add(place, f"{answer!r} is no answer to {name!r}", "Give a number in its range")
        elif item.type != "text" and answer not in (*item.options, *item.non_answers):
            findings.add(place, f"{answer!r} is no option of {name!r}", listed(str(answer), item.options, "Options"))
    for index, text in enumerate(confederate.says):
        if not text.strip():
            findings.add((*path, "says", index), "an empty message says nothing", "Remove it")
