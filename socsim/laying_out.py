"""Making a run folder: nobody else's files touched, two runs never in one folder, and nothing half made taken for a run.

The manifest is written last. Until then a file marks the folder as being made, so that what a killed process left there can
be told from a user's own files and made anew.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import Any

import orjson

from socsim.errors import RecordError, ScenarioError
from socsim.inference.manner import Manner
from socsim.inference.types import EngineIdentity
from socsim.prompts import PROMPTS_VERSION
from socsim.provenance import provenance
from socsim.record.caching import IDENTITY_KEY
from socsim.record.filesystem import check_filesystem
from socsim.record.lock import LOCK_FILES
from socsim.record.manifest import MANIFEST_NAME, UNFINISHED_NAME, write_manifest, write_whole
from socsim.record.store import RecordStore
from socsim.run_folder import RECORD_NAME, SCENARIO_NAME
from socsim.scenario import Scenario, dump_scenario
from socsim.scenario.files import declared_files

__all__ = [
    "INPUTS",
    "changed_scenario",
    "check_empty",
    "check_same_scenario",
    "claim_beside",
    "claim_folder",
    "lay_out",
    "now",
    "scenario_unchanged",
]

INPUTS = "inputs"
"""Folder inside a run folder with copies of the files that the scenario names."""


def claim_folder(out: Path | None, name: str, seed: int) -> Path:
    """The folder for a new run, made: ``out``, or a new one under ``runs`` that no other process has.

    Raises:
        RecordError: ``out`` holds something.
    """
    if out is not None:
        check_empty(out)
        out.mkdir(parents=True, exist_ok=True)
        return out
    base = Path("runs") / f"{name}-{seed}-{datetime.now().strftime('%Y%m%d-%H%M%S')}"
    return _first_free(chain([base], (base.with_name(f"{base.name}-{number}") for number in count(2))))


def claim_beside(folder: Path, what: str) -> Path:
    """A new folder beside a run folder, named for it and for ``what`` is done, that no other process has."""
    place = folder.resolve()
    return _first_free(place.with_name(f"{place.name}-{what}-{number}") for number in count(1))


def _first_free(folders: Iterable[Path]) -> Path:
    """The first folder that is not there yet, made."""
    for folder in folders:
        with suppress(FileExistsError):
            folder.mkdir(parents=True)
            return folder
    raise AssertionError("there is always another number")


def check_empty(folder: Path) -> None:
    """Make sure that a run may be made in a folder: it is absent, empty, or the beginning of a run that was cut off.

    Raises:
        RecordError: it holds a run, or somebody's files.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise RecordError(f"{folder} is a file. Give another folder.")
    if (folder / MANIFEST_NAME).exists():
        raise RecordError(
            f"{folder} holds a run. Give another folder; or, if that run has not ended, go on with it: socsim resume {folder}"
        )
    if not (folder / UNFINISHED_NAME).exists() and {path.name for path in folder.iterdir()} - LOCK_FILES:
        raise RecordError(f"{folder} is not empty. Give another folder; socsim writes into none that holds something.")


def lay_out(
    folder: Path,
    scenario: Scenario,
    source: Path | None,
    identity: EngineIdentity,
    manner: Manner,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Fill a claimed and locked folder: scenario, inputs, an empty record, and last the first manifest.

    Args:
        folder: the run folder.
        scenario: as resolved.
        source: the folder of the files that it names.
        identity: who answers.
        manner: how questions are asked.
        facts: further entries of the manifest, such as where the run comes from.

    Raises:
        RecordError: the folder holds something, cannot hold a record, or cannot be written.
    """
    check_empty(folder)
    check_filesystem(folder)
    _clear(folder)
    text = dump_scenario(scenario).encode()
    write_whole(folder / SCENARIO_NAME, text)
    _copy_inputs(folder / INPUTS, source, declared_files(scenario))
    meta = {"name": scenario.name, "engine": identity.engine, IDENTITY_KEY: orjson.dumps(asdict(identity)).decode()}
    RecordStore.create(folder / RECORD_NAME, meta).close()
    manifest: dict[str, Any] = {
        "name": scenario.name,
        "seed": scenario.seed,
        "scenario_sha256": hashlib.sha256(text).hexdigest(),
        "prompts_version": PROMPTS_VERSION,
        **manner.as_recorded(),
        "status": "running",
        "engine": asdict(identity),
        "complete_below": scenario.failures.complete_below,
        "started": now(),
        "finished": None,
        "elapsed_s": 0.0,
        "counts": {},
        "tables": {},
    }
    if source is not None and _uncopied(scenario, source):
        manifest["model_folder"] = str(source.resolve())
    write_manifest(folder, manifest | provenance() | dict(facts or {}))
    (folder / UNFINISHED_NAME).unlink()


def _uncopied(scenario: Scenario, source: Path) -> bool:
    """Whether the engine needs something beside the scenario that is not copied: models and adapters are large, keys secret."""
    spec = scenario.inference
    alone = spec.models.values()
    beside = (spec.env_file, *(one.adapter for one in alone), *(str(one.model) for one in alone))
    return any(name is not None and (source / name).exists() for name in beside)


def scenario_unchanged(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether the scenario in a run folder is, byte for byte, the one that the run began with."""
    return hashlib.sha256((folder / SCENARIO_NAME).read_bytes()).hexdigest() == str(manifest["scenario_sha256"])


def check_same_scenario(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Make sure that a run asks what it asked when it began.

    Raises:
        RecordError: its scenario was changed, or this version words prompts otherwise.
    """
    if not scenario_unchanged(folder, manifest):
        raise RecordError(changed_scenario(folder))
    if manifest["prompts_version"] != PROMPTS_VERSION:
        raise RecordError(
            f"{folder}: the run began with prompts of version {manifest['prompts_version']}, this socsim has version "
            f"{PROMPTS_VERSION}. Go on with it with socsim {manifest.get('socsim')}; or start a new run."
        )


def changed_scenario(folder: Path) -> str:
    """What to say where it is not."""
    return (
        f"{folder / SCENARIO_NAME} is no longer the scenario that this run began with. "
        "Put the old text back; or start a new run with the new one: socsim run"
    )


def now() -> str:
    """The time as manifests have it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _clear(folder: Path) -> None:
    """Mark the folder as being made and remove what an earlier process had begun there."""
    (folder / UNFINISHED_NAME).write_text(
        "socsim was making this run; nothing was asked yet. Start it again.\n", encoding="utf-8"
    )
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in {*LOCK_FILES, UNFINISHED_NAME}:
            path.unlink()


def _copy_inputs(inputs: Path, source: Path | None, names: Iterable[str]) -> None:
    inputs.mkdir()
    for name in names:
        if source is None:
            raise ScenarioError(f"{name!r} is relative to a scenario's folder, and this scenario was not read from a file")
        target = inputs / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target)
