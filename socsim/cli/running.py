"""Commands that carry out a scenario: run, resume, replay."""

from __future__ import annotations

from dataclasses import replace as replaced
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from socsim.cli.arguments import EngineName, EngineOption, Quiet, RunFolder, ScenarioFile
from socsim.cli.console import EXIT_ERROR, EXIT_INCOMPLETE, EXIT_INTERRUPTED, complain, say
from socsim.progress import choose_progress

if TYPE_CHECKING:
    from socsim.run_folder import Run
    from socsim.scenario import LoadedScenario

__all__ = ["add_commands"]

Report = Annotated[bool, typer.Option("--report/--no-report", help="Write the report page when the run ends.")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this file to the program."""
    app.command("run")(run_command)
    app.command("resume")(resume_command)
    app.command("replay")(replay_command)


def run_command(
    file: ScenarioFile,
    out: Annotated[Path | None, typer.Option("--out", help="Run folder to make. Default: runs/NAME-SEED-TIME.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Root seed instead of the scenario's.")] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", help="Model instead of the scenario's: a name, a .gguf file, hf:owner/repo/file.gguf."),
    ] = None,
    engine: EngineOption = None,
    report: Report = True,
    quiet: Quiet = False,
) -> None:
    """Run a scenario file to its end and write a run folder.

    Exit code 3 if the run ended, but too many replies were no answers.
    """
    from socsim.runner import run

    loaded = _with_engine(_load(file), engine)
    folder = out if out is not None else _default_folder(loaded.scenario.name, loaded.scenario.seed if seed is None else seed)
    try:
        done = run(loaded, out=folder, seed=seed, model=model, progress=choose_progress(quiet=quiet), report=report)
    except KeyboardInterrupt as error:
        raise _interrupted(folder) from error
    _conclude(done)


def resume_command(run: RunFolder, report: Report = True, quiet: Quiet = False) -> None:
    """Go on with a run that was interrupted. Nothing that was answered is asked again."""
    from socsim.runner import resume

    try:
        done = resume(run, progress=choose_progress(quiet=quiet), report=report)
    except KeyboardInterrupt as error:
        raise _interrupted(run) from error
    _conclude(done)


def replay_command(
    run: RunFolder,
    scenario: Annotated[
        Path | None, typer.Option("--with", help="Replay with this scenario instead and say exactly what differs.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Re-execute a run from its record, without any model, and verify that everything comes out as recorded.

    Exit code 1 if anything differs.
    """
    from socsim.replaying import replay

    found = replay(run, with_scenario=scenario, progress=choose_progress(quiet=quiet))
    say(found.text)
    if not found.verified:
        raise typer.Exit(EXIT_ERROR)


def _load(file: Path) -> LoadedScenario:
    from socsim.scenario import load_scenario

    return load_scenario(file)


def _with_engine(loaded: LoadedScenario, engine: EngineName | None) -> LoadedScenario:
    if engine is None:
        return loaded
    inference = loaded.scenario.inference.model_copy(update={"engine": engine.value})
    return replaced(loaded, scenario=loaded.scenario.model_copy(update={"inference": inference}))


def _default_folder(name: str, seed: int) -> Path:
    """A new folder under ``runs``, known before the run begins so that an interruption can name it."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    base = Path("runs") / f"{name}-{seed}-{stamp}"
    folder, number = base, 1
    while folder.exists():
        number += 1
        folder = base.with_name(f"{base.name}-{number}")
    return folder


def _interrupted(folder: Path) -> typer.Exit:
    if (folder / "manifest.json").is_file():
        complain(f"interrupted. Go on with: socsim resume {folder}")
    else:
        complain("interrupted before the first call; nothing to resume")
    return typer.Exit(EXIT_INTERRUPTED)


def _conclude(done: Run) -> None:
    manifest = done.manifest
    say(f"{done.status}: {done.path}")
    page = done.path / "report.html"
    if page.is_file():
        say(f"report: {page.resolve().as_uri()}")
    if done.status != "complete":
        complain(f"the run is not complete: {manifest.get('reason') or done.status}")
        raise typer.Exit(EXIT_INCOMPLETE)
