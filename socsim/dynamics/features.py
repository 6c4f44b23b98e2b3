"""States of several parts: cultures with features, and inventories of names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from socsim.dynamics.neighbours import partners
from socsim.network.ties import Ties

__all__ = ["Axelrod", "NamingGame"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Axelrod:
    """State (agents, features) of whole numbers. One after another: with a probability equal to the share of features that an
    agent and one whom it reads have in common, the agent takes one of those in which they differ.

    Source: Axelrod (1997), J. Confl. Resolut. 41, 203-226.
    """

    def step(self, state: Ints, first: Ints, ties: Ties, rng: np.random.Generator) -> Ints:
        """See `socsim.dynamics.Dynamics`."""
        del first
        found = state.copy()
        agents = rng.integers(ties.n, size=ties.n)
        others = partners(ties, agents, rng)
        draws = rng.random((ties.n, 2))
        for (i, j), (meets, picks) in zip(zip(agents.tolist(), others.tolist(), strict=True), draws.tolist(), strict=True):
            if j < 0:
                continue
            differing = np.flatnonzero(found[i] != found[j])
            if len(differing) and meets < 1.0 - len(differing) / found.shape[1]:
                feature = differing[int(picks * len(differing))]
                found[i, feature] = found[j, feature]
        return found


@dataclass(frozen=True, slots=True)
class NamingGame:
    """State (agents, names): whether an agent knows a name. One after another: an agent says one of its names, drawn, to one whom
    it reads; where the other knows it, both keep that name alone, else the other learns it. The first ``committed`` agents always
    say the first name and never change.

    Source: Baronchelli et al. (2006), J. Stat. Mech. P06014; committed agents as in Xie et al. (2011), Phys. Rev. E 84, 011130.
    """

    committed: int = 0

    def step(self, state: Bools, first: Bools, ties: Ties, rng: np.random.Generator) -> Bools:
        """See `socsim.dynamics.Dynamics`.

        Raises:
            ValueError: somebody knows no name.
        """
        del first
        if not state.any(axis=1).all():
            raise ValueError("everybody must know a name")
        known = [set(np.flatnonzero(row).tolist()) for row in state]
        agents = rng.integers(ties.n, size=ties.n)
        others = partners(ties, agents, rng).tolist()
        for i, j, u in zip(agents.tolist(), others, rng.random(ties.n).tolist(), strict=True):
            if j < 0:
                continue
            own = sorted(known[i])
            name = 0 if i < self.committed else own[int(u * len(own))]
            if name in known[j]:
                known[i] = {name} if i >= self.committed else known[i]
                known[j] = {name} if j >= self.committed else known[j]
            elif j >= self.committed:
                known[j].add(name)
        found = np.zeros_like(state)
        for agent, names in enumerate(known):
            found[agent, sorted(names)] = True
        return found
