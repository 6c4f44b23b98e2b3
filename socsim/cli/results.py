"""Commands that read a run: show, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from socsim.cli.arguments import Agent, Arm, Replicate, RunFolder, Step, TableFormat
from socsim.cli.console import say

if TYPE_CHECKING:
    from socsim.run_folder import Run

__all__ = ["add_commands"]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this file to the program."""
    app.command("show")(show_command)
    app.command("export")(export_command)


def _open(folder: Path) -> Run:
    from socsim.run_folder import Run

    return Run(folder)


def show_command(
    run: RunFolder,
    agent: Agent,
    step: Step,
    arm: Arm = None,
    replicate: Replicate = 0,
    turn: Annotated[
        int | None, typer.Option("--turn", min=0, help="Number of the agent's turn within the step, from 0. All if not given.")
    ] = None,
    tokens: Annotated[bool, typer.Option("--tokens", help="Also print the token ids of prompts and replies.")] = False,
) -> None:
    """Print what an agent read, remembered, answered and did at a step, exactly: each turn with every call in order."""
    say(_open(run).show(agent, step, arm, replicate, turn=turn, tokens=tokens))


def export_command(
    run: RunFolder,
    to: Annotated[Path, typer.Option("--to", help="Folder to write the tables to.", show_default=False)],
    table_format: Annotated[
        TableFormat, typer.Option("--format", help="csv is labelled: option texts beside numbers.")
    ] = TableFormat.csv,
) -> None:
    """Write all tables of a run for other programs."""
    done = _open(run)
    paths = done.write_csv(to) if table_format is TableFormat.csv else _write_parquet(done, to)
    for path in paths:
        say(str(path))


def _write_parquet(run: Run, folder: Path) -> list[Path]:
    from socsim.tables import TABLE_NAMES, write_table

    paths = [folder / f"{name}.parquet" for name in TABLE_NAMES]
    for name, path in zip(TABLE_NAMES, paths, strict=True):
        write_table(run.table(name), path)
    return paths
