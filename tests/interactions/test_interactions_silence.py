"""Nobody has to write where a phase lets people keep silent, and how many do is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from crowds import play, same_under_every_execution, scenario

from socsim.errors import ScenarioError
from socsim.events import MessageRow, ResponseRow
from socsim.scenario import Scenario, load_scenario

SAMPLE = {"method": "sample", "orders": "fixed", "labels": ["letters"]}


def talk(activation: Any = "simultaneous", repeat: int = 2, **say: Any) -> Scenario:
    phase = {
        "phase": "talk",
        "repeat": repeat,
        "activation": activation,
        "interaction": {"kind": "neighbours"},
        "say": {"topic": "buses", "max_tokens": 20, "silence": SAMPLE, **say},
    }
    return scenario([phase], 4, network={"graph": {"complete": {}}})


def reply(agent: int, text: str) -> str:
    if "Do you write anything" in text:
        return "ABA?"[agent]
    return f"I am {agent}."


def test_who_keeps_silent_writes_nothing_and_is_not_read() -> None:
    played = play(talk(), reply)
    done = [(step, agent, kind, status) for step, agent, kind, *_, status in played.done()]
    for step in range(2):
        assert (step, 0, "speak", "done") in done
        assert (step, 1, "nothing", "done") in done
        assert (step, 3, "speak", "failed") in done
    messages = {row.agent for row in played.rows if isinstance(row, MessageRow)}
    assert messages == {0, 2}
    assert {author for step, reader, author, *_ in played.seen() if reader == 1} == {0, 2}
    chosen = {row.agent: row.option for row in played.rows if isinstance(row, ResponseRow) and row.item == "speak"}
    assert (chosen[0], chosen[1]) == ("yes", "no")


def test_the_question_comes_after_what_is_seen_and_is_ones_own() -> None:
    played = play(talk(repeat=2), reply)
    (asked,) = {
        text for text in played.prompts if "Do you write anything" in text and "I am 2." in text and "I am 0." not in text
    }
    assert 'about this now: "buses"?' in asked


def test_it_is_the_same_under_every_execution() -> None:
    def chosen(agent: int, text: str) -> str:
        return "AB"[len(text) % 2] if "Do you write anything" in text else f"I am {agent}, {len(text)}."

    for activation in ("simultaneous", "random_sequential"):
        assert same_under_every_execution(talk(activation, repeat=4), chosen)


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        ("interaction: {kind: feed, of: all}, say: {silence: {}}", r"say.silence.*in a feed nobody has to"),
        ("interaction: {kind: neighbours}, say: {topic: x, silence: {method: number}}", r"say.silence"),
        ("interaction: {kind: neighbours}, ask: [speak], say: {silence: {}}", r"say.silence.*'speak' has the name"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field(tmp_path: Path, phase: str, words: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        "socsim: 1\nname: x\npopulation: {size: 4}\nnetwork: {graph: {ring: {}}}\n"
        "items: {speak: {type: nominal, text: Well?, options: [a, b]}}\n"
        f"schedule: [{{phase: p, {phase}}}]\n",
        encoding="utf-8",
    )
    with pytest.raises(ScenarioError, match=words):
        load_scenario(path)
