"""What must hold of the schedule in one world: phases, what they ask, what people see, and that there is something to see."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from socsim.scenario.activation_checks import check_activation
from socsim.scenario.asking import ItemSpec
from socsim.scenario.crowd_checks import check_ballot, check_crowd
from socsim.scenario.document import Path
from socsim.scenario.feed_checks import check_feed, check_tie_rules, check_yoke
from socsim.scenario.findings import Findings
from socsim.scenario.game_checks import check_games
from socsim.scenario.happening_checks import check_happenings
from socsim.scenario.item_checks import repeated
from socsim.scenario.places import listed
from socsim.scenario.remembering import WORDING_MEMORY
from socsim.scenario.root import Scenario
from socsim.scenario.schedule import ForEachItemSpec, InteractionSpec, PhaseSpec
from socsim.scenario.trial_checks import check_crossing
from socsim.scenario.ways_of_meeting import MEETINGS, OPTIONS, WORDING, options_of

__all__ = ["check_schedule", "interacts", "phases"]

_READING = ("neighbours", "estimates")
_ACTING = ("conventions", "votes", "adoption", "games", "feed")
"""Interactions in which people do something without being asked an item or writing a message."""


def phases(scenario: Scenario) -> Iterator[tuple[Path, PhaseSpec, bool]]:
    """Every phase with its path, and whether it is gone through once for every item."""
    for index, entry in enumerate(scenario.schedule):
        if isinstance(entry, ForEachItemSpec):
            for inner, phase in enumerate(entry.phases):
                yield ("schedule", index, "phases", inner), phase, True
        else:
            yield ("schedule", index), entry, False


def interacts(phase: PhaseSpec) -> InteractionSpec | None:
    """The interaction of a phase, if people can see anything of each other or of a stimulus in it."""
    spec = phase.interaction
    return None if spec == "none" or spec.kind in ("none", "survey") else spec


def check_schedule(scenario: Scenario, findings: Findings) -> None:
    """Check the schedule of one world (items must have been expanded)."""
    items = list(scenario.items) if isinstance(scenario.items, dict) else []
    everything = list(phases(scenario))
    check_tie_rules(scenario, findings)
    check_happenings(scenario, [(path, phase) for path, phase, _ in everything], findings)
    _check_memory(scenario, everything, findings)
    check_crossing(scenario, [(path, phase) for path, phase, _ in everything], findings)
    somebody_writes = any(phase.say is not None for _, phase, _ in everything)
    for index, name in repeated(phase.phase for _, phase, _ in everything):
        fix = "Give every phase a name of its own"
        findings.add((*everything[index][0], "phase"), f"the phase name {name!r} stands twice", fix)
    for index, entry in enumerate(scenario.schedule):
        if isinstance(entry, ForEachItemSpec):
            _check_rounds(entry, ("schedule", index), items, findings)
    for path, phase, in_rounds in everything:
        _check_name(phase, path, findings)
        _check_asks(phase, path, [*items, "item"] if in_rounds else items, findings)
        check_activation(scenario, phase, path, findings)
        if phase.interaction != "none":
            _check_manner(phase.interaction, phase, path, findings)
        spec = interacts(phase)
        if spec is not None:
            _check_interaction(scenario, spec, phase, (*path, "interaction"), findings)
            check_crowd(scenario, spec, phase, (*path, "interaction"), findings)
            check_games(scenario, spec, phase, (*path, "interaction"), findings)
            check_feed(scenario, spec, phase, (*path, "interaction"), findings)
            check_yoke(scenario, spec, (*path, "interaction"), findings)
            if spec.kind == "neighbours" and spec.see == "messages" and not somebody_writes:
                fix = "Add `say: {}` to a phase, or write see: answers"
                findings.add((*path, "interaction", "see"), "nobody writes messages that could be seen", fix)


def _check_memory(scenario: Scenario, everything: list[tuple[Path, PhaseSpec, bool]], findings: Findings) -> None:
    from socsim.prompts import slots_of

    remembering = [path for path, phase, _ in everything if "memory" in phase.remember]
    if scenario.memory is None:
        for path in remembering:
            findings.add((*path, "remember"), "nothing says how people remember", "Add `memory: {kind: last}`")
        return
    if not remembering and scenario.memory.remembers:
        fix = "Add `remember: [memory]` to a phase, or remove `memory`"
        findings.add(("memory",), "no phase brings the memory up", fix)
    for name, template in scenario.memory.wording.items():
        for slot in slots_of(template):
            known = slots_of(WORDING_MEMORY[name])
            if slot not in known:
                message = f"the template {name!r} has no slot {slot!r}"
                findings.add(("memory", "wording", name), message, listed(slot, known, "Slots"))


def _check_rounds(entry: ForEachItemSpec, path: Path, items: list[str], findings: Findings) -> None:
    left_out = entry.for_each_item.leave_out
    for index, name in enumerate(left_out):
        if name not in items:
            findings.add((*path, "for_each_item", "leave_out", index), f"there is no item {name!r}", listed(name, items, "Items"))
    if not entry.rounds(items):
        findings.add((*path, "for_each_item"), "there are no items to go through", "Declare `items`")
    if "item" in items:
        message = "an item is called `item`, which stands for the item of the round"
        findings.add(("items", "item"), message, "Give it another name")
    if entry.for_each_item.order is None:
        findings.add(
            (*path, "for_each_item"),
            "the order of the items is not given",
            "Write {order: random_per_world} or {order: as_given}",
        )


def _check_name(phase: PhaseSpec, path: Path, findings: Findings) -> None:
    name = phase.phase
    if not name.strip() or len(name) > 100 or not name.isprintable() or set(name) & set("[]/"):
        findings.add((*path, "phase"), f"{name[:100]!r} cannot name a phase", "Use a short word without [, ] and /")
    spec = interacts(phase)
    acts = spec is not None and spec.kind in _ACTING
    if not phase.ask and phase.say is None and not phase.interventions and not acts:
        findings.add(path, f"the phase {name!r} neither asks nor lets anybody write", "Add `ask: [ITEM]` or `say: {}`")


def _check_asks(phase: PhaseSpec, path: Path, items: list[str], findings: Findings) -> None:
    for index, name in enumerate(phase.ask):
        if name not in items:
            findings.add((*path, "ask", index), f"there is no item {name!r}", listed(name, items, "Items"))
    for index, name in repeated(phase.ask):
        findings.add((*path, "ask", index), f"the item {name!r} is asked twice in one phase", "Ask it once, or in two phases")
    for index, memory in repeated(phase.remember):
        findings.add((*path, "remember", index), f"{memory!r} stands twice", "Keep one of them")
    if phase.say is not None:
        topic = phase.say.topic
        spec = interacts(phase)
        own_words = spec is not None and spec.kind in ("feed", "games", "custom")
        if topic is None and not phase.ask and not own_words:
            message = "there is nothing to write about: the phase asks no item and `say` has no topic"
            findings.add((*path, "say"), message, "Add `topic: …` to `say`")
        if topic is not None and not topic.strip():
            findings.add((*path, "say", "topic"), "the topic is empty", "Write what the message is about")
        if any(not stop for stop in phase.say.stop):
            findings.add((*path, "say", "stop"), "a stop text is empty, so every message would be", "Remove it")
        if phase.say.silence is not None:
            place = (*path, "say", "silence")
            if "speak" in items:
                message = "the item 'speak' has the name under which what is chosen here is recorded"
                findings.add(place, message, "Give the item another name")
            ballot = ItemSpec(type="nominal", text="?", options=("yes", "no"), readout=phase.say.silence)
            check_ballot(ballot, place, {}, findings)


def _check_manner(spec: InteractionSpec, phase: PhaseSpec, path: Path, findings: Findings) -> None:
    """Activation, options and wording must be such as the interaction can have."""
    place = (*path, "interaction")
    if spec.show is not None and spec.kind != "exposure":
        findings.add((*place, "show"), f"`show` belongs to the interaction `exposure` (found {spec.kind})", "Remove it")
    meetings = MEETINGS.get(spec.kind)
    if meetings is not None and phase.activating.kind not in meetings:
        message = f"the interaction {spec.kind!r} does not go with the activation {phase.activating.kind!r}"
        findings.add((*path, "activation"), message, f"Write activation: {' or '.join(meetings)}")
    if spec.kind == "custom" and spec.name is None:
        findings.add(place, "a custom interaction needs a name, under which its class is given", "Add `name: NAME`")
    if spec.kind not in OPTIONS and spec.kind != "custom" and spec.options:
        findings.add((*place, "options"), f"the interaction {spec.kind!r} has no options", "Remove them")
    try:
        options_of(spec)
    except ValidationError as error:
        for one in error.errors():
            findings.add((*place, "options", *one["loc"]), str(one["msg"]), "See the interaction's options in the documentation")
    from socsim.prompts import slots_of

    known = WORDING.get(spec.kind, {})
    for name, template in spec.wording.items():
        if name not in known:
            findings.add((*place, "wording", name), f"{spec.kind!r} has no template {name!r}", listed(name, known, "Templates"))
            continue
        for slot in slots_of(template):
            if slot not in slots_of(known[name]):
                fix = listed(slot, slots_of(known[name]), "Slots")
                findings.add((*place, "wording", name), f"the template {name!r} has no slot {slot!r}", fix)


def _check_interaction(scenario: Scenario, spec: InteractionSpec, phase: PhaseSpec, path: Path, findings: Findings) -> None:
    if spec.kind in _READING and spec.of == "neighbours" and scenario.network is None:
        message = f"the interaction {spec.kind!r} needs a network, and this world has none"
        findings.add(path, message, "Add `network: {graph: …}`, or write of: all")
    if spec.kind in _READING and spec.see == "answers" and not phase.ask:
        findings.add(
            (*path, "see"), "the phase asks no item whose answers could be seen", "Add `ask: [ITEM]`, or write see: messages"
        )
    if spec.kind == "exposure":
        if spec.show is None:
            fix = f"Add `show: …`. Conditions: {', '.join(scenario.conditions) or 'none'}"
            findings.add(path, "an exposure needs to know which condition it shows", fix)
        elif spec.show not in scenario.conditions:
            fix = listed(spec.show, scenario.conditions, "Conditions")
            findings.add((*path, "show"), f"there is no condition {spec.show!r}", fix)
