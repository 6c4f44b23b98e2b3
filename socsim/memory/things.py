"""The things of which memories are made, and which of them are brought up. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from socsim.scenario.remembering import MemorySpec, WeightsSpec

__all__ = ["Thing", "fitting", "relevance", "retrieved", "scaled", "tokens_of"]

_CHARACTERS_PER_TOKEN = 3
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing remembered: of what kind, from which step, in which words; importance from 0 to 10."""

    kind: str
    step: int
    text: str
    importance: float = 5.0


def tokens_of(text: str) -> int:
    """Tokens of a text, judged by its length: one for every three characters, rounded up.

    Example:
        >>> tokens_of("Well, no."), tokens_of("")
        (3, 0)
    """
    return -(-len(text) // _CHARACTERS_PER_TOKEN)


def fitting(things: Sequence[Thing], max_tokens: int) -> list[Thing]:
    """The longest end of a list of things that fits into a number of tokens."""
    kept: list[Thing] = []
    left = max_tokens
    for thing in reversed(things):
        left -= tokens_of(thing.text)
        if left < 0:
            break
        kept.append(thing)
    return kept[::-1]


def retrieved(things: Sequence[Thing], cue: str, now: int, spec: MemorySpec) -> list[Thing]:
    """The things with the highest sum of weighted recency, importance and relevance, in the order in which they happened.

    Recency is decay^(steps since); importance as rated; relevance the cosine of term weights with the cue. Each is scaled to
    0 to 1 over all things first. Of equal ones the later goes first.

    Source: Park et al. (2023), "Generative Agents", UIST '23, section 4.1.
    """
    if not things:
        return []
    weights: WeightsSpec = spec.weights
    parts = (
        (weights.recency, scaled([spec.decay ** (now - thing.step) for thing in things])),
        (weights.importance, scaled([thing.importance for thing in things])),
        (weights.relevance, scaled(relevance([thing.text for thing in things], cue))),
    )
    scores = [sum(weight * values[index] for weight, values in parts) for index in range(len(things))]
    best = sorted(range(len(things)), key=lambda index: (-scores[index], -index))[: spec.k]
    return [things[index] for index in sorted(best)]


def scaled(values: Sequence[float]) -> list[float]:
    """Values scaled to 0 to 1; all 0 where they are equal.

    Example:
        >>> scaled([1, 2, 3]), scaled([2, 2])
        ([0.0, 0.5, 1.0], [0.0, 0.0])
    """
    low, high = min(values), max(values)
    return [(value - low) / (high - low) if high > low else 0.0 for value in values]


def relevance(texts: Sequence[str], cue: str) -> list[float]:
    """Cosine of each text with a cue, in term counts weighted by ln((1 + n) / (1 + df)) + 1, between 0 and 1.

    The weights are those of scikit-learn's smoothed TF-IDF over the texts. Words are runs of letters and digits, in lower case.
    """
    counts = [Counter(_WORD.findall(text.lower())) for text in texts]
    containing = Counter(word for count in counts for word in count)

    def weighted(count: Counter[str]) -> dict[str, float]:
        return {word: n * (math.log((1 + len(texts)) / (1 + containing[word])) + 1.0) for word, n in count.items()}

    wanted = weighted(Counter(_WORD.findall(cue.lower())))
    return [_cosine(weighted(count), wanted) for count in counts]


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    product = sum(value * other.get(word, 0.0) for word, value in one.items())
    lengths = math.sqrt(sum(v * v for v in one.values())) * math.sqrt(sum(v * v for v in other.values()))
    return product / lengths if lengths else 0.0
