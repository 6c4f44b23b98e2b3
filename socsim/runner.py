"""Running a scenario: from a file to a run folder.

A run folder holds everything: the scenario as resolved, copies of the files it names, the record of every call, tidy tables
and a manifest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from socsim.agent import SocialAgent
from socsim.carrying import Carrier, carry_out
from socsim.clusters.planning import OnRay, place_named
from socsim.conducting import CarryingOut, carry_on, check_findings
from socsim.errors import NotYetAvailable, Problem, RecordError, ScenarioError
from socsim.events import RunProgress
from socsim.forecasting import count_run, forecast_of
from socsim.inference.factory import make_engine
from socsim.inference.manner import Manner, manner_of
from socsim.inference.spending import check_budget
from socsim.inference.types import Engine
from socsim.interactions import Interaction
from socsim.laying_out import INPUTS, check_empty, claim_folder, lay_out
from socsim.model import Execution
from socsim.readouts.checking import check_capabilities
from socsim.record.caching import CACHE_FACT, cache_of, record_file
from socsim.record.lock import RunLock
from socsim.record.manifest import MANIFEST_NAME, read_manifest, write_manifest
from socsim.run_folder import Run
from socsim.scenario import LoadedScenario, Scenario, load_scenario, not_yet_available
from socsim.scenario.engines import BudgetSpec
from socsim.scenario.sweeping import unfolded
from socsim.staging import count_turns
from socsim.world import World, build_world

__all__ = [
    "RunInterrupted",
    "build_worlds",
    "engine_for",
    "open_scenario",
    "place_for",
    "run",
    "told_how_to_go_on",
    "with_budget",
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
        prepared = Prepared(unfolded(scenario), None)
    with prepared.placing():
        check_budget(prepared.scenario.inference)
        check_findings(prepared.scenario)
        missing = not_yet_available(prepared.scenario)
        if missing:
            raise NotYetAvailable(missing)
    return prepared


def build_worlds(
    scenario: Scenario, folder: Path | None, manner: Manner, customs: Mapping[str, type[Interaction]] | None = None
) -> tuple[World, ...]:
    """Every arm of every replicate, ready to be stepped."""
    return tuple(
        build_world(scenario, arm, replicate, folder, manner, customs)
        for replicate in range(scenario.replicates)
        for arm in scenario.arms
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
    interactions: Mapping[str, type[Interaction]] | None = None,
    reuse: Run | Path | str | None = None,
    execution: Execution = "dependencies",
    checked: bool = False,
    on: str | OnRay | None = None,
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
        interactions: own ways of meeting by the name that phases give: ``interaction: {kind: custom, name: …}``.
        reuse: another run (or a merged record) of the same model, whose answers are taken wherever the same is asked.
        execution: in which order turns are taken; ``dependencies`` is the fastest, and the result is the same for all.
        checked: hold every read and write of an interaction against what it declares.
        on: where to, if not in this process: ``ray``, ``ray://HOST:10001`` or a `socsim.clusters.planning.OnRay`.

    Returns:
        The finished run; ``run.status`` is "complete", or "incomplete" if too many replies were no answers.

    Raises:
        ScenarioError: before any model call, with every problem.
        RunInterrupted: stopped by the user; a KeyboardInterrupt that names the folder. `socsim.resume` goes on.
        RecordError: the run folder cannot be made or written, or another model answered in the run to be reused.
        ClusterError: the run cannot be carried out where ``on`` says.
    """
    prepared = open_scenario(scenario)
    spec = _overridden(prepared.scenario, seed, model)
    with prepared.placing():
        facts = _reusing(spec, reuse)
    if out is not None:
        check_empty(Path(out))
    with place_for(spec, prepared.folder, engine, on) as place, cache_of(facts, place.engine.identity):
        ready, manner = place.engine, manner_of(place.engine.capabilities())
        with prepared.placing():
            check_capabilities(spec, ready.capabilities(), ready.identity.engine)
            worlds = build_worlds(spec, prepared.folder, manner, interactions)
        folder = claim_folder(Path(out) if out is not None else None, spec.name, spec.seed)
        with told_how_to_go_on(folder), RunLock(folder):
            lay_out(folder, spec, prepared.folder, ready.identity, manner, {**facts, **place.facts})
            if agent_class is SocialAgent:  # what others do when they act is not done twice for a count
                _note_forecast(folder, spec, worlds, ready)
            how = CarryingOut(agent_class, execution, checked, report, place.carrier)
            return carry_on(folder, worlds, ready, progress, how, fresh=True)


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


def with_budget(scenario: Scenario, budget: Mapping[str, float] | None) -> Scenario:
    """The scenario with other caps; those that are not given stay as they are."""
    if not budget:
        return scenario
    try:
        caps = BudgetSpec.model_validate({**scenario.inference.budget.model_dump(exclude_none=True), **budget})
    except ValidationError as error:
        first = error.errors()[0]
        raise ScenarioError(
            Problem(str(first["msg"]), "inference.budget." + ".".join(str(part) for part in first["loc"]))
        ) from error
    changed = scenario.inference.model_copy(update={"budget": caps})
    return scenario.model_copy(update={"inference": changed})


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


@dataclass(frozen=True)
class Place:
    """Where worlds are carried out: who answers there, who steps them, and what the manifest says of it."""

    engine: Engine
    carrier: Carrier = carry_out
    facts: Mapping[str, Any] = field(default_factory=dict)


@contextmanager
def place_for(scenario: Scenario, folder: Path | None, engine: Engine | None, on: str | OnRay | None) -> Iterator[Place]:
    """This process, or the cluster that ``on`` names, with the engine that is given or that the scenario names.

    Raises:
        ClusterError: there is no such place, or it has no room.
    """
    if on is None:
        with engine_for(scenario, folder, engine) as ready:
            yield Place(ready)
        return
    from socsim.clusters.on_ray import on_ray

    with on_ray(place_named(on), scenario, folder, engine) as cluster:
        yield Place(cluster.engine, cluster.carry_out, cluster.facts)


def _note_forecast(folder: Path, spec: Scenario, worlds: tuple[World, ...], engine: Engine) -> None:
    """Write down what the run is expected to take, where counting it is quick; a scripted engine takes nothing."""
    events = sum(count_turns(world) for world in worlds)
    if events > _MOST_FORECAST or engine.identity.engine == "scripted":
        return
    expected = forecast_of(spec.inference, count_run(spec.inference, worlds, engine, folder / INPUTS))
    write_manifest(folder, read_manifest(folder) | {"forecast": expected.as_dict()})
