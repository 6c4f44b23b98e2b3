"""One world to step by hand, for scripts, notebooks and Mesa's own tools."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from socsim.agent import SocialAgent
from socsim.errors import ScenarioError
from socsim.inference.factory import make_engine
from socsim.inference.manner import manner_of
from socsim.inference.types import Engine
from socsim.model import SocialModel
from socsim.readouts.checking import check_capabilities
from socsim.record.store import RecordStore
from socsim.runner import open_scenario
from socsim.scenario import LoadedScenario, Scenario
from socsim.session import Session
from socsim.world import build_world

__all__ = ["open_world"]

M = TypeVar("M", bound=SocialModel)


@contextmanager
def open_world(
    scenario: Scenario | LoadedScenario | str | Path,
    *,
    arm: str | None = None,
    replicate: int = 0,
    engine: Engine | None = None,
    agent_class: type[SocialAgent] = SocialAgent,
    model_class: type[M] = SocialModel,
) -> Iterator[M]:
    """One world as a Mesa model, stepped by the caller; its record is kept in a temporary folder and thrown away.

    A ``model_class`` of one's own may override ``step`` and schedule in it whatever Mesa can: ``super().step()`` carries out the
    next step of the scenario's schedule, and ``self.agents.shuffle_do(…)``, ``select``, ``groupby`` and agents of other classes
    work beside it. What these do is not in the record.

    Use `socsim.run` for anything that should be kept.

    Example:
        with open_world("scenarios/neighbourhood_debate.yaml", engine=ScriptedEngine()) as world:
            collector = mesa.DataCollector(agent_reporters={"opinion": lambda a: a.opinion("services")})
            while world.running:
                world.step()
                collector.collect(world)

    Raises:
        ScenarioError: the scenario is not valid or has no such arm, or the arm needs other worlds (yoked).
    """
    prepared = open_scenario(scenario)
    spec = prepared.scenario
    arms = {one.name: one for one in spec.arms}
    if arm is not None and arm not in arms:
        raise ScenarioError(f"there is no arm {arm!r}. Arms: {', '.join(arms)}")
    chosen = arms[arm] if arm is not None else spec.arms[0]
    if chosen.control == "yoked":
        raise ScenarioError(f"arm {chosen.name!r} shows messages of another world, so it cannot be opened alone. Use run")
    own = engine is None
    ready = engine if engine is not None else make_engine(spec.inference, prepared.folder)
    try:
        check_capabilities(spec, ready.capabilities(), ready.identity.engine)
        world = build_world(spec, chosen, replicate, prepared.folder, manner_of(ready.capabilities()))
        with tempfile.TemporaryDirectory(prefix="socsim-") as folder:
            store = RecordStore.create(Path(folder) / "record.sqlite", {"name": spec.name})
            with Session(store, ready, spec.inference) as session:
                model = model_class(world, session.client, session.loop, None, agent_class)
                model.keeps_all = True  # whoever steps by hand may look back as far as they like
                yield model
    finally:
        if own:
            ready.close()
