"""Building one world from a scenario: its people, where they stand, whom they read, and its steps.

Every random decision has a stream of its own. People are the same in all replicates unless the population says
``per_world``; graphs, placement and shuffles are drawn anew in each replicate and are the same in all arms that do not
change them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from socsim.activation import PlannedStep, plan_steps
from socsim.event import Wording
from socsim.events import AgentRow, TieRow
from socsim.inference.manner import Manner
from socsim.inference.types import SamplingParams
from socsim.network.standing import stand
from socsim.network.ties import Ties, ties_from_graph
from socsim.population.persona import Persona
from socsim.population.rendering import render_persona
from socsim.population.sampling import sample_population
from socsim.prompts import PromptBook
from socsim.readouts import prepare_item
from socsim.scenario import Scenario, patched
from socsim.scenario.asking import ItemSpec
from socsim.scenario.engines import SamplingSpec
from socsim.scenario.worlds import ArmSpec
from socsim.seeding import replicate_seed, stream

__all__ = ["World", "build_world", "world_rows"]


@dataclass(frozen=True)
class World:
    """One arm of one replicate, ready to be stepped. ``read_by[i]`` are the numbers of the people whom i reads."""

    arm: ArmSpec
    replicate: int
    seed: int
    spec: Scenario
    personas: tuple[Persona, ...]
    persona_texts: tuple[str, ...]
    graph: Any
    node_of_agent: NDArray[np.int64]
    read_by: tuple[tuple[int, ...], ...]
    ties: Ties | None
    steps: tuple[PlannedStep, ...]
    wording: Wording

    @property
    def events_total(self) -> int:
        """Number of times an agent acts in this world."""
        return len(self.steps) * len(self.personas)


def build_world(scenario: Scenario, arm: ArmSpec, replicate: int, folder: Path | None, manner: Manner) -> World:
    """Build a world.

    Args:
        scenario: the whole scenario, resolved.
        arm: which of its arms.
        replicate: which replicate, from 0.
        folder: folder that its data files are relative to.
        manner: how the engine is asked.

    Raises:
        ScenarioError: people or network cannot be built as declared, or a shuffle would change nothing.
    """
    spec = patched(scenario, arm)
    seed = replicate_seed(scenario.seed, replicate)
    people_seed = seed if spec.population.per_world else scenario.seed
    personas = sample_population(spec.population, stream(people_seed, "population"), folder)
    texts = tuple(render_persona(persona, spec.population.persona) for persona in personas)
    graph, node_of_agent = _place(spec, arm, personas, seed, folder)
    ties = ties_from_graph(graph, node_of_agent) if graph is not None else None
    read_by = tuple(tuple(ties.read_by(i).tolist()) if ties else () for i in range(len(personas)))
    items = _items(spec)
    return World(
        arm=arm,
        replicate=replicate,
        seed=seed,
        spec=spec,
        personas=personas,
        persona_texts=texts,
        graph=graph,
        node_of_agent=node_of_agent,
        read_by=read_by,
        ties=ties,
        steps=plan_steps(spec.schedule, items, seed),
        wording=replace(_wording(spec, items, manner), groups=_groups(spec, items, personas, texts)),
    )


def _place(
    spec: Scenario, arm: ArmSpec, personas: tuple[Persona, ...], seed: int, folder: Path | None
) -> tuple[Any, NDArray[np.int64]]:
    if spec.network is None:
        return None, np.arange(len(personas))
    return stand(spec.network, arm.shuffle, personas, seed, folder)


def _items(spec: Scenario) -> dict[str, ItemSpec]:
    if not isinstance(spec.items, dict):
        raise TypeError("items from a table have not been resolved")
    return spec.items


def _sampling(spec: SamplingSpec | None) -> SamplingParams:
    return SamplingParams(**spec.model_dump()) if spec else SamplingParams()


def _groups(spec: Scenario, items: dict[str, ItemSpec], personas: tuple[Persona, ...], texts: tuple[str, ...]) -> tuple[str, ...]:
    """Everybody as a description, where an item is forecast by an expert: nobody is spoken to, so facts are listed."""
    if not any(item.readout.method == "expert" for item in items.values()):
        return ()
    declared = spec.population.persona
    if declared.template is None and declared.renderer in ("second_person", "first_person"):
        return tuple(render_persona(persona, declared.model_copy(update={"renderer": "attributes"})) for persona in personas)
    return texts


def _wording(spec: Scenario, items: dict[str, ItemSpec], manner: Manner) -> Wording:
    book = PromptBook.from_spec(spec.prompts)
    profiles = spec.inference.profiles
    return Wording(
        book=book,
        items={name: prepare_item(name, item, book, manner) for name, item in items.items()},
        manner=manner,
        model=str(spec.inference.model),
        say=replace(_sampling(profiles.get("say"))),
        sample=_sampling(profiles.get("sample")),
        retry=spec.failures.retry,
        repair=spec.failures.repair,
        adapter=spec.inference.adapter or "",
        fresh=spec.inference.fresh,
    )


def world_rows(world: World) -> Iterator[AgentRow | TieRow]:
    """The people and ties of a world as table rows."""
    arm, replicate = world.arm.name, world.replicate
    for number, person in enumerate(world.personas):
        node = int(world.node_of_agent[number])
        label = str(world.graph.nodes[node].get("label", node)) if world.graph is not None else ""
        yield AgentRow(
            arm,
            replicate,
            number,
            label,
            person.source_id,
            person.weight,
            world.persona_texts[number],
            dict(person.facts),
            dict(person.reference),
            world.wording.model,
        )
    if world.ties is not None:
        for reader in range(world.ties.n):
            weights = world.ties.weights_of(reader)
            for author, weight in zip(world.ties.read_by(reader).tolist(), weights.tolist(), strict=True):
                yield TieRow(arm, replicate, author, reader, weight)
