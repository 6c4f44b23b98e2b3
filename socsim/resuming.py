"""Going on with a run that was cut off: re-executed against its record, where nothing that is answered is asked again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from socsim.agent import SocialAgent
from socsim.clusters.planning import OnRay
from socsim.conducting import CarryingOut, carry_on, write_report_of
from socsim.errors import ClusterError, RecordError
from socsim.events import RunProgress
from socsim.forking import fork
from socsim.inference.manner import manner_recorded
from socsim.inference.types import Engine, EngineIdentity
from socsim.interactions import Interaction
from socsim.laying_out import INPUTS, check_same_scenario
from socsim.record.caching import CACHE_FACT, engine_difference
from socsim.record.filesystem import check_filesystem
from socsim.record.lock import RunLock
from socsim.record.manifest import UNFINISHED_NAME, read_manifest, remove_leftovers, write_manifest
from socsim.run_folder import ENDED, SCENARIO_NAME, Run
from socsim.runner import build_worlds, open_scenario, place_for, told_how_to_go_on, with_budget
from socsim.scenario import load_scenario

__all__ = ["resume"]


def resume(
    path: Path | str,
    *,
    engine: Engine | None = None,
    progress: RunProgress | None = None,
    report: bool = False,
    agent_class: type[SocialAgent] = SocialAgent,
    interactions: Mapping[str, type[Interaction]] | None = None,
    budget: Mapping[str, float] | None = None,
    reuse: bool = True,
    retry_failures: bool = False,
    out: Path | str | None = None,
    on: str | OnRay | None = None,
) -> Run:
    """Go on with a run that was interrupted or killed, or stopped by a cap. Nothing that is in its record is asked again.

    Args:
        path: the run folder.
        engine: an engine to use instead of the one that the scenario names; stays open.
        progress: whoever wants to see the run go on.
        report: also write ``report.html``.
        agent_class: the class that the run was begun with.
        interactions: those that the run was begun with.
        budget: caps instead of the scenario's, by the names of `socsim.scenario.engines.BudgetSpec`.
        reuse: go on taking replies from the run that was given as ``reuse`` when this one began, if one was.
        retry_failures: leave this run as it is and ask its failed calls again in a new one; see `socsim.forking`.
        out: the folder of the new run, for ``retry_failures``; beside this one where not given.
        on: where to go on, as for `socsim.run`, wherever the run began.

    Raises:
        RecordError: another process is working on it, or the engine is not the one that the run began with.
    """
    folder = Path(path)
    if retry_failures:
        if on is not None:
            raise ClusterError("failed calls are asked again in this process; leave out where to run")
        how = CarryingOut(agent_class, report=report)
        return fork(folder, how, out=out, engine=engine, progress=progress, interactions=interactions, budget=budget)
    if out is not None:
        raise RecordError(f"{folder} is gone on with where it is; another folder is only for failures that are asked again.")
    read_manifest(folder)
    with told_how_to_go_on(folder), RunLock(folder):
        manifest = read_manifest(folder)
        check_filesystem(folder)
        _remove_leftovers(folder)
        if manifest["status"] in ENDED and manifest.get("stopped_by") != "cap":
            return _again(folder, progress, report=report)
        prepared = open_scenario(load_scenario(folder / SCENARIO_NAME, data_folder=folder / INPUTS))
        check_same_scenario(folder, manifest)
        if not reuse and manifest.pop(CACHE_FACT, None):
            write_manifest(folder, manifest)
        beside = Path(manifest["model_folder"]) if manifest.get("model_folder") else folder / INPUTS
        scenario = with_budget(prepared.scenario, budget)
        with place_for(scenario, beside, engine, on) as place:
            _same_engine(manifest["engine"], place.engine.identity)
            if place.facts:
                write_manifest(folder, {**manifest, **place.facts})
            worlds = build_worlds(scenario, folder / INPUTS, manner_recorded(manifest), interactions)
            how = CarryingOut(agent_class, report=report, carrier=place.carrier)
            return carry_on(folder, worlds, place.engine, progress, how, fresh=False)


def _remove_leftovers(folder: Path) -> None:
    with suppress(OSError):
        (folder / UNFINISHED_NAME).unlink()
    for place in (folder, folder / "tables"):
        remove_leftovers(place)


def _again(folder: Path, progress: RunProgress | None, *, report: bool) -> Run:
    """A run that has ended is not run again; tables and report that are gone are written from its record."""
    ended = Run(folder)
    if progress is not None:
        progress.note(f"{folder} has ended ({ended.status}); nothing is asked again")
    try:
        whole = ended.table_hashes() == ended.manifest["tables"] and ended.has_tables()
    except RecordError:
        whole = False
    if not whole:
        ended.write_tables()
    if report:
        write_report_of(ended)
    return Run(folder)


def _same_engine(recorded: dict[str, Any], identity: EngineIdentity) -> None:
    difference = engine_difference(recorded, identity)
    if difference:
        raise RecordError(
            f"the engine is not the one that this run began with: {difference}. "
            "Answers of two models must not be mixed in one run; resume with the same model, or start a new run."
        )
