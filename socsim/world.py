"""Building one world from a scenario: its people, where they stand, whom they read, and its steps.

Every random decision has a stream of its own. People are the same in all replicates unless the population says
``per_world``; graphs, placement and shuffles are drawn anew in each replicate and are the same in all arms that do not
change them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from socsim.activation import PlannedStep, plan_steps
from socsim.errors import Problem, ScenarioError
from socsim.event import Wording
from socsim.events import AgentRow, TieRow
from socsim.happenings import Happenings, draw_happenings
from socsim.inference.manner import Manner
from socsim.inference.types import SamplingParams
from socsim.interactions import Interaction, interaction_class, spec_of
from socsim.network.communities import communities
from socsim.network.standing import stand
from socsim.network.ties import Ties, ties_from_graph
from socsim.population.persona import Persona, Value
from socsim.population.raking import largest_remainder
from socsim.population.rendering import render_persona
from socsim.population.sampling import sample_population
from socsim.prompts import PromptBook
from socsim.readouts import prepare_item
from socsim.scenario import Scenario, patched
from socsim.scenario.asking import ItemSpec
from socsim.scenario.engines import SamplingSpec
from socsim.scenario.options_feed import FeedOptions
from socsim.scenario.schedule_checks import phases
from socsim.scenario.tables import Row, read_table
from socsim.scenario.ways_of_meeting import options_of
from socsim.scenario.worlds import ArmSpec
from socsim.seeding import replicate_seed, stream
from socsim.trials import Trial, Trials, in_wording, level_texts, renderers_of

__all__ = ["World", "build_world", "world_rows"]

Timetable = Mapping[int, Sequence[tuple[int, int]]]


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
    trials: Trials
    persona_variants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Everybody in words by renderer, where there are several."""
    wordings: Mapping[tuple[tuple[str, int], ...], Wording] = field(default_factory=dict)
    """The wording by variant, where prompts have several."""
    timetables: Mapping[str, Timetable] = field(default_factory=dict)
    happenings: Happenings = field(default_factory=Happenings)
    tables: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    ties_change: bool = False
    """Whether anything in this world can change ties."""
    customs: Mapping[str, type[Interaction]] = field(default_factory=dict)
    """The caller's own interactions by name."""
    models: tuple[str, ...] = ()
    """What the model is called that answers for each at the start; empty where there is one for all."""
    archetypes: tuple[int, ...] = ()
    """For everybody the first person with the same persona text, as whom it draws its replies; empty where all draw their own."""
    adapters: Mapping[str, str] = field(default_factory=dict)
    """The adapter of each of several models; empty where it has none."""
    _as_model: dict[tuple[tuple[tuple[str, int], ...], str], Wording] = field(default_factory=dict, repr=False, compare=False)

    _numbers: dict[str, NDArray[np.float64]] = field(default_factory=dict, repr=False, compare=False)

    def present(self, step: int) -> Sequence[int]:
        """Agents who take part at a step, ascending; a `range` where that is everybody."""
        return self.happenings.present(len(self.personas), step)

    def tied_to(self, agent: int) -> Sequence[int]:
        """Agents whom an agent reads at the start, ascending."""
        return self.read_by[agent]

    def persona_in(self, agent: int, trial: Trial, step: int) -> str | None:
        """The person who stands at a place at a step, in the words of a trial; None where nothing is otherwise than at first."""
        other = self.happenings.persona_text(agent, step)
        if other is not None or trial.renderer is None:
            return other
        return self.persona_variants[trial.renderer][agent]

    def wording_in(self, trial: Trial, agent: int, step: int) -> Wording:
        """The wording of a trial, for the model that answers for an agent at a step."""
        wording = self.wordings[trial.wording] if trial.wording else self.wording
        if not self.models:
            return wording
        name = self.model_of(agent, step)
        found = self._as_model.get((trial.wording, name))
        if found is None:
            found = self._as_model[trial.wording, name] = replace(wording, model=name, adapter=self.adapters[name])
        return found

    def model_of(self, agent: int, step: int = 0) -> str:
        """What the model is called that answers for an agent at a step."""
        return (self.happenings.model(agent, step) or self.models[agent]) if self.models else self.wording.model

    def fact(self, agent: int, name: str) -> Value:
        """A declared fact of an agent.

        Raises:
            KeyError: people have no fact of this name.
        """
        return self.personas[agent].facts[name]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A declared fact of everybody, shape (agents,); 0 where it is no number."""
        found = self._numbers.get(name)
        if found is None:
            values = (person.facts[name] for person in self.personas)
            found = np.array([float(value) if isinstance(value, int | float) else 0.0 for value in values])
            self._numbers[name] = found
        return found

    def rows(self, table: str) -> Sequence[Row]:
        """The rows of a table that the scenario names.

        Raises:
            KeyError: there is no such table.
        """
        return self.tables[table]

    def scheduled(self, table: str) -> Timetable:
        """For each step of a schedule table, (order, agent) in file order."""
        return self.timetables.get(table, {})


def build_world(
    scenario: Scenario,
    arm: ArmSpec,
    replicate: int,
    folder: Path | None,
    manner: Manner,
    customs: Mapping[str, type[Interaction]] | None = None,
) -> World:
    """Build a world.

    Args:
        scenario: the whole scenario, resolved.
        arm: which of its arms.
        replicate: which replicate, from 0.
        folder: folder that its data files are relative to.
        manner: how the engine is asked.
        customs: the caller's own interactions by name.

    Raises:
        ScenarioError: people or network cannot be built as declared, or a shuffle would change nothing.
    """
    spec = patched(scenario, arm)
    seed = replicate_seed(scenario.seed, replicate)
    people_seed = seed if spec.population.per_world else scenario.seed
    personas = sample_population(spec.population, stream(people_seed, "population"), folder)
    variants = _variants(spec, personas)
    texts = next(iter(variants.values()))
    graph, node_of_agent = _place(spec, arm, personas, seed, folder)
    ties = ties_from_graph(graph, node_of_agent) if graph is not None else None
    read_by = tuple(tuple(ties.read_by(i).tolist()) if ties else () for i in range(len(personas)))
    items = _items(spec)
    tables = _tables(spec, folder)
    trials = _trials(spec, personas, tables, read_by, seed)
    wordings = _wordings(spec, items, manner, trials, _groups(spec, items, personas, texts))
    steps = _steps(spec, items, seed)
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
        steps=steps,
        happenings=draw_happenings(spec, steps, personas, read_by, seed, folder),
        wording=next(iter(wordings.values())),
        trials=trials,
        persona_variants=variants,
        wordings=wordings,
        timetables=_timetables(spec, tables, len(personas)),
        tables=tables,
        ties_change=_ties_change(spec, customs or {}),
        customs=customs or {},
        models=_models(spec, len(personas), seed),
        archetypes=_archetypes(texts) if spec.inference.share == "archetypes" else (),
        adapters={name: alone.adapter or "" for name, alone in spec.inference.models.items()},
    )


def _trials(
    spec: Scenario,
    personas: tuple[Persona, ...],
    tables: Mapping[str, Sequence[Row]],
    read_by: tuple[tuple[int, ...], ...],
    seed: int,
) -> Trials:
    levels = {name: level_texts(condition, tables) for name, condition in spec.conditions.items()}
    by_cluster = any(condition.assign == "clusters" for condition in spec.conditions.values())
    return Trials.drawn(spec, personas, seed, levels, communities(read_by, seed) if by_cluster else ())


def _models(spec: Scenario, people: int, seed: int) -> tuple[str, ...]:
    """Who begins with which model: by largest remainder, drawn anew in each replicate; empty where there is one for all."""
    model = spec.inference.model
    if isinstance(model, str):
        return ()
    counts = largest_remainder(np.array([part.share for part in model]), people)
    names = [part.label for part, count in zip(model, counts, strict=True) for _ in range(int(count))]
    return tuple(names[place] for place in stream(seed, "models").permutation(people))


def _archetypes(texts: Sequence[str]) -> tuple[int, ...]:
    first: dict[str, int] = {}
    return tuple(first.setdefault(text, number) for number, text in enumerate(texts))


def _steps(spec: Scenario, items: dict[str, ItemSpec], seed: int) -> tuple[PlannedStep, ...]:
    """The schedule; in a branch with the phases as they are changed from its step on."""
    steps = plan_steps(spec.schedule, items, seed)
    if spec.branch is None:
        return steps
    changed = patched(spec, ArmSpec(name="branch", patch={"phases": spec.branch.phases}))
    other = plan_steps(changed.schedule, items, seed)
    if [(one.name, one.repetition) for one in steps] != [(one.name, one.repetition) for one in other]:
        fix = "Change what happens in phases, not how often they are repeated"
        raise ScenarioError(Problem("a branch has the steps of the run that it leaves", "branch.phases", fix=fix))
    return steps[: spec.branch.at] + other[spec.branch.at :]


def _variants(spec: Scenario, personas: tuple[Persona, ...]) -> dict[str, tuple[str, ...]]:
    """Everybody in words, by renderer."""
    persona = spec.population.persona
    ways = {name or "": persona if name is None else persona.model_copy(update={"renderer": name}) for name in renderers_of(spec)}
    return {name: tuple(render_persona(person, way) for person in personas) for name, way in ways.items()}


def _wordings(
    spec: Scenario, items: dict[str, ItemSpec], manner: Manner, trials: Trials, groups: tuple[str, ...]
) -> dict[tuple[tuple[str, int], ...], Wording]:
    """The wording of every variant of the prompts that somebody is asked in."""
    found: dict[tuple[tuple[str, int], ...], Wording] = {}
    for trial in (trial for own in trials.of_agent for trial in own):
        if trial.wording not in found:
            plain = spec.model_copy(update={"prompts": in_wording(spec.prompts, dict(trial.wording))})
            found[trial.wording] = replace(_wording(plain, items, manner), groups=groups)
    return found


def _timetables(spec: Scenario, tables: Mapping[str, Sequence[Row]], size: int) -> dict[str, Timetable]:
    """The schedule tables that phases name."""
    names = {phase.activating.table for _, phase, _ in phases(spec) if phase.activating.kind == "schedule"}
    return {name: _timetable(name, tables[name], size) for name in names if name is not None}


def _tables(spec: Scenario, folder: Path | None) -> dict[str, Sequence[Row]]:
    """The tables that are looked at while the world goes on."""
    names = {phase.activating.table for _, phase, _ in phases(spec)}
    names |= {one.levels.get("table") for one in spec.conditions.values() if isinstance(one.levels, dict)}
    for _, phase, _ in phases(spec):
        options = options_of(spec_of(phase))
        names |= {options.news} if isinstance(options, FeedOptions) else set()
    return {name: read_table(folder or Path(), spec.tables[name]) for name in names if name is not None}


def _ties_change(spec: Scenario, customs: Mapping[str, type[Interaction]]) -> bool:
    ways = ((interaction_class(phase, customs), spec_of(phase)) for _, phase, _ in phases(spec))
    by_choice = any(way.changes_ties(options_of(declared)) for way, declared in ways)
    return by_choice or bool(spec.network is not None and spec.network.changes)


def _timetable(name: str, rows: Sequence[Row], size: int) -> Timetable:
    """(order, agent) by step; where no order is given, all of a step act side by side.

    Raises:
        ScenarioError: a cell is no whole number, or there is no such agent.
    """
    table: dict[int, list[tuple[int, int]]] = {}
    for line, row in enumerate(rows, start=2):
        try:
            step, agent, order = int(row["step"]), int(row["agent"]), int(row.get("order") or 0)
        except (KeyError, ValueError) as error:
            fix = "Give columns step and agent (and order, if it matters) of whole numbers from 0"
            raise ScenarioError(
                Problem(f"line {line} of the table {name!r} is no turn: {error}", f"tables.{name}", fix=fix)
            ) from error
        if not 0 <= agent < size:
            fix = f"Agents are 0 to {size - 1}"
            raise ScenarioError(
                Problem(f"line {line} of the table {name!r}: there is no agent {agent}", f"tables.{name}", fix=fix)
            )
        table.setdefault(step, []).append((order, agent))
    return table


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
    if declared.template is None and declared.renderer not in ("none", "attributes", "json", "document"):
        return tuple(render_persona(persona, declared.model_copy(update={"renderer": "attributes"})) for persona in personas)
    return texts


def _wording(spec: Scenario, items: dict[str, ItemSpec], manner: Manner) -> Wording:
    book = PromptBook.from_spec(spec.prompts)
    profiles = spec.inference.profiles
    return Wording(
        book=book,
        items={name: prepare_item(name, item, book, manner) for name, item in items.items()},
        manner=manner,
        model=spec.inference.labels[0],
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
            world.model_of(number),
        )
    if world.ties is not None:
        for reader in range(world.ties.n):
            weights = world.ties.weights_of(reader)
            for author, weight in zip(world.ties.read_by(reader).tolist(), weights.tolist(), strict=True):
                yield TieRow(arm, replicate, author, reader, weight)
