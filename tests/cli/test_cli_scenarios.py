"""The commands about scenario files: init, validate, preview, schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from socsim.cli import app
from socsim.scenario import scenario_schema

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture
def starter(tmp_path: Path) -> Path:
    """The file that ``socsim init`` writes."""
    path = tmp_path / "first.yaml"
    assert CliRunner().invoke(app, ["init", str(path)]).exit_code == 0
    return path


def test_the_starting_file_is_valid_and_runs(starter: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["validate", str(starter)])
    assert (done.exit_code, done.stdout) == (0, f"{starter}: valid\n")
    folder = tmp_path / "run"
    done = CliRunner().invoke(app, ["run", str(starter), "--engine", "scripted", "--out", str(folder), "--no-report", "-q"])
    assert (done.exit_code, done.stdout) == (0, f"complete: {folder}\n")


def test_a_file_that_is_there_is_never_overwritten(starter: Path) -> None:
    starter.write_text("mine")
    done = CliRunner().invoke(app, ["init", str(starter)])
    assert done.exit_code == 1
    assert "is left as it is" in done.stderr
    assert starter.read_text() == "mine"


def test_the_schema_is_printed_as_json() -> None:
    assert json.loads(CliRunner().invoke(app, ["schema"]).stdout) == scenario_schema()


def test_every_file_is_checked_and_every_problem_named(starter: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(starter.read_text().replace("size: 20", "size: no").replace("kind: neighbours", "kind: nobody"))
    done = CliRunner().invoke(app, ["validate", str(broken), str(tmp_path / "absent.yaml"), str(starter)])
    assert done.exit_code == 2
    assert done.stdout == f"{starter}: valid\n"
    size, kind, absent = done.stderr.splitlines()
    lines = broken.read_text().splitlines()
    assert size.startswith(f"{broken}:{lines.index('  size: no') + 1}:9: population.size: found the text 'no'")
    assert kind.startswith(
        f"{broken}:{next(i for i, line in enumerate(lines, 1) if 'nobody' in line)}:25: schedule.1.interaction"
    )
    assert absent.startswith(f"{tmp_path / 'absent.yaml'}:1:1: there is no such file")


def test_what_cannot_be_run_yet_is_named_with_its_line_and_never_skipped(starter: Path) -> None:
    starter.write_text(starter.read_text(encoding="utf-8") + "preconditions: {x: 1}\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["validate", str(starter)])
    assert done.exit_code == 0
    first, line = done.stdout.splitlines()
    assert first == f"{starter}: valid, but this version cannot run it:"
    number = len(starter.read_text(encoding="utf-8").splitlines())
    assert line.startswith(f"  {starter}:{number}:")
    assert "not yet available: precondition 'x'. Without it, this version runs the rest" in line


def test_a_preview_shows_what_an_agent_gets_in_each_arm(starter: Path) -> None:
    shown = {
        arm: CliRunner().invoke(app, ["preview", str(starter), "--agent", "3", "--step", "2", "--arm", arm]).stdout
        for arm in ("treatment", "alone")
    }
    assert "People you know wrote:" in shown["treatment"]
    assert "People you know wrote:" not in shown["alone"]
    for text in shown.values():
        assert "You are" in text
        assert "The government should provide fewer services" in text
        assert "=== message ===" in text
        assert "ideology" not in text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"--agent": "20"}, "there is no agent 20. Agents are 0 to 19"),
        ({"--step": "4"}, "there is no step 4. Steps are 0 to 3"),
        ({"--arm": "alon"}, "there is no arm 'alon'. Arms: treatment, alone"),
        ({"--replicate": "1"}, "there is no replicate 1. Replicates are 0 to 0"),
    ],
)
def test_a_preview_of_what_is_not_there_is_refused(starter: Path, changes: dict[str, str], says: str) -> None:
    options = {"--agent": "3", "--step": "2"} | changes
    done = CliRunner().invoke(app, ["preview", str(starter), *(word for pair in options.items() for word in pair)])
    assert done.exit_code == 2
    assert says in done.stderr


def test_a_preview_of_what_cannot_be_run_yet_names_the_line(starter: Path) -> None:
    starter.write_text(starter.read_text(encoding="utf-8") + "preconditions: {x: 1}\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["preview", str(starter), "--agent", "0", "--step", "0"])
    assert done.exit_code == 2
    assert "preconditions.x: not yet available" in done.stderr
