"""Which of many things are brought up: those that are recent, important and relevant. Pure.

Source: Park et al. (2023), "Generative Agents: Interactive Simulacra of Human Behavior", UIST '23, section 4.1.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from socsim.inference.vectors import cosine, unpack_vector
from socsim.memory.things import Thing
from socsim.scenario.remembering import MemorySpec, tokens_of

__all__ = ["likeness", "relevance", "retrieved", "scaled", "scores"]

_WORD = re.compile(r"\w+")
_DIGITS = 9
"""Scores are compared to so many digits behind the point, so that no machine's rounding decides what comes first."""


def retrieved(things: Sequence[Thing], relevant: Sequence[float], now: int, spec: MemorySpec, max_tokens: int) -> list[Thing]:
    """The ``k`` things with the highest scores that fit into a number of tokens, in the order in which they happened.

    They are gone through from the highest score down; one that does not fit into what is left is passed over. Of equal ones the
    later goes first.

    Args:
        things: all there are, in the order in which they happened.
        relevant: how relevant each is, unscaled.
        now: the step at which they are wanted.
        spec: ``k``, ``weights`` and ``decay``.
        max_tokens: the bound.
    """
    found = scores(things, relevant, now, spec)
    best: list[int] = []
    left = max_tokens
    for index in sorted(range(len(things)), key=lambda index: (-found[index], -index)):
        if len(best) == spec.k:
            break
        if (length := tokens_of(things[index].text)) <= left:
            best.append(index)
            left -= length
    return [things[index] for index in sorted(best)]


def scores(things: Sequence[Thing], relevant: Sequence[float], now: int, spec: MemorySpec) -> list[float]:
    """For each thing: w₁ · recency + w₂ · importance + w₃ · relevance, each scaled to 0 to 1 over all things first.

    Recency is decay^(steps since). What was to be rated and could not be has no importance: it counts 0 there.
    """
    weights = spec.weights
    parts = (
        (weights.recency, scaled([spec.decay ** (now - thing.step) for thing in things])),
        (weights.importance, scaled([thing.importance for thing in things])),
        (weights.relevance, scaled(relevant)),
    )
    return [round(math.fsum(weight * values[index] for weight, values in parts), _DIGITS) for index in range(len(things))]


def scaled(values: Sequence[float | None]) -> list[float]:
    """Values scaled to 0 to 1; all 0 where they are equal. What is None counts 0 and does not bear on the others.

    Example:
        >>> scaled([1, 2, 3]), scaled([2, 2]), scaled([4, None, 5])
        ([0.0, 0.5, 1.0], [0.0, 0.0], [0.0, 0.0, 1.0])
    """
    known = [value for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    return [0.0 if value is None or high <= low else (value - low) / (high - low) for value in values]


def likeness(things: Sequence[Thing], cue: str) -> list[float]:
    """Cosine of each thing's embedding with a cue's, both as text; 0 where either has none."""
    if not cue:
        return [0.0] * len(things)
    wanted = unpack_vector(cue)
    return [cosine(unpack_vector(thing.vector), wanted) if thing.vector else 0.0 for thing in things]


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
    product = math.fsum(value * other.get(word, 0.0) for word, value in one.items())
    lengths = math.sqrt(math.fsum(v * v for v in one.values())) * math.sqrt(math.fsum(v * v for v in other.values()))
    return product / lengths if lengths else 0.0
