"""What must hold of ``estimates``, ``staged``, ``conventions`` and ``votes`` in one world."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from socsim.scenario.asking import ItemSpec
from socsim.scenario.document import Path
from socsim.scenario.findings import Findings
from socsim.scenario.item_checks import check_item
from socsim.scenario.options_conventions import CHOICE, WORDING_CONVENTIONS, ConventionsOptions, name_ballot
from socsim.scenario.options_estimates import EstimatesOptions
from socsim.scenario.options_staged import StagedOptions
from socsim.scenario.options_votes import WORDING_VOTES, VotesOptions, vote_ballots
from socsim.scenario.places import listed
from socsim.scenario.root import Scenario
from socsim.scenario.schedule import ForEachItemSpec, InteractionSpec, PhaseSpec
from socsim.scenario.ways_of_meeting import options_of

__all__ = ["check_ballot", "check_crowd", "check_free", "check_unused"]

_UNUSED = {"see": "messages", "of": "neighbours", "at_most": None, "summary": None}
_DRAWN = ("logprob", "cloze", "verbalized", "verbalized_sampling")


def check_crowd(scenario: Scenario, spec: InteractionSpec, phase: PhaseSpec, path: Path, findings: Findings) -> None:
    """Check an interaction that stands at ``path`` if it is one of these (items must have been expanded)."""
    try:
        options = options_of(spec)
    except ValidationError:
        return  # reported where options are checked
    if isinstance(options, EstimatesOptions):
        _check_estimates(scenario, spec, options, phase, path, findings)
    elif isinstance(options, StagedOptions):
        _check_staged(scenario, spec, options, phase, path, findings)
    elif isinstance(options, ConventionsOptions):
        _check_own_task(spec, phase, path, findings)
        _check_conventions(scenario, spec, options, phase, path, findings)
    elif isinstance(options, VotesOptions):
        _check_own_task(spec, phase, path, findings)
        _check_votes(scenario, spec, options, phase, path, findings)


def _items(scenario: Scenario, phase: PhaseSpec) -> Iterator[tuple[str, ItemSpec]]:
    """Every item that the phase may ask first, with its name."""
    items = scenario.items if isinstance(scenario.items, dict) else {}
    rounds = (entry for entry in scenario.schedule if isinstance(entry, ForEachItemSpec) and phase in entry.phases)
    of_rounds = next((entry.rounds(items) for entry in rounds), list(items))
    for name in phase.ask[:1]:
        yield from (
            ((one, items[one]) for one in of_rounds) if name == "item" else ((name, items[name]) for _ in range(name in items))
        )


def _check_estimates(
    scenario: Scenario, spec: InteractionSpec, options: EstimatesOptions, phase: PhaseSpec, path: Path, findings: Findings
) -> None:
    if spec.see != "answers":
        findings.add((*path, "see"), "estimates shows numbers with which others answered", "Write see: answers")
    if spec.summary is None:
        findings.add(path, "it is not said what is shown of others' numbers", "Add `summary: mean`, median, each or none")
    for name, item in _items(scenario, phase):
        if item.type != "number":
            message = f"estimates is about a number, and {name!r} is of type {item.type}"
            findings.add((*path[:-1], "ask", 0), message, "Ask an item with `type: number` first")
    signal = options.signal
    if signal is None:
        return
    where = (*path, "options", "signal")
    if spec.summary == "none":
        findings.add(where, "with summary: none nothing is shown, so no signal either", "Write summary: mean, median or each")
    if spec.at_most is not None:
        findings.add((*path, "at_most"), "with a signal nobody's answers are read", "Remove `at_most`")
    column = signal.column
    if column is None:
        return
    for name, item in _items(scenario, phase):
        if item.type == "number" and (item.truth if column == "truth" else item.signal) is None:
            fix = f"Give it a `{column}`, or its table a column of that name"
            findings.add((*where, "column"), f"the item {name!r} has no {column}", fix)


def _check_staged(
    scenario: Scenario, spec: InteractionSpec, options: StagedOptions, phase: PhaseSpec, path: Path, findings: Findings
) -> None:
    check_unused(spec, path, findings)
    if phase.repeat > len(options.counts):
        message = f"the phase is repeated {phase.repeat} times, but there are {len(options.counts)} numbers of others to show"
        findings.add((*path[:-1], "repeat"), message, f"Write repeat: {len(options.counts)}, or more numbers in chose_first")
    if not phase.ask:
        findings.add(path, "staged choices are about an item, and the phase asks none", "Add `ask: [ITEM]`")
    for name, item in _items(scenario, phase):
        if len(item.options) != 2:
            message = f"staged choices are between two options, and {name!r} has {len(item.options) or 'none'}"
            findings.add((*path[:-1], "ask", 0), message, "Ask an item with two options first")


def _check_own_task(spec: InteractionSpec, phase: PhaseSpec, path: Path, findings: Findings) -> None:
    """What a phase cannot have in which people do what the interaction wants."""
    if phase.say is not None:
        message = f"nobody writes messages in {spec.kind!r}"
        findings.add((*path[:-1], "say"), message, "Remove `say`, or let people write in a phase of its own")
    check_unused(spec, path, findings)


def check_unused(spec: InteractionSpec, path: Path, findings: Findings) -> None:
    """Check that an interaction at ``path`` that has its own task is given no field that it would not look at."""
    for field, usual in _UNUSED.items():
        if getattr(spec, field) != usual:
            findings.add((*path, field), f"`{field}` has no effect with the interaction {spec.kind!r}", "Remove it")


def _check_conventions(
    scenario: Scenario, spec: InteractionSpec, options: ConventionsOptions, phase: PhaseSpec, path: Path, findings: Findings
) -> None:
    where = (*path, "options")
    known = options.names
    if options.names:
        if phase.ask:
            fix = "Remove `ask` (or `names`, to play with the options of the item)"
            findings.add((*path[:-1], "ask"), "players choose among `names`, so the phase asks nothing besides", fix)
        check_free(scenario, CHOICE, where, findings)
        question = spec.wording.get("question", WORDING_CONVENTIONS["question"])
        check_ballot(name_ballot(options, question), where, {"options": "names", "non_answers": "nothing"}, findings)
    elif len(phase.ask) != 1:
        fix = "Add `names: [..., ...]` to the options, or `ask: [ITEM]` with one nominal item to the phase"
        findings.add(where, "there are no names to choose from", fix)
    else:
        known = _check_named_item(scenario, options, phase, path, findings)
    if options.agreed is not None:
        _check_agreed(options, known, where, findings)
    committed = options.committed
    if committed is None:
        return
    if known and committed.choice not in known:
        fix = listed(committed.choice, known, "Names")
        findings.add((*where, "committed", "choice"), f"there is no name {committed.choice!r}", fix)
    size = scenario.population.size
    if not 1 <= committed.number_of(size) <= size:
        field = "share" if committed.count is None else "count"
        message = f"{committed.number_of(size)} of {size} people would be committed"
        findings.add(
            (*where, "committed", field), message, "Give a share or count that makes at least one, and not more than all"
        )


def _check_agreed(options: ConventionsOptions, known: tuple[str, ...], where: Path, findings: Findings) -> None:
    if known and options.agreed not in known:
        fix = listed(str(options.agreed), known, "Names")
        findings.add((*where, "agreed"), f"there is no name {options.agreed!r}", fix)
    if not options.memory:
        findings.add(
            (*where, "agreed"), "with memory: 0 nobody remembers what was agreed on", "Remove `agreed`, or give a memory"
        )


def _check_named_item(
    scenario: Scenario, options: ConventionsOptions, phase: PhaseSpec, path: Path, findings: Findings
) -> tuple[str, ...]:
    """The names that the item of the phase offers."""
    ask = (*path[:-1], "ask", 0)
    known: tuple[str, ...] = ()
    for name, item in _items(scenario, phase):
        if item.type != "nominal":
            message = f"names are options of a nominal item, and {name!r} is of type {item.type}"
            findings.add(ask, message, "Ask an item with `type: nominal`, or give `names`")
        elif item.readout.method in _DRAWN and item.readout.draw == "persistent":
            message = f"every play is a choice of its own, and draws of {name!r} are the same at every step"
            findings.add(ask, message, f"Write `draw: fresh` in items.{name}.readout")
        known = known or item.options
    if options.nothing is not None:
        fix = "Give the item `non_answers` instead"
        findings.add((*path, "options", "nothing"), "`nothing` belongs to `names`", fix)
    return known


def _check_votes(
    scenario: Scenario, spec: InteractionSpec, options: VotesOptions, phase: PhaseSpec, path: Path, findings: Findings
) -> None:
    where = (*path, "options")
    if phase.ask:
        findings.add((*path[:-1], "ask"), "voters are asked for their votes only", "Ask items in a phase of its own")
    words = {**WORDING_VOTES, **spec.wording}
    for name, text in options.items.items():
        if not name.strip() or not text.strip():
            findings.add((*where, "items"), "one of the things voted on has no text", "Write it, or remove the thing")
    ballots = vote_ballots(options, words, dict.fromkeys(options.items, words["each"]))
    for name, ballot in ballots.items():
        check_free(scenario, name, where, findings)
        check_ballot(ballot, where, {"options": "items"}, findings)


def check_free(scenario: Scenario, name: str, path: Path, findings: Findings) -> None:
    """Check that no item has the name under which what is chosen is recorded."""
    if isinstance(scenario.items, dict) and name in scenario.items:
        message = f"the item {name!r} has the name under which what is chosen here is recorded"
        findings.add(path, message, "Give the item another name")


def check_ballot(ballot: ItemSpec, path: Path, called: dict[str, str], findings: Findings) -> None:
    """Check a closed question made from options; ``called`` says how its fields are called there."""
    found = Findings()
    check_item(ballot, (), found)
    for one in found:
        field = str(one.path[0]) if one.path else ""
        place = (called[field],) if field in called else one.path if field == "readout" else ()
        findings.add((*path, *place), one.message, one.fix)
