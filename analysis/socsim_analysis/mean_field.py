"""What a single agent's response curve tells of a whole population that is binary, memoryless and well mixed.

Everybody holds A (+1) or B (-1), m is the mean over the others who are seen, and chooses A with probability
P(m) = ½ [1 + tanh β(m + h)] (`socsim.measures.response_probability`). In a population without end everybody sees the same m, and

    m' = tanh β(m + h)

if all choose at once, m' = m + r (tanh β(m + h) - m) if a share r does. Fixed points solve m = tanh β(m + h): with h = 0 one
at 0 up to β = 1, and beyond it two more, ±m*, that hold a majority (the Curie–Weiss magnet; Brock & Durlauf 2001, *Rev. Econ.
Stud.* 68; for language models De Marzo, Castellano & Garcia 2024, arXiv:2409.02822). A population of n differs from this by
chance: `simulate_means` draws its worlds, in which nobody sees itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import scipy.optimize
import scipy.stats
from numpy.typing import NDArray

from socsim.measures import response_probability

__all__ = ["FixedPoint", "Order", "fixed_points", "mean_field_course", "simulate_means"]

Reals = NDArray[np.float64]
Integers = NDArray[np.int64]
Order = Literal["at once", "one by one", "in pairs"]


@dataclass(frozen=True)
class FixedPoint:
    """A mean m, -1 to 1, at which the population stays, and the slope of m' there.

    ``attracts``: small departures die out where all choose at once, which is a slope between -1 and 1; a slope of exactly 1
    does so where there is no other fixed point.
    """

    m: float
    slope: float
    attracts: bool


def fixed_points(beta: float, h: float = 0.0) -> tuple[FixedPoint, ...]:
    """All solutions of m = tanh β(m + h) from -1 to 1, in rising order: one, or three where β is above 1 and h is small.

    Found by Brent's method between the places at which tanh β(m + h) - m turns, which are where its slope β(1 - tanh²) is 1.
    At the exact edge between one and three, where two of them fall together, these may be missed.

    Args:
        beta: the slope of the curve, finite; below 0 people avoid the majority.
        h: the bias in units of m, finite.

    Raises:
        ValueError: a parameter is not finite.

    Example:
        >>> [round(one.m, 4) for one in fixed_points(2.0)]
        [-0.9575, 0.0, 0.9575]
    """
    if not (math.isfinite(beta) and math.isfinite(h)):
        raise ValueError(f"a response curve needs finite β and h, got {beta} and {h}")

    def excess(m: float) -> float:
        return math.tanh(beta * (m + h)) - m

    turns = [sign * math.acosh(math.sqrt(beta)) / beta - h for sign in (-1.0, 1.0)] if beta > 1.0 else []
    places = [-1.0, *(turn for turn in turns if -1.0 < turn < 1.0), 1.0]
    found: list[float] = []
    for low, high in pairwise(places):
        root = _root_between(excess, low, high)
        if root is not None and all(abs(root - other) > 1e-9 for other in found):
            found.append(root)
    slopes = [beta * (1.0 - math.tanh(beta * (m + h)) ** 2) for m in found]
    alone = len(found) == 1 and beta >= 0.0
    return tuple(FixedPoint(m, slope, alone or abs(slope) < 1.0) for m, slope in zip(found, slopes, strict=True))


def _root_between(excess: Callable[[float], float], low: float, high: float) -> float | None:
    ends = excess(low), excess(high)
    for place, value in zip((low, high), ends, strict=True):
        if value == 0.0:
            return place
    return float(scipy.optimize.brentq(excess, low, high, xtol=1e-14)) if ends[0] * ends[1] < 0.0 else None


def mean_field_course(start: float, beta: float, h: float = 0.0, rounds: int = 1, share: float = 1.0) -> Reals:
    """The mean of a population without end: m at the start and after each round, shape (rounds + 1,).

    Args:
        start: m at the start, -1 to 1.
        beta: slope of the curve.
        h: bias in units of m.
        rounds: how many, 0 or more.
        share: of people who choose anew in a round, above 0, at most 1.

    Raises:
        ValueError: the start, the rounds or the share is none.

    Example:
        >>> mean_field_course(0.1, 2.0, rounds=3).round(3).tolist()
        [0.1, 0.197, 0.375, 0.636]
    """
    if not -1.0 <= start <= 1.0 or rounds < 0 or not 0.0 < share <= 1.0:
        raise ValueError(f"a course needs a start from -1 to 1, rounds and a share above 0, got {start}, {rounds} and {share}")
    course = [float(start)]
    for _ in range(rounds):
        m = course[-1]
        course.append(m + share * (math.tanh(beta * (m + h)) - m))
    return np.asarray(course)


def simulate_means(
    beta: float,
    h: float,
    start: Integers,
    n: int,
    rounds: int,
    rng: np.random.Generator,
    *,
    seen: int | None = None,
    order: Order = "at once",
) -> Reals:
    """Means of worlds of ``n`` people, drawn: shape (worlds, rounds + 1), the start first.

    Args:
        beta: slope of the curve.
        h: bias in units of m.
        start: how many hold A in each world, shape (worlds,).
        n: people in a world, two or more.
        rounds: how often everybody chooses.
        rng: where chance comes from.
        seen: how many others, drawn anew for every choice, are seen; all where not given.
        order: ``at once``; ``one by one``: everybody chooses once a round in a drawn order, and sees what those before it chose;
            ``in pairs``: at once, where everybody sees one other and is seen by one, so that exactly as many see A as hold it.

    Raises:
        ValueError: a world has fewer than two people or a start out of range, or more others are to be seen than there are.
    """
    holders = np.asarray(start, dtype=np.int64).copy()
    if n < 2 or np.any((holders < 0) | (holders > n)):
        raise ValueError(f"a world has two people or more, of whom 0 to all hold A; got {n} people")
    if seen is not None and not 1 <= seen <= n - 1:
        raise ValueError(f"of {n - 1} others {seen} cannot be seen")
    chance = _chance_by_others(beta, h, n, seen)
    means = [2.0 * holders / n - 1.0]
    for _ in range(rounds):
        if order == "in pairs":
            by_a, by_b = response_probability([1.0, -1.0], beta, h)
            holders = rng.binomial(holders, by_a) + rng.binomial(n - holders, by_b)
        else:
            holders = (_one_by_one if order == "one by one" else _at_once)(holders, n, chance, rng)
        means.append(2.0 * holders / n - 1.0)
    return np.stack(means, axis=1)


def _chance_by_others(beta: float, h: float, n: int, seen: int | None) -> Reals:
    """P(A) by how many of the n - 1 others hold A, shape (n,); of those whom a person sees, a mean over whom it may see."""
    others = np.arange(n)
    if seen is None or seen == n - 1:
        return response_probability(2.0 * others / (n - 1) - 1.0, beta, h)
    among = np.arange(seen + 1)
    weights = scipy.stats.hypergeom.pmf(among[None, :], n - 1, others[:, None], seen)
    return np.asarray(weights @ response_probability(2.0 * among / seen - 1.0, beta, h))


def _at_once(holders: Integers, n: int, chance: Reals, rng: np.random.Generator) -> Integers:
    stay = rng.binomial(holders, chance[np.maximum(holders - 1, 0)])
    turn = rng.binomial(n - holders, chance[np.minimum(holders, n - 1)])
    return np.asarray(stay + turn, dtype=np.int64)


def _one_by_one(holders: Integers, n: int, chance: Reals, rng: np.random.Generator) -> Integers:
    """A drawn order is the same as drawing the next one among those who have not chosen yet."""
    now, waiting = holders.copy(), holders.copy()  # who holds A; those of them who have not chosen yet
    for left in range(n, 0, -1):
        holds = rng.random(now.size) * left < waiting
        waiting -= holds
        chooses = rng.random(now.size) < chance[now - holds]
        now += chooses.astype(np.int64) - holds
    return now
