"""Running a scenario: from a file to a run folder, and going on with one that was cut off.

A run folder holds everything: the scenario as resolved, copies of the files it names, the record of every call, tidy tables
and a manifest. Going on re-executes the scenario against the record; what is answered there is never asked again.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from socsim.agent import SocialAgent
from socsim.carrying import Interrupted, ProgressMeter, carry_out
from socsim.errors import NotYetAvailable, RecordError, ScenarioError
from socsim.events import RunProgress
from socsim.inference.factory import check_capabilities, make_engine
from socsim.inference.types import Engine, EngineIdentity, Style
from socsim.model import AnswersStopped
from socsim.prompts import PROMPTS_VERSION
from socsim.provenance import provenance
from socsim.record.filesystem import check_filesystem
from socsim.record.lock import RunLock
from socsim.record.manifest import read_manifest, write_manifest
from socsim.record.store import RecordStore
from socsim.run_folder import Run
from socsim.scenario import LoadedScenario, Scenario, dump_scenario, load_scenario, not_yet_available
from socsim.scenario.files import declared_files
from socsim.session import Session
from socsim.world import World, build_world, world_rows

__all__ = ["build_worlds", "open_scenario", "resume", "run"]

INPUTS = "inputs"
"""Folder inside a run folder with copies of the files that the scenario names."""


@dataclass(frozen=True)
class Prepared:
    """A scenario ready to be built: resolved, with the folder its data files are in."""

    scenario: Scenario
    folder: Path | None


def open_scenario(scenario: Scenario | LoadedScenario | str | Path) -> Prepared:
    """A scenario from a file, or one built in Python.

    Raises:
        ScenarioError: the file is not a valid scenario; names every problem.
        NotYetAvailable: it is, but uses parts that this version cannot run.
    """
    if isinstance(scenario, str | Path):
        scenario = load_scenario(Path(scenario))
    if isinstance(scenario, LoadedScenario):
        prepared = Prepared(scenario.resolved(), scenario.folder)
    else:
        prepared = Prepared(scenario, None)
    missing = not_yet_available(prepared.scenario)
    if missing:
        raise NotYetAvailable(missing)
    return prepared


def build_worlds(scenario: Scenario, folder: Path | None, style: Style) -> tuple[World, ...]:
    """Every arm of every replicate, ready to be stepped."""
    return tuple(
        build_world(scenario, arm, replicate, folder, style) for replicate in range(scenario.replicates) for arm in scenario.arms
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

    Returns:
        The finished run; ``run.status`` is "complete", or "incomplete" if too many replies were no answers.

    Raises:
        ScenarioError: before any model call, with every problem.
        KeyboardInterrupt: stopped by the user; `resume` goes on.
    """
    prepared = open_scenario(scenario)
    spec = _overridden(prepared.scenario, seed, model)
    folder = Path(out) if out is not None else _new_folder(spec)
    with _engine_for(spec, prepared.folder, engine) as ready:
        check_capabilities(spec, ready.capabilities(), ready.identity.engine)
        style: Style = "chat" if ready.capabilities().chat else "plain"
        worlds = build_worlds(spec, prepared.folder, style)
        _lay_out(folder, spec, prepared.folder, ready.identity, style)
        with RunLock(folder):
            return _carry(folder, worlds, ready, progress, report=report, agent_class=agent_class, fresh=True)


def resume(
    path: Path | str,
    *,
    engine: Engine | None = None,
    progress: RunProgress | None = None,
    report: bool = False,
    agent_class: type[SocialAgent] = SocialAgent,
) -> Run:
    """Go on with a run that was interrupted or killed. Nothing that is in its record is asked again.

    Raises:
        RecordError: another process is working on it, or the engine is not the one that the run began with.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    prepared = open_scenario(load_scenario(folder / "scenario.yaml", data_folder=folder / INPUTS))
    with RunLock(folder), _engine_for(prepared.scenario, folder / INPUTS, engine) as ready:
        _same_engine(manifest["engine"], ready.identity)
        worlds = build_worlds(prepared.scenario, folder / INPUTS, manifest["style"])
        return _carry(folder, worlds, ready, progress, report=report, agent_class=agent_class, fresh=False)


def _overridden(scenario: Scenario, seed: int | None, model: str | None) -> Scenario:
    changes: dict[str, Any] = {}
    if seed is not None:
        changes["seed"] = seed
    if model is not None:
        changes["inference"] = scenario.inference.model_copy(update={"model": model})
    return scenario.model_copy(update=changes) if changes else scenario


@contextmanager
def _engine_for(scenario: Scenario, folder: Path | None, engine: Engine | None) -> Iterator[Engine]:
    if engine is not None:
        yield engine
        return
    own = make_engine(scenario.inference, folder)
    try:
        yield own
    finally:
        own.close()


def _new_folder(scenario: Scenario) -> Path:
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    base = Path("runs") / f"{scenario.name}-{scenario.seed}-{stamp}"
    folder, number = base, 1
    while folder.exists():
        number += 1
        folder = base.with_name(f"{base.name}-{number}")
    return folder


def _lay_out(folder: Path, scenario: Scenario, source: Path | None, identity: EngineIdentity, style: Style) -> None:
    """Make the run folder: scenario, inputs, an empty record and the first manifest."""
    if folder.exists() and any(folder.iterdir()):
        raise RecordError(f"{folder} is not empty. Give another folder, or go on with it: socsim resume {folder}")
    folder.mkdir(parents=True, exist_ok=True)
    check_filesystem(folder)
    text = dump_scenario(scenario)
    (folder / "scenario.yaml").write_text(text, encoding="utf-8")
    for name in declared_files(scenario):
        if source is None:
            raise ScenarioError(f"{name!r} is relative to a scenario's folder, and this scenario was not read from a file")
        target = folder / INPUTS / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target)
    (folder / INPUTS).mkdir(exist_ok=True)
    RecordStore.create(folder / "record.sqlite", {"name": scenario.name, "engine": identity.engine}).close()
    manifest = {
        "format": 1,
        "name": scenario.name,
        "seed": scenario.seed,
        "scenario_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "prompts_version": PROMPTS_VERSION,
        "style": style,
        "status": "running",
        "engine": asdict(identity),
        "complete_below": scenario.failures.complete_below,
        "started": _now(),
        "finished": None,
        "elapsed_s": 0.0,
        "counts": {},
        "tables": {},
    }
    write_manifest(folder, manifest | provenance())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _same_engine(recorded: dict[str, Any], identity: EngineIdentity) -> None:
    now = asdict(identity)
    for field in ("engine", "model", "file_sha256", "quantisation"):
        if recorded.get(field) != now[field]:
            raise RecordError(
                f"this run began with {field} {recorded.get(field)!r}, the engine now has {now[field]!r}. "
                "Answers of two models must not be mixed in one run; resume with the same model, or start a new run"
            )


def _carry(
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
    manifest = read_manifest(folder)
    begun = time.monotonic()
    spec = worlds[0].spec
    with Session(RecordStore.open(folder / "record.sqlite"), engine, spec.inference.limits) as session:
        if not fresh and progress is not None:
            twice = session.client.stats.possibly_billed_twice
            progress.note(f"going on with {folder}; calls that were in flight when it stopped, possibly billed twice: {twice}")
        for world in worlds:
            session.store.put_rows(list(world_rows(world)))
        meter = ProgressMeter(worlds, session, progress)
        meter.begin(f"{spec.name}, seed {manifest['seed']}")
        status, reason = "failed", ""
        try:
            carry_out(worlds, session, session.store.put_rows, meter, agent_class=agent_class, folder=folder / INPUTS)
            status = "finished"
        except (KeyboardInterrupt, Interrupted):
            status = "interrupted"
            raise
        except AnswersStopped as stopped:
            status, reason = "incomplete", str(stopped)
        finally:
            session.store.flush()
            manifest["counts"] = _counts(manifest.get("counts", {}), session)
            manifest["elapsed_s"] = manifest["elapsed_s"] + time.monotonic() - begun
            manifest.update(status="running" if status == "finished" else status, finished=_now(), reason=reason)
            write_manifest(folder, manifest)
            meter.finish()
    return _conclude(folder, status, report=report)


def _counts(before: dict[str, int], session: Session) -> dict[str, int]:
    """Telemetry of this process added to that of earlier ones; ``replayed`` calls are of the last process only."""
    now = asdict(session.client.stats)
    counts = {name: value + before.get(name, 0) for name, value in now.items()}
    counts["replayed"] = now["replayed"]
    return counts


def _conclude(folder: Path, status: str, *, report: bool) -> Run:
    """Write the tables, judge whether the run is complete, and write the report if wished."""
    finished = Run(folder)
    hashes = finished.write_tables()
    manifest = read_manifest(folder)
    failed, asked = finished.failed_answers()
    manifest["counts"] |= {"answers": asked, "answers_failed": failed}
    if status == "finished":
        status = "complete" if asked == 0 or failed / asked <= manifest["complete_below"] else "incomplete"
        if status == "incomplete":
            manifest["reason"] = (
                f"{failed} of {asked} answers and messages failed; the scenario allows {manifest['complete_below']:.0%}"
            )
    manifest.update(status=status, tables=hashes)
    write_manifest(folder, manifest)
    if report:
        from socsim_analysis.report import write_report

        write_report(Run(folder))
    return Run(folder)
