"""Every text that a model may be shown is among a scenario's texts, at its field, and names of the format are not."""

from __future__ import annotations

from typing import Any

from socsim.scenario import Scenario
from socsim.scenario.texts import shown_texts


def scenario(**changes: Any) -> Scenario:
    content: dict[str, Any] = {
        "socsim": 1,
        "name": "hidden_name",
        "question": "hidden question",
        "source": "hidden source",
        "population": {
            "size": 4,
            "facts": {"shown_fact": {"column": "hidden", "labels": {"1": "a label"}, "unit": "years"}},
            "reference": {"hidden_fact": "hidden"},
            "persona": {"template": "You are {shown_fact}."},
            "confederates": [{"who": {"agents": [1]}, "answers": {"hidden_item": "an answer"}, "says": ["a saying"]}],
        },
        "prompts": {"system": "a system", "say": {"any_of": ["first wording {topic}", "second wording {topic}"]}},
        "items": {"hidden_item": {"type": "nominal", "text": "a question", "options": ["an answer", "another"],
                                  "non_answers": ["no idea"], "readout": {"answer_prefix": "a prefix"}}},
        "conditions": {"hidden_condition": {"levels": {"hidden_level": "a stimulus", "other": None}}},
        "memory": {"kind": "last", "beliefs": {"own_belief": {"text": "a belief"}}, "wording": {"said": "own wording {text}"}},
        "schedule": [
            {"phase": "hidden_phase", "ask": ["hidden_item"], "say": {"topic": "a topic"},
             "interventions": [{"kind": "news", "who": {"agents": [0]}, "text": "a headline"}],
             "interaction": {"kind": "adoption", "options": {"what": "a thing", "cost": "a cost", "seeds": {"count": 1}},
                             "wording": {"own": "own words for {what}"}}},
        ],
    }  # fmt: skip
    return Scenario.model_validate(content | changes)


def test_texts_stand_at_their_fields() -> None:
    found = {".".join(map(str, path)): text for path, text in shown_texts(scenario())}
    expected = {
        "population.facts.shown_fact": "shown fact",
        "population.facts.shown_fact.labels.1": "a label",
        "population.persona.template": "You are {shown_fact}.",
        "population.confederates.0.answers.hidden_item": "an answer",
        "population.confederates.0.says.0": "a saying",
        "prompts.system": "a system",
        "prompts.say.any_of.1": "second wording {topic}",
        "items.hidden_item.text": "a question",
        "items.hidden_item.options.1": "another",
        "items.hidden_item.non_answers.0": "no idea",
        "items.hidden_item.readout.answer_prefix": "a prefix",
        "conditions.hidden_condition.levels.hidden_level": "a stimulus",
        "memory.beliefs.own_belief.text": "a belief",
        "memory.wording.said": "own wording {text}",
        "schedule.0.say.topic": "a topic",
        "schedule.0.interventions.0.text": "a headline",
        "schedule.0.interaction.options.what": "a thing",
        "schedule.0.interaction.options.cost": "a cost",
        "schedule.0.interaction.wording.own": "own words for {what}",
        "schedule.0.interaction.wording.question": "What do you do about {what}?",
    }
    assert expected.items() <= found.items()
    assert not [text for text in found.values() if "hidden" in text]


def test_what_an_arm_changes_stands_at_the_arm_and_what_no_arm_shows_is_left_out() -> None:
    arms = [
        {"first": {"prompts": {"system": "of the first"}}},
        {"second": {"phases": {"hidden_phase": {"say": {"topic": "own"}}}}},
    ]
    found = {".".join(map(str, path)): text for path, text in shown_texts(scenario(arms=arms))}
    assert found["arms.0.patch.prompts.system"] == "of the first"
    assert found["arms.1.patch.phases.hidden_phase.say.topic"] == "own"
    assert found["prompts.system"] == "a system"  # the second arm shows it
    both = [{name: {"prompts": {"system": name}}} for name in ("one", "two")]
    assert "a system" not in [text for _, text in shown_texts(scenario(arms=both))]


def test_templates_of_other_games_are_not_shown() -> None:
    game = {
        "phase": "play",
        "activation": {"groups": {"size": 4}},
        "interaction": {"kind": "games", "options": {"game": "public_goods"}},
    }
    names = {path[-1] for path, _ in shown_texts(scenario(schedule=[game])) if "wording" in path}
    assert "public_goods_question" in names
    assert not [name for name in names if str(name).startswith(("ultimatum", "trust", "dictator", "matrix"))]
