"""Interviews: a question to one agent of a running or finished world, which leaves no trace in it.

The world is re-executed against its record up to the agent's turn; then the agent, who remembers and sees what it did then,
is asked something else by the model. The record is only read; the interview's calls are kept nowhere.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from socsim.activation import Turn
from socsim.agent import SocialAgent
from socsim.carrying import ProgressMeter, carry_out
from socsim.errors import RecordError
from socsim.event import Event
from socsim.inference.manner import manner_recorded
from socsim.inference.types import Engine
from socsim.interactions import Interaction
from socsim.items import ItemFailure, Response
from socsim.laying_out import INPUTS
from socsim.model import SocialModel
from socsim.record.manifest import read_manifest
from socsim.record.store import RecordStore
from socsim.run_folder import RECORD_NAME, SCENARIO_NAME
from socsim.runner import build_worlds, engine_for, open_scenario
from socsim.scenario import load_scenario
from socsim.scenario.asking import ItemSpec, ReadoutSpec
from socsim.scenario.engines import InferenceSpec
from socsim.session import Session
from socsim.world import World

__all__ = ["interview"]

QUESTION = "interview"


def interview(
    path: Path | str,
    *,
    agent: int,
    step: int,
    question: str = "",
    options: Sequence[str] = (),
    item: str | None = None,
    arm: str | None = None,
    replicate: int = 0,
    engine: Engine | None = None,
    agent_class: type[SocialAgent] = SocialAgent,
    interactions: Mapping[str, type[Interaction]] | None = None,
) -> Response | ItemFailure:
    """Ask an agent something at its (first) turn of a step, without touching the run.

    Args:
        path: the run folder; the run may still be going on, beyond the step.
        agent: number of the agent.
        step: number of the step at which it acted.
        question: what is asked; in the agent's own words unless ``options`` are given.
        options: options to choose from.
        item: an item of the scenario to ask instead, by its own readout.
        arm: name of the arm; the first where not given.
        replicate: number of the replicate.
        engine: an engine to use instead of the one that the scenario names; stays open.
        agent_class: the class that the run was made with.
        interactions: those that the run was made with.

    Raises:
        RecordError: there is no such world, item or turn, or the record does not reach as far.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    scenario = open_scenario(load_scenario(folder / SCENARIO_NAME, data_folder=folder / INPUTS)).scenario
    worlds = build_worlds(scenario, folder / INPUTS, manner_recorded(manifest), interactions)
    world = _chosen(worlds, folder, arm, replicate)
    if not 0 <= step < len(world.steps):
        raise RecordError(f"{folder}: there is no step {step}. Steps are 0 to {len(world.steps) - 1}.")
    beside = Path(manifest["model_folder"]) if manifest.get("model_folder") else folder / INPUTS
    with (
        Session(RecordStore.open(folder / RECORD_NAME, read_only=True), None, InferenceSpec()) as past,
        engine_for(scenario, beside, engine) as ready,
        tempfile.TemporaryDirectory(prefix="socsim-") as place,
        closing(RecordStore.create(Path(place) / "record.sqlite", {"name": "interview"})) as store,
        Session(store, ready, scenario.inference) as session,
    ):
        model, turn = _as_it_was(world, worlds, past, folder, agent, step, agent_class)
        event = past.loop.run(model.event_of(turn, session.client))
        if item is not None and item not in world.wording.items:
            raise RecordError(f"{folder}: there is no item {item!r}. Items: {', '.join(world.wording.items) or 'none'}.")
        return session.loop.run(_asked(event, question, options, item))


async def _asked(event: Event, question: str, options: Sequence[str], item: str | None) -> Response | ItemFailure:
    event.script = None  # whoever follows a script is asked what the model would say
    if item is not None:
        return await event.ask(item)
    if options:
        return await event.choose(QUESTION, ItemSpec(type="nominal", text=question, options=tuple(options)))
    return await event.choose(QUESTION, ItemSpec(type="text", text=question, readout=ReadoutSpec(method="text")))


def _chosen(worlds: Sequence[World], folder: Path, arm: str | None, replicate: int) -> World:
    name = arm if arm is not None else worlds[0].arm.name
    for world in worlds:
        if (world.arm.name, world.replicate) == (name, replicate):
            return world
    known = ", ".join(dict.fromkeys(world.arm.name for world in worlds))
    raise RecordError(f"{folder}: there is no world of arm {name!r}, replicate {replicate}. Arms: {known}.")


def _as_it_was(
    world: World, worlds: Sequence[World], past: Session, folder: Path, agent: int, step: int, agent_class: type[SocialAgent]
) -> tuple[SocialModel, Turn]:
    """The world just before a step has been recorded as finished, and the agent's turn in it."""
    key = (world.arm.name, world.replicate)
    needed = list(worlds) if world.arm.control == "yoked" else [world]
    ends = {key: step + 1}
    models = carry_out(
        needed,
        past,
        lambda _: None,
        ProgressMeter(needed, past, None),
        agent_class=agent_class,
        folder=folder / INPUTS,
        ends=ends,
        execution="sequential",
    )
    model = models[key]
    turns = [turn for turn in model.stages[step].turns if turn.agent == agent and not turn.part.silent]
    if not turns:
        raise RecordError(f"{folder}: agent {agent} does not act at step {step}.")
    return model, turns[0]
