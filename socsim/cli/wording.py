"""Warnings about words in prompts that give away what a scenario is to be held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socsim.cli.console import complain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from socsim.giveaways import Giveaway
    from socsim.scenario import LoadedScenario, Scenario
    from socsim.world import World

__all__ = ["warn_of_words"]


def warn_of_words(loaded: LoadedScenario) -> None:
    """Print a warning for every word that is not accepted, with its line; nothing where the scenario names no finding.

    Raises:
        ScenarioError: its people or network cannot be built.
    """
    from socsim.conducting import words_in_prompts
    from socsim.giveaways import unrendered

    if not loaded.scenario.compare or loaded.not_yet_available():
        return
    scenario, worlds = _built(loaded)
    for line in _lines(loaded, words_in_prompts(scenario, worlds)):
        complain(f"warning: {line}")
    left_out = unrendered(scenario, worlds)
    if left_out:
        names = ", ".join(left_out[:5]) + (" …" if len(left_out) > 5 else "")
        complain(
            "note: as it would take long, prompts of these arms were not rendered to look for words that give the study away: "
            f"{names}. The scenario's own texts were looked through"
        )


def _built(loaded: LoadedScenario) -> tuple[Scenario, Sequence[World]]:
    """The scenario as resolved, and one world of each of its first arms."""
    from socsim.giveaways import MOST_ARMS
    from socsim.inference.manner import Manner
    from socsim.world import build_world

    scenario = loaded.resolved()
    return scenario, [build_world(scenario, arm, 0, loaded.folder, Manner()) for arm in scenario.arms[:MOST_ARMS]]


def _lines(loaded: LoadedScenario, found: Sequence[Giveaway]) -> list[str]:
    from socsim.errors import Problem, ScenarioError

    problems = [Problem(_message(one), _field(loaded, one.field), fix=_fix(one)) for one in found if not one.accepted]
    return [str(problem) for problem in loaded.placed(ScenarioError(problems)).problems] if problems else []


def _field(loaded: LoadedScenario, field: str) -> str:
    """Arms of a sweep do not stand in the file."""
    return "sweep.vary" if loaded.scenario.sweep is not None and field.startswith("arms.") else field


def _message(one: Giveaway) -> str:
    does = "tells what the finding says" if one.kind == "outcome" else "names the study"
    where = "" if one.own else ", in socsim's wording, in people's facts or in a table"
    return f"{one.word!r} {does} ({', '.join(one.findings)}){where}: “{one.text}”"


def _fix(one: Giveaway) -> str:
    return f"Say it otherwise; or accept it knowingly: compare: [{{finding: {one.findings[0]}, accept_words: [{one.word}]}}]"
