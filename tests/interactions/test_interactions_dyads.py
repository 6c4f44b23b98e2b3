from __future__ import annotations

from typing import Any

import pytest
from crowds import Played, play, same_under_every_execution, scenario

from socsim.errors import ScenarioError
from socsim.events import MessageRow, ResponseRow
from socsim.runner import open_scenario
from socsim.scenario import Scenario, load_scenario

ITEM = {"type": "nominal", "text": "Well?", "options": ["yes", "no"], "readout": {"method": "sample"}}


def talk(arms: list[Any] | None = None, activation: Any = "dyads", size: int = 4, **options: Any) -> Scenario:
    phase = {
        "phase": "talk",
        "repeat": 3,
        "activation": activation,
        "interaction": {"kind": "dyads", "options": options},
        "ask": ["x"],
        "say": {"topic": "it"},
    }
    return scenario([phase], size, items={"x": ITEM}, **({"arms": arms} if arms else {}))


def reply(agent: int, text: str) -> str:
    return "yes" if "Answer with" in text else f"I am {agent}."


def said(played: Played) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for row in played.rows:
        if isinstance(row, MessageRow):
            found.setdefault(row.step, set()).add(row.agent)
    return found


def answered(played: Played) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for row in played.rows:
        if isinstance(row, ResponseRow):
            found.setdefault(row.step, set()).add(row.agent)
    return found


def test_the_listener_hears_the_speaker_of_this_step_and_reports() -> None:
    played = play(talk(), reply)
    heard = played.seen()
    assert len(heard) == 6
    for step in range(3):
        speakers, listeners = said(played)[step], answered(played)[step]
        assert len(speakers) == len(listeners) == 2
        assert not speakers & listeners
        assert {(agent, author) for at, agent, author, *_ in heard if at == step} == {
            (agent, author) for at, agent, author, *_ in heard if at == step and agent in listeners and author in speakers
        }
    for step, agent, author, shown_step, text, kind in heard:
        assert (shown_step, text, kind) == (step, f"I am {author}.", "")
        assert played.scenes[step, agent] == f'You talk with somebody. Person {author + 1} says to you: "I am {author}."\n'


def test_one_dyad_a_step_leaves_everybody_else_in_peace() -> None:
    played = play(talk(activation="dyad"), reply)
    assert {step: len(agents) for step, agents in said(played).items()} == {0: 1, 1: 1, 2: 1}
    assert {step: len(agents) for step, agents in answered(played).items()} == {0: 1, 1: 1, 2: 1}


def test_both_may_speak_and_speakers_may_report_first() -> None:
    played = play(talk(both=True), reply)
    assert said(played) == answered(played) == {step: {0, 1, 2, 3} for step in range(3)}
    assert len(played.seen()) == 3 * 6  # each as a listener, and the second speaker what it had heard
    asked = play(talk(speaker_asks=True), reply)
    assert answered(asked) == {step: {0, 1, 2, 3} for step in range(3)}


def test_a_message_that_failed_is_not_heard() -> None:
    played = play(talk(), lambda agent, text: "yes" if "Answer with" in text else "...")
    assert played.seen() == []
    assert all(len(agents) == 2 for agents in answered(played).values())


def test_alone_nothing_is_heard() -> None:
    played = play(talk(arms=["treatment", "alone"]), reply, arm=1)
    assert played.seen() == []
    assert all(len(agents) == 2 for agents in said(played).values())


def test_it_is_the_same_under_every_execution() -> None:
    assert same_under_every_execution(talk(both=True, size=6), reply)


def test_what_does_not_fit_is_refused_with_its_field(tmp_path: Any) -> None:
    path = tmp_path / "s.yaml"
    text = (
        "socsim: 1\nname: x\npopulation: {size: 4}\nschedule:\n  - phase: talk\n    activation: simultaneous\n"
        "    interaction: {kind: dyads, options: {loud: true}, wording: {heard: '{nothing}'}}\n    say: {topic: it}\n"
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        load_scenario(path)
    said = str(error.value)
    assert "schedule.0.activation" in said
    assert "dyad or dyads" in said
    assert "schedule.0.interaction.options.loud" in said
    assert "has no slot 'nothing'" in said


def test_the_example_is_valid() -> None:
    open_scenario("scenarios/examples/opinion_dyads.yaml")
