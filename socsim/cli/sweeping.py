"""Commands for many variants of a study: sweep, advise."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from socsim.cli.arguments import EngineOption, EnginesOption, OnOption, Quiet, RunFolder
from socsim.cli.console import EXIT_ERROR, complain, say, table
from socsim.cli.running import Report, conclude, load, overridden, run_file, where_to_run

if TYPE_CHECKING:
    from socsim.run_folder import Run
    from socsim.scenario import Scenario

__all__ = ["SWEEP_TABLE", "add_commands"]

SWEEP_TABLE = "sweep.parquet"
"""Name of the table of worlds inside a run folder."""


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this file to the program."""
    app.command("sweep")(sweep_command)
    app.command("advise")(advise_command)


def sweep_command(
    place: Annotated[
        Path, typer.Argument(help="Scenario file with a sweep, or the run folder of one that was run.", show_default=False)
    ],
    plan: Annotated[bool, typer.Option("--plan", help="Only list the variants that there would be.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Run folder to make. Default: runs/NAME-SEED-TIME.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, max=2**63 - 1, help="Root seed instead of the scenario's.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="Model instead of the scenario's.")] = None,
    engine: EngineOption = None,
    on: OnOption = None,
    engines: EnginesOption = None,
    report: Report = True,
    quiet: Quiet = False,
) -> None:
    """Run every variant of a study, print how outcomes go with what was varied, and write one table of all worlds.

    All variants share one engine and one record: what is asked alike is asked once. An interrupted sweep goes on with socsim
    resume; give its folder to this command afterwards.
    """
    from socsim.run_folder import Run

    if place.is_dir():
        _tell(Run(place))
        return
    loaded = overridden(load(place), engine, None)
    if loaded.scenario.sweep is None:
        complain(f"error: {place} has no part `sweep`. To run it: socsim run {place}")
        raise typer.Exit(EXIT_ERROR)
    scenario = loaded.resolved()
    if plan:
        _plan(scenario)
        return
    done = run_file(loaded, quiet=quiet, out=out, seed=seed, model=model, report=report, on=where_to_run(on, engines))
    _tell(done)
    conclude(done)


def _plan(scenario: Scenario) -> None:
    say(table([("variant", "changes"), *((arm.name, _changes(arm.factors)) for arm in scenario.arms)]))
    say()
    worlds = len(scenario.arms) * scenario.replicates
    say(f"{len(scenario.arms)} variants in {scenario.replicates} replicates: {worlds} worlds")


def _changes(factors: dict[str, str | bool | int | float]) -> str:
    return "; ".join(f"{factor}: {level}" for factor, level in factors.items())


def _tell(run: Run) -> None:
    """Write the table of worlds and print the effects on means."""
    import pandas as pd
    from socsim_analysis.frames import opinion_items
    from socsim_analysis.sweeps import factor_in_words, factors_of, sweep_table, world_table

    if not factors_of(run):
        complain(f"error: {run.path} is the run of no sweep")
        raise typer.Exit(EXIT_ERROR)
    items = opinion_items(run)
    worlds = [world_table(run, item).assign(item=item) for item in items]
    if not worlds:
        say("no item has numeric answers, so there are no effects")
        return
    whole = pd.concat(worlds, ignore_index=True)
    whole[list(factors_of(run))] = whole[list(factors_of(run))].astype(str)
    whole.to_parquet(run.path / SWEEP_TABLE, index=False)
    rows = [("item", "factor", "levels", "effect on the mean", "95 % interval", "replicates")]
    for item in items:
        found = sweep_table(run, item)
        for row in found[found["quantity"] == "mean"].to_dict("records"):
            against = f"{row['level']} against {row['reference']}"
            effect, interval = f"{row['effect']:+.3f}", _interval(row["low"], row["high"])
            rows.append((item, factor_in_words(str(row["factor"])), against, effect, interval, str(row["replicates"])))
    say(table(rows))
    say(f"table of worlds: {run.path / SWEEP_TABLE}")


def _interval(low: float, high: float) -> str:
    return "none" if math.isnan(low) else f"{low:.3f} to {high:.3f}"


def advise_command(
    run: RunFolder,
    effect: Annotated[
        float, typer.Option("--effect", help="Smallest difference that should be found, in scale points.", show_default=False)
    ],
    power: Annotated[float, typer.Option("--power", min=0.1, max=0.999, help="Probability of finding it.")] = 0.8,
) -> None:
    """Say how many replicates a difference of a stated size needs, by how much differences varied over those of a run.

    For every difference of means that the run has: between the levels of what a sweep varied, or between arms.
    """
    from socsim_analysis.replicates import differences_of, replicates_for

    from socsim.run_folder import Run

    if effect == 0.0 or not math.isfinite(effect):
        raise typer.BadParameter("give a difference other than 0", param_hint="--effect")
    found = differences_of(Run(run))
    if not found:
        complain(
            f"error: {run} has no difference between arms over two replicates or more. Run a small pilot with `replicates: 5` "
            "and the arms that you want to compare"
        )
        raise typer.Exit(EXIT_ERROR)
    rows = [("item", "difference", "SD over replicates", "replicates of the pilot", "replicates needed", "range")]
    for one in found:
        if one.sd == 0.0:
            rows.append((one.item, one.name, "0", str(one.replicates), "not known", "no spread in the pilot"))
            continue
        advice = replicates_for(one.sd, effect, pilot=one.replicates, power=power)
        high = "any number" if math.isinf(advice.high) else f"{advice.high:.0f}"
        rows.append((one.item, one.name, f"{one.sd:.4g}", str(one.replicates), str(advice.replicates), f"{advice.low} to {high}"))
    say(table(rows))
    say(
        f"\nreplicates at which a paired t test (5 %, two-sided) finds a true difference of {effect:g} scale points with "
        f"probability {power:g}; the range is that of the 90 % interval of the SD, which a small pilot knows badly"
    )
