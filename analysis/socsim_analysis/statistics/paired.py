"""Contrasts of two arms with interval and permutation test: paired by world, or within blocks.

A contrast is a mean of differences, one per pair or block, each counting alike; the unit is the pair or block. The interval and
the test ask different questions: the interval is about the mean difference, the test about whether labels mean anything at all.
They may disagree near the border.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from socsim_analysis.statistics.intervals import Method, UnitInterval, interval_over_units
from socsim_analysis.statistics.permutation import PermutationTest, blocked_test, sign_flip_test, split_blocks

__all__ = ["Contrast", "blocked_contrast", "paired_contrast"]


@dataclass(frozen=True)
class Contrast:
    """A difference of arms: interval over pairs (or blocks), permutation test, and how many of them lacked a side."""

    interval: UnitInterval
    test: PermutationTest
    left_out: int


def paired_contrast(
    first: ArrayLike,
    second: ArrayLike,
    level: float = 0.95,
    *,
    method: Method = "auto",
    rng: np.random.Generator | int = 0,
) -> Contrast:
    """first - second, pair by pair; a pair with a missing side (NaN) is left out and counted.

    Args:
        first: one value per world.
        second: the other arm's values of the same worlds in the same order.
        level: of the interval.
        method: of the interval, see `socsim_analysis.statistics.intervals`.
        rng: generator or seed for resamples and random labels.

    Raises:
        ValueError: both are not equally long.

    Example:
        >>> found = paired_contrast([1.0, 2.0, 4.0, 3.0, 5.0], [0.0, 1.5, 2.5, 2.0, 4.5])
        >>> found.interval.estimate, found.test.p
        (0.9, 0.0625)
    """
    a, b = np.asarray(first, dtype=float).ravel(), np.asarray(second, dtype=float).ravel()
    if a.size != b.size:
        raise ValueError(f"pairs need equally many values, got {a.size} and {b.size}")
    generator, differences = np.random.default_rng(rng), a - b
    missing = int(np.isnan(differences).sum())
    interval = interval_over_units(differences, level, method=method, rng=generator)
    return Contrast(interval, sign_flip_test(differences, rng=generator), missing)


def blocked_contrast(
    values: ArrayLike,
    arms: Sequence[Hashable],
    blocks: Sequence[Hashable],
    level: float = 0.95,
    *,
    method: Method = "auto",
    rng: np.random.Generator | int = 0,
) -> Contrast:
    """Mean over blocks of mean(first arm) - mean(other arm); labels are permuted within blocks.

    The first arm is the one that is named first. Blocks with one arm only are left out and counted.

    Args:
        values: one value per unit; missing ones (NaN) are left out.
        arms: arm of each unit, two in all.
        blocks: block of each unit.
        level: of the interval.
        method: of the interval.
        rng: generator or seed for resamples and random labels.

    Raises:
        ValueError: lengths differ, or there are more than two arms.

    Example:
        >>> found = blocked_contrast([3.0, 1.0, 4.0, 2.0, 6.0], ["a", "b", "a", "b", "a"], [0, 0, 1, 1, 2])
        >>> found.interval.estimate, found.interval.units, found.left_out
        (2.0, 2, 1)
    """
    generator = np.random.default_rng(rng)
    pieces = split_blocks(values, arms, blocks)
    differences = [float(x[:k].mean() - x[k:].mean()) for x, k in pieces]
    interval = interval_over_units(differences, level, method=method, rng=generator)
    return Contrast(interval, blocked_test(values, arms, blocks, rng=generator), len(set(blocks)) - len(pieces))
