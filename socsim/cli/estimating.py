"""The command estimate: what a run will take."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from socsim.cli.arguments import EngineOption, ScenarioFile
from socsim.cli.console import say, table
from socsim.progress import duration

if TYPE_CHECKING:
    from socsim.forecasting import Estimate, Range

__all__ = ["add_commands"]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this file to the program."""
    app.command("estimate")(estimate_command)


def estimate_command(
    file: ScenarioFile,
    model: Annotated[str | None, typer.Option("--model", help="Model instead of the scenario's.")] = None,
    engine: EngineOption = None,
    probe: Annotated[
        bool, typer.Option("--probe/--no-probe", help="Make a few real calls to a local engine, to judge the time.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say how many calls and tokens a scenario will take, what it will cost and how long it will last, each as a range.

    The simulation is carried out with the real prompts and without a model. Nothing is sent to a hosted API.
    """
    from socsim.cli.running import overridden
    from socsim.estimating import estimate
    from socsim.scenario import load_scenario

    found = estimate(overridden(load_scenario(file), engine, model), probe=probe)
    if as_json:
        say(json.dumps(found.as_dict()))
        return
    say(table(_rows(found)))
    for note in found.notes:
        say(f"note: {note}")


def _rows(found: Estimate) -> list[tuple[str, str]]:
    rows = [
        ("agent-steps", f"{found.agent_steps:,}"),
        ("calls", f"{found.calls:,} ({found.texts:,} texts, {found.scores:,} scores)"),
        ("calls without sharing", f"{found.unshared_calls:,}"),
        ("prompt tokens", _range(found.prompt_tokens)),
        ("of these computed", _range(found.computed_tokens)),
        ("output tokens", _range(found.output_tokens)),
    ]
    if found.usd is not None and found.usd.high > 0:
        rows.append(("US dollars", f"{found.usd.typical:.4g} ({found.usd.low:.4g} to {found.usd.high:.4g}); {found.price}"))
    if found.seconds is not None and found.probe is not None:
        low, typical, high = (duration(one) for one in (found.seconds.low, found.seconds.typical, found.seconds.high))
        speed = f"{found.probe.tokens_per_s:,.0f} tokens/s in a probe of {found.probe.calls} calls"
        rows.append(("time", f"about {typical} ({low} to {high}); {speed}"))
    return rows


def _range(values: Range) -> str:
    if values.low == values.high:
        return f"{values.typical:,.0f}"
    return f"{values.typical:,.0f} ({values.low:,.0f} to {values.high:,.0f})"
