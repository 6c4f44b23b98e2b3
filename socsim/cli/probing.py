"""The command probe: whether a model knows the study that a scenario reproduces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socsim.cli.arguments import EngineOption, Quiet
from socsim.cli.console import EXIT_INCOMPLETE, EXIT_INTERRUPTED, complain, say, table
from socsim.progress import choose_progress

if TYPE_CHECKING:
    from socsim.scenario import LoadedScenario

__all__ = ["add_commands"]

_SHOWN = 3
"""Texts with words that are printed for each model; the file holds all."""


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this file to the program."""
    app.command("probe")(probe_command)


def probe_command(
    place: Annotated[Path, typer.Argument(help="Scenario file (YAML), or the folder of a run.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder of the probe. Default: the folder probe in the run's, or runs/NAME-probe-SEED-TIME."),
    ] = None,
    prompts: Annotated[
        int, typer.Option("--prompts", min=1, max=1000, help="Prompts that are shown; again where fewer differ.")
    ] = 10,
    model: Annotated[str | None, typer.Option("--model", help="Model instead of the scenario's; not for a run.")] = None,
    engine: EngineOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """Ask a model, outside of the worlds, whether it knows the study that a scenario reproduces, and what is found in it.

    It is shown real prompts of the first and the last phase. The probe is a run of its own, with a record. Where it lies in the
    folder of a run, compare and report take it up. An interrupted one goes on with the same command. Exit code 3 if it ended
    early, such as by a cap that the scenario sets.
    """
    from socsim_analysis.probes import PROBE_FOLDER, measure_probe, probe_choices, write_probe

    from socsim.cli.running import load, overridden
    from socsim.probing import probe
    from socsim.runner import RunInterrupted

    beside = None
    if place.is_dir():
        if model is not None or engine is not None:
            raise typer.BadParameter("a run is probed with the model that it was made with", param_hint="--model, --engine")
        loaded, beside = _of_run(place)
        out = out if out is not None else place / PROBE_FOLDER
    else:
        loaded = overridden(load(place), engine, model)
    choices = probe_choices(loaded.resolved(), prompts)
    try:
        done = probe(loaded, choices, out=out, model_folder=beside, progress=choose_progress(quiet=quiet))
    except RunInterrupted as interrupted:
        complain(f"interrupted. Go on with: socsim probe {place} --prompts {prompts} --out {interrupted.folder}")
        raise typer.Exit(EXIT_INTERRUPTED) from interrupted
    found = measure_probe(done)
    path = write_probe(found, done.path)
    if as_json:
        say(json.dumps(found.model_dump(mode="json"), ensure_ascii=False, indent=2))
    else:
        for one in found.found:
            _tell(one)
        say(f"{found.asked} questions about {found.prompts} prompts, {found.different} of them different; result: {path}")
    if done.status != "complete":
        complain(f"the probe is not complete: {done.manifest.get('reason') or done.status}")
        raise typer.Exit(EXIT_INCOMPLETE)


def _of_run(folder: Path) -> tuple[LoadedScenario, Path]:
    """The scenario of a run, and where its model's files are."""
    from socsim.laying_out import INPUTS
    from socsim.record.manifest import read_manifest
    from socsim.run_folder import SCENARIO_NAME
    from socsim.scenario import load_scenario

    manifest = read_manifest(folder)
    loaded = load_scenario(folder / SCENARIO_NAME, data_folder=folder / INPUTS)
    return loaded, Path(manifest["model_folder"]) if manifest.get("model_folder") else folder / INPUTS


def _tell(one: Any) -> None:
    say(f"{one.family}: {', '.join(one.findings)}; model {one.model}")
    rows = [("", "answers", "share", "95 % interval")]
    shares = {
        "names the study": one.named,
        "tells its result": one.told,
        "picks its title among four": one.right,
        "names it from a plain description": one.described,
    }
    for name, share in shares.items():
        value = "–" if share.share is None else f"{share.share:.2f}"
        ends = "none" if share.low is None or share.high is None else f"{share.low:.2f} to {share.high:.2f}"
        rows.append((name, f"{share.hits} of {share.n}", value, ends))
    say(table(rows))
    say(f"by chance one title in four is right; {one.failed} answers failed and are left out")
    for text in [text for text in one.texts if text.words][:_SHOWN]:
        say(f"  {text.question} {text.prompt} ({', '.join(text.words)}): {' '.join(text.text.split())}")
    say(f"{one.model} {one.verdict}")
    if not one.described.hits:
        say("it does not name the study from a plain description either, so that its silence says little")
