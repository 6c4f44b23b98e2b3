"""The commands report, figures and checklist on a run that a script made."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from socsim_analysis import figure_files
from typer.testing import CliRunner, Result

from socsim import ScriptedEngine, run
from socsim.cli.app import app

EXAMPLES = Path(__file__).parents[2] / "scenarios" / "examples"


def call(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "adoption"
    run(EXAMPLES / "adoption.yaml", engine=ScriptedEngine(), out=out, report=False)
    return out


@pytest.mark.parametrize(("form", "name"), [("html", "report.html"), ("md", "report.md"), ("json", "report.json")])
def test_the_report_is_written_beside_the_run_in_every_form(folder: Path, form: str, name: str) -> None:
    done = call("report", str(folder), "--format", form)
    assert (done.exit_code, done.output.strip()) == (0, f"report: {(folder / name).resolve().as_uri()}")
    text = (folder / name).read_text(encoding="utf-8")
    assert "Does something new spread along ties" in text
    assert (text.startswith("<!DOCTYPE html>"), text.startswith("# Adoption – complete"), text.startswith("{")).index(True) == (
        ["html", "md", "json"].index(form)
    )


def test_tables_go_where_they_are_wanted(folder: Path, tmp_path: Path) -> None:
    assert call("report", str(folder), "--format", "csv", "--out", str(tmp_path / "tables")).exit_code == 0
    assert (tmp_path / "tables" / "contents.csv").is_file()


def test_the_document_tells_of_cascades_and_of_the_response_curve(folder: Path, tmp_path: Path) -> None:
    call("report", str(folder), "--format", "json", "--out", str(tmp_path / "report.json"))
    document = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    (patterns,) = [part for part in document["sections"] if part["id"] == "patterns"]
    assert {name for figure in patterns["figures"] for name in figure["tables"]} == {
        *("response_curve_adopt", "response_curve_adopt_fit", "response_curve_adopt_choices", "cascades", "cascades_adopters")
    }


def test_figures_without_pictures_list_what_was_written(folder: Path, tmp_path: Path) -> None:
    done = call("figures", str(folder), "--format", "csv", "--out", str(tmp_path))
    assert done.exit_code == 0
    assert {Path(line).name for line in done.output.split()} == {path.name for path in tmp_path.iterdir()}


def test_a_missing_extra_is_an_error_that_names_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figure_files, "find_spec", lambda name: None)
    done = call("figures", str(folder))
    assert done.exit_code == 1
    assert "pip install -e '.[figures]'" in done.stderr


def test_a_table_of_people_that_cannot_be_read_is_an_error(folder: Path, tmp_path: Path) -> None:
    done = call("figures", str(folder), "--format", "csv", "--people", str(tmp_path / "none.csv"))
    assert done.exit_code == 1
    assert "no table can be read from it" in done.stderr


def test_the_checklist_holds_prompts_word_for_word_and_marks(folder: Path, tmp_path: Path) -> None:
    done = call("checklist", str(folder), "--out", str(tmp_path / "list.md"))
    assert (done.exit_code, done.output.strip()) == (0, str(tmp_path / "list.md"))
    text = (tmp_path / "list.md").read_text(encoding="utf-8")
    assert "It takes an evening to move your contacts there" in text
    assert re.search(r"Exact exchange, phase “spread”, agent \d+, step 2, arm \w+, replicate 0:", text)
    assert "None: a script replied in place of a model" in text
