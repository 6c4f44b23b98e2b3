"""What must hold of feeds, of rules by which ties change, and of arms that replace what others say."""

from __future__ import annotations

from socsim.scenario.document import Path
from socsim.scenario.findings import Findings
from socsim.scenario.options_feed import FeedOptions
from socsim.scenario.places import listed
from socsim.scenario.root import Scenario
from socsim.scenario.schedule import InteractionSpec, PhaseSpec
from socsim.scenario.ways_of_meeting import options_of

__all__ = ["check_feed", "check_tie_rules", "check_yoke"]

_WRITTEN = {"post", "comment"}
_YOKED = ("none", "survey", "exposure", "neighbours", "dyads")


def check_feed(scenario: Scenario, spec: InteractionSpec, phase: PhaseSpec, path: Path, findings: Findings) -> None:
    """Check the interaction at ``path`` if it is a feed (its options have been checked)."""
    if spec.kind != "feed":
        return
    try:
        options = options_of(spec)
    except ValueError:
        return  # said already
    assert isinstance(options, FeedOptions)
    place, facts = (*path, "options"), scenario.population.facts
    for field, names in (("group", (options.group,)), ("similar_on", options.similar_on)):
        for name in names:
            if name is not None and name not in facts:
                findings.add((*place, field), f"there is no fact {name!r}", listed(name, facts, "Facts"))
    if options.news is not None and options.news not in scenario.tables:
        findings.add((*place, "news"), f"there is no table {options.news!r}", listed(options.news, scenario.tables, "Tables"))
    if _WRITTEN & set(options.actions) and phase.say is None:
        findings.add((*place, "actions"), "posts and answers are messages, and nobody writes in this phase", "Add `say: {}`")
    if phase.say is not None and phase.say.silence is not None:
        findings.add((*path[:-1], "say", "silence"), "in a feed nobody has to write anything anyway", "Remove it")
    if scenario.network is None and (spec.of == "neighbours" or options.mix is not None):
        findings.add(path, "nobody follows anybody", "Add `network: {graph: …}`, or write of: all and no mix")


def check_tie_rules(scenario: Scenario, findings: Findings) -> None:
    """Check the rules by which ties change."""
    if scenario.network is None:
        return
    items = scenario.items if isinstance(scenario.items, dict) else {}
    for index, rule in enumerate(scenario.network.changes):
        place = ("network", "changes", index, "on")
        if rule.on not in items:
            findings.add(place, f"there is no item {rule.on!r}", listed(rule.on, items, "Items"))
        elif items[rule.on].type not in ("ordinal", "number"):
            findings.add(place, f"answers to {rule.on!r} have no distance", "Use an ordinal or a number item")


def check_yoke(scenario: Scenario, spec: InteractionSpec, path: Path, findings: Findings) -> None:
    """A yoked arm shows other people's messages instead: only where messages are read one by one."""
    if spec.kind in _YOKED:
        return
    for index, arm in enumerate(scenario.arms):
        if arm.control == "yoked":
            message = f"in the arm {arm.name!r} messages are replaced, which the interaction {spec.kind!r} has no place for"
            findings.add(
                ("arms", index), message, f"Remove the arm, or use {' or '.join(_YOKED[3:])} in {'.'.join(map(str, path))}"
            )
