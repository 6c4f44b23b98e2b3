"""The reporting checklist: the elements of ODD and the items of GUIDE-LLM in order, filled, marked, and safe."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from fake_run import MANIFEST, Recipe, fake_run, money_run
from socsim_analysis.checklist import render_checklist, write_checklist
from socsim_analysis.checklist.entries import blanks, shown_list
from test_analysis_report import HOSTILE, hostile_run

ODD = (
    "1. Purpose and patterns",
    "2. Entities, state variables, and scales",
    "3. Process overview and scheduling",
    "4. Design concepts",
    "5. Initialization",
    "6. Input data",
    "7. Submodels",
)
CONCEPTS = (
    "Basic principles", "Emergence", "Adaptation", "Objectives", "Learning", "Prediction", "Sensing", "Interaction",
    "Stochasticity", "Collectives", "Observation",
)  # fmt: skip
CORE = ("A.1", "A.2", "B.1", "B.2", "B.3", "B.4", "B.5", "C.1", "C.2", "D.1", "E.1", "E.2", "F.1", "G.1")


def _entry(text: str, title: str) -> str:
    """What stands under a heading."""
    begin = text.index(f"# {title}")
    end = re.search(r"^#{2,4} ", text[begin + 2 :], flags=re.M)
    return text[begin : begin + 2 + end.start()] if end else text[begin:]


@pytest.fixture(scope="module")
def debate() -> str:
    return render_checklist(fake_run(Recipe(noise=0.1)))


def test_elements_and_concepts_stand_in_the_order_of_the_protocol(debate: str) -> None:
    headings = re.findall(r"^### (\d\. .*)$", debate, flags=re.M)
    assert tuple(headings) == ODD
    concepts = re.findall(r"^#### 4\.(\d+) (.*)$", debate, flags=re.M)
    assert [int(number) for number, _ in concepts] == list(range(1, 12))
    assert tuple(name for _, name in concepts) == CONCEPTS


def test_core_items_have_the_codes_of_the_checklist_and_others_none(debate: str) -> None:
    core, optional = debate.split("## GUIDE-LLM: optional items")
    assert tuple(re.findall(r"^### ([A-G]\.\d) ", core, flags=re.M)) == CORE
    assert not re.search(r"^### [A-G]\.\d ", optional, flags=re.M)
    assert len(re.findall(r"^### ", optional.split("## Further items")[0], flags=re.M)) == 8


def test_what_the_folder_knows_is_filled_in(debate: str) -> None:
    for title, words in {
        "1. Purpose": ["Does talk among neighbours pull private opinions together?"],
        "2. Entities": ["34 simulated people in each world", "| party | agent (told to the model) | category, 2 values",
                        "| ideology | agent (held back from the model", "private answer: services"],
        "3. Process": ["Phase 2, “talk”: 4 steps; who acts: simultaneous; interaction: neighbours"],
        "4.2 Emergence": ["alone (nobody is shown anything of others)"],
        "7. Submodels": ["an agent sees what each agent it reads wrote"],
        "B.1 Model": ["smollm2-135m", "ab" * 32, "2030-01-02T03:04:05Z"],
        "C.1 Prompts": ["The government should provide fewer services"],
        "E.1 Validation": ["Nothing in this run was held against answers of people."],
        "Failures": ["no_match (responses): 1 of 510 (0.2 %)", "empty (messages)"],
        "Computational": ["1,400, 400,000 prompt tokens (290,000 from a cache)"],
        "Licences": ["Model smollm2-135m: Apache-2.0"],
    }.items():  # fmt: skip
        entry = _entry(debate, title)
        assert [one for one in words if one not in entry] == [], entry


def test_what_it_cannot_know_is_marked_and_counted(debate: str) -> None:
    for title in ("1. Purpose", "G.1 Funding", "Why this model", "Ethical", "Plan", "Leakage"):
        assert "**[to be written: " in _entry(debate, title), title
    said = re.search(r"(\d+) places are marked", debate)
    assert said is not None
    assert int(said[1]) == debate.count("**[to be written: ") == blanks(debate) > 20


def test_comparison_with_people_is_in_the_words_of_the_page() -> None:
    entry = _entry(render_checklist(money_run()), "E.1")
    assert "away from the answers of people (total variation)" in entry
    assert "Nothing in this run" not in entry
    assert "No probe of the model lies in the run folder" in _entry(render_checklist(money_run()), "Leakage")


def test_several_models_are_told_one_by_one() -> None:
    base = fake_run(Recipe(arms=("treatment",)))
    several = base.scenario.inference.model_copy(update={"model": tuple(_share(name) for name in ("smollm2-135m", "hosted-x"))})
    settings = [["smollm2-135m.model", "smollm2-135m"], ["smollm2-135m.file_sha256", "cd" * 32], ["hosted-x.model", "hosted-x"]]
    engine = {"engine": "embedded + openai", "model": "smollm2-135m + hosted-x", "settings": settings}
    text = render_checklist(
        replace(base, scenario=base.scenario.model_copy(update={"inference": several}), manifest=MANIFEST | {"engine": engine})
    )
    models = _entry(text, "B.1 Model")
    assert "cd" * 32 in models
    assert "[to be written: provider, exact version and size of hosted-x" in models
    assert "exact version and size of smollm2" not in models
    assert "[to be written: licence or terms of hosted-x]" in _entry(text, "Licences")


def _share(name: str) -> object:
    from socsim.scenario.engines import ModelShare

    return ModelShare(name=name, share=0.5)


def test_no_text_of_a_run_becomes_markup_or_a_mark() -> None:
    text = render_checklist(hostile_run())
    outside = re.sub(r"^(`{3,})text$.*?^\1$", "", text, flags=re.S | re.M)
    assert HOSTILE not in outside
    assert not re.search(r"[<>]", outside)
    assert "\u202e" not in text
    forged = replace(money_run(), scenario=money_run().scenario.model_copy(update={"question": "**[to be written: x]**"}))
    made = render_checklist(forged)
    assert r"\*\*\[to be written: x\]\*\*" in made
    assert blanks(made) == blanks(render_checklist(money_run())) - 1  # the question is there now


def test_it_is_written_beside_the_run(tmp_path: Path) -> None:
    path = write_checklist(money_run(tmp_path))
    assert path == tmp_path / "checklist.md"
    assert path.read_text(encoding="utf-8").startswith("# Reporting checklist: money_request_11_20\n")


def test_long_lists_say_how_many_more() -> None:
    assert shown_list(map(str, range(4)), 2) == "0, 1 and 2 more"


def test_what_a_run_has_not_counted_yet_is_unknown_and_not_nothing() -> None:
    base = fake_run(Recipe(arms=("treatment",)))
    text = render_checklist(replace(base, manifest={key: value for key, value in base.manifest.items() if key != "counts"}))
    assert "an unknown number of prompt tokens" in text
    assert " 0 prompt tokens" not in text
    assert "no charge is known to the run" in text
