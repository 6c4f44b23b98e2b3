"""Opinions on a line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from socsim.dynamics.neighbours import partners, readers, row_sums
from socsim.network.ties import Ties

__all__ = ["BoundedRepulsion", "DeGroot", "Deffuant", "FriedkinJohnsen", "HegselmannKrause"]

Reals = NDArray[np.float64]


def _peers(state: Reals, ties: Ties) -> Reals:
    """The weighted mean of those whom each reads; its own opinion where it reads nobody."""
    total = row_sums(ties.weights, ties)
    sums = row_sums(ties.weights * state[ties.indices], ties)
    return np.where(total > 0, sums / np.where(total > 0, total, 1.0), state)


@dataclass(frozen=True, slots=True)
class DeGroot:
    """x_i(t+1) = (1 - w) x_i(t) + w m_i(t), m_i the weighted mean of those whom i reads; all at once.

    Source: DeGroot (1974), J. Am. Stat. Assoc. 69, 118-121.
    """

    weight: float = 0.5
    """w, 0 to 1."""

    def step(self, state: Reals, first: Reals, ties: Ties, rng: np.random.Generator) -> Reals:
        """See `socsim.dynamics.Dynamics`."""
        del first, rng
        return (1.0 - self.weight) * state + self.weight * _peers(state, ties)


@dataclass(frozen=True, slots=True)
class FriedkinJohnsen:
    """x_i(t+1) = s m_i(t) + (1 - s) x_i(0), m_i the weighted mean of those whom i reads; all at once.

    Source: Friedkin & Johnsen (1990), J. Math. Sociol. 15, 193-206.
    """

    susceptibility: float = 0.5
    """s, 0 to 1."""

    def step(self, state: Reals, first: Reals, ties: Ties, rng: np.random.Generator) -> Reals:
        """See `socsim.dynamics.Dynamics`."""
        del rng
        return self.susceptibility * _peers(state, ties) + (1.0 - self.susceptibility) * first


@dataclass(frozen=True, slots=True)
class HegselmannKrause:
    """Everybody takes the mean of itself and those whom it reads whose opinions are at most ``confidence`` away; all at once.

    Source: Hegselmann & Krause (2002), J. Artif. Soc. Soc. Simul. 5(3), 2.
    """

    confidence: float = 0.2
    """Largest distance that counts, 0 or above."""

    def step(self, state: Reals, first: Reals, ties: Ties, rng: np.random.Generator) -> Reals:
        """See `socsim.dynamics.Dynamics`."""
        del first, rng
        others = state[ties.indices]
        near = np.abs(others - state[readers(ties)]) <= self.confidence
        return (state + row_sums(np.where(near, others, 0.0), ties)) / (1.0 + row_sums(near.astype(float), ties))


@dataclass(frozen=True, slots=True)
class Deffuant:
    """Encounters one after another: an agent and one whom it reads, closer than ``confidence``, move towards each other by the
    share ``convergence`` of their distance. As many encounters a step as there are agents.

    Source: Deffuant, Neau, Amblard & Weisbuch (2000), Adv. Complex Syst. 3, 87-98.
    """

    confidence: float = 0.2
    convergence: float = 0.5
    """0 to .5; at .5 both take the middle."""

    def step(self, state: Reals, first: Reals, ties: Ties, rng: np.random.Generator) -> Reals:
        """See `socsim.dynamics.Dynamics`."""
        del first
        found = state.tolist()
        agents = rng.integers(ties.n, size=ties.n)
        for i, j in zip(agents.tolist(), partners(ties, agents, rng).tolist(), strict=True):
            difference = found[j] - found[i]
            if j >= 0 and abs(difference) < self.confidence:
                found[i] += self.convergence * difference
                found[j] -= self.convergence * difference
        return np.array(found)


@dataclass(frozen=True, slots=True)
class BoundedRepulsion:
    """Encounters one after another: the agent moves towards one whom it reads where this is closer than ``acceptance``, away
    where it is further than ``rejection``, by the share ``strength`` of the distance, and stays within 0 to 1.

    Source: Jager & Amblard (2005), Comput. Math. Organ. Theory 10, 295-303.
    """

    acceptance: float = 0.2
    rejection: float = 0.6
    """At least ``acceptance``."""
    strength: float = 0.1

    def step(self, state: Reals, first: Reals, ties: Ties, rng: np.random.Generator) -> Reals:
        """See `socsim.dynamics.Dynamics`."""
        del first
        found = state.tolist()
        agents = rng.integers(ties.n, size=ties.n)
        for i, j in zip(agents.tolist(), partners(ties, agents, rng).tolist(), strict=True):
            difference = found[j] - found[i]
            if j >= 0 and abs(difference) < self.acceptance:
                found[i] += self.strength * difference
            elif j >= 0 and abs(difference) > self.rejection:
                found[i] = min(1.0, max(0.0, found[i] - self.strength * difference))
        return np.array(found)
