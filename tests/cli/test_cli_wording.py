"""Warnings of words that give a finding away: on validate, preview and run, with their line, and never an error."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from socsim.cli.app import app

SCENARIOS = Path(__file__).parents[2] / "scenarios"
TEXT = """\
socsim: 1
name: lines
population: {size: 3}
network: {graph: {complete: {}}, place: {by: given}}
prompts:
  seen: "SEEN\\n{messages}\\n"
items:
  line: {type: nominal, text: "Which line?", options: ["line 1", "line 2"]}
schedule:
  - {phase: before, ask: [line]}
  - {phase: together, interaction: {kind: neighbours, see: answers}, ask: [line]}
compare: [{finding: asch1956.error_shareACCEPT}]
inference: {engine: scripted}
"""


def call(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lines.yaml"
    path.write_text(TEXT.replace("SEEN", "The majority of Asch said:").replace("ACCEPT", ", accept_words: [Asch]"))
    return path


def test_a_warning_names_file_line_field_word_and_what_to_do_and_is_no_error(file: Path, tmp_path: Path) -> None:
    wanted = (
        f"warning: {file}:6:9: prompts.seen: 'majority' tells what the finding says (asch1956.error_share): "
        "“The majority of Asch said: …”. Say it otherwise; or accept it knowingly: "
        "compare: [{finding: asch1956.error_share, accept_words: [majority]}]\n"
    )
    for words in (
        ("validate", str(file)),
        ("preview", str(file), "--agent", "0", "--step", "1"),
        ("run", str(file), "--out", str(tmp_path / "run"), "--no-report", "-q"),
    ):
        done = call(*words)
        assert done.exit_code == 0, done.output
        assert done.stderr == wanted
    told = call("compare", str(tmp_path / "run"), "--finding", "asch1956.error_share")
    assert told.exit_code == 1  # nobody knows which line is right; the statement of a comparison is tested with the analysis


def test_words_inside_other_words_and_accepted_ones_are_not_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "lines.yaml"
    path.write_text(TEXT.replace("SEEN", "Majoritarian Aschen:").replace("ACCEPT", ""))
    assert call("validate", str(path)).stderr == ""
    path.write_text(TEXT.replace("SEEN", "The majority:").replace("ACCEPT", ", accept_words: [majority]"))
    assert call("validate", str(path)).stderr == ""


def test_texts_are_shown_with_control_characters_made_visible(tmp_path: Path) -> None:
    path = tmp_path / "lines.yaml"
    path.write_text(TEXT.replace("SEEN", "\\e[31m majority").replace("ACCEPT", ""))
    done = call("validate", str(path))
    assert "majority" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("file", sorted(SCENARIOS.rglob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_scenarios_give_nothing_away_that_they_do_not_accept(file: Path) -> None:
    if "\ncompare:" not in file.read_text(encoding="utf-8"):
        pytest.skip("it is held against no finding")
    done = call("validate", str(file))
    assert (done.exit_code, done.stderr) == (0, "")
