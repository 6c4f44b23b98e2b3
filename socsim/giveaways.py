"""Words in prompts that would tell a model which study it is in, or what the study expects.

Looked through are the texts of a scenario, each at its field, and the rendered prompts of one agent in every phase, which hold
socsim's own wording, people's facts and tables, too. Whole words count, in any case, with simple inflections; what the texts mean
is not judged, and a text without any of the words may still tell what is expected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from socsim.activation import Turn
from socsim.scenario import Scenario
from socsim.scenario.arms import phase_paths
from socsim.scenario.texts import shown_texts
from socsim.staging import Stages, count_turns
from socsim.turn_prompts import turn_prompts
from socsim.word_search import Found, find_words
from socsim.world import World

__all__ = ["MOST_ARMS", "Giveaway", "Watched", "giveaways", "turns_by_phase", "unrendered"]

_MOST_RENDERED = 5_000
"""Agent-steps of the largest world whose prompts are rendered; of larger ones only the scenario's own texts are read."""
MOST_ARMS = 8
"""Arms whose prompts are rendered; the texts of all are looked through."""
_AROUND = 30
_SLOT = re.compile(r"(?<!\{)\{[A-Za-z_][A-Za-z0-9_]*\}")

Kind = Literal["outcome", "recognition"]


@dataclass(frozen=True, slots=True)
class Watched:
    """Words that give findings away, and those of them that are accepted in prompts knowingly."""

    findings: tuple[str, ...]
    outcome: tuple[str, ...]
    recognition: tuple[str, ...]
    accepted: frozenset[str] = frozenset()
    """In lower case."""


@dataclass(frozen=True, slots=True)
class Giveaway:
    """A listed word in a text that a model is shown.

    ``word`` is as listed, ``text`` what stands around it, ``field`` the dotted path of the text, or of the phase where the word
    is in none of the scenario's own texts.
    """

    word: str
    kind: Kind
    findings: tuple[str, ...]
    field: str
    text: str
    accepted: bool
    own: bool = True
    """Whether the word stands in a text of the scenario, not in socsim's wording, in people's facts or in a table."""

    def as_dict(self) -> dict[str, Any]:
        """As a manifest has it."""
        return asdict(self) | {"findings": list(self.findings)}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Giveaway:
        """The same from a manifest."""
        return cls(**{**content, "findings": tuple(content["findings"])})


def giveaways(scenario: Scenario, watched: Sequence[Watched], worlds: Iterable[World] = ()) -> tuple[Giveaway, ...]:
    """Every place at which a watched word stands; the same word is named once for each field.

    Args:
        scenario: the scenario, resolved.
        watched: the words, by family of findings.
        worlds: worlds whose prompts are rendered: one agent at the last step of every phase, for each part that it plays.
    """
    found: dict[tuple[str, str], Giveaway] = {}
    for path, text in shown_texts(scenario):
        for hit in _hits(".".join(map(str, path)), _SLOT.sub("…", text), watched, own=True):
            found.setdefault((hit.field, hit.word.lower()), hit)
    explained = {hit.word.lower() for hit in found.values()}
    for field, text in _rendered(worlds) if watched else ():
        for hit in _hits(field, text, watched, own=False):
            if hit.word.lower() not in explained:
                found.setdefault((hit.field, hit.word.lower()), hit)
    return tuple(found.values())


def _hits(field: str, text: str, watched: Sequence[Watched], *, own: bool) -> Iterator[Giveaway]:
    for family in watched:
        kinds: tuple[tuple[Kind, tuple[str, ...]], ...] = (("outcome", family.outcome), ("recognition", family.recognition))
        for kind, words in kinds:
            for hit in find_words(text, words):
                accepted = hit.word.lower() in family.accepted
                yield Giveaway(hit.word, kind, family.findings, field, _around(text, hit), accepted, own)


def _around(text: str, hit: Found) -> str:
    """The word with a few characters before and behind it, on one line."""
    start, end = max(0, hit.start - _AROUND), min(len(text), hit.end + _AROUND)
    shown = " ".join(text[start:end].split())
    return f"{'…' if start else ''}{shown}{'…' if end < len(text) else ''}"


def unrendered(scenario: Scenario, worlds: Iterable[World]) -> tuple[str, ...]:
    """Names of arms whose prompts are not rendered, as there are too many agent-steps or arms."""
    large = {world.arm.name for world in worlds if _too_large(world)}
    return tuple(arm.name for index, arm in enumerate(scenario.arms) if index >= MOST_ARMS or arm.name in large)


def _too_large(world: World) -> bool:
    return count_turns(world) > _MOST_RENDERED


def _rendered(worlds: Iterable[World]) -> Iterator[tuple[str, str]]:
    """(field of the phase, prompt) of one agent for every part of the last step of every phase, and what conditions show."""
    for world in [one for one in worlds if one.replicate == 0][:MOST_ARMS]:
        for name, levels in world.trials.texts.items():
            yield from ((f"conditions.{name}", text) for text in levels.values())
        if _too_large(world):
            continue
        paths = phase_paths(world.spec)
        for phase, turns in turns_by_phase(world).items():
            prompts = (prompt for turn in turns for prompt in turn_prompts(world, turn).prompts)
            yield from ((".".join(map(str, paths[phase])), prompt.text) for prompt in prompts)


def turns_by_phase(world: World) -> dict[str, list[Turn]]:
    """For every phase one turn for each part that somebody plays in its last step, of no confederate where possible.

    Where nobody acts in the last step it is the first one. Interactions of the caller's own are left out: what they show may
    depend on replies in ways that stand-ins do not have.
    """
    stages, scripted = Stages(world), world.happenings.scripts
    steps: dict[str, list[int]] = {}
    for planned in world.steps:
        if planned.phase.interaction == "none" or planned.phase.interaction.kind != "custom":
            steps.setdefault(planned.phase.phase, []).append(planned.step)
    found = {}
    for phase, numbers in steps.items():
        acting = ([turn for turn in stages[step].turns if not turn.part.silent] for step in (numbers[-1], numbers[0]))
        turns = sorted(next((one for one in acting if one), []), key=lambda turn: turn.agent in scripted)
        first = {turn.part.name: turn for turn in reversed(turns)}
        found[phase] = [first[name] for name in sorted(first)]
    return found
