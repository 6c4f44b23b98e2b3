"""Running a scenario: from a file to a run folder.

A run folder holds everything: the scenario as resolved, copies of the files it names, the record of every call, tidy tables
and a manifest.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from socsim.agent import SocialAgent
from socsim.carrying import ProgressMeter, carry_out
from socsim.errors import NotYetAvailable, Problem, RecordError, ReplayMismatch, RunStopped, ScenarioError
from socsim.events import RunProgress
from socsim.forecasting import count_run, forecast_of
from socsim.inference.factory import make_engine
from socsim.inference.fingerprint import Fingerprinted, changes, take_fingerprint
from socsim.inference.manner import Manner, manner_of
from socsim.inference.spending import check_budget
from socsim.inference.types import Engine
from socsim.laying_out import INPUTS, check_empty, claim_folder, lay_out, now
from socsim.model import AnswersStopped
from socsim.readouts.checking import check_capabilities
from socsim.record.caching import CACHE_FACT, cache_of, record_file
from socsim.record.lock import RunLock
from socsim.record.manifest import MANIFEST_NAME, read_manifest, write_manifest
from socsim.record.store import RecordStore
from socsim.run_folder import RECORD_NAME, Run
from socsim.scenario import LoadedScenario, Scenario, load_scenario, not_yet_available
from socsim.scenario.engines import LimitsSpec
from socsim.session import Session
from socsim.world import World, build_world, world_rows

__all__ = [
    "RunInterrupted",
    "build_worlds",
    "carry_on",
    "engine_for",
    "open_scenario",
    "run",
    "told_how_to_go_on",
    "write_report_of",
]


_MOST_FORECAST = 5_000
"""Agent-steps of the largest run that is counted before it begins; counting takes about a millisecond each."""


@dataclass(frozen=True)
class Prepared:
    """A scenario ready to be built: resolved, with the folder its data files are in."""

    scenario: Scenario
    folder: Path | None
    source: LoadedScenario | None = None

    @contextmanager
    def placing(self) -> Iterator[None]:
        """Errors about the scenario get the lines of its file, where it was read from one."""
        try:
            yield
        except ScenarioError as error:
            if self.source is None:
                raise
            raise self.source.placed(error) from error


def open_scenario(scenario: Scenario | LoadedScenario | str | Path) -> Prepared:
    """A scenario from a file, or one built in Python.

    Raises:
        ScenarioError: the file is not a valid scenario; names every problem.
        NotYetAvailable: it is, but uses parts that this version cannot run.
    """
    if isinstance(scenario, str | Path):
        scenario = load_scenario(Path(scenario))
    if isinstance(scenario, LoadedScenario):
        prepared = Prepared(scenario.resolved(), scenario.folder, scenario)
    else:
        prepared = Prepared(scenario, None)
    with prepared.placing():
        check_budget(prepared.scenario.inference)
        missing = not_yet_available(prepared.scenario)
        if missing:
            raise NotYetAvailable(missing)
    return prepared


def build_worlds(scenario: Scenario, folder: Path | None, manner: Manner) -> tuple[World, ...]:
    """Every arm of every replicate, ready to be stepped."""
    return tuple(
        build_world(scenario, arm, replicate, folder, manner) for replicate in range(scenario.replicates) for arm in scenario.arms
    )


def run(
    scenario: Scenario | LoadedScenario | str | Path,
    *,
    out: Path | str | None = None,
    seed: int | None = None,
    engine: Engine | None = None,
    model: str | None = None,
    progress: RunProgress | None = None,
    report: bool = False,
    agent_class: type[SocialAgent] = SocialAgent,
    reuse: Run | Path | str | None = None,
) -> Run:
    """Run a scenario to its end.

    Args:
        scenario: a scenario, or the path of a file.
        out: the run folder to make; ``runs/<name>-<seed>-<time>`` where not given. Must not exist yet.
        seed: another root seed than the scenario's.
        engine: an engine to use instead of the one the scenario names; stays open.
        model: another model than the scenario's.
        progress: whoever wants to see the run go on.
        report: also write ``report.html``.
        agent_class: how people act; see `socsim.SocialAgent`.
        reuse: another run (or a merged record) of the same model, whose answers are taken wherever the same is asked.

    Returns:
        The finished run; ``run.status`` is "complete", or "incomplete" if too many replies were no answers.

    Raises:
        ScenarioError: before any model call, with every problem.
        RunInterrupted: stopped by the user; a KeyboardInterrupt that names the folder. `socsim.resume` goes on.
        RecordError: the run folder cannot be made or written, or another model answered in the run to be reused.
    """
    prepared = open_scenario(scenario)
    spec = _overridden(prepared.scenario, seed, model)
    with prepared.placing():
        facts = _reusing(spec, reuse)
    if out is not None:
        check_empty(Path(out))
    with engine_for(spec, prepared.folder, engine) as ready, cache_of(facts, ready.identity):
        manner = manner_of(ready.capabilities())
        with prepared.placing():
            check_capabilities(spec, ready.capabilities(), ready.identity.engine)
            worlds = build_worlds(spec, prepared.folder, manner)
        folder = claim_folder(Path(out) if out is not None else None, spec.name, spec.seed)
        with told_how_to_go_on(folder), RunLock(folder):
            lay_out(folder, spec, prepared.folder, ready.identity, manner, facts)
            if agent_class is SocialAgent:  # what others do when they act is not done twice for a count
                _note_forecast(folder, spec, worlds, ready)
            return carry_on(folder, worlds, ready, progress, report=report, agent_class=agent_class, fresh=True)


def _reusing(spec: Scenario, reuse: Run | Path | str | None) -> dict[str, str]:
    """The entry of a manifest that says whose replies a run takes."""
    if reuse is None:
        return {}
    if spec.inference.fresh:
        fix = "Leave out fresh, or run without --reuse"
        raise ScenarioError(Problem("fresh: true takes no reply of another run", "inference.fresh", fix=fix))
    place = reuse.path if isinstance(reuse, Run) else Path(reuse)
    if not record_file(place).is_file():
        raise RecordError(f"{place}: there is no record here to reuse. Give a run folder or a record file.")
    return {CACHE_FACT: str(place.resolve())}


class RunInterrupted(KeyboardInterrupt):
    """The user stopped a run; its text says how to go on.

    Attributes:
        folder: the run folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        begun = (folder / MANIFEST_NAME).is_file()
        super().__init__(
            f"interrupted. Go on with: socsim resume {folder}"
            if begun
            else "interrupted before the first call; start the run again"
        )


@contextmanager
def told_how_to_go_on(folder: Path) -> Iterator[None]:
    """An interruption inside becomes a `RunInterrupted`."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise RunInterrupted(folder) from error


def _overridden(scenario: Scenario, seed: int | None, model: str | None) -> Scenario:
    changes: dict[str, Any] = {}
    if seed is not None:
        changes["seed"] = seed
    if model is not None:
        changes["inference"] = scenario.inference.model_copy(update={"model": model})
    return scenario.model_copy(update=changes) if changes else scenario


@contextmanager
def engine_for(scenario: Scenario, folder: Path | None, engine: Engine | None) -> Iterator[Engine]:
    """The given engine, or one that the scenario names, made and closed here."""
    if engine is not None:
        yield engine
        return
    own = make_engine(scenario.inference, folder)
    try:
        yield own
    finally:
        own.close()


def carry_on(
    folder: Path,
    worlds: tuple[World, ...],
    engine: Engine,
    progress: RunProgress | None,
    *,
    report: bool,
    agent_class: type[SocialAgent],
    fresh: bool,
) -> Run:
    """Carry out all worlds against the folder's record, then write tables and manifest."""
    spec = worlds[0].spec
    manifest = read_manifest(folder)
    with (
        cache_of(manifest, engine.identity) as cache,
        Session(RecordStore.open(folder / RECORD_NAME, cache=cache), engine, spec.inference, manifest["elapsed_s"]) as session,
    ):
        if not fresh:
            _note_resumption(folder, session, progress)
        _check_fingerprint(folder, session, engine, spec.inference.limits, progress)
        _put_people(session, worlds, fresh=fresh)
        meter = ProgressMeter(worlds, session, progress)
        meter.begin(f"{spec.name}, seed {spec.seed}")
        with _noting_the_end(folder, session, meter) as end:
            try:
                carry_out(worlds, session, session.store.put_rows, meter, agent_class=agent_class, folder=folder / INPUTS)
            except AnswersStopped as stopped:
                end.update(status="incomplete", reason=str(stopped))
            except RunStopped as stopped:
                session.end_calls()
                end.update(status="incomplete", reason=f"{stopped}. {_go_on(folder)}", stopped_by="cap")
    return _conclude(folder, end["status"], report=report)


def _note_forecast(folder: Path, spec: Scenario, worlds: tuple[World, ...], engine: Engine) -> None:
    """Write down what the run is expected to take, where counting it is quick; a scripted engine takes nothing."""
    events = sum(world.events_total for world in worlds)
    if events > _MOST_FORECAST or engine.identity.engine == "scripted":
        return
    expected = forecast_of(spec.inference, count_run(spec.inference, worlds, engine, folder / INPUTS))
    write_manifest(folder, read_manifest(folder) | {"forecast": expected.as_dict()})


def _go_on(folder: Path) -> str:
    return f"Everything answered is kept. Raise it and go on: socsim resume {folder} --budget usd=…,tokens=…,calls=…,hours=…"


def _check_fingerprint(folder: Path, session: Session, engine: Engine, limits: LimitsSpec, progress: RunProgress | None) -> None:
    """Write down what is found at the engine's address; in a run that goes on it must be what was found at its beginning."""
    if not isinstance(engine, Fingerprinted):
        return
    found = session.loop.run(take_fingerprint(engine, limits))
    manifest = read_manifest(folder)
    if "fingerprint" not in manifest:
        write_manifest(folder, manifest | {"fingerprint": found})
        return
    wrong, other = changes(manifest["fingerprint"], found)
    if wrong:
        raise RecordError(
            f"{folder}: the server is not the one that this run began with: {'; '.join(wrong)}. Answers of two models must not "
            "be mixed in one run; resume with the same model, or start a new run."
        )
    if other:
        write_manifest(folder, manifest | {"fingerprint_changes": [*manifest.get("fingerprint_changes", []), *other]})
        if progress is not None:
            progress.note(f"the server has changed since the run began: {'; '.join(other)}")


def _note_resumption(folder: Path, session: Session, progress: RunProgress | None) -> None:
    if progress is not None:
        answered, twice = session.store.totals()["calls"], session.store.found_unanswered
        progress.note(
            f"going on with {folder}: {answered} calls are answered and are not asked again; "
            f"calls that were in flight when it stopped, possibly billed twice: {twice}"
        )


def _put_people(session: Session, worlds: tuple[World, ...], *, fresh: bool) -> None:
    """Record people and ties; in a run that goes on they must be those that it began with."""
    for world in worlds:
        rows = list(world_rows(world))
        session.store.put_rows(rows)
        if fresh:
            continue
        try:
            session.store.verify_rows(rows)
        except ReplayMismatch as mismatch:
            raise ReplayMismatch(
                f"the people or ties built now are not those that the run began with: {mismatch} "
                "Resume with the socsim version and the packages that manifest.json names."
            ) from mismatch


@contextmanager
def _noting_the_end(folder: Path, session: Session, meter: ProgressMeter) -> Iterator[dict[str, str]]:
    """Write into the manifest how the work inside ended. The run itself stays "running" until its tables are written."""
    manifest, begun = read_manifest(folder), time.monotonic()
    end = {"status": "finished", "reason": "", "stopped_by": ""}
    manifest.pop("stopped_by", None)

    def note(status: str, reason: str) -> None:
        session.store.flush()
        manifest["counts"] = _counts(session)
        manifest["statistics"] = session.client.stats.as_dict()
        manifest["usd"] = session.usd
        session.store.put_telemetry("client", manifest["statistics"])
        manifest["elapsed_s"] += time.monotonic() - begun
        write_manifest(folder, manifest | {"status": status, "finished": now(), "reason": reason})

    try:
        yield end
    except BaseException as error:
        interrupted = isinstance(error, KeyboardInterrupt)
        with suppress(RecordError):  # where the disk is full, the error on its way says so
            note("interrupted" if interrupted else "failed", "" if interrupted else str(error) or repr(error))
        raise
    else:
        if end["stopped_by"]:
            manifest["stopped_by"] = end["stopped_by"]
        note("running", end["reason"])
    finally:
        meter.finish()


def _counts(session: Session) -> dict[str, int]:
    """Calls and tokens of the whole record, whichever process made them; what was merged or replayed is of the last one."""
    stats = session.client.stats
    return {
        **session.store.totals(),
        "replayed": stats.replayed,
        "deduplicated": stats.deduplicated,
        "possibly_billed_twice": session.store.possibly_billed_twice,
    }


def _conclude(folder: Path, status: str, *, report: bool) -> Run:
    """Write the tables, judge whether the run is complete, and write the report if wished."""
    finished = Run(folder)
    try:
        hashes = finished.write_tables()
        manifest = read_manifest(folder)
        failed, asked = finished.failed_answers()
        manifest["counts"] |= {"answers": asked, "answers_failed": failed}
        if status == "finished":
            status, manifest["reason"] = _judged(failed, asked, manifest["complete_below"])
        manifest.update(status=status, tables=hashes)
        write_manifest(folder, manifest)
    except RecordError as error:
        raise RecordError(
            f"{error} Every reply is in the record; only tables and manifest are left to write: socsim resume {folder}"
        ) from error
    if report:
        write_report_of(Run(folder))
    return Run(folder)


def _judged(failed: int, asked: int, complete_below: float) -> tuple[str, str]:
    """(status, reason) of a run whose schedule has ended."""
    if asked == 0 or failed / asked <= complete_below:
        return "complete", ""
    return "incomplete", f"{failed} of {asked} answers and messages failed; the scenario allows {complete_below:.0%}"


def write_report_of(run: Run) -> None:
    """Write ``report.html`` into a run folder."""
    from socsim_analysis.report import write_report

    write_report(run)
