"""Going on with a run that was cut off: re-executed against its record, where nothing that is answered is asked again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from socsim.agent import SocialAgent
from socsim.errors import RecordError
from socsim.events import RunProgress
from socsim.inference.manner import manner_recorded
from socsim.inference.types import Engine, EngineIdentity
from socsim.laying_out import INPUTS, changed_scenario, scenario_unchanged
from socsim.prompts import PROMPTS_VERSION
from socsim.record.filesystem import check_filesystem
from socsim.record.lock import RunLock
from socsim.record.manifest import UNFINISHED_NAME, read_manifest, remove_leftovers
from socsim.run_folder import ENDED, SCENARIO_NAME, Run
from socsim.runner import build_worlds, carry_on, engine_for, open_scenario, told_how_to_go_on, write_report_of
from socsim.scenario import load_scenario

__all__ = ["resume"]


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
    read_manifest(folder)
    with told_how_to_go_on(folder), RunLock(folder):
        manifest = read_manifest(folder)
        check_filesystem(folder)
        _remove_leftovers(folder)
        if manifest["status"] in ENDED:
            return _again(folder, progress, report=report)
        prepared = open_scenario(load_scenario(folder / SCENARIO_NAME, data_folder=folder / INPUTS))
        _same_scenario(folder, manifest)
        beside = Path(manifest["model_folder"]) if manifest.get("model_folder") else folder / INPUTS
        with engine_for(prepared.scenario, beside, engine) as ready:
            _same_engine(manifest["engine"], ready.identity)
            worlds = build_worlds(prepared.scenario, folder / INPUTS, manner_recorded(manifest))
            return carry_on(folder, worlds, ready, progress, report=report, agent_class=agent_class, fresh=False)


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


def _same_scenario(folder: Path, manifest: dict[str, Any]) -> None:
    if not scenario_unchanged(folder, manifest):
        raise RecordError(changed_scenario(folder))
    if manifest["prompts_version"] != PROMPTS_VERSION:
        raise RecordError(
            f"{folder}: the run began with prompts of version {manifest['prompts_version']}, this socsim has version "
            f"{PROMPTS_VERSION}. Resume it with socsim {manifest.get('socsim')}; or start a new run."
        )


def _same_engine(recorded: dict[str, Any], identity: EngineIdentity) -> None:
    now = asdict(identity)
    for field in ("engine", "model", "file_sha256", "quantisation"):
        if recorded.get(field) != now[field]:
            raise RecordError(
                f"this run began with {field} {recorded.get(field)!r}, the engine now has {now[field]!r}. "
                "Answers of two models must not be mixed in one run; resume with the same model, or start a new run."
            )
