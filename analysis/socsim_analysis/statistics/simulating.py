"""Power and sample size of any analysis, by simulating it.

The caller writes one function that makes data of a given size and says whether the analysis found what it looks for (p at most
.05, a verdict of *match*, …). Each simulation has its own generator, the same for every size, so that sizes differ by size alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from socsim_analysis.statistics.intervals import wilson_interval

__all__ = ["SimulatedPower", "simulated_power", "simulated_size"]

Study = Callable[[int, np.random.Generator], bool]


@dataclass(frozen=True)
class SimulatedPower:
    """Share of simulations that found it, with its 95 % Wilson interval (for the simulations there were, not for assumptions)."""

    size: int
    power: float
    low: float
    high: float
    simulations: int


def simulated_power(study: Study, size: int, *, simulations: int = 1000, seed: int = 0) -> SimulatedPower:
    """How often a study of this size finds what it looks for.

    Args:
        study: takes the size and a generator; whether it was found. One that cannot be analysed has not found it.
        size: number of units, as the study understands it.
        simulations: how many; 1000 are good to about .03, 10,000 to .01. At least five.
        seed: of the generators.

    Raises:
        ValueError: fewer than five simulations.

    Example:
        >>> simulated_power(lambda n, rng: bool(rng.normal(1.0, 1.0, n).mean() > 0.0), 4).power > 0.95
        True
    """
    if simulations < 5:
        raise ValueError("a share of fewer than five simulations says nothing")
    seeds = np.random.SeedSequence(seed).spawn(simulations)
    found = sum(bool(study(size, np.random.default_rng(one))) for one in seeds)
    interval = wilson_interval(found, simulations)
    return SimulatedPower(size, interval.estimate, interval.low, interval.high, simulations)


def simulated_size(
    study: Study, power: float = 0.8, *, least: int = 5, most: int = 10_000, simulations: int = 1000, seed: int = 0
) -> SimulatedPower | None:
    """The smallest size, by bisection, whose simulated power is ``power`` or more; None where ``most`` is not enough.

    Bisection supposes that power grows with size; with few simulations the size is uncertain by as much as the power is.

    Args:
        study: as for `simulated_power`.
        power: what is asked for, between 0 and 1.
        least: smallest size to try, at least 1.
        most: largest.
        simulations: per size.
        seed: of the generators.

    Raises:
        ValueError: the power is not between 0 and 1, or the sizes make no range.
    """
    if not 0.0 < power < 1.0 or not 1 <= least <= most:
        raise ValueError(f"no size can be sought for power {power} from {least} to {most}")

    def tried(size: int) -> SimulatedPower:
        return simulated_power(study, size, simulations=simulations, seed=seed)

    low, high, found = least - 1, least, tried(least)
    while found.power < power:
        if high >= most:
            return None
        low, high = high, min(2 * high, most)
        found = tried(high)
    while high - low > 1:
        middle = tried((low + high) // 2)
        if middle.power >= power:
            high, found = middle.size, middle
        else:
            low = middle.size
    return found
