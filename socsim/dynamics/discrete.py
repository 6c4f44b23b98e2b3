"""Opinions that are one of several: 0, 1, …"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from socsim.dynamics.neighbours import degrees, partners, readers, row_sums
from socsim.network.ties import Ties

__all__ = ["Majority", "NoisyVoter", "QVoter", "SocialImpact", "Sznajd", "Voter"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Voter:
    """One after another, as many a step as there are agents: an agent takes the opinion of one whom it reads.

    Source: Clifford & Sudbury (1973), Biometrika 60, 581-588; Holley & Liggett (1975), Ann. Probab. 3, 643-663.
    """

    def step(self, state: Ints, first: Ints, ties: Ties, rng: np.random.Generator) -> Ints:
        """See `socsim.dynamics.Dynamics`."""
        return NoisyVoter(0.0).step(state, first, ties, rng)


@dataclass(frozen=True, slots=True)
class NoisyVoter:
    """As `Voter`, but with probability ``noise`` the agent takes an opinion drawn among all that anybody had at the start.

    Source: Granovsky & Madras (1995), Stoch. Process. Appl. 55, 23-43.
    """

    noise: float = 0.01

    def step(self, state: Ints, first: Ints, ties: Ties, rng: np.random.Generator) -> Ints:
        """See `socsim.dynamics.Dynamics`."""
        found = state.tolist()
        agents = rng.integers(ties.n, size=ties.n)
        others = partners(ties, agents, rng).tolist()
        known = np.unique(first)
        strays = (rng.random(ties.n) < self.noise).tolist()
        drawn = known[rng.integers(len(known), size=ties.n)].tolist()
        for i, j, stray, new in zip(agents.tolist(), others, strays, drawn, strict=True):
            if stray:
                found[i] = new
            elif j >= 0:
                found[i] = found[j]
        return np.array(found)


@dataclass(frozen=True, slots=True)
class QVoter:
    """Opinions 0 and 1. One after another: an agent draws ``q`` of those whom it reads, with repetition, and takes their opinion
    if they agree; else it changes its own with probability ``doubt``.

    Source: Castellano, Muñoz & Pastor-Satorras (2009), Phys. Rev. E 80, 041129.
    """

    q: int = 2
    doubt: float = 0.0

    def step(self, state: Ints, first: Ints, ties: Ties, rng: np.random.Generator) -> Ints:
        """See `socsim.dynamics.Dynamics`."""
        del first
        found = state.tolist()
        agents = rng.integers(ties.n, size=ties.n)
        asked = [partners(ties, agents, rng).tolist() for _ in range(self.q)]
        doubts = (rng.random(ties.n) < self.doubt).tolist()
        for i, doubting, *others in zip(agents.tolist(), doubts, *asked, strict=True):
            if others[0] < 0:
                continue
            opinions = {found[j] for j in others}
            if len(opinions) == 1:
                found[i] = opinions.pop()
            elif doubting:
                found[i] = 1 - found[i]
        return np.array(found)


@dataclass(frozen=True, slots=True)
class Majority:
    """One after another: an agent takes the opinion that most of those whom it reads have, and keeps its own where several are
    equally frequent and its own is one of them; else one of these is drawn.

    Source: Liggett (1999), Stochastic Interacting Systems, part II; zero-temperature dynamics of Glauber (1963).
    """

    def step(self, state: Ints, first: Ints, ties: Ties, rng: np.random.Generator) -> Ints:
        """See `socsim.dynamics.Dynamics`."""
        del first
        found = state.tolist()
        draws = rng.random(ties.n).tolist()
        for i, u in zip(rng.integers(ties.n, size=ties.n).tolist(), draws, strict=True):
            counts = Counter(found[j] for j in ties.read_by(i).tolist())
            most = max(counts.values(), default=0)
            likely = sorted(opinion for opinion, count in counts.items() if count == most)
            if likely and found[i] not in likely:
                found[i] = likely[int(u * len(likely))]
        return np.array(found)


@dataclass(frozen=True, slots=True)
class Sznajd:
    """One after another: where an agent and one whom it reads agree, all whom either reads take their opinion.

    Source: Sznajd-Weron & Sznajd (2000), Int. J. Mod. Phys. C 11, 1157-1165, on networks as in Stauffer et al. (2000); pairs that
    disagree change nobody.
    """

    def step(self, state: Ints, first: Ints, ties: Ties, rng: np.random.Generator) -> Ints:
        """See `socsim.dynamics.Dynamics`."""
        del first
        found = state.copy()
        agents = rng.integers(ties.n, size=ties.n)
        for i, j in zip(agents.tolist(), partners(ties, agents, rng).tolist(), strict=True):
            if j >= 0 and found[i] == found[j]:
                opinion = found[i]
                found[ties.read_by(i)] = opinion
                found[ties.read_by(j)] = opinion
        return found


@dataclass(frozen=True, slots=True)
class SocialImpact:
    """Opinions 0 and 1, all at once: an agent changes its opinion where those against it weigh more than those for it, itself
    included: √N_o · mean of the weights of the N_o who disagree, against √N_s · mean of the weights of the N_s who agree. Weights
    are those of ties; an agent counts for itself with ``own``.

    Source: Nowak, Szamrej & Latané (1990), Psychol. Rev. 97, 362-376, with the distance of people in the weights of ties.
    """

    own: float = 1.0

    def step(self, state: Ints, first: Ints, ties: Ties, rng: np.random.Generator) -> Ints:
        """See `socsim.dynamics.Dynamics`."""
        del first, rng
        against = (state[ties.indices] != state[readers(ties)]).astype(float)
        others = row_sums(against, ties)
        friends = degrees(ties) - others + 1.0
        persuasion = row_sums(against * ties.weights, ties) / np.sqrt(np.maximum(others, 1.0))
        support = (row_sums((1.0 - against) * ties.weights, ties) + self.own) / np.sqrt(friends)
        return np.where(persuasion > support, 1 - state, state)
