"""Stances that are copied: voter, noisy voter, q-voter, majority rule and Sznajd.

The state holds one integer for each agent, shape (n,). Neighbours are drawn uniformly: weights do not count here.
Asynchronous models make n interactions a step, each with an agent drawn uniformly with replacement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from socsim.dynamics.checks import require_whole, require_within
from socsim.dynamics.graph import Integers, Neighbours

__all__ = ["MajorityRule", "NoisyVoter", "QVoter", "Sznajd", "Voter"]


@dataclass(frozen=True)
class NoisyVoter:
    """With probability ``noise`` take a stance out of ``options`` at random, else that of a random neighbour.

    P(x_i' = k) = noise / K + (1 - noise) · share of i's neighbours with k. Asynchronous as in Granovsky & Madras (1995),
    *Stoch. Process. Appl.* 55; Kirman (1993), *Q. J. Econ.* 108. ``synchronous``: everybody at once, from the state before.
    Who reads nobody keeps its stance but for noise. Stances are 0 to K - 1.

    Raises:
        ValueError: ``noise`` is outside [0, 1] or ``options`` is below 1.
    """

    noise: float
    options: int = 2
    synchronous: bool = False

    def __post_init__(self) -> None:
        require_within("noise", self.noise, 0.0, 1.0)
        require_whole("options", self.options, 1)

    def step(self, state: Integers, graph: Neighbours, rng: np.random.Generator) -> Integers:
        """Draws: agents (asynchronous only), neighbours, then who is noisy and the random stances."""
        n = graph.n
        agents = np.arange(n) if self.synchronous else rng.integers(n, size=n)
        sources = graph.pick(agents, rng)
        noisy, random = rng.random(n) < self.noise, rng.integers(self.options, size=n)
        if self.synchronous:
            return np.where(noisy, random, state[sources])
        stances = state.tolist()
        drawn = zip(agents.tolist(), sources.tolist(), noisy.tolist(), random.tolist(), strict=True)
        for agent, source, is_noisy, stance in drawn:
            stances[agent] = stance if is_noisy else stances[source]
        return np.array(stances, dtype=state.dtype)


@dataclass(frozen=True)
class Voter:
    """Take the stance of a random neighbour.

    Asynchronous as in Clifford & Sudbury (1973), *Biometrika* 60, and Holley & Liggett (1975), *Ann. Probab.* 3;
    ``synchronous``: everybody at once. On a complete graph the mean asynchronous time to consensus from a share x of stance 1
    is -n [x ln x + (1 - x) ln(1 - x)] steps, 0.69 n from halves (Sood & Redner 2005, *Phys. Rev. Lett.* 94).
    """

    synchronous: bool = False

    def step(self, state: Integers, graph: Neighbours, rng: np.random.Generator) -> Integers:
        """Draws: agents (asynchronous only), then neighbours."""
        agents = np.arange(graph.n) if self.synchronous else rng.integers(graph.n, size=graph.n)
        sources = graph.pick(agents, rng)
        if self.synchronous:
            return state[sources]
        stances = state.tolist()
        for agent, source in zip(agents.tolist(), sources.tolist(), strict=True):
            stances[agent] = stances[source]
        return np.array(stances, dtype=state.dtype)


@dataclass(frozen=True)
class QVoter:
    """Take the stance of q neighbours, drawn with repetition, if they agree; else flip with probability ``flip``.

    Two stances, 0 and 1. Asynchronous. Castellano, Muñoz & Pastor-Satorras (2009), *Phys. Rev. E* 80, 041129 (their ε is
    ``flip``). q = 1 is the voter model.

    Raises:
        ValueError: ``q`` is below 1 or ``flip`` is outside [0, 1].
    """

    q: int
    flip: float = 0.0

    def __post_init__(self) -> None:
        require_whole("q", self.q, 1)
        require_within("flip", self.flip, 0.0, 1.0)

    def step(self, state: Integers, graph: Neighbours, rng: np.random.Generator) -> Integers:
        """Draws: agents, q neighbours each, then who flips."""
        agents = rng.integers(graph.n, size=graph.n)
        sources = graph.pick(np.repeat(agents[:, None], self.q, axis=1), rng)
        flips = rng.random(graph.n) < self.flip
        stances = state.tolist()
        for agent, panel, flip in zip(agents.tolist(), sources.tolist(), flips.tolist(), strict=True):
            total = sum([stances[source] for source in panel])
            if total in (0, self.q):
                stances[agent] = total // self.q
            elif flip:
                stances[agent] = 1 - stances[agent]
        return np.array(stances, dtype=state.dtype)


@dataclass(frozen=True)
class MajorityRule:
    """An agent and ``size`` - 1 distinct random neighbours all take the stance of their majority; a tie changes nothing.

    Two stances, 0 and 1. Asynchronous, as in Krapivsky & Redner (2003), *Phys. Rev. Lett.* 90, 238701, where on a complete
    graph the group is drawn uniformly; after Galam (2002), *Eur. Phys. J. B* 25. An agent with fewer neighbours forms no group.

    Raises:
        ValueError: ``size`` is below 2.
    """

    size: int = 3

    def __post_init__(self) -> None:
        require_whole("size", self.size, 2)

    def step(self, state: Integers, graph: Neighbours, rng: np.random.Generator) -> Integers:
        """Draws: agents, then ``size`` - 1 uniform numbers each, the k-th for a place among the neighbours not yet taken."""
        agents = rng.integers(graph.n, size=graph.n)
        uniforms = rng.random((graph.n, self.size - 1))
        stances = state.tolist()
        for agent, draws in zip(agents.tolist(), uniforms.tolist(), strict=True):
            start, degree = int(graph.indptr[agent]), int(graph.degrees[agent])
            if degree < self.size - 1:
                continue
            group = [agent, *(int(graph.indices[start + place]) for place in _distinct(draws, degree))]
            ones = sum([stances[member] for member in group])
            if 2 * ones != self.size:
                for member in group:
                    stances[member] = int(2 * ones > self.size)
        return np.array(stances, dtype=state.dtype)


def _distinct(uniforms: list[float], degree: int) -> list[int]:
    """Distinct places below ``degree``: the k-th number chooses among the ``degree`` - k places not yet taken."""
    taken: list[int] = []
    for k, uniform in enumerate(uniforms):
        place = int(uniform * (degree - k))
        for before in sorted(taken):
            place += before <= place
        taken.append(place)
    return taken


@dataclass(frozen=True)
class Sznajd:
    """If an agent and a random neighbour agree, all that read either of them in turn take their stance; else nothing happens.

    Asynchronous, for symmetric graphs. "United we stand" of Sznajd-Weron & Sznajd (2000), *Int. J. Mod. Phys. C* 11, without
    their rule for pairs that disagree, as in Stauffer, Sousa & de Oliveira (2000), *Int. J. Mod. Phys. C* 11. On a complete
    graph the first pair that agrees decides for everybody.
    """

    def step(self, state: Integers, graph: Neighbours, rng: np.random.Generator) -> Integers:
        """Draws: agents, then neighbours."""
        agents = rng.integers(graph.n, size=graph.n)
        sources = graph.pick(agents, rng)
        stances = state.copy()
        for agent, source in zip(agents.tolist(), sources.tolist(), strict=True):
            if agent != source and stances[agent] == stances[source]:
                for one in (agent, source):
                    stances[graph.indices[graph.indptr[one] : graph.indptr[one + 1]]] = stances[agent]
        return stances
