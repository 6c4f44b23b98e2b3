"""Commands that tell of a run: report, figures, checklist."""

from __future__ import annotations

import webbrowser
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from socsim.cli.arguments import RunFolder
from socsim.cli.console import EXIT_ERROR, complain, say

if TYPE_CHECKING:
    from socsim.run_folder import Run

__all__ = ["add_commands"]


class ReportForm(StrEnum):
    """Forms of the report."""

    html = "html"
    md = "md"
    json = "json"
    csv = "csv"


class PictureFormat(StrEnum):
    """Formats of pictures; csv is tables and captions alone."""

    svg = "svg"
    png = "png"
    csv = "csv"


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this file to the program."""
    app.command("report")(report_command)
    app.command("figures")(figures_command)
    app.command("checklist")(checklist_command)


def _open(folder: Path) -> Run:
    from socsim.run_folder import Run

    return Run(folder)


def report_command(
    run: RunFolder,
    form: Annotated[
        ReportForm,
        typer.Option(
            "--format",
            help="html: one self-contained page; md: the same in Markdown; json: statements, verdicts, limits and all tables as "
            "one document; csv: a folder of tidy tables.",
        ),
    ] = ReportForm.html,
    out: Annotated[
        Path | None, typer.Option("--out", help="File (csv: folder) to write. Default: report.* in the run folder.")
    ] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open what was written in the browser.")] = False,
) -> None:
    """Write what happened in a run, and what may be concluded: a page, or the same words and numbers in another form."""
    from socsim_analysis.report import write_report
    from socsim_analysis.report_formats import write_report_as

    done = _open(run)
    page = write_report(done, out) if form is ReportForm.html else write_report_as(done, form.value, out)
    page = page.resolve()
    say(f"report: {page.as_uri()}")
    if open_page:
        webbrowser.open(page.as_uri())


def figures_command(
    run: RunFolder,
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write to. Default: figures in the run folder.")] = None,
    picture: Annotated[
        PictureFormat,
        typer.Option(
            "--format", help="svg and png need the extra figures and Chrome or Chromium; csv is tables and captions alone."
        ),
    ] = PictureFormat.svg,
    people: Annotated[
        Path | None,
        typer.Option(
            "--people", help="Tidy table of people (.csv, .parquet) in the columns of the run's design, to stand beside it."
        ),
    ] = None,
) -> None:
    """Write every figure that a run can fill, with the tidy tables behind it and a caption."""
    from socsim_analysis.against_people import NotComparable, read_people
    from socsim_analysis.figure_files import write_figures

    try:
        table = read_people(people) if people is not None else None
    except NotComparable as error:
        complain(f"error: {error}")
        raise typer.Exit(EXIT_ERROR) from error
    for path in write_figures(_open(run), out, picture.value, table):
        say(str(path))


def checklist_command(
    run: RunFolder,
    out: Annotated[Path | None, typer.Option("--out", help="File to write. Default: checklist.md in the run folder.")] = None,
) -> None:
    """Write a reporting checklist, filled from the run folder: an ODD-style description of the model, and the GUIDE-LLM items.

    What the folder cannot know is marked [to be written: …].
    """
    from socsim_analysis.checklist import write_checklist

    say(str(write_checklist(_open(run), out)))
