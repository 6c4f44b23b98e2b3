from __future__ import annotations

from pathlib import Path

import pytest

from socsim.errors import ScenarioError
from socsim.scenario import load_scenario
from socsim.scenario.trial_checks import crossed_parts

STUDY = """\
socsim: 1
name: study
tables: {stimuli: stimuli.csv}
population: {size: 4, data: people.csv, facts: {town: town}, persona: {renderer: [second_person, attributes]}}
prompts: {ask: {any_of: ["One {item} {options}", "Two {item} {options}"], per_agent: 2}}
conditions:
  message: {levels: {table: stimuli, column: name, text: words}, assign: each_in_own_context}
  tone: {levels: [warm, cold], assign: complete}
items:
  a: {type: ordinal, text: "A?", options: ["no", "yes"]}
schedule:
  - {phase: treat, interaction: {kind: exposure, show: message}, ask: [a]}
analysis: {effects: {reference: costs, centre_within: prompt}}
inference: {engine: scripted}
"""


def load(folder: Path, *changes: tuple[str, str], stimuli: str = "control,\ncosts,It is cheap.\n") -> None:
    (folder / "people.csv").write_text("town\n" + "north\nsouth\n" * 4)
    (folder / "stimuli.csv").write_text("name,words\n" + stimuli)
    text = STUDY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "study.yaml").write_text(text)
    load_scenario(folder / "study.yaml")


def test_the_study_is_valid_and_what_is_crossed_in_it_is_found(tmp_path: Path) -> None:
    load(tmp_path)
    found = crossed_parts(load_scenario(tmp_path / "study.yaml").scenario)
    assert found == [("population", "persona", "renderer"), ("prompts", "ask"), ("conditions", "message")]


@pytest.mark.parametrize(
    ("old", "new", "field", "says"),
    [
        ("kind: exposure, show: message", "kind: neighbours, of: all, see: answers", "schedule.0.interaction", "cannot meet"),
        ("phase: treat,", "phase: treat, activation: random_sequential,", "schedule.0.activation", "simultaneous"),
        (
            "phase: treat,",
            "phase: treat, remember: [own_last_answer],",
            "schedule.0.remember",
            "nothing that they could remember",
        ),
        ("per_agent: 2", "per_agent: 3", "prompts.ask.per_agent", "2 wordings"),
        ("assign: complete", "assign: factorial", "conditions.tone.assign", "only one says so"),
        ("assign: complete", "assign: blocked", "conditions.tone", "block_by"),
        ("assign: complete", "assign: blocked, block_by: age", "conditions.tone.block_by", "town"),
        ("tone: {levels: [warm, cold]", "a.b: {levels: [warm, cold]", "conditions.a.b", "without a dot"),
        ("tone: {levels: [warm, cold]", "persona: {levels: [warm, cold]", "conditions.persona", "persona"),
        ("[warm, cold]", "[warm]", "conditions.tone.levels", "two levels"),
        ("[warm, cold]", "[warm, Warm]", "conditions.tone.levels.1", "stands twice"),
        ("column: name", "column: names", "conditions.message.levels.column", "no column 'names'"),
        ("text: words", "text: word", "conditions.message.levels.text", "no column 'word'"),
        ("table: stimuli", "table: stimulus", "conditions.message.levels.table", "stimuli"),
        ("reference: costs", "reference: cost", "analysis.effects.reference", "costs"),
        ("reference: costs", "reference: costs, repeats: 4", "analysis.effects.repeats", "random"),
        ("centre_within: prompt", "centre_within: persona", "analysis.effects.centre_within", "prompt"),
        ("reference: costs", "references: costs", "analysis.effects.references", "reference"),
    ],
)
def test_what_is_wrong_is_named_with_its_field_and_a_fix(tmp_path: Path, old: str, new: str, field: str, says: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, (old, new))
    (problem,) = caught.value.problems
    assert problem.field == field
    assert says in f"{problem.message}. {problem.fix}"
    assert problem.line > 0
    assert problem.fix


def test_levels_of_a_table_are_different(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="row 3 of the table 'stimuli': the level 'costs' stands twice"):
        load(tmp_path, stimuli="control,\ncosts,It is cheap.\ncosts,It is dear.\n")


def test_a_table_of_one_level_is_no_condition(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="two levels or more"):
        load(tmp_path, stimuli="costs,It is cheap.\n")


def test_effects_need_a_condition(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no condition that could have an effect"):
        load(
            tmp_path, (STUDY[STUDY.index("conditions:") : STUDY.index("items:")], ""), ("{kind: exposure, show: message}", "none")
        )


def test_nothing_can_be_centred_within_one_wording(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="nothing to centre within"):
        load(
            tmp_path,
            ("[second_person, attributes]", "attributes"),
            (STUDY[STUDY.index("prompts:") : STUDY.index("conditions:")], ""),
        )


def test_a_random_reference_may_be_drawn_as_often_as_one_likes(tmp_path: Path) -> None:
    load(tmp_path, ("reference: costs", "reference: random, repeats: 50"))


def test_an_arm_may_cross_wordings_from_files(tmp_path: Path) -> None:
    (tmp_path / "three.txt").write_text("Three {item} {options}")
    more = 'arms: {treatment: {}, other: {prompts: {ask: {any_of: [{file: three.txt}, "Four {item} {options}"]}}}}\n'
    load(tmp_path, ("analysis:", more + "analysis:"))
    assert "Three {item} {options}" in str(load_scenario(tmp_path / "study.yaml").resolved().arms[1].patch)
