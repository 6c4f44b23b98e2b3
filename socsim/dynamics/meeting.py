"""Opinions that move when two agents meet: Deffuant, and bounded confidence with repulsion.

The state holds one number for each agent, shape (n,). Asynchronous: a step is n meetings, each of an agent drawn uniformly
with replacement and one of those whom it reads; both move. Weights do not count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from socsim.dynamics.checks import require_within
from socsim.dynamics.graph import Neighbours, Reals

__all__ = ["Deffuant", "Repulsion"]


@dataclass(frozen=True)
class Deffuant:
    """If |x_i - x_j| < ``epsilon``, each moves by ``mu`` of the distance towards the other; else nothing happens.

    Deffuant, Neau, Amblard & Weisbuch (2000), *Adv. Complex Syst.* 3. The mean opinion is preserved.

    Raises:
        ValueError: ``epsilon`` is negative or ``mu`` is outside [0, 0.5].
    """

    epsilon: float
    mu: float = 0.5

    def __post_init__(self) -> None:
        require_within("epsilon", self.epsilon, 0.0)
        require_within("mu", self.mu, 0.0, 0.5)

    def step(self, state: Reals, graph: Neighbours, rng: np.random.Generator) -> Reals:
        """Draws: agents, then neighbours."""
        agents = rng.integers(graph.n, size=graph.n)
        partners = graph.pick(agents, rng)
        opinions, epsilon, mu = state.tolist(), self.epsilon, self.mu
        for i, j in zip(agents.tolist(), partners.tolist(), strict=True):
            difference = opinions[j] - opinions[i]
            if -epsilon < difference < epsilon:
                opinions[i] += mu * difference
                opinions[j] -= mu * difference
        return np.array(opinions)


@dataclass(frozen=True)
class Repulsion:
    """Nearer than ``attraction`` two agents approach, farther than ``repulsion`` they part, by ``mu`` of their distance.

    Jager & Amblard (2005), *Comput. Math. Organ. Theory* 10 (their U and T). Opinions are kept within [``low``, ``high``].

    Raises:
        ValueError: ``mu`` is outside [0, 0.5], a bound is negative, or ``attraction`` exceeds ``repulsion``.
    """

    attraction: float
    repulsion: float
    mu: float = 0.1
    low: float = -1.0
    high: float = 1.0

    def __post_init__(self) -> None:
        require_within("mu", self.mu, 0.0, 0.5)
        require_within("attraction", self.attraction, 0.0, self.repulsion)

    def step(self, state: Reals, graph: Neighbours, rng: np.random.Generator) -> Reals:
        """Draws: agents, then neighbours."""
        agents = rng.integers(graph.n, size=graph.n)
        partners = graph.pick(agents, rng)
        opinions = state.tolist()
        for i, j in zip(agents.tolist(), partners.tolist(), strict=True):
            difference = opinions[j] - opinions[i]
            distance = abs(difference)
            if self.attraction <= distance <= self.repulsion:
                continue
            move = self.mu * difference if distance < self.attraction else -self.mu * difference
            opinions[i] = min(max(opinions[i] + move, self.low), self.high)
            opinions[j] = min(max(opinions[j] - move, self.low), self.high)
        return np.array(opinions)
