"""Under which conditions, in which words and as which persona text somebody is asked: assignment and crossing.

A *trial* is one context of one person: a level of every condition, a renderer of the persona, a wording of every prompt that
has several. Most worlds have one trial for everybody. Where a condition is assigned ``each_in_own_context``, where personas are
rendered in several ways, or where a prompt has several wordings, a person goes through all combinations, each in a context of
its own. Assignment comes from the seed of the replicate alone, so all arms have the same.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from socsim.population.persona import Persona, Value
from socsim.scenario.asking import AnyOf, PromptsSpec
from socsim.scenario.root import Scenario
from socsim.scenario.worlds import ConditionSpec
from socsim.seeding import stream, uniform

__all__ = ["Trial", "Trials", "in_wording", "level_texts", "renderers_of", "wordings_of"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One context of one person.

    Attributes:
        levels: level of each condition, by name.
        renderer: the persona's renderer; None where there is one for all.
        wording: index of the wording of each prompt that has several, by name.
        clusters: for each condition assigned so, the community with which the person got its level.
    """

    levels: tuple[tuple[str, str], ...] = ()
    renderer: str | None = None
    wording: tuple[tuple[str, int], ...] = ()
    clusters: tuple[tuple[str, int], ...] = ()

    def level(self, condition: str) -> str | None:
        """The level of a condition; None where there is no such condition."""
        return dict(self.levels).get(condition)

    def named(self) -> tuple[tuple[str, str], ...]:
        """Everything that is said of this trial in the table of trials: (name, level)."""
        if not (self.clusters or self.wording or self.renderer):
            return self.levels
        rendered = () if self.renderer is None else (("persona", self.renderer),)
        clusters = ((f"{name}.cluster", str(number)) for name, number in self.clusters)
        return (*self.levels, *clusters, *rendered, *((f"prompts.{name}", str(index)) for name, index in self.wording))


@dataclass(frozen=True)
class Trials:
    """The trials of everybody in one world; ``texts`` are those of the conditions' levels."""

    of_agent: tuple[tuple[Trial, ...], ...]
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def crossed(self) -> bool:
        """Whether anybody has more than one."""
        return any(len(trials) > 1 for trials in self.of_agent)

    def of(self, agent: int, number: int) -> Trial:
        """One of an agent's trials; its only one where it has one."""
        trials = self.of_agent[agent]
        return trials[number] if len(trials) > 1 else trials[0]

    @classmethod
    def drawn(
        cls,
        spec: Scenario,
        personas: Sequence[Persona],
        seed: int,
        texts: Mapping[str, Mapping[str, str]],
        clusters: Sequence[int] = (),
    ) -> Trials:
        """Assign conditions and wordings.

        Args:
            spec: the scenario of the world.
            personas: everybody.
            seed: of the replicate.
            texts: text of every level, by condition and level, in declared order.
            clusters: everybody's community in the network, for conditions assigned by clusters.
        """
        by_cluster = [name for name, condition in spec.conditions.items() if condition.assign == "clusters"]
        levels = _assigned(spec.conditions, texts, personas, seed) | _by_cluster(by_cluster, texts, clusters, seed)
        renderers = renderers_of(spec)
        found, wordings = [], _wordings(spec.prompts, len(personas), seed)
        for agent in range(len(personas)):
            own = [
                tuple(zip(texts, chosen, strict=True)) for chosen in itertools.product(*(levels[name][agent] for name in texts))
            ]
            named = tuple((name, clusters[agent]) for name in by_cluster)
            found.append(
                tuple(
                    Trial(tuple(one), renderer, words, named)
                    for renderer in renderers
                    for words in wordings[agent]
                    for one in own
                )
            )
        return cls(tuple(found), texts)


def renderers_of(spec: Scenario) -> tuple[str | None, ...]:
    """The renderers that are crossed; (None,) where there is one."""
    declared = spec.population.persona.renderer
    return (None,) if isinstance(declared, str) or spec.population.persona.template is not None else declared


def wordings_of(prompts: PromptsSpec) -> Mapping[str, AnyOf]:
    """The prompts that have several wordings."""
    return {name: value for name in PromptsSpec.model_fields if isinstance(value := getattr(prompts, name), AnyOf)}


def in_wording(prompts: PromptsSpec, chosen: Mapping[str, int] = MappingProxyType({})) -> PromptsSpec:
    """The prompts with one wording each: the ones chosen by index, else the first."""
    texts = {name: several.any_of[chosen.get(name, 0)] for name, several in wordings_of(prompts).items()}
    return prompts.model_copy(update=texts) if texts else prompts


def level_texts(condition: ConditionSpec, rows: Mapping[str, Sequence[Mapping[str, str]]]) -> dict[str, str]:
    """The levels of a condition with what they show; a level without a text shows nothing, one of a plain list its own name.

    Args:
        condition: as declared.
        rows: the tables that the scenario names.
    """
    levels = condition.levels
    if not isinstance(levels, dict):
        return {level: level for level in levels}
    if "table" in levels:
        column, text = levels["column"], levels.get("text", levels["column"])
        return {row[column]: row[text] for row in rows[levels["table"]]}
    return {level: "" if text is None else str(text) for level, text in levels.items()}


def _assigned(
    conditions: Mapping[str, ConditionSpec], texts: Mapping[str, Mapping[str, str]], personas: Sequence[Persona], seed: int
) -> dict[str, list[tuple[str, ...]]]:
    """For each condition everybody's levels: one, or all where each is shown in a context of its own."""
    found: dict[str, list[tuple[str, ...]]] = {}
    crossed = [name for name, condition in conditions.items() if condition.assign == "factorial"]
    cells = list(itertools.product(*(texts[name] for name in crossed)))
    if crossed:
        places = _balanced(len(cells), range(len(personas)), seed, "factorial")
        for at, name in enumerate(crossed):
            found[name] = [(cells[places[agent]][at],) for agent in range(len(personas))]
    for name, condition in conditions.items():
        levels = list(texts[name])
        if condition.assign == "each_in_own_context":
            found[name] = [tuple(levels)] * len(personas)
        elif condition.assign == "simple":
            drawn = (uniform(seed, "conditions", name, agent) for agent in range(len(personas)))
            found[name] = [(levels[int(u * len(levels))],) for u in drawn]
        elif condition.assign in ("complete", "blocked"):
            places = {}
            for block, agents in _blocks(condition.block_by, personas).items():
                places |= _balanced(len(levels), agents, seed, name, str(block))
            found[name] = [(levels[places[agent]],) for agent in range(len(personas))]
    return found


def _by_cluster(
    names: Sequence[str], texts: Mapping[str, Mapping[str, str]], clusters: Sequence[int], seed: int
) -> dict[str, list[tuple[str, ...]]]:
    """Everybody's level, the same in all of a community; numbers of communities at each level differ by one at most."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for name in names:
        levels = list(texts[name])
        places = _balanced(len(levels), range(max(clusters, default=-1) + 1), seed, name, "clusters")
        found[name] = [(levels[places[cluster]],) for cluster in clusters]
    return found


def _blocks(fact: str | None, personas: Sequence[Persona]) -> dict[Value, list[int]]:
    blocks: dict[Value, list[int]] = {}
    for agent, persona in enumerate(personas):
        value = None if fact is None else {**persona.reference, **persona.facts}[fact]
        blocks.setdefault(value, []).append(agent)
    return blocks


def _balanced(count: int, agents: Sequence[int], seed: int, *names: str) -> dict[int, int]:
    """Everybody's level, so that the numbers at each differ by one at most; which get one more is drawn, too."""
    drawn = stream(seed, "conditions", *names)
    order, levels = drawn.permutation(len(agents)), drawn.permutation(count)
    return {agents[agent]: int(levels[place % count]) for place, agent in enumerate(order)}


def _wordings(prompts: PromptsSpec, size: int, seed: int) -> list[list[tuple[tuple[str, int], ...]]]:
    """The wordings that everybody is asked in: as many of each prompt's as declared, each used by equally many, but for one."""
    chosen: list[list[list[tuple[str, int]]]] = [[] for _ in range(size)]
    for name, variants in wordings_of(prompts).items():
        drawn, count, each = stream(seed, "wording", name), len(variants.any_of), variants.per_agent
        people, order = drawn.permutation(size), drawn.permutation(count)
        for place, agent in enumerate(people):
            own = sorted(int(order[(place * each + nth) % count]) for nth in range(each))
            chosen[agent].append([(name, index) for index in own])
    return [[tuple(one) for one in itertools.product(*own)] for own in chosen]
