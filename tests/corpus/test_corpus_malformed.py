"""Every malformed scenario is refused with a message that names line and fix, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from malformed import BASE, CASES, Case, lay_out
from typer.testing import CliRunner

from socsim.cli import app
from socsim.scenario import check_scenario


def test_the_scenario_that_is_broken_is_valid(tmp_path: Path) -> None:
    path = lay_out(tmp_path)
    path.write_text(BASE)
    assert check_scenario(path) == []


def test_there_are_enough_of_them() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 150


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_malformed_scenario_is_refused_at_its_line_with_advice(case: Case, tmp_path: Path) -> None:
    path = lay_out(tmp_path)
    path.write_text(case.text, encoding="utf-8")
    problems = check_scenario(path)
    assert problems
    for problem in problems:
        assert problem.line > 0, problem
        assert problem.column > 0, problem
        assert problem.fix, problem
        assert problem.file == str(path)
        assert "verysecretvalue" not in str(problem)
    there = [problem for problem in problems if problem.line == case.line]
    matching = [problem for problem in there if case.says in problem.message and case.advises in problem.fix]
    assert matching, "\n".join(f"line {case.line} expected; {problem}" for problem in problems)
    assert len(problems) <= 3, problems


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_malformed_scenario_ends_before_anything_is_run(case: Case, tmp_path: Path) -> None:
    path = lay_out(tmp_path)
    path.write_text(case.text, encoding="utf-8")
    for arguments in (["validate", str(path)], ["run", str(path), "--out", str(tmp_path / "run"), "--engine", "scripted"]):
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 2
        assert isinstance(done.exception, SystemExit)
        assert f"{path}:{case.line}:" in done.stderr
        assert "Traceback" not in done.output
        assert "verysecretvalue" not in done.output
    assert not (tmp_path / "run").exists()
