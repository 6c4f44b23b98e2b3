"""What one task does: carry out a bundle of worlds on whatever node it is, and give back what they came to.

Worlds are built anew from the scenario and its seed, so a task that is started again on another node does the same again.
"""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from socsim.agent import SocialAgent
from socsim.carrying import ProgressMeter, WorldKey, carry_out
from socsim.clusters.door import DoorClient, FarEngine
from socsim.errors import ClusterError, RunStopped
from socsim.events import ProgressSnapshot, ResultRow
from socsim.inference.manner import Manner
from socsim.inference.types import Capabilities, EngineIdentity
from socsim.interactions import Interaction
from socsim.model import AnswersStopped, Execution
from socsim.provenance import package_version
from socsim.record.store import RecordStore
from socsim.scenario import Scenario
from socsim.scenario.engines import InferenceSpec
from socsim.session import Session
from socsim.world import build_world

__all__ = ["Carried", "Job", "carry_out_bundle", "packed", "version"]


@dataclass(frozen=True, slots=True)
class Job:
    """What all tasks of a run have in common."""

    version: str
    spec: Scenario
    manner: Manner
    inputs: bytes
    """The files that the scenario names, see `packed`."""
    identity: EngineIdentity
    able: Capabilities
    parallel: int
    customs: Mapping[str, type[Interaction]]
    agent_class: type[SocialAgent]
    execution: Execution
    checked: bool


@dataclass(frozen=True, slots=True)
class Carried:
    """What came of a bundle of worlds: rows by finished step, and how it ended."""

    rows: list[Sequence[ResultRow]]
    end: Literal["finished", "answers", "cap"]
    """``answers``: a failed answer stopped it, ``cap``: a cap on the run did; ``reason`` says more."""
    reason: str
    critical_path_s: float


class _Telling:
    """Tells the door how far a bundle is; a `socsim.events.RunProgress`."""

    def __init__(self, door: Any, number: int) -> None:
        self._door = door
        self._number = number

    def start(self, title: str, events_total: int) -> None:
        """Nothing to say yet."""

    def update(self, snapshot: ProgressSnapshot) -> None:
        """So far."""
        self._door.tell.remote(self._number, snapshot.events_done, snapshot.step)

    def note(self, message: str) -> None:
        """What there is to note, whoever started the run has noted."""

    def finish(self, snapshot: ProgressSnapshot) -> None:
        """All of it."""
        self.update(snapshot)


def carry_out_bundle(job: Job, keys: Sequence[WorldKey], number: int, door: Any) -> Carried:
    """Carry out some worlds to their end.

    Args:
        job: what is to be done.
        keys: arm and replicate of the worlds.
        number: of this bundle, for the door.
        door: the actor through which calls go.

    Raises:
        ClusterError: this node has another version of socsim.
    """
    if version() != job.version:
        raise ClusterError(
            f"a node has socsim {version()}, the run was started with {job.version}. Install the same on all nodes"
        )
    arms = {arm.name: arm for arm in job.spec.arms}
    rows: list[Sequence[ResultRow]] = []
    end: Literal["finished", "answers", "cap"] = "finished"
    reason = ""
    with tempfile.TemporaryDirectory(prefix="socsim-world-") as name:
        inputs = _unpacked(job.inputs, Path(name) / "inputs")
        worlds = [build_world(job.spec, arms[arm], replicate, inputs, job.manner, job.customs) for arm, replicate in keys]
        engine = FarEngine(job.identity, job.able)
        with Session(RecordStore.create(Path(name) / "record.sqlite", {}), engine, InferenceSpec()) as session:
            session.client = DoorClient(door, engine, session.store, job.parallel)
            meter = ProgressMeter(worlds, session, _Telling(door, number))
            try:
                carry_out(
                    worlds,
                    session,
                    rows.append,
                    meter,
                    agent_class=job.agent_class,
                    folder=inputs,
                    execution=job.execution,
                    checked=job.checked,
                )
            except AnswersStopped as stopped:
                end, reason = "answers", str(stopped)
            except RunStopped as stopped:
                end, reason = "cap", str(stopped)
            meter.finish()
            return Carried(rows, end, reason, session.clock.timing(1, 0.0).critical_path_s)


def version() -> str:
    """The version of socsim that is installed here."""
    return package_version("socsim-llm") or "of a checkout"


def packed(folder: Path) -> bytes:
    """All files of a folder as one archive, so that nodes need share no file system."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        archive.add(folder, arcname=".")
    return data.getvalue()


def _unpacked(data: bytes, folder: Path) -> Path:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        archive.extractall(folder, filter="data")
    return folder
