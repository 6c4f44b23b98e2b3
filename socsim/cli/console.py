"""Printing and failing, the same way in every command."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import typer
from typer.core import TyperGroup

from socsim.errors import ScenarioError, SocsimError
from socsim.terminal import visible

__all__ = ["EXIT_ERROR", "EXIT_INCOMPLETE", "EXIT_INTERRUPTED", "EXIT_SCENARIO", "PlainErrors", "complain", "say", "table"]

EXIT_ERROR = 1
EXIT_SCENARIO = 2
EXIT_INCOMPLETE = 3
EXIT_INTERRUPTED = 130


def say(text: str = "") -> None:
    """Print to standard output, control characters made visible."""
    typer.echo(visible(text))


def complain(text: str) -> None:
    """Print to standard error, control characters made visible."""
    typer.echo(visible(text), err=True)


def table(rows: Iterable[tuple[str, ...]]) -> str:
    """Rows as left-aligned columns, two blanks apart."""
    cells = [tuple(visible(cell) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)


class PlainErrors(TyperGroup):
    """The outermost group: what went wrong is said in words and as an exit code, never as a traceback.

    2 for a scenario that cannot be used, 1 for other errors of ours and of the file system, 130 for an interruption. An
    error that nobody foresaw stays a traceback: it is a bug to be reported.
    """

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ScenarioError as error:
            complain(_scenario_text(error))
            raise typer.Exit(EXIT_SCENARIO) from error
        except SocsimError as error:
            complain(f"error: {error}")
            raise typer.Exit(EXIT_ERROR) from error
        except BrokenPipeError:
            raise
        except OSError as error:
            place = f"{error.filename}: " if error.filename is not None else ""
            complain(f"error: {place}{error.strerror or error}")
            raise typer.Exit(EXIT_ERROR) from error
        except KeyboardInterrupt as error:
            complain("interrupted")
            raise typer.Exit(EXIT_INTERRUPTED) from error


def _scenario_text(error: ScenarioError) -> str:
    count = len(error.problems)
    head = f"error: {count} problems in the scenario" if count > 1 else "error: the scenario cannot be used as written"
    return "\n".join((f"{head}:", *(f"  {problem}" for problem in error.problems)))
