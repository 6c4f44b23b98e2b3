"""Every command and option is explained, and asking for help is quick and silent."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from socsim.cli import app
from socsim.models import DEFAULT_MODEL


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """All commands of the program with their names."""
    command = command if command is not None else get_command(app)
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


ALL = dict(commands())


def test_the_program_has_the_documented_commands() -> None:
    leaves = {" ".join(path) for path, command in ALL.items() if not hasattr(command, "commands")}
    assert leaves == {
        *(
            "run",
            "resume",
            "replay",
            "fork",
            "ask",
            "sweep",
            "compare",
            "probe",
            "findings list",
            "findings show",
            "findings cite",
            "findings table",
            "advise",
            "report",
            "figures",
            "checklist",
            "show",
            "export",
            "validate",
            "schema",
            "init",
            "preview",
            "estimate",
        ),
        *("models list", "models pull", "models path", "models check", "record stats", "record verify", "record compare"),
        *("record export", "record merge", "record prune"),
    }


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_and_option_has_help(path: tuple[str, ...]) -> None:
    command = ALL[path]
    assert command.help
    assert command.help.strip()
    for parameter in command.params:
        assert parameter.help, parameter.name


def test_help_is_quick_silent_and_loads_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, time; begun = time.perf_counter(); import socsim.cli; took = time.perf_counter() - begun\n"
        "heavy = {'pandas', 'polars', 'pyarrow', 'mesa', 'networkx', 'scipy', 'statsmodels', 'plotly', 'xllamacpp', 'pydantic'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert took < 1.5, took"
    )
    environment = os.environ | {"HOME": str(tmp_path)}
    for arguments in (["-c", code], ["-m", "socsim.cli", "--help"]):
        done = subprocess.run(
            [sys.executable, "-W", "error", *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_the_default_model_of_the_commands_is_the_default_model() -> None:
    parameter = next(parameter for parameter in ALL["models", "pull"].params if parameter.name == "name")
    assert parameter.default == DEFAULT_MODEL
