"""The command compare: runs, or tables of people, held against findings about people."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any

import typer

from socsim.cli.console import EXIT_ERROR, complain, say, table
from socsim.cli.findings import found

__all__ = ["add_commands"]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this file to the program."""
    app.command("compare")(compare_command)


def compare_command(
    places: Annotated[
        list[Path],
        typer.Argument(help="Run folders, or tidy tables of people (.csv, .parquet).", show_default=False),
    ],
    finding: Annotated[list[str] | None, typer.Option("--finding", help="Name of a finding; may be given again.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every finding that the run or table holds.")] = False,
    arm: Annotated[
        str | None, typer.Option("--arm", help="Arm to compare. Default: as the scenario says, or the treatment arm.")
    ] = None,
    against: Annotated[str | None, typer.Option("--against", help="Other arm, for findings that are differences.")] = None,
    probe: Annotated[
        Path | None, typer.Option("--probe", help="Folder of a probe of the same model and scenario that lies elsewhere.")
    ] = None,
    response_curve: Annotated[
        Path | None,
        typer.Option("--response-curve", help="Run that measured the response curve of single agents, for binary runs."),
    ] = None,
    page: Annotated[Path | None, typer.Option("--page", help="Also write one HTML page about all runs.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Hold runs against findings about people: estimate, intervals, verdict by the printed rule, and what stands beside it.

    Without --finding and --all, these are the findings that the scenario of a run names. A table of people in the columns of a
    finding's design may stand in place of a run, to see how people do by the same rule.
    """
    from socsim_analysis.against_people import NotComparable, read_curve

    from socsim.run_folder import Run

    if finding and every:
        raise typer.BadParameter("name findings, or give --all", param_hint="--finding")
    chosen = _chosen(finding, every=every)
    try:
        curve = read_curve(Run(response_curve)) if response_curve is not None else None
        read = {place: _read(place, probe) for place in places}
        curves = {place: None if place == response_curve else curve for place in places}  # a run knows its own curve
        results = [(place, one) for place in places for one in _compared(read[place], chosen, arm, against, curves[place])]
    except NotComparable as error:  # a table that cannot be read, or a run without a curve
        complain(f"error: {error}")
        raise typer.Exit(EXIT_ERROR) from error
    done = [(place, one) for place, one in results if not isinstance(one, NotComparable)]
    refused = [str(one) for _, one in results if isinstance(one, NotComparable)]
    if refused and (not every or not done):
        complain("\n".join(f"error: {line}" for line in dict.fromkeys(refused[:5])))
        if not done or chosen is not None:
            raise typer.Exit(EXIT_ERROR)
    if page is not None:
        _write_page(page, read, results)
    if as_json:
        told = [_as_json(place, one) | {"leakage": _leakage(place, one, probe)} for place, one in done]
        say(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for place, one in done:
        _tell(place, one, _leakage(place, one, probe))
    if every:
        say(f"{len(done)} compared; {len(refused)} findings are of other designs or need --arm, --against or another version")


def _chosen(names: list[str] | None, *, every: bool) -> list[Any] | None:
    """The findings to compare; None for those that each scenario names."""
    from socsim_analysis.findings.registry import registry

    if every:
        return list(registry().values())
    return [found(name) for name in names] if names else None


def _read(place: Path, probe: Path | None) -> Any:
    """A run, with the probe beside it, or a table of people."""
    from socsim_analysis.against_people import read_people
    from socsim_analysis.probes import read_probe, with_probe

    from socsim.run_folder import Run

    if place.suffix in (".csv", ".parquet"):
        return read_people(place)
    return Run(place) if probe is None else with_probe(Run(place), read_probe(probe))


def _compared(read: Any, findings: list[Any] | None, arm: str | None, against: str | None, curve: Any) -> list[Any]:
    import pandas as pd
    from socsim_analysis.against_people import NotComparable, compare_many, compare_table
    from socsim_analysis.declared import compare_declared

    if not isinstance(read, pd.DataFrame):
        if findings is None:
            return _declared(read, compare_declared(read, arm=arm, against=against, curve=curve))
        return compare_many(read, findings, arm=arm, against=against, curve=curve)
    if findings is None:
        raise typer.BadParameter("a table of people names no findings; give --finding, or --all", param_hint="--finding")
    found: list[Any] = []
    for finding in findings:
        try:
            found.append(compare_table(read, finding, arm=arm, against=against))
        except NotComparable as error:
            found.append(error)
    return found


def _declared(run: Any, found: list[Any]) -> list[Any]:
    from socsim_analysis.against_people import NotComparable

    if not found:
        said = f"{run.path}: its scenario names no finding to be held against; give --finding, or --all"
        raise NotComparable(said)
    return found


def _write_page(path: Path, read: dict[Path, Any], results: list[tuple[Path, Any]]) -> None:
    import pandas as pd
    from socsim_analysis.findings_page import write_findings_page

    tables = [str(place) for place, one in read.items() if isinstance(one, pd.DataFrame)]
    if tables:
        raise typer.BadParameter(f"a page is about runs, and {tables[0]} is a table", param_hint="--page")
    by_run = [(one, [found for where, found in results if where == place]) for place, one in read.items()]
    complain(f"page: {write_findings_page(by_run, path)}")


def _leakage(place: Path, one: Any, probe: Path | None) -> list[str]:
    """Sentences on what the prompts give away of a finding, and on what the model was found to know of it; none for people."""
    from socsim_analysis.leakage import giveaway_sentences, giveaways_about
    from socsim_analysis.probes import probe_of, probe_sentences, read_probe

    from socsim.run_folder import Run

    if place.suffix in (".csv", ".parquet"):
        return []
    run = Run(place)
    probed = read_probe(probe) if probe is not None else probe_of(run)
    told = giveaway_sentences(giveaways_about(run, one.finding.finding))
    return told + (probe_sentences(probed, one.finding.words) if probed is not None else [])


def _tell(place: Path, one: Any, leakage: list[str]) -> None:
    say(f"{one.finding.finding}: {one.finding.title}")
    say(f"  {one.finding.claim}")
    say(f"  design of the source, which the run must share: {' '.join(one.finding.design)}")
    say(f"  {place}: {one.sentence}")
    rows = [("", "estimate", "95 % interval", "over")]
    rows += [(row.name, _number(row.estimate), _interval(row.low, row.high), row.over) for row in one.rows]
    say(table(rows))
    for line in (one.effect_words, one.power.sentence if one.power is not None else "", one.single_agent):
        if line:
            say(f"  {line}")
    for row in one.rows:
        if row.note:
            say(f"  {row.note}")
    say(f"  {one.values.how}; unit: {one.finding.statistic.unit}.")
    for left, share in one.values.left_out.items():
        say(f"  left out: {left}, {share:.1%}")
    for measured in one.measured:
        say(f"  precondition {'holds' if measured.holds else 'fails'}: {measured.words}")
    for sentence in leakage:
        say(f"  {sentence}")
    say()


def _as_json(place: Path, one: Any) -> dict[str, Any]:
    outcome = one.verdict.outcome if one.verdict is not None else "described"
    return {
        "run": str(place),
        "finding": one.finding.finding,
        "arm": one.arm,
        "against": one.against,
        "outcome": outcome,
        "sentence": one.sentence,
        "estimate": _plain(one.values.estimate),
        "worlds": {str(key): _plain(value) for key, value in one.values.values.items()},
        "ratio": _plain(one.ratio),
        "same_sign": one.same_sign,
        "power": _power(one.power),
        "single_agent": one.single_agent,
        "rows": [
            {
                "name": row.name,
                "role": row.role,
                "estimate": _plain(row.estimate),
                "low": _plain(row.low),
                "high": _plain(row.high),
                "over": row.over,
                "note": row.note,
            }
            for row in one.rows
        ],
        "preconditions": [
            {"check": each.precondition.check, "value": _plain(each.value), "rule": each.precondition.rule, "holds": each.holds}
            for each in one.measured
        ],
        "left_out": dict(one.values.left_out),
        "source": one.finding.cite(),
    }


def _power(power: Any) -> dict[str, Any] | None:
    if power is None:
        return None
    numbers = {name: _plain(getattr(power, name)) for name in ("sd", "match", "differ", "effect")}
    return {"worlds": power.worlds, **numbers, "sentence": power.sentence}


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def _interval(low: float, high: float) -> str:
    return "none" if math.isnan(low) else f"{low:.3f} to {high:.3f}"
