"""Staged choices: who is shown how many, in which order, and what is refused."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from crowds import play, same_under_every_execution, scenario

from socsim import Scenario
from socsim.errors import ScenarioError
from socsim.scenario import load_scenario

PAIR = {
    "type": "nominal",
    "text": "Which one?",
    "options": ["F", "J"],
    "readout": {"method": "sample", "draw": "fresh"},
}


def staged(repeat: int = 4, size: int = 3, **options: Any) -> Scenario:
    phase = {
        "phase": "choose",
        "repeat": repeat,
        "interaction": {"kind": "staged", "options": {"others": 3, **options}},
        "ask": ["pair"],
    }
    return scenario([phase], size, items={"pair": PAIR})


def majority(agent: int, text: str) -> str:
    del agent
    choices = re.findall(r'- "(.)"', text)
    return "F" if choices.count("F") > choices.count("J") else "J"


def test_everybody_meets_every_number_once_in_an_order_of_its_own() -> None:
    played = play(staged(size=6), majority)
    counts = {place: scene.count('"F"') for place, scene in played.scenes.items()}
    for agent in range(6):
        assert sorted(counts[step, agent] for step in range(4)) == [0, 1, 2, 3]
    assert len({tuple(counts[step, agent] for step in range(4)) for agent in range(6)}) > 1
    assert all(scene.startswith("These are the choices of 3 other people:\n- ") for scene in played.scenes.values())


def test_what_was_shown_is_logged_in_its_order() -> None:
    played = play(staged(), majority)
    for (step, agent), scene in played.scenes.items():
        shown = re.findall(r'- "(.)"', scene)
        assert [text for at, who, _, _, text, _ in played.seen() if (at, who) == (step, agent)] == shown
    assert {(author, kind) for _, _, author, _, _, kind in played.seen()} == {(-1, "choice")}


def test_the_order_of_the_list_is_drawn() -> None:
    played = play(staged(repeat=1, size=40, others=4, chose_first=[2]), majority)
    orders = Counter("".join(re.findall(r'- "(.)"', scene)) for scene in played.scenes.values())
    assert len(orders) == 6  # 4 over 2
    assert all(sorted(order) == list("FFJJ") for order in orders)


def test_counts_are_two_numbers() -> None:
    played = play(staged(repeat=1, chose_first=[1], show="counts"), lambda agent, text: "F")
    assert set(played.scenes.values()) == {'Of 3 other people, 1 chose "F" and 2 chose "J".\n'}


def test_the_result_does_not_depend_on_when_replies_come() -> None:
    assert same_under_every_execution(staged(), majority)


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (
            "{phase: a, repeat: 5, interaction: {kind: staged, options: {others: 3}}, ask: [pair]}",
            "repeated 5 times, but there are 4 numbers",
        ),
        ("{phase: a, interaction: {kind: staged, options: {others: 3, chose_first: [4]}}, ask: [pair]}", "between 0 and 3"),
        ("{phase: a, interaction: {kind: staged}, ask: [three]}", "between two options, and 'three' has 3"),
        ("{phase: a, interaction: {kind: staged}}", "the phase asks none"),
        ("{phase: a, interaction: {kind: staged, at_most: 2}, ask: [pair]}", "`at_most` has no effect"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_asked(tmp_path: Path, phase: str, words: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(
        f"""socsim: 1
name: study
population: {{size: 4}}
items:
  pair: {{type: nominal, text: Which?, options: [F, J]}}
  three: {{type: nominal, text: Which?, options: [F, J, M]}}
schedule: [{phase}]
inference: {{engine: scripted, model: scripted}}
"""
    )
    with pytest.raises(ScenarioError, match=words):
        load_scenario(path)
