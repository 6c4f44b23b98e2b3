"""What must hold of phases with games or adoption: who can play them with whom, and what has to be there."""

from __future__ import annotations

from collections.abc import Mapping

from socsim.scenario.document import Path
from socsim.scenario.findings import Findings
from socsim.scenario.options_adoption import AdoptionOptions
from socsim.scenario.options_games import MATRIX_GAMES, GamesOptions
from socsim.scenario.root import Scenario
from socsim.scenario.schedule import InteractionSpec, PhaseSpec
from socsim.scenario.ways_of_meeting import options_of

__all__ = ["check_games"]

_PAIRS = ("dyad", "dyads")
_GROUPS = ("groups", *_PAIRS)
_MEETINGS: Mapping[str, tuple[str, ...]] = {
    "dictator": _PAIRS,
    "ultimatum": _PAIRS,
    "trust": _PAIRS,
    "public_goods": _GROUPS,
}


def check_games(scenario: Scenario, spec: InteractionSpec, phase: PhaseSpec, path: Path, findings: Findings) -> None:
    """Check the interaction at ``path`` if it is a game or adoption (its options have been checked)."""
    if spec.kind not in ("games", "adoption"):
        return
    try:
        options = options_of(spec)
    except ValueError:
        return  # said already
    if isinstance(options, GamesOptions):
        _check_game(scenario, options, phase, path, findings)
    elif isinstance(options, AdoptionOptions):
        if scenario.network is None:
            findings.add(path, "nobody knows anybody who might have adopted", "Add `network: {graph: …}`")
        size = scenario.population.size
        wrong = [agent for agent in options.seeds.agents if agent < 0 or (size is not None and agent >= size)]
        if wrong:
            findings.add((*path, "options", "seeds", "agents"), f"there is no agent {wrong[0]}", "Agents count from 0")


def _check_game(scenario: Scenario, options: GamesOptions, phase: PhaseSpec, path: Path, findings: Findings) -> None:
    kind, place = phase.activating.kind, (*path[:-1], "activation")
    wanted = _MEETINGS.get(options.game)
    if wanted is not None and kind not in wanted:
        findings.add(place, f"the game {options.game!r} needs {' or '.join(wanted)}", f"Write activation: {wanted[-1]}")
    if options.game in MATRIX_GAMES:
        if kind == "groups":
            findings.add(place, f"the game {options.game!r} is played by pairs or by neighbours", "Write activation: dyads")
        elif kind not in _PAIRS and scenario.network is None:
            findings.add(path, "without pairs, neighbours play each other, and there is no network", "Add `network: {graph: …}`")
    if options.talk and phase.say is None:
        findings.add((*path, "options", "talk"), "talk needs messages, and nobody writes in this phase", "Add `say: {}`")
    for index, arm in enumerate(scenario.arms):
        if arm.control in ("alone", "yoked"):
            message = f"a game needs others, so it cannot be played in the arm {arm.name!r}"
            findings.add(("arms", index), message, "Remove the arm, or compare arms of your own")
