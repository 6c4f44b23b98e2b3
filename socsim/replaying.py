"""Replay: re-execute a run from its record alone, and verify that it sees and does what was recorded.

No engine, key or network is needed. Every observation is rebuilt, every prompt rendered, every answer parsed again; the
hashes must agree event by event, and the tables by content. The first event that differs is named.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from socsim.agent import SocialAgent
from socsim.carrying import ProgressMeter, WorldKey, carry_out
from socsim.conducting import CarryingOut
from socsim.errors import RecordError, ReplayMismatch
from socsim.events import EventRow, ResultRow, RunProgress
from socsim.inference.manner import manner_recorded
from socsim.interactions import Interaction
from socsim.laying_out import INPUTS, changed_scenario, scenario_unchanged
from socsim.model import Execution
from socsim.record.manifest import read_manifest
from socsim.record.store import RecordStore
from socsim.run_folder import ENDED, RECORD_NAME, SCENARIO_NAME, Run
from socsim.runner import build_worlds, open_scenario
from socsim.scenario import Scenario, load_scenario
from socsim.scenario.engines import InferenceSpec
from socsim.session import Session
from socsim.world import World, world_rows

__all__ = ["ReplayReport", "replay", "scenario_differences"]

EventPlace = tuple[str, int, int, int, int]
"""Arm, replicate, step, agent, turn."""


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay found. ``verified`` means: every event and every table row is as recorded."""

    verified: bool
    events: int
    differences: tuple[str, ...]
    elapsed_s: float

    @property
    def agent_steps_per_s(self) -> float:
        """Events re-executed per second, without building the worlds."""
        return self.events / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def text(self) -> str:
        """The findings in words."""
        if self.verified:
            return f"verified: {self.events} events replayed as recorded ({self.agent_steps_per_s:,.0f} agent-steps/s)"
        return "\n".join(("not verified:", *(f"- {difference}" for difference in self.differences)))


@dataclass(slots=True)
class Verifier:
    """Compares re-executed events with the recorded ones, in the order of the schedule."""

    recorded: dict[EventPlace, EventRow]
    events: int = 0
    different: list[tuple[tuple[int, str, int, int, int], str]] = field(default_factory=list)

    def __call__(self, rows: Sequence[ResultRow]) -> None:
        for row in rows:
            if isinstance(row, EventRow):
                self.events += 1
                self._compare(row)

    def _compare(self, row: EventRow) -> None:
        known = self.recorded.get((row.arm, row.replicate, row.step, row.agent, row.turn))
        if known == row:
            return
        place = f"arm {row.arm}, replicate {row.replicate}, step {row.step} ({row.phase}), agent {row.agent}"
        place += f", turn {row.turn}" if row.turn else ""
        self.different.append(((row.step, row.arm, row.replicate, row.agent, row.turn), f"{place}: {_difference(known, row)}"))

    def first(self) -> str | None:
        """The first event that differs, in the order step, arm, replicate, agent, turn."""
        return min(self.different)[1] if self.different else None


def _difference(known: EventRow | None, now: EventRow) -> str:
    if known is None:
        return "is not in the record"
    if known.phase != now.phase:
        return f"the record has phase {known.phase!r}"
    recorded, made = sorted(known.calls), sorted(now.calls)
    for old, new in zip(recorded, made, strict=False):
        if old != new:
            return f"call {new[0]} asks something else than was recorded (recorded request {old[1]} for {old[0]}, now {new[1]})"
    if len(recorded) != len(made):
        return f"makes {len(made)} calls, the record has {len(recorded)}"
    if known.observed != now.observed:
        return "saw something else than was recorded, although its calls are the same"
    return "its answers were read otherwise than recorded, although its calls are the same"


def replay(
    path: Path | str,
    *,
    with_scenario: Path | str | None = None,
    progress: RunProgress | None = None,
    agent_class: type[SocialAgent] = SocialAgent,
    interactions: Mapping[str, type[Interaction]] | None = None,
    execution: Execution = "sequential",
) -> ReplayReport:
    """Re-execute a run from its record.

    Args:
        path: the run folder.
        with_scenario: another scenario file to hold against the record: the report then names every field that differs and
            the first event that would have gone otherwise.
        progress: whoever wants to see it go on.
        agent_class: the class that the run was made with.
        interactions: those that the run was made with.
        execution: in which order turns are taken; one after the other is the fastest where nothing has to be waited for.

    Raises:
        RecordError: the record is damaged, or the run has not ended.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    if manifest["status"] not in ENDED:
        raise RecordError(f"{folder} has not ended (status {manifest['status']}). Go on with it first: socsim resume {folder}")
    original = open_scenario(load_scenario(folder / SCENARIO_NAME, data_folder=folder / INPUTS))
    chosen, data = original.scenario, folder / INPUTS
    differences = [] if scenario_unchanged(folder, manifest) else [changed_scenario(folder)]
    if with_scenario is not None:
        other = open_scenario(Path(with_scenario))
        chosen, data = other.scenario, other.folder or data
        differences += [f"scenario: {line}" for line in scenario_differences(original.scenario, chosen)]
    worlds = build_worlds(chosen, data, manner_recorded(manifest), interactions)
    return _replay(
        folder, worlds, differences, progress, CarryingOut(agent_class, execution), cut_short=manifest["status"] == "incomplete"
    )


def _replay(
    folder: Path,
    worlds: tuple[World, ...],
    differences: list[str],
    progress: RunProgress | None,
    how: CarryingOut,
    *,
    cut_short: bool,
) -> ReplayReport:
    with Session(RecordStore.open(folder / RECORD_NAME, read_only=True), None, InferenceSpec()) as session:
        recorded = {(row.arm, row.replicate, row.step, row.agent, row.turn): row for row in session.store.events()}
        verifier = Verifier(recorded)
        ends = _recorded_steps(worlds, recorded) if cut_short else None
        meter = ProgressMeter(worlds, session, progress)
        meter.begin(f"replay of {folder.name}")
        begun = time.monotonic()
        try:
            with _collector_at_rest():
                carry_out(
                    worlds,
                    session,
                    verifier,
                    meter,
                    agent_class=how.agent_class,
                    folder=folder / INPUTS,
                    ends=ends,
                    execution=how.execution,
                )
        except RecordError as missing:
            differences.append(str(missing))
        finally:
            elapsed = time.monotonic() - begun
            meter.finish()
        differences += _people_differences(session.store, worlds)
    differences += _table_differences(folder)
    first = verifier.first()
    if first is not None:
        more = len(verifier.different) - 1
        differences.append(f"first event that differs: {first}" + (f" ({more} more)" if more else ""))
    if not differences and verifier.events != len(recorded):
        differences.append(f"{verifier.events} events were replayed, the record has {len(recorded)}")
    return ReplayReport(not differences, verifier.events, tuple(differences), elapsed)


def _recorded_steps(worlds: Sequence[World], recorded: Iterable[EventPlace]) -> dict[WorldKey, int]:
    """How many steps of each world were carried out: all, unless a failed answer has stopped the run."""
    ends = {(world.arm.name, world.replicate): 0 for world in worlds}
    for arm, replicate, step, *_ in recorded:
        ends[arm, replicate] = max(ends.get((arm, replicate), 0), step + 1)
    return ends


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """A replay makes many small objects that stay, and next to no cycles: looking for these takes a sixth of its time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _people_differences(store: RecordStore, worlds: tuple[World, ...]) -> list[str]:
    """People and ties as built now against those recorded; idempotent rows make the store itself the judge."""
    found = []
    for world in worlds:
        try:
            store.verify_rows(list(world_rows(world)))
        except ReplayMismatch as mismatch:
            found.append(str(mismatch))
    return found


def _table_differences(folder: Path) -> list[str]:
    """Tables whose content in the record is no longer what it was when the run ended."""
    then = read_manifest(folder)["tables"]
    now = Run(folder).recorded_hashes() if then else {}
    changed = [name for name in (then | now) if now.get(name) != then.get(name)]
    return [f"table {name} is no longer what it was when the run ended" for name in changed]


def scenario_differences(old: Scenario, new: Scenario) -> list[str]:
    """Every field in which two scenarios differ: its path, the old and the new value."""
    return _differences(old.model_dump(mode="json"), new.model_dump(mode="json"), "")


def _differences(old: Any, new: Any, path: str) -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        lines = []
        for key in [*old, *(key for key in new if key not in old)]:
            lines += _differences(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
        return lines
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [line for i, pair in enumerate(zip(old, new, strict=True)) for line in _differences(*pair, f"{path}.{i}")]
    return [] if old == new else [f"{path}: {old!r} → {new!r}"]
