"""Commands about the registry of findings about people: findings list, show, cite, table."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from socsim.cli.console import EXIT_ERROR, complain, say, table

__all__ = ["app", "found"]

app = typer.Typer(help="Look into the registry of findings about people.", no_args_is_help=True)


class FindingClass(StrEnum):
    """Which findings to list."""

    QUANTITATIVE = "quantitative"
    DIRECTION = "direction"
    SIMULATION = "simulation"


Name = Annotated[str, typer.Argument(help="Name of a finding, e.g. asch1956.error_share.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_command(
    of_class: Annotated[FindingClass | None, typer.Option("--class", help="Only findings of this class.")] = None,
    as_json: AsJson = False,
) -> None:
    """List all findings: numbers of people, directions without a number, and, apart, what other simulators gave."""
    from socsim_analysis.findings.registry import registry

    chosen = [one for one in registry().values() if of_class is None or one.class_ == of_class.value]
    if as_json:
        say(json.dumps([one.model_dump(mode="json", by_alias=True) for one in chosen], ensure_ascii=False, indent=2))
        return
    rows = [("finding", "class", "estimate", "unit", "title")]
    rows += [(one.finding, one.class_, _estimate(one), one.statistic.unit, one.title) for one in chosen]
    say(table(rows))
    people = sum(one.of_people for one in chosen)
    say(f"\n{people} findings about people, {len(chosen) - people} about simulations of language models (never people)")


@app.command("show")
def show_command(name: Name, as_json: AsJson = False) -> None:
    """Show one finding: claim, design, number, margin, source, how it was checked, and what a run must meet."""
    finding = found(name)
    if as_json:
        say(json.dumps(finding.model_dump(mode="json", by_alias=True), ensure_ascii=False, indent=2))
        return
    rows = [("finding", finding.finding), ("class", finding.class_), ("title", finding.title), ("claim", finding.claim)]
    rows += [("population", finding.population), *(("design", sentence) for sentence in finding.design)]
    rows += [("statistic", finding.statistic.name or "not computed by this version"), ("how", finding.statistic.how)]
    rows.append(("estimate", f"{_estimate(finding)} {finding.statistic.unit}"))
    if finding.estimate is not None:
        rows.append(("interval", finding.estimate.interval))
        if finding.estimate.n is not None:
            rows.append(("n", f"{finding.estimate.n:,} {finding.estimate.units}"))
    if finding.margin is not None:
        rows.append(("margin", f"± {finding.margin.value:g}: {finding.margin.why}"))
    rows += [("precondition", f"{one.check} {one.rule}: {one.why}") for one in finding.preconditions]
    rows += [("known failure of models", sentence) for sentence in finding.known_failures]
    rows += [("source", finding.source.text), ("checked", finding.verification), ("licence", finding.licence)]
    if finding.word_list is not None:
        rows.append(("words for its outcome", ", ".join(finding.word_list.outcome)))
        rows.append(("words for the study", ", ".join(finding.word_list.recognition)))
    if finding.study:
        rows.append(("study", finding.study))
    say(table([("", ""), *rows]))


@app.command("cite")
def cite_command(name: Name) -> None:
    """Print the source of a finding, and how it was checked."""
    say(found(name).cite())


@app.command("table")
def table_command(
    reader: Annotated[str, typer.Argument(help="Which data of people, e.g. becker_trials.", show_default=False)],
    folder: Annotated[Path, typer.Argument(help="The folder that holds their file.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="Where to write the table (.csv or .parquet).", show_default=False)],
) -> None:
    """Make a tidy table from public data of people, to be held against findings with socsim compare."""
    from socsim_analysis.designs import TableError
    from socsim_analysis.designs.human_tables import READERS

    if reader not in READERS:
        complain(f"error: there is no reader {reader!r}; there are {', '.join(READERS)}")
        raise typer.Exit(EXIT_ERROR)
    if out.suffix not in (".csv", ".parquet"):
        raise typer.BadParameter("a table ends in .csv or .parquet", param_hint="--out")
    try:
        made = READERS[reader](folder)
        out.parent.mkdir(parents=True, exist_ok=True)
        made.to_csv(out, index=False) if out.suffix == ".csv" else made.to_parquet(out)
    except (TableError, OSError) as error:
        complain(f"error: {error}")
        raise typer.Exit(EXIT_ERROR) from error
    said = (READERS[reader].__doc__ or "").strip().partition("\n")[0]
    say(f"{out}: {len(made):,} rows. {said}")


def found(name: str) -> Any:
    """The finding of a name; an error that names near ones ends the program."""
    from socsim_analysis.findings.registry import FindingError, find_finding

    try:
        return find_finding(name)
    except FindingError as error:
        complain(f"error: {error}")
        raise typer.Exit(EXIT_ERROR) from error


def _estimate(finding: Any) -> str:
    if finding.estimate is None:
        return {"up": "more", "down": "less"}[finding.direction or "up"]
    low, high = finding.estimate.low, finding.estimate.high
    return f"{finding.estimate.value:g}" + ("" if low is None else f" ({low:g} to {high:g})")
