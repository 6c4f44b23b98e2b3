"""Interventions and confederates of one world, drawn before it begins. All of it follows from the scenario and the seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from socsim.activation import PlannedStep
from socsim.effects import TieChange
from socsim.errors import Problem, ScenarioError
from socsim.population.persona import Persona
from socsim.population.rendering import render_persona
from socsim.population.sampling import sample_population
from socsim.scenario.happenings import WhoSpec
from socsim.scenario.root import Scenario
from socsim.seeding import stream

__all__ = ["Happenings", "Script", "draw_happenings"]


@dataclass(frozen=True, slots=True)
class Script:
    """What a confederate answers, by item or choice, and says."""

    answers: Mapping[str, str | float]
    says: tuple[str, ...]


@dataclass(frozen=True)
class Happenings:
    """What is done to a world from outside.

    Attributes:
        scripts: of the confederates, by agent.
        removed: the step from which an agent does not take part any more.
        replaced: for an agent the steps from which somebody else stands in its place, with the new persona and its text.
        news: texts by step and agent.
        models: for an agent the steps from which another model answers for it, with what that is called.
    """

    scripts: Mapping[int, Script] = field(default_factory=dict)
    removed: Mapping[int, int] = field(default_factory=dict)
    replaced: Mapping[int, tuple[tuple[int, Persona, str], ...]] = field(default_factory=dict)
    news: Mapping[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    models: Mapping[int, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    _present: dict[int, tuple[int, ...]] = field(default_factory=dict, repr=False, compare=False)
    """Those who take part when so many have been removed."""

    def present(self, people: int, step: int) -> Sequence[int]:
        """Agents who take part at a step, ascending; a `range` where that is everybody."""
        gone = sum(since <= step for since in self.removed.values()) if self.removed else 0
        if not gone:
            return range(people)
        if gone not in self._present:
            self._present[gone] = tuple(agent for agent in range(people) if self.removed.get(agent, step + 1) > step)
        return self._present[gone]

    def since(self, agent: int, step: int) -> int:
        """The step since which the person at a place has been there."""
        if agent not in self.replaced:
            return 0
        return max((at for at, *_ in self.replaced[agent] if at <= step), default=0)

    def persona_text(self, agent: int, step: int) -> str | None:
        """The text of whoever has taken a place by a step; None where nobody has."""
        if agent not in self.replaced:
            return None
        texts = [text for at, _, text in self.replaced[agent] if at <= step]
        return texts[-1] if texts else None

    def model(self, agent: int, step: int) -> str | None:
        """The model that answers for an agent at a step; None where it is the one with which it began."""
        names = [name for at, name in self.models.get(agent, ()) if at <= step]
        return names[-1] if names else None

    def changes_at(self, step: int, tied_to: Sequence[Sequence[int]]) -> Iterator[tuple[int, TieChange]]:
        """The ties that end at a step because somebody is removed: (whose removal, change)."""
        for gone in sorted(agent for agent, since in self.removed.items() if since == step):
            for reader, authors in enumerate(tied_to):
                if gone in authors:
                    yield gone, TieChange("removed", reader, gone, "intervention")
            for author in tied_to[gone]:
                yield gone, TieChange("removed", gone, author, "intervention")


def draw_happenings(
    spec: Scenario,
    steps: Sequence[PlannedStep],
    personas: Sequence[Persona],
    tied_to: Sequence[Sequence[int]],
    seed: int,
    folder: Path | None,
) -> Happenings:
    """Choose who is concerned by what.

    Args:
        spec: the scenario of the world.
        steps: its schedule.
        personas: everybody at the start.
        tied_to: whom everybody reads at the start.
        seed: of the replicate.
        folder: folder of the scenario's files, from which other people are drawn.

    Raises:
        ScenarioError: people are to be given a model that is not in this run.
    """
    chooser = _Chooser(personas, tied_to, seed)
    scripts: dict[int, Script] = {}
    for number, confederate in enumerate(spec.population.confederates):
        for agent in chooser.choose(confederate.who, "confederates", number):
            scripts.setdefault(agent, Script(dict(confederate.answers), confederate.says))
    removed: dict[int, int] = {}
    replaced: dict[int, tuple[tuple[int, Persona, str], ...]] = {}
    news: dict[tuple[int, int], tuple[str, ...]] = {}
    models: dict[int, tuple[tuple[int, str], ...]] = {}
    for planned in steps:
        for number, one in enumerate(planned.phase.interventions):
            if one.at != planned.repetition:
                continue
            chosen = chooser.choose(one.who, planned.name, number)
            if one.kind == "news":
                for agent in chosen:
                    news[planned.step, agent] = (*news.get((planned.step, agent), ()), one.text or "")
            elif one.kind == "remove":
                removed |= {agent: planned.step for agent in chosen if agent not in removed}
            elif one.kind == "model":
                if one.model not in spec.inference.labels:
                    message = (
                        f"an intervention in the phase {planned.name!r} wants the model {one.model!r}, which is not in this run"
                    )
                    raise ScenarioError(Problem(message, "inference.model", fix="Run it with the models that the scenario lists"))
                models |= {agent: (*models.get(agent, ()), (planned.step, one.model or "")) for agent in chosen}
            else:
                others = sample_population(spec.population, stream(seed, "replacement", planned.step, number), folder)
                for agent in chosen:
                    person = replace(others[agent], id=agent)
                    entry = (planned.step, person, render_persona(person, spec.population.persona))
                    replaced[agent] = (*replaced.get(agent, ()), entry)
    return Happenings(scripts, removed, replaced, news, models)


class _Chooser:
    """Chooses agents as declared."""

    def __init__(self, personas: Sequence[Persona], tied_to: Sequence[Sequence[int]], seed: int) -> None:
        self._personas = personas
        self._tied_to = tied_to
        self._seed = seed

    def choose(self, who: WhoSpec, name: str, number: int) -> tuple[int, ...]:
        """The agents chosen, ascending."""
        among = [agent for agent, person in enumerate(self._personas) if _has(person, who)]
        if who.agents:
            return tuple(agent for agent in sorted(set(who.agents)) if agent in set(among))
        if who.hubs is not None:
            return tuple(sorted(sorted(among, key=lambda agent: (-self._read_by(agent), agent))[: who.hubs]))
        if who.share is None and who.count is None:
            return tuple(among)
        count = who.count if who.count is not None else int((who.share or 0.0) * len(among) + 0.5)
        order = stream(self._seed, "who", name, number).permutation(len(among))
        return tuple(sorted(among[index] for index in order[:count]))

    def _read_by(self, agent: int) -> int:
        return sum(agent in authors for authors in self._tied_to)


def _has(person: Persona, who: WhoSpec) -> bool:
    return all(person.facts.get(name) == value for name, value in who.where.items())
