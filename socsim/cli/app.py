"""The program ``socsim``: its groups of commands and what is common to them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from socsim.cli import comparing, estimating, findings, models, probing, records, reporting, results, running, scenarios, sweeping
from socsim.cli.console import PlainErrors, say

__all__ = ["app", "main"]

app = typer.Typer(
    cls=PlainErrors,
    name="socsim",
    help="Simulate people who talk: language-model agents with personas on a social network, from a scenario file to a report.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (running, sweeping, estimating, probing, reporting, results, comparing, scenarios):
    group.add_commands(app)
app.add_typer(models.app, name="models")
app.add_typer(records.app, name="record")
app.add_typer(findings.app, name="findings")


def _show_version(wanted: bool) -> None:
    if not wanted:
        return
    try:
        say(f"socsim {version('socsim-llm')}")
    except PackageNotFoundError:
        say("socsim (not installed)")
    raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    del version


def main() -> None:
    """Run the command line."""
    app()
