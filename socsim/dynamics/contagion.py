"""What spreads from person to person: states 0 (not yet), 1 (now), 2 (no more)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from socsim.dynamics.neighbours import degrees, readers, row_sums
from socsim.network.ties import Ties

__all__ = ["SIR", "ComplexContagion", "IndependentCascade", "WattsThreshold"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def _reached(state: Ints, ties: Ties, chance: float, rng: np.random.Generator) -> Bools:
    """Whom at least one of those whom they read, being in state 1, reaches; each tie by itself, with the same chance."""
    active = state[ties.indices] == 1
    success = np.zeros(len(active), dtype=bool)
    success[active] = rng.random(int(active.sum())) < chance
    found = np.zeros(ties.n, dtype=bool)
    found[readers(ties)[success]] = True
    found[state != 0] = False
    return found


@dataclass(frozen=True, slots=True)
class IndependentCascade:
    """Who has just become active (1) reaches each of its readers once with probability ``chance``, and is done (2); all at once.

    Source: Kempe, Kleinberg & Tardos (2003), KDD, 137-146.
    """

    chance: float = 0.1

    def step(self, state: Ints, first: Ints, ties: Ties, rng: np.random.Generator) -> Ints:
        """See `socsim.dynamics.Dynamics`."""
        del first
        reached = _reached(state, ties, self.chance, rng)
        return np.where(reached, 1, np.where(state == 1, 2, state))


@dataclass(frozen=True, slots=True)
class SIR:
    """Susceptible (0), infected (1), recovered (2), in discrete time, all at once: each infected whom a susceptible agent reads
    infects it with probability ``infection``; then those who were infected before recover with probability ``recovery``.

    Source: Kermack & McKendrick (1927), Proc. R. Soc. A 115, 700-721, on a network (Reed-Frost with ``recovery`` 1).
    """

    infection: float = 0.1
    recovery: float = 0.5

    def step(self, state: Ints, first: Ints, ties: Ties, rng: np.random.Generator) -> Ints:
        """See `socsim.dynamics.Dynamics`."""
        del first
        reached = _reached(state, ties, self.infection, rng)
        recovers = (state == 1) & (rng.random(ties.n) < self.recovery)
        return np.where(reached, 1, np.where(recovers, 2, state))


def _active_read(state: Ints, ties: Ties) -> NDArray[np.float64]:
    return row_sums((state[ties.indices] == 1).astype(float), ties)


@dataclass(frozen=True, slots=True)
class WattsThreshold:
    """An agent becomes active for good where at least the share ``threshold`` of those whom it reads is active; all at once.

    Source: Granovetter (1978), Am. J. Sociol. 83, 1420-1443; Watts (2002), PNAS 99, 5766-5771.
    """

    threshold: float = 0.2
    """Above 0, up to 1."""

    def step(self, state: Ints, first: Ints, ties: Ties, rng: np.random.Generator) -> Ints:
        """See `socsim.dynamics.Dynamics`."""
        del first, rng
        known = degrees(ties)
        over = (_active_read(state, ties) >= self.threshold * known - 1e-12) & (known > 0)
        return np.where(over, 1, state)


@dataclass(frozen=True, slots=True)
class ComplexContagion:
    """An agent becomes active for good where at least ``sources`` of those whom it reads are active; all at once.

    Source: Centola & Macy (2007), Am. J. Sociol. 113, 702-734.
    """

    sources: int = 2

    def step(self, state: Ints, first: Ints, ties: Ties, rng: np.random.Generator) -> Ints:
        """See `socsim.dynamics.Dynamics`."""
        del first, rng
        return np.where(_active_read(state, ties) >= self.sources, 1, state)
