"""Items (what is asked) and responses (what we parsed from the reply), as values.

A *completion* is what a model wrote; a *response* is what we made of it; a reply we could make nothing of is a
`ParseFailure`, never an answer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["ItemFailure", "ParseFailure", "Reading", "Response", "entropy", "expected_value", "invert"]

FailureReason = Literal[
    "empty",
    "cut_off",
    "no_match",
    "ambiguous",
    "out_of_range",
    "not_a_number",
    "malformed",
    "wrong_sum",
    "no_probability_on_options",
    "call_failed",
]


@dataclass(frozen=True, slots=True)
class Reading:
    """One way of asking the item: an order of the options, a label set or a sentence frame.

    ``probabilities`` are over the options in *scale order*, renormalised over the options; ``mass`` is the probability
    the model put on all of them together before that (0 to 1): what is missing went to other words. ``how`` says in words what
    was done otherwise than plainly: transformations of the probabilities, and what the engine was asked instead of what it
    cannot do. ``repaired`` counts the replies that could be read only after the model was shown them again.
    """

    order: str
    labels: str
    probabilities: tuple[float, ...]
    mass: float
    how: tuple[str, ...] = ()
    repaired: int = 0


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to an item, whatever the readout.

    ``probabilities`` are over the item's options in scale order followed by its non-answers, and sum to 1. ``choice``
    is the drawn index into the same list; ``answered`` is false where the drawn option is a valid non-answer ("don't
    know"). ``value`` is the number that stands for the chosen option (None for a non-answer), ``expected`` the mean
    value given an answer. ``entropy`` is in nats. ``u`` is the uniform number that made the draw (None where the model
    itself drew). For number items ``probabilities`` are empty and ``option`` is the number in words. For text items
    ``option`` is the first text drawn, cleaned, ``texts`` are all of them as written, and ``entropy`` is None.
    """

    item: str
    method: str
    probabilities: tuple[float, ...]
    choice: int | None
    option: str
    value: float | None
    expected: float | None
    entropy: float | None
    answered: bool
    mass: float
    u: float | None
    readings: tuple[Reading, ...] = ()
    texts: tuple[str, ...] = ()

    @property
    def how(self) -> tuple[str, ...]:
        """What was done otherwise than plainly in any of its readings."""
        return tuple(dict.fromkeys(words for reading in self.readings for words in reading.how))


@dataclass(frozen=True, slots=True)
class ParseFailure:
    """A reply that is not an answer, with what it said."""

    reason: FailureReason
    raw: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ItemFailure:
    """An item that stayed without an answer after all attempts the scenario allows."""

    item: str
    method: str
    failures: tuple[ParseFailure, ...]


def entropy(probabilities: Sequence[float]) -> float:
    """Shannon entropy in nats: -Σ p ln p, between 0 and ln k."""
    return -sum(p * math.log(p) for p in probabilities if p > 0.0)


def expected_value(probabilities: Sequence[float], values: Sequence[float]) -> float | None:
    """Mean of ``values`` under the part of ``probabilities`` that belongs to them; None if that part is zero.

    ``probabilities`` may be longer than ``values`` (non-answers follow the scale); these are conditioned away.
    """
    weights = list(probabilities[: len(values)])
    total = sum(weights)
    if total <= 0.0:
        return None
    return sum(p * v for p, v in zip(weights, values, strict=True)) / total


def invert(probabilities: Sequence[float], u: float) -> int:
    """Index drawn by inverting the cumulative distribution at ``u`` in [0, 1), in the order given.

    With the same ``u`` an unchanged distribution gives an unchanged answer, and a shift of probability up the scale
    never moves the answer down.
    """
    cumulative = 0.0
    last_possible = 0
    for index, p in enumerate(probabilities):
        if p > 0.0:
            last_possible = index
        cumulative += p
        if u < cumulative:
            return index
    return last_possible
