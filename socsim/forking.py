"""Asking again what failed: a new run beside an old one, which stays as it is.

The new run is executed from its start and takes every reply from the old run's record, except failures. So all goes as it
went until the first event that had a failed call; from there on whatever asks something new is asked of the engine, and
what still asks the same is not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from socsim.conducting import CarryingOut, carry_on
from socsim.errors import RecordError, ReplayMismatch
from socsim.events import RunProgress
from socsim.inference.manner import manner_recorded
from socsim.inference.types import Engine
from socsim.interactions import Interaction
from socsim.laying_out import INPUTS, check_same_scenario, claim_beside, claim_folder, lay_out
from socsim.record.caching import CACHE_FACT, open_cache
from socsim.record.lock import RunLock
from socsim.record.manifest import read_manifest
from socsim.record.store import RecordStore
from socsim.run_folder import RECORD_NAME, SCENARIO_NAME, Run
from socsim.runner import build_worlds, engine_for, open_scenario, told_how_to_go_on, with_budget
from socsim.scenario import load_scenario
from socsim.world import World, world_rows

__all__ = ["Affected", "affected_events", "fork"]


@dataclass(frozen=True, slots=True)
class Affected:
    """The first event of a world that had a failed call."""

    arm: str
    replicate: int
    step: int
    phase: str
    agent: int
    call: str
    """Path of the call inside the event."""
    failure: str
    """Its kind."""

    @property
    def text(self) -> str:
        """In words."""
        where = f"arm {self.arm}, replicate {self.replicate}, step {self.step} ({self.phase}), agent {self.agent}"
        return f"{where}: call {self.call} failed ({self.failure})"


def affected_events(store: RecordStore) -> list[Affected]:
    """The first event with a failed call of every world that has one, the earliest step first."""
    rows = store.query("SELECT digest, draw, failure FROM calls WHERE failure IS NOT NULL")
    failed = {(digest.hex(), draw): orjson.loads(failure)[0] for digest, draw, failure in rows}
    first: dict[tuple[str, int], Affected] = {}
    for event in store.each_event() if failed else ():
        for path, digest, draw in event.calls:
            if (digest, draw) in failed:
                place = (event.arm, event.replicate, event.step, event.phase, event.agent)
                found = Affected(*place, path, failed[digest, draw])
                known = first.setdefault(place[:2], found)
                if (event.step, event.agent) < (known.step, known.agent):
                    first[place[:2]] = found
    return sorted(first.values(), key=lambda one: (one.step, one.arm, one.replicate))


def fork(
    path: Path | str,
    how: CarryingOut | None = None,
    *,
    out: Path | str | None = None,
    engine: Engine | None = None,
    progress: RunProgress | None = None,
    interactions: Mapping[str, type[Interaction]] | None = None,
    budget: Mapping[str, float] | None = None,
) -> Run:
    """Make a new run in which the failed calls of another one are asked again.

    Args:
        path: the run folder; it is only read.
        how: how it is carried out, with the class that the run was made with.
        out: the new run folder; the old name with ``-retry-1``, ``-retry-2`` … where not given.
        engine: an engine to use instead of the one that the scenario names; stays open.
        progress: whoever wants to see the run go on.
        interactions: those that the run was made with.
        budget: caps instead of the scenario's; what is taken from the old run is free.

    Raises:
        RecordError: no call failed; another process works on the run; or the scenario, the people or the model are not those
            that it was made with.
    """
    folder = Path(path)
    read_manifest(folder)
    with _unchanging(folder), closing(RecordStore.open(folder / RECORD_NAME, read_only=True)) as old:
        manifest = read_manifest(folder)
        check_same_scenario(folder, manifest)
        origin = _origin(folder, manifest, old)
        prepared = open_scenario(load_scenario(folder / SCENARIO_NAME, data_folder=folder / INPUTS))
        beside = Path(manifest["model_folder"]) if manifest.get("model_folder") else folder / INPUTS
        scenario = with_budget(prepared.scenario, budget)
        with engine_for(scenario, beside, engine) as ready:
            open_cache(folder, ready.identity).close()
            manner = manner_recorded(manifest)
            worlds = build_worlds(scenario, folder / INPUTS, manner, interactions)
            _check_people(old, worlds)
            new = claim_folder(Path(out), "", 0) if out is not None else claim_beside(folder, "retry")
            with told_how_to_go_on(new), RunLock(new):
                facts = {CACHE_FACT: str(folder.resolve()), "origin": origin}
                facts |= {name: manifest[name] for name in ("model_folder",) if name in manifest}
                lay_out(new, scenario, folder / INPUTS, ready.identity, manner, facts)
                return carry_on(new, worlds, ready, progress, how or CarryingOut(), fresh=True)


def _origin(folder: Path, manifest: dict[str, Any], old: RecordStore) -> dict[str, Any]:
    """What the manifest of the new run says of the old one."""
    failures = old.totals()["failures"]
    if not failures:
        advice = "" if manifest["status"] == "complete" else f" To go on with it: socsim resume {folder}"
        raise RecordError(f"{folder}: no call of this run failed, so there is nothing to ask again.{advice}")
    affected = affected_events(old)
    return {
        "run": str(folder.resolve()),
        "why": "retry_failures",
        "started": manifest["started"],
        "failed_calls": failures,
        "first_affected": [asdict(one) for one in affected],
    }


def _check_people(old: RecordStore, worlds: tuple[World, ...]) -> None:
    for world in worlds:
        try:
            old.verify_rows(list(world_rows(world)))
        except ReplayMismatch as mismatch:
            raise ReplayMismatch(
                f"the people or ties built now are not those of the old run: {mismatch} "
                "Use the socsim version and the packages that its manifest.json names."
            ) from mismatch


@contextmanager
def _unchanging(folder: Path) -> Iterator[None]:
    """Nobody changes the folder meanwhile; one that cannot be written to needs no lock."""
    if not os.access(folder, os.W_OK):
        yield
        return
    with RunLock(folder):
        yield
