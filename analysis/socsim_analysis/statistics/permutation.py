"""Permutation tests of a difference in means: what a difference looks like where labels mean nothing.

Under the null hypothesis labels (signs of differences, memberships of two samples, arms within blocks) could have fallen
otherwise with equal probability. p is the share of ways of labelling whose statistic is at least as extreme as the one seen:
over all ways where there are at most `MOST_WAYS` (exact), else over random ones as (b + 1)/(m + 1), which never is 0 and counts
the labelling seen (Phipson & Smyth 2010). Two-sided is twice the smaller of both tails, at most 1. What is permuted must be a
unit: pass one value per world, or per person where nobody met anybody. With n pairs no p is below 2/2ⁿ.

Phipson, B. & Smyth, G. K. (2010). Permutation p-values should never be zero. Stat. Appl. Genet. Mol. Biol. 9, 39.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from socsim_analysis.statistics.intervals import present
from socsim_analysis.statistics.units import unit_numbers

__all__ = ["MOST_WAYS", "Alternative", "PermutationTest", "blocked_test", "sign_flip_test", "two_sample_test"]

MOST_WAYS = 20_000
"""Most ways of labelling that are all gone through."""

DRAWS = 9_999
"""Random ways of labelling where there are too many."""

Alternative = Literal["two-sided", "greater", "less"]
Reals = NDArray[np.float64]

_CELLS = 2_000_000


@dataclass(frozen=True)
class PermutationTest:
    """A difference with its p value.

    ``ways`` counts the labellings looked at: all of them where ``exact``, else random ones. p is NaN where a side is empty.
    """

    statistic: float
    p: float
    alternative: Alternative
    exact: bool
    ways: int
    units: int


def sign_flip_test(
    differences: ArrayLike, alternative: Alternative = "two-sided", *, draws: int = DRAWS, rng: np.random.Generator | int = 0
) -> PermutationTest:
    """Paired test: could each difference as well have had the other sign? The statistic is the mean difference.

    Missing differences (NaN) are left out; where all are 0, p is 1.

    Args:
        differences: one per pair (world).
        alternative: "two-sided", "greater" (the mean is above 0), or "less".
        draws: random ways where all are too many.
        rng: where they come from, a generator or a seed.

    Example:
        >>> sign_flip_test([1.0, 2.0, 3.0, 4.0, 5.0]).p
        0.0625
    """
    x = present(differences)
    n = x.size
    if not n:
        return PermutationTest(math.nan, math.nan, alternative, True, 0, 0)
    exact = 2**n <= MOST_WAYS
    if exact:
        signs = 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        found = signs @ x / n
    else:
        generator = np.random.default_rng(rng)
        found = np.concatenate([generator.choice((-1.0, 1.0), (rows, n)) @ x / n for rows in _portions(draws, n)])
    return _tested(float(x.mean()), found, alternative, exact, x)


def two_sample_test(
    first: ArrayLike,
    second: ArrayLike,
    alternative: Alternative = "two-sided",
    *,
    draws: int = DRAWS,
    rng: np.random.Generator | int = 0,
) -> PermutationTest:
    """Could the units as well have been in the other sample? The statistic is mean(first) - mean(second).

    It tests that both samples come of one distribution, not only that their means are equal: with unequal spread and size it may
    reject too often or too seldom. Missing values (NaN) are left out.

    Args:
        first: one value per unit.
        second: likewise.
        alternative: "two-sided", "greater" (the first mean is above the second), or "less".
        draws: random ways where all are too many.
        rng: where they come from, a generator or a seed.

    Example:
        >>> two_sample_test([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]).p
        0.1
    """
    a, b = present(first), present(second)
    if not a.size or not b.size:
        return PermutationTest(math.nan, math.nan, alternative, True, 0, a.size + b.size)
    labels = [0] * a.size + [1] * b.size
    return blocked_test(np.concatenate([a, b]), labels, [0] * len(labels), alternative, draws=draws, rng=rng)


def blocked_test(
    values: ArrayLike,
    arms: Sequence[Hashable],
    blocks: Sequence[Hashable],
    alternative: Alternative = "two-sided",
    *,
    draws: int = DRAWS,
    rng: np.random.Generator | int = 0,
) -> PermutationTest:
    """Two arms within blocks (replicates, sites, waves): could labels of arms have fallen otherwise within each block?

    The statistic is the mean over blocks of mean(first arm) - mean(other arm), every block counting alike; the first arm is the
    one that is named first. Blocks that hold one arm only say nothing and are left out, as are missing values (NaN).

    Args:
        values: one value per unit.
        arms: arm of each unit, two in all.
        blocks: block of each unit.
        alternative: "two-sided", "greater" (the first arm is above the other), or "less".
        draws: random ways where all are too many.
        rng: where they come from, a generator or a seed.

    Raises:
        ValueError: lengths differ, or there are more than two arms.

    Example:
        >>> blocked_test([3.0, 1.0, 4.0, 2.0, 6.0, 1.0], list("abab") + ["a", "b"], [0, 0, 1, 1, 2, 2]).p
        0.25
    """
    pieces = split_blocks(values, arms, blocks)
    if not pieces:
        return PermutationTest(math.nan, math.nan, alternative, True, 0, 0)
    seen = float(np.mean([x[:k].mean() - x[k:].mean() for x, k in pieces]))
    exact = math.prod(math.comb(len(x), k) for x, k in pieces) <= MOST_WAYS
    if exact:
        per_block = [np.fromiter(_all_differences(x, k), dtype=float) for x, k in pieces]
        found = per_block[0]
        for other in per_block[1:]:
            found = np.add.outer(found, other).ravel()
    else:
        generator = np.random.default_rng(rng)
        found = np.zeros(draws)
        for x, k in pieces:
            found += _random_differences(x, k, draws, generator)
    return _tested(seen, found / len(pieces), alternative, exact, np.concatenate([x for x, _ in pieces]))


def split_blocks(values: ArrayLike, arms: Sequence[Hashable], blocks: Sequence[Hashable]) -> list[tuple[Reals, int]]:
    """Of every block with both arms: its values, those of the first arm in front, and how many these are.

    Raises:
        ValueError: lengths differ, or there are more than two arms.
    """
    x, sides, places = np.asarray(values, dtype=float).ravel(), unit_numbers(arms), unit_numbers(blocks)
    if not x.size == sides.size == places.size:
        raise ValueError(f"{x.size} values, {sides.size} arms and {places.size} blocks")
    if sides.size and sides.max() > 1:
        raise ValueError(f"a test of two arms was given {int(sides.max()) + 1}; take two of them")
    found = []
    for block in range(int(places.max()) + 1 if places.size else 0):
        here = places == block
        first, other = present(x[here & (sides == 0)]), present(x[here & (sides == 1)])
        if first.size and other.size:
            found.append((np.concatenate([first, other]), int(first.size)))
    return found


def _all_differences(x: Reals, k: int) -> Iterator[float]:
    total, n = float(x.sum()), x.size
    for chosen in itertools.combinations(range(n), k):
        part = float(x[list(chosen)].sum())
        yield part / k - (total - part) / (n - k)


def _random_differences(x: Reals, k: int, draws: int, rng: np.random.Generator) -> Reals:
    n, total = x.size, float(x.sum())
    parts = [rng.permuted(np.broadcast_to(x, (rows, n)), axis=1)[:, :k].sum(axis=1) for rows in _portions(draws, n)]
    part = np.concatenate(parts)
    return np.asarray(part / k - (total - part) / (n - k))


def _portions(draws: int, n: int) -> Iterable[int]:
    """Sizes of portions that fit in memory."""
    if draws < 1:
        raise ValueError("a test needs at least one random way of labelling")
    most = max(1, _CELLS // n)
    return [min(most, draws - start) for start in range(0, draws, most)]


def _tested(seen: float, found: Reals, alternative: Alternative, exact: bool, x: Reals) -> PermutationTest:
    """Ways that differ from the one seen by rounding alone count as equal to it."""
    slack = max(1e-10 * float(np.abs(found).max()), 1e-13 * float(np.abs(x).max()))
    more = 0 if exact else 1
    above = (int(np.count_nonzero(found >= seen - slack)) + more) / (found.size + more)
    below = (int(np.count_nonzero(found <= seen + slack)) + more) / (found.size + more)
    p = {"greater": above, "less": below, "two-sided": min(1.0, 2.0 * min(above, below))}[alternative]
    return PermutationTest(seen, p, alternative, exact, int(found.size), int(x.size))
