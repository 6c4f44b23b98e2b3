"""What must hold of the activation of a phase: the fields that its kind has, and what they refer to."""

from __future__ import annotations

import math
from collections.abc import Mapping

from socsim.scenario.document import Path
from socsim.scenario.findings import Findings
from socsim.scenario.places import listed
from socsim.scenario.root import Scenario
from socsim.scenario.schedule import ActivationSpec, PhaseSpec

__all__ = ["check_activation"]

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "simultaneous": (),
    "random_sequential": (),
    "dyad": ("among",),
    "dyads": ("among", "members", "order", "rounds"),
    "groups": ("size", "members", "by", "order", "rounds", "urge"),
    "poisson": ("rate",),
    "hourly": ("rate", "curve"),
    "schedule": ("table",),
    "events": ("on", "first"),
}
_HOURS = 24


def check_activation(scenario: Scenario, phase: PhaseSpec, path: Path, findings: Findings) -> None:
    """Check the activation of a phase at ``path``."""
    spec, place = phase.activating, (*path, "activation")
    for name in ActivationSpec.model_fields:
        default = ActivationSpec.model_fields[name].default
        if name != "kind" and name not in _FIELDS[spec.kind] and getattr(spec, name) != default:
            has = ", ".join(_FIELDS[spec.kind]) or "none"
            findings.add((*place, name), f"the activation {spec.kind!r} has no {name!r}", f"Remove it. It has: {has}")
    if spec.among == "ties" and scenario.network is None:
        findings.add((*place, "among"), "there are no ties along which people could meet", "Add `network`, or write among: all")
    check = {"groups": _groups, "poisson": _rhythm, "hourly": _rhythm, "schedule": _schedule, "events": _events}.get(spec.kind)
    if check is not None:
        check(scenario, phase, place, findings)


def _groups(scenario: Scenario, phase: PhaseSpec, place: Path, findings: Findings) -> None:
    spec = phase.activating
    if (spec.size is None) == (spec.by is None):
        findings.add(place, "groups need either a `size` or a fact `by` which people belong to one", "Write groups: {size: 4}")
    if spec.by is not None and spec.by not in scenario.population.facts:
        findings.add((*place, "by"), f"there is no fact {spec.by!r}", listed(spec.by, scenario.population.facts, "Facts"))
    if spec.order == "raise_hand":
        items = scenario.items if isinstance(scenario.items, dict) else {}
        if spec.urge is None:
            findings.add(place, "raise_hand needs the item that says how much somebody wants to speak", "Add `urge: ITEM`")
        elif spec.urge not in items:
            findings.add((*place, "urge"), f"there is no item {spec.urge!r}", listed(spec.urge, items, "Items"))
        elif items[spec.urge].type not in ("ordinal", "number"):
            findings.add((*place, "urge"), f"the item {spec.urge!r} has no values to compare", "Use an ordinal or a number item")
    elif spec.urge is not None:
        findings.add((*place, "urge"), "only order: raise_hand has an urge", "Remove it, or write order: raise_hand")


def _rhythm(scenario: Scenario, phase: PhaseSpec, place: Path, findings: Findings) -> None:
    spec = phase.activating
    if isinstance(spec.rate, str):
        if spec.rate not in scenario.population.facts:
            fix = listed(spec.rate, scenario.population.facts, "Facts")
            findings.add((*place, "rate"), f"there is no fact {spec.rate!r}", fix)
    elif spec.rate is not None and not 0 <= spec.rate < math.inf:
        findings.add((*place, "rate"), f"a rate of {spec.rate!r} is none", "Give actions per step, 0 or more")
    if spec.curve is not None and (len(spec.curve) != _HOURS or min(spec.curve) < 0 or not 0 < math.fsum(spec.curve) < math.inf):
        findings.add((*place, "curve"), "a curve is 24 numbers, 0 or more and not all 0", "Give one for every hour of the day")


def _schedule(scenario: Scenario, phase: PhaseSpec, place: Path, findings: Findings) -> None:
    spec = phase.activating
    if spec.table is None:
        findings.add(place, "a schedule needs the table that holds it", "Add `table: NAME`, with columns step and agent")
    elif spec.table not in scenario.tables:
        findings.add((*place, "table"), f"there is no table {spec.table!r}", listed(spec.table, scenario.tables, "Tables"))


def _events(scenario: Scenario, phase: PhaseSpec, place: Path, findings: Findings) -> None:
    spec = phase.activating
    if spec.on is None:
        findings.add(place, "nothing is said to react to", "Add on: mention, or on: neighbour_change")
    if spec.on is not None and scenario.network is None:
        findings.add(place, "there are no ties, so nobody notices anybody", "Add `network`")
    adopting = phase.interaction != "none" and phase.interaction.kind == "adoption"
    if spec.on == "neighbour_change" and not phase.ask and not adopting:
        findings.add((*place, "on"), "the phase asks no item whose answers could change", "Add `ask: [ITEM]`")
    if spec.on == "mention" and phase.say is None:
        findings.add((*place, "on"), "nobody writes in this phase, so nobody is mentioned", "Add `say: {}`")
