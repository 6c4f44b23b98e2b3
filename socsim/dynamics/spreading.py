"""What spreads along ties: independent cascade, SIR, thresholds and complex contagion.

All are synchronous: everybody looks at the state before. Weights do not count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from socsim.dynamics.checks import require_within
from socsim.dynamics.graph import Integers, Neighbours, Reals

__all__ = ["SIR", "ComplexContagion", "IndependentCascade", "Thresholds"]

Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class IndependentCascade:
    """An agent that became active in the last step has one chance, of probability ``p``, with each that reads it.

    States: 0 inactive, 1 active since the last step, 2 active before. P(0 → 1) = 1 - (1 - p)^k with k new neighbours.
    Goldenberg, Libai & Muller (2001), *Mark. Lett.* 12; Kempe, Kleinberg & Tardos (2003), *KDD*.

    Raises:
        ValueError: ``p`` is outside [0, 1].
    """

    p: float

    def __post_init__(self) -> None:
        require_within("p", self.p, 0.0, 1.0)

    def step(self, state: Integers, graph: Neighbours, rng: np.random.Generator) -> Integers:
        """Draws: one uniform number for each agent."""
        reached = rng.random(graph.n) < 1.0 - (1.0 - self.p) ** graph.counts(state == 1)
        return np.where(state == 0, reached.astype(state.dtype), np.full_like(state, 2))


@dataclass(frozen=True)
class SIR:
    """Susceptible 0, infected 1, recovered 2, in discrete time.

    P(0 → 1) = 1 - (1 - ``infection``)^k with k infected neighbours; P(1 → 2) = ``recovery``. Kermack & McKendrick (1927),
    *Proc. R. Soc. A* 115, as a chain-binomial model (Abbey 1952, *Hum. Biol.* 24).

    Raises:
        ValueError: a probability is outside [0, 1].
    """

    infection: float
    recovery: float

    def __post_init__(self) -> None:
        require_within("infection", self.infection, 0.0, 1.0)
        require_within("recovery", self.recovery, 0.0, 1.0)

    def step(self, state: Integers, graph: Neighbours, rng: np.random.Generator) -> Integers:
        """Draws: one uniform number for each agent."""
        probability = np.where(state == 0, 1.0 - (1.0 - self.infection) ** graph.counts(state == 1), self.recovery)
        moves = (state < 2) & (rng.random(graph.n) < probability)
        return state + moves.astype(state.dtype)


@dataclass(frozen=True, eq=False)
class Thresholds:
    """Become active, for good, when the share of active neighbours is at least the ``threshold`` (a number, or shape (n,)).

    Watts (2002), *Proc. Natl. Acad. Sci.* 99, whose random order leads to the same last state. Active: True, shape (n,).
    The share is 0 for who reads nobody. Draws nothing.

    Raises:
        ValueError: a threshold is outside [0, 1].
    """

    threshold: float | Reals

    def __post_init__(self) -> None:
        require_within("threshold", self.threshold, 0.0, 1.0)

    def step(self, state: Booleans, graph: Neighbours, rng: np.random.Generator) -> Booleans:  # noqa: ARG002
        """One synchronous round."""
        return state | (graph.shares(state) >= self.threshold)


@dataclass(frozen=True, eq=False)
class ComplexContagion:
    """Become active, for good, when at least ``threshold`` neighbours are active (a number, or shape (n,)).

    Centola & Macy (2007), *Am. J. Sociol.* 113. Active: True, shape (n,). Draws nothing.

    Raises:
        ValueError: a threshold is negative.
    """

    threshold: int | Integers

    def __post_init__(self) -> None:
        require_within("threshold", self.threshold, 0.0)

    def step(self, state: Booleans, graph: Neighbours, rng: np.random.Generator) -> Booleans:  # noqa: ARG002
        """One synchronous round."""
        return state | (graph.counts(state) >= self.threshold)
