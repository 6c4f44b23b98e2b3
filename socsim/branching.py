"""Branches: a run as it was up to a step, and otherwise from then on, beside the run that it leaves.

The branch re-executes the run against its record, so nothing before the step is asked again; then phases are as the patch says.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from socsim.agent import SocialAgent
from socsim.conducting import CarryingOut, carry_on
from socsim.errors import Problem, RecordError, ScenarioError
from socsim.events import RunProgress
from socsim.inference.manner import manner_recorded
from socsim.inference.types import Engine
from socsim.interactions import Interaction
from socsim.laying_out import INPUTS, check_same_scenario, claim_beside, claim_folder, lay_out
from socsim.record.caching import CACHE_FACT, open_cache
from socsim.record.lock import RunLock
from socsim.record.manifest import read_manifest
from socsim.record.store import RecordStore
from socsim.run_folder import ENDED, RECORD_NAME, SCENARIO_NAME, Run
from socsim.runner import build_worlds, engine_for, open_scenario, told_how_to_go_on
from socsim.scenario import Scenario, load_scenario, patched
from socsim.scenario.dumping import dump_scenario
from socsim.scenario.worlds import ArmSpec, BranchSpec

__all__ = ["BranchComparison", "branch", "compare_branches", "read_patch"]

_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class BranchComparison:
    """Two branches side by side.

    Attributes:
        at: the first step that may be otherwise.
        same_before: whether every event before it is the same in both.
        means: one row per arm, item and step from ``at`` on: mean answers in both, and their difference.
    """

    at: int
    same_before: bool
    means: pd.DataFrame


def read_patch(path: Path | str) -> dict[str, Any]:
    """The phases that a patch file changes: a mapping with the one key ``phases``.

    Raises:
        ScenarioError: the file cannot be read, or says something else.
    """
    place = Path(path)
    try:
        if place.stat().st_size > _MOST_BYTES:
            raise ScenarioError(Problem("is larger than a megabyte", file=str(place)))
        content = YAML(typ="safe", pure=True).load(place.read_text(encoding="utf-8"))
    except (OSError, YAMLError, UnicodeDecodeError) as error:
        raise ScenarioError(Problem(f"cannot be read: {error}", file=str(place))) from error
    if not isinstance(content, dict) or set(content) != {"phases"} or not isinstance(content["phases"], dict):
        fix = "Write phases: {NAME: {…}}, with what is otherwise in each"
        raise ScenarioError(Problem("a patch holds `phases` and nothing else", file=str(place), fix=fix))
    return dict(content["phases"])


def branch(
    path: Path | str,
    *,
    at: int,
    phases: Mapping[str, Any],
    out: Path | str | None = None,
    engine: Engine | None = None,
    progress: RunProgress | None = None,
    report: bool = False,
    agent_class: type[SocialAgent] = SocialAgent,
    interactions: Mapping[str, type[Interaction]] | None = None,
) -> Run:
    """Make a run that leaves another one at a step.

    Args:
        path: the run folder; it is only read, and must have ended.
        at: the first step that is otherwise.
        phases: what is otherwise, by phase name, as in an arm's patch.
        out: the new run folder; the old name with ``-branch-1`` … where not given.
        engine: an engine to use instead of the one that the scenario names; stays open.
        progress: whoever wants to see it go on.
        report: also write ``report.html``.
        agent_class: the class that the run was made with.
        interactions: those that the run was made with.

    Raises:
        ScenarioError: the changed phases are not valid, or there is no such step.
        RecordError: the run has not ended, or the model is not the one that it was made with.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    if manifest["status"] not in ENDED:
        raise RecordError(f"{folder} has not ended (status {manifest['status']}). Go on with it first: socsim resume {folder}")
    check_same_scenario(folder, manifest)
    original = open_scenario(load_scenario(folder / SCENARIO_NAME, data_folder=folder / INPUTS)).scenario
    scenario = _branched(original, BranchSpec(at=at, phases=dict(phases)), folder / INPUTS)
    beside = Path(manifest["model_folder"]) if manifest.get("model_folder") else folder / INPUTS
    with engine_for(scenario, beside, engine) as ready:
        open_cache(folder, ready.identity).close()
        manner = manner_recorded(manifest)
        worlds = build_worlds(scenario, folder / INPUTS, manner, interactions)
        steps = max(len(world.steps) for world in worlds)
        if at >= steps:
            raise ScenarioError(Problem(f"there is no step {at}", "branch.at", fix=f"Steps are 0 to {steps - 1}"))
        new = claim_folder(Path(out), "", 0) if out is not None else claim_beside(folder, "branch")
        with told_how_to_go_on(new), RunLock(new):
            facts: dict[str, Any] = {CACHE_FACT: str(folder.resolve())}
            facts["origin"] = {"run": str(folder.resolve()), "why": "branch", "at": at, "started": manifest["started"]}
            facts |= {name: manifest[name] for name in ("model_folder",) if name in manifest}
            lay_out(new, scenario, folder / INPUTS, ready.identity, manner, facts)
            return carry_on(new, worlds, ready, progress, CarryingOut(agent_class, report=report), fresh=True)


def _branched(original: Scenario, spec: BranchSpec, inputs: Path) -> Scenario:
    """The scenario with the branch in it, once the changed phases have been checked like those of a file."""
    if original.branch is not None:
        raise ScenarioError(Problem("this run is a branch itself", "branch", fix="Branch from the run that it leaves"))
    try:
        changed = patched(original, ArmSpec(name="branch", patch={"phases": spec.phases}))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ScenarioError(Problem(str(first["msg"]), f"branch.phases: {place}")) from error
    with tempfile.TemporaryDirectory(prefix="socsim-") as place:
        file = Path(place) / "branch.yaml"
        file.write_text(dump_scenario(changed), encoding="utf-8")
        open_scenario(load_scenario(file, data_folder=inputs))
    return original.model_copy(update={"branch": spec})


def compare_branches(first: Run, second: Run, at: int) -> BranchComparison:
    """Hold two branches against each other.

    Args:
        first: the run that was left.
        second: the branch.
        at: the step at which it leaves.
    """
    same = _events_before(first, at) == _events_before(second, at)
    tables = {}
    for name, run in (("run", first), ("branch", second)):
        frame = run.responses
        answered = frame[(frame["status"] == "answered") & (frame["step"] >= at)].copy()
        answered["answer"] = answered["expected"].fillna(answered["value"])
        tables[name] = answered.groupby(["arm", "item", "step"])["answer"].mean()
    means = pd.DataFrame(tables).dropna(how="all").reset_index()
    means["difference"] = means["branch"] - means["run"]
    return BranchComparison(at, same, means)


def _events_before(run: Run, at: int) -> set[tuple[Any, ...]]:
    with closing(RecordStore.open(run.path / RECORD_NAME, read_only=True)) as store:
        return {
            (one.arm, one.replicate, one.step, one.agent, one.turn, one.observed, one.did)
            for one in store.each_event()
            if one.step < at
        }
