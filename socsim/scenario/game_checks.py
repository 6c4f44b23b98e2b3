"""What must hold of phases with games or adoption: who can play them with whom, and what has to be there."""

from __future__ import annotations

from collections.abc import Mapping

from socsim.scenario.crowd_checks import check_ballot, check_free, check_unused
from socsim.scenario.document import Path
from socsim.scenario.findings import Findings
from socsim.scenario.options_adoption import CHOICE as ADOPTION
from socsim.scenario.options_adoption import WORDING_ADOPTION, AdoptionOptions, adoption_ballot
from socsim.scenario.options_games import (
    MATRIX_GAMES,
    MOVE,
    PUNISHMENT,
    WORDING_GAMES,
    GamesOptions,
    amount_ballot,
    move_ballot,
    point_ballot,
)
from socsim.scenario.root import Scenario
from socsim.scenario.schedule import ActivationSpec, InteractionSpec, PhaseSpec
from socsim.scenario.ways_of_meeting import options_of

__all__ = ["check_games"]

_PAIRS = ("dyad", "dyads")
_GROUPS = ("groups", *_PAIRS)
_MEETINGS: Mapping[str, tuple[str, ...]] = {
    "dictator": _PAIRS,
    "ultimatum": _PAIRS,
    "trust": _PAIRS,
}


def check_games(scenario: Scenario, spec: InteractionSpec, phase: PhaseSpec, path: Path, findings: Findings) -> None:
    """Check the interaction at ``path`` if it is a game or adoption (its options have been checked)."""
    if spec.kind not in ("games", "adoption"):
        return
    try:
        options = options_of(spec)
    except ValueError:
        return  # said already
    check_unused(spec, path, findings)
    if isinstance(options, GamesOptions):
        _check_game(scenario, options, phase, path, findings)
        _check_moves(scenario, options, {**WORDING_GAMES, **spec.wording}, (*path, "options"), findings)
    elif isinstance(options, AdoptionOptions):
        check_free(scenario, ADOPTION, (*path, "options"), findings)
        words = {**WORDING_ADOPTION, **spec.wording}
        for pair in (("adopt", "nothing"), ("keep", "give_up")):
            ballot = adoption_ballot(options, words["question"], (words[pair[0]], words[pair[1]]))
            check_ballot(ballot, (*path, "options"), {}, findings)
        if scenario.network is None:
            findings.add(path, "nobody knows anybody who might have adopted", "Add `network: {graph: …}`")
        size = scenario.population.size
        wrong = [agent for agent in options.seeds.agents if agent < 0 or (size is not None and agent >= size)]
        if wrong:
            findings.add((*path, "options", "seeds", "agents"), f"there is no agent {wrong[0]}", "Agents count from 0")
        count = options.seeds.count
        if count is not None and size is not None and count > size:
            findings.add((*path, "options", "seeds", "count"), f"{count} of {size} people would be seeds", f"Give {size} at most")


def _check_game(scenario: Scenario, options: GamesOptions, phase: PhaseSpec, path: Path, findings: Findings) -> None:
    kind, place = phase.activating.kind, (*path[:-1], "activation")
    wanted = _MEETINGS.get(options.game)
    if wanted is not None and kind not in wanted:
        findings.add(place, f"the game {options.game!r} needs {' or '.join(wanted)}", f"Write activation: {wanted[-1]}")
    if options.game in MATRIX_GAMES and kind == "groups":
        findings.add(place, f"the game {options.game!r} is played by pairs or by neighbours", "Write activation: dyads")
    elif wanted is None and kind not in _GROUPS:
        if scenario.network is None:
            message = "where nobody is brought together, neighbours play with each other, and there is no network"
            findings.add(path, message, "Add `network: {graph: …}`, or another `activation`")
        if options.punishment is not None:
            fix = "Write activation: groups, or leave `punishment` out"
            findings.add((*path, "options", "punishment"), "neighbours do not punish each other: they are no one group", fix)
    if phase.ask:
        findings.add((*path[:-1], "ask"), "players are asked for their moves only", "Ask items in a phase of its own")
    for name in ("rounds", "order"):
        if getattr(phase.activating, name) != ActivationSpec.model_fields[name].default:
            fix = "Remove it; options.rounds says how many rounds a step has" if name == "rounds" else "Remove it"
            findings.add((*place, name), f"`{name}` has no effect here: the game says who moves when", fix)
    if options.talk and phase.say is None:
        findings.add((*path, "options", "talk"), "talk needs messages, and nobody writes in this phase", "Add `say: {}`")
    for index, arm in enumerate(scenario.arms):
        if arm.control in ("alone", "yoked"):
            message = f"a game needs others, so it cannot be played in the arm {arm.name!r}"
            findings.add(("arms", index), message, "Remove the arm, or compare arms of your own")


def _check_moves(scenario: Scenario, options: GamesOptions, words: Mapping[str, str], path: Path, findings: Findings) -> None:
    """Everything that may be asked in the game must be a question that can be read."""
    check_free(scenario, MOVE, path, findings)
    if options.punishment is not None:
        check_free(scenario, PUNISHMENT, path, findings)
        check_ballot(point_ballot(options, words["punishment_question"]), path, {}, findings)
    if options.game in MATRIX_GAMES:
        moves = options.moves if options.stay_out is None else (*options.moves, words["stay_out"])
        check_ballot(move_ballot(options, words["matrix_question"], moves), path, {"options": "moves"}, findings)
        return
    check_ballot(amount_ballot(options, words[f"{options.game}_question"], options.endowment), path, {}, findings)
    if options.game == "ultimatum":
        answers = move_ballot(options, words["ultimatum_answer"], (words["accept"], words["reject"]))
        check_ballot(answers, path, {}, findings)
