"""What goes wrong is said in words, with an exit code, and never steers the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from socsim.cli import app
from socsim.cli.console import PlainErrors
from socsim.errors import ModelFileError, NotYetAvailable, Problem, ScenarioError


def program(error: BaseException) -> typer.Typer:
    """A program whose command fails."""
    made = typer.Typer(cls=PlainErrors, pretty_exceptions_enable=False)

    @made.callback()
    def _options() -> None:
        pass

    @made.command()
    def fail() -> None:
        raise error

    return made


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ModelFileError("no model"), 1, "error: no model\n"),
        (ScenarioError([Problem("is wrong", field="seed", file="a.yaml", line=3, column=2)]), 2, "a.yaml:3:2: seed: is wrong"),
        (NotYetAvailable("not yet available: x"), 2, "not yet available: x"),
        (FileNotFoundError(2, "No such file or directory", "gone.yaml"), 1, "error: gone.yaml: No such file or directory\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_errors_are_words_and_exit_codes(error: BaseException, code: int, words: str) -> None:
    done = CliRunner().invoke(program(error), ["fail"])
    assert done.exit_code == code
    assert words in done.stderr
    assert "Traceback" not in done.output


def test_all_problems_of_a_scenario_are_printed() -> None:
    done = CliRunner().invoke(program(ScenarioError([Problem("first"), Problem("second")])), ["fail"])
    assert "2 problems" in done.stderr
    assert "first" in done.stderr
    assert "second" in done.stderr


def test_escape_sequences_in_messages_are_made_visible() -> None:
    done = CliRunner().invoke(program(ModelFileError("red \x1b[31m and bell \x07 [bold]x[/bold]")), ["fail"])
    assert done.stderr == "error: red \\x1b[31m and bell \\x07 [bold]x[/bold]\n"


def test_a_bug_stays_a_bug() -> None:
    done = CliRunner().invoke(program(ZeroDivisionError("oops")), ["fail"])
    assert isinstance(done.exception, ZeroDivisionError)


@pytest.mark.parametrize(
    "arguments",
    [
        ("record", "stats", "."),
        ("record", "verify", "."),
        ("show", ".", "--agent", "0", "--step", "0"),
        ("export", ".", "--to", "out"),
        ("resume", "."),
        ("replay", "."),
        ("report", "."),
    ],
)
def test_a_folder_that_holds_no_run_is_named(arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 1
    assert "run folder" in done.stderr
    assert list(tmp_path.iterdir()) == []
