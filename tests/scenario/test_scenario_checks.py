"""Semantic checks: what is allowed must pass; what is refused is in the corpus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from socsim.errors import ScenarioError
from socsim.scenario import LoadedScenario

Load = Callable[[str], LoadedScenario]

SOCIAL = """\
socsim: 1
name: social
replicates: 2
population:
  size: 8
  data: people.csv
  facts: {age: {column: age, unit: years}, town: {column: town, labels: {"n": north, s: south}}}
  reference: {ideology: ideology}
  persona: {template: "I am {age} and live in {town}. {{quoted}}"}
network: {graph: {ring: {}}, place: {by: homophily, on: ideology, assortativity: 0.1, tolerance: 1.0}}
items:
  tax: {type: ordinal, text: "Lower taxes?", options: ["no", "yes"], non_answers: ["don't know"], values: [0, 1]}
  cut: {type: ordinal, readout: {method: cloze, frames: ["On spending I {option}."]}, options: ["save", "spend"]}
schedule:
  - {phase: before, ask: [tax, cut]}
  - {phase: talk, repeat: 2, interaction: {kind: neighbours, see: messages, from: previous_step}, say: {topic: taxes}, ask: [tax]}
"""


@pytest.fixture(autouse=True)
def _people(tmp_path: Path) -> None:
    rows = "".join(f"{20 + i},{'n' if i % 2 else 's'},{i % 5 + 1}\n" for i in range(12))
    (tmp_path / "people.csv").write_text("age,town,ideology\n" + rows)
    (tmp_path / "weather.txt").write_text("It rains.\n")


@pytest.mark.parametrize(
    "more",
    [
        "arms: [treatment, alone, {yoked: {world: other_replicate}}, {shuffled: permute_people}]",
        "arms: [treatment, {name: other topic, control: yoked, yoke: {messages: weather.txt}}]",
        "arms:\n  treatment:\n"
        "  quiet: {phases: {talk: {interaction: none}}}\n  star: {network: {graph: {star: {}}, place: {by: random}}}",
        'prompts: {system: "{persona} {{literal}}", ask: "{item} {options}", seen: "", nothing_seen: "Nobody wrote."}',
        "inference: {engine: openai, base_url: http://localhost:8000/v1, key: OPENAI_API_KEY, model: gpt}",
        "inference: {model: /models/own.gguf}",
        'conditions: {message: {levels: {a: "text", b: "other"}, assign: blocked, block_by: town}}',
        "compare: [{finding: becker.sd_ratio}]\npreconditions: {x: [0.5, 2.0]}",
    ],
)
def test_valid_scenarios_load(load: Load, more: str) -> None:
    load(SOCIAL + more + "\n")


def test_an_arm_may_bring_the_network_that_the_declared_world_lacks(load: Load) -> None:
    text = SOCIAL.replace(
        "network: {graph: {ring: {}}, place: {by: homophily, on: ideology, assortativity: 0.1, tolerance: 1.0}}\n", ""
    )
    load(text + "arms: {ring: {network: {graph: {ring: {}}}}}\n")
    with pytest.raises(ScenarioError, match="needs a network"):
        load(text + "arms: {other: {population: {size: 6}}}\n")


def test_a_problem_that_only_an_arm_has_is_named_with_the_arm_and_its_line(load: Load) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(SOCIAL + "arms:\n  treatment:\n  big:\n    population:\n      size: 13\n")
    assert [(p.line, "in arm 'big'" in p.message) for p in caught.value.problems] == [(SOCIAL.count("\n") + 5, True)]


def test_a_problem_of_the_declared_world_is_not_repeated_for_every_arm(load: Load) -> None:
    text = SOCIAL.replace("ask: [tax, cut]", "ask: [tax, cuts]")
    with pytest.raises(ScenarioError) as caught:
        load(text + "arms: {treatment: {}, a: {prompts: {say: Speak.}}, b: {prompts: {say: Speak up.}}}\n")
    assert len(caught.value.problems) == 1


def test_a_key_is_never_repeated(load: Load) -> None:
    for key in ("sk-abcdefgh", "AKIAABCDEFGHIJKLMNOP", "hf_abcdefgh", "[sk-abcdefgh]", "{sk-abcdefgh: 1}"):
        with pytest.raises(ScenarioError) as caught:
            load(SOCIAL + f"inference: {{engine: openai, key: {key}}}\n")
        assert "abcdefgh" not in str(caught.value).lower()
        assert "ABCDEFGH" not in str(caught.value)
