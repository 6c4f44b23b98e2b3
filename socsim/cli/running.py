"""Commands that carry out a scenario, go on with it, leave it at a step or ask somebody in it: run, resume, replay, fork, ask."""

from __future__ import annotations

from dataclasses import replace as replaced
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socsim.cli.arguments import EngineName, EngineOption, EnginesOption, OnOption, Quiet, RunFolder, ScenarioFile
from socsim.cli.console import EXIT_ERROR, EXIT_INCOMPLETE, EXIT_INTERRUPTED, complain, say
from socsim.cli.wording import warn_of_words
from socsim.progress import choose_progress

if TYPE_CHECKING:
    from socsim.clusters.planning import OnRay
    from socsim.run_folder import Run
    from socsim.scenario import LoadedScenario

__all__ = ["Report", "add_commands", "conclude", "load", "overridden", "run_file", "where_to_run"]

Report = Annotated[bool, typer.Option("--report/--no-report", help="Write the report page when the run ends.")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this file to the program."""
    app.command("run")(run_command)
    app.command("resume")(resume_command)
    app.command("replay")(replay_command)
    app.command("fork")(fork_command)
    app.command("ask")(ask_command)


class ExecutionKind(StrEnum):
    """In which order turns are taken."""

    dependencies = "dependencies"
    barrier = "barrier"
    sequential = "sequential"


ExecutionOption = Annotated[
    ExecutionKind,
    typer.Option(
        "--execution", help="When somebody acts: as soon as what it reads is settled, wave by wave, or one after the other."
    ),
]


def run_command(
    file: ScenarioFile,
    out: Annotated[Path | None, typer.Option("--out", help="Run folder to make. Default: runs/NAME-SEED-TIME.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, max=2**63 - 1, help="Root seed instead of the scenario's.")] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", help="Model instead of the scenario's: a name, a .gguf file, hf:owner/repo/file.gguf."),
    ] = None,
    engine: EngineOption = None,
    reuse: Annotated[
        Path | None,
        typer.Option(
            "--reuse", help="Run folder or merged record of the same model; what was answered there is not asked again."
        ),
    ] = None,
    execution: ExecutionOption = ExecutionKind.dependencies,
    check: Annotated[
        bool, typer.Option("--check", help="Hold every read and write of an interaction against what it declares.")
    ] = False,
    on: OnOption = None,
    engines: EnginesOption = None,
    report: Report = True,
    quiet: Quiet = False,
) -> None:
    """Run a scenario file to its end and write a run folder.

    Exit code 3 if the run ended, but too many replies were no answers.
    """
    conclude(
        run_file(
            overridden(load(file), engine, None),
            quiet=quiet,
            out=out,
            seed=seed,
            model=model,
            report=report,
            reuse=reuse,
            execution=execution.value,
            checked=check,
            on=where_to_run(on, engines),
        )
    )


def where_to_run(on: str | None, engines: int | None) -> OnRay | None:
    """Where to run, from ``--on`` and ``--engines``."""
    from socsim.clusters.planning import place_named

    if on is None and engines is not None:
        raise typer.BadParameter("say where: --on ray", param_hint="--engines")
    return None if on is None else place_named(on, engines)


def run_file(loaded: LoadedScenario, *, quiet: bool, **how: Any) -> Run:
    """Run a scenario with progress on the terminal; an interruption ends the program and says how to go on."""
    from socsim.runner import RunInterrupted, run

    warn_of_words(loaded)
    try:
        return run(loaded, progress=choose_progress(quiet=quiet), **how)
    except RunInterrupted as interrupted:
        raise _told(interrupted) from interrupted


def resume_command(
    run: RunFolder,
    budget: Annotated[
        str | None,
        typer.Option("--budget", help="Other caps than the scenario's, such as usd=10,tokens=5000000,calls=20000,hours=2."),
    ] = None,
    retry: Annotated[
        bool,
        typer.Option("--retry-failures", help="Leave this run as it is and ask its failed calls again, in a new run beside it."),
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Folder of that new run. Default: RUN-retry-1, -2, …")] = None,
    reuse: Annotated[
        bool, typer.Option("--reuse/--no-reuse", help="Go on taking replies from the run given as --reuse at the beginning.")
    ] = True,
    on: OnOption = None,
    engines: EnginesOption = None,
    report: Report = True,
    quiet: Quiet = False,
) -> None:
    """Go on with a run that was interrupted, or stopped by a cap. Nothing that was answered is asked again."""
    from socsim.resuming import resume
    from socsim.runner import RunInterrupted

    try:
        done = resume(
            run,
            progress=choose_progress(quiet=quiet),
            report=report,
            budget=_caps(budget),
            reuse=reuse,
            retry_failures=retry,
            out=out,
            on=where_to_run(on, engines),
        )
    except RunInterrupted as interrupted:
        raise _told(interrupted) from interrupted
    _tell_origin(done)
    conclude(done)


def fork_command(
    run: RunFolder,
    at: Annotated[int, typer.Option("--at", min=0, help="The first step that is otherwise.", show_default=False)],
    patch: Annotated[
        Path, typer.Option("--with", help="YAML file with `phases:` and what is otherwise in each.", show_default=False)
    ],
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the branch. Default: RUN-branch-1, -2, …")] = None,
    report: Report = True,
    quiet: Quiet = False,
) -> None:
    """Branch from a finished run at a step, and compare the branches. Nothing before the step is asked again."""
    from socsim.branching import branch, compare_branches, read_patch
    from socsim.run_folder import Run
    from socsim.runner import RunInterrupted

    try:
        done = branch(run, at=at, phases=read_patch(patch), out=out, progress=choose_progress(quiet=quiet), report=report)
    except RunInterrupted as interrupted:
        raise _told(interrupted) from interrupted
    found = compare_branches(Run(run), done, at)
    say("before the branch: every event is the same" if found.same_before else "before the branch: events differ")
    say(found.means.to_string(index=False, float_format=lambda value: f"{value:.3f}"))
    conclude(done)


def ask_command(
    run: RunFolder,
    agent: Annotated[int, typer.Option("--agent", min=0, help="Number of the agent, from 0.", show_default=False)],
    step: Annotated[int, typer.Option("--step", min=0, help="A step at which it acts, from 0.", show_default=False)],
    question: Annotated[str, typer.Option("--question", help="What to ask; the reply is in the agent's own words.")] = "",
    option: Annotated[list[str] | None, typer.Option("--option", help="An option to choose from; give it several times.")] = None,
    item: Annotated[str | None, typer.Option("--item", help="An item of the scenario to ask instead.")] = None,
    arm: Annotated[str | None, typer.Option("--arm", help="Name of the arm. Default: the first.")] = None,
    replicate: Annotated[int, typer.Option("--replicate", min=0, help="Number of the replicate, from 0.")] = 0,
) -> None:
    """Interview an agent of a running or finished run as it was at a step, without touching the run."""
    from socsim.interviewing import interview
    from socsim.items import ItemFailure

    if bool(question) == (item is not None):
        raise typer.BadParameter("give either --question or --item")
    answer = interview(
        run, agent=agent, step=step, question=question, options=option or (), item=item, arm=arm, replicate=replicate
    )
    if isinstance(answer, ItemFailure):
        last = answer.failures[-1]
        say(f"no answer ({last.reason}): {last.raw}")
        raise typer.Exit(EXIT_INCOMPLETE)
    for text in answer.texts or (answer.option,):
        say(text)
    for name, probability in zip(option or (), answer.probabilities, strict=False):
        say(f"  {name}: {probability:.3f}")


def _tell_origin(done: Run) -> None:
    """What a run in which failures were asked again comes from."""
    from socsim.forking import Affected

    origin = done.manifest.get("origin")
    if not origin:
        return
    say(f"forked from {origin['run']}: {origin['failed_calls']} failed calls are asked again")
    for first in origin["first_affected"]:
        say(f"first affected event: {Affected(**first).text}")


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


def _caps(text: str | None) -> dict[str, float]:
    """Caps by name, from ``usd=10,calls=200``."""
    caps = {}
    for part in (text or "").split(","):
        if not part.strip():
            continue
        name, _, value = part.partition("=")
        try:
            caps[name.strip()] = float(value)
        except ValueError:
            raise typer.BadParameter(f"{part.strip()!r} is no cap; write for example usd=10,calls=20000") from None
    return caps


def load(file: Path) -> LoadedScenario:
    """A scenario file, checked, with the findings that it names.

    Raises:
        ScenarioError: it is not valid, or names a finding that there is not.
    """
    from socsim.conducting import check_findings
    from socsim.errors import ScenarioError
    from socsim.scenario import load_scenario

    loaded = load_scenario(file)
    try:
        check_findings(loaded.scenario)
    except ScenarioError as error:
        raise loaded.placed(error) from error
    return loaded


def overridden(loaded: LoadedScenario, engine: EngineName | None, model: str | None) -> LoadedScenario:
    """The scenario with another engine or model than it names."""
    changes: dict[str, Any] = {
        name: value for name, value in (("engine", engine and engine.value), ("model", model)) if value is not None
    }
    if not changes:
        return loaded
    spec = loaded.scenario.inference
    if engine is not None and model is None and not isinstance(spec.model, str):
        changes["model"] = tuple(part.on(engine.value) for part in spec.model)
    inference = spec.model_copy(update=changes)
    return replaced(loaded, scenario=loaded.scenario.model_copy(update={"inference": inference}))


def _told(interrupted: KeyboardInterrupt) -> typer.Exit:
    complain(str(interrupted))
    return typer.Exit(EXIT_INTERRUPTED)


def conclude(done: Run) -> None:
    """Say how a run ended and where it is, and end the program with its exit code."""
    manifest = done.manifest
    twice = manifest["counts"].get("possibly_billed_twice", 0)
    if twice:
        say(f"possibly billed twice: {twice} calls, which were in flight when the run was cut off")
    if manifest["counts"].get("reused"):
        say(f"taken from another record: {manifest['counts']['reused']} calls")
    say(f"{done.status}: {done.path}")
    page = done.path / "report.html"
    if page.is_file():
        say(f"report: {page.resolve().as_uri()}")
    if done.status != "complete":
        complain(f"the run is not complete: {manifest.get('reason') or done.status}")
        raise typer.Exit(EXIT_INCOMPLETE)
