"""Traits, impact and names: Axelrod, social impact and the naming game."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from socsim.dynamics.checks import require_within
from socsim.dynamics.graph import Integers, Neighbours, Reals

__all__ = ["Axelrod", "NamingGame", "SocialImpact"]


@dataclass(frozen=True)
class Axelrod:
    """With probability (shared features / F), copy one feature that differs from a random neighbour, chosen at random.

    State: traits, shape (n, F). Asynchronous: n meetings a step; the drawn agent changes. Axelrod (1997), *J. Confl.
    Resolut.* 41. Neighbours who share nothing or everything do not change each other. Weights do not count.
    """

    def step(self, state: Integers, graph: Neighbours, rng: np.random.Generator) -> Integers:
        """Draws: agents, neighbours, then two uniform numbers each: whether they interact, and which feature is copied."""
        agents = rng.integers(graph.n, size=graph.n)
        sources = graph.pick(agents, rng)
        uniforms = rng.random((graph.n, 2))
        traits = state.tolist()
        for i, j, (meeting, choice) in zip(agents.tolist(), sources.tolist(), uniforms.tolist(), strict=True):
            mine, theirs = traits[i], traits[j]
            differing = [f for f, trait in enumerate(mine) if trait != theirs[f]]
            if differing and meeting * len(mine) < len(mine) - len(differing):
                feature = differing[int(choice * len(differing))]
                mine[feature] = theirs[feature]
        return np.array(traits, dtype=state.dtype)


@dataclass(frozen=True, eq=False)
class SocialImpact:
    """Change stance when the impact of those who disagree exceeds that of those who agree, oneself among these.

    Impact of N sources: N^½ · (Σ strength_j · immediacy_ij / N), with ``persuasiveness`` as the strength of who disagrees and
    ``supportiveness`` of who agrees (numbers, or shape (n,)); immediacies (1 / d² in the source) are the graph's weights, 1
    for oneself. Stances 0 and 1, shape (n,). Synchronous; draws nothing. Nowak, Szamrej & Latané (1990), *Psychol. Rev.* 97,
    where strengths are drawn anew after a change: here they stay.

    Raises:
        ValueError: a strength is negative.
    """

    persuasiveness: float | Reals = 1.0
    supportiveness: float | Reals = 1.0

    def __post_init__(self) -> None:
        require_within("persuasiveness", self.persuasiveness, 0.0)
        require_within("supportiveness", self.supportiveness, 0.0)

    def step(self, state: Integers, graph: Neighbours, rng: np.random.Generator) -> Integers:  # noqa: ARG002
        """One synchronous round."""
        ones = state == 1
        persuading, supporting = np.empty(graph.n), np.empty(graph.n)
        for mine in (False, True):
            here, same = ones == mine, (ones == mine).astype(float)
            agree, disagree = graph.counts(here) + 1, graph.counts(~here)
            support = graph.weighted_sums(self.supportiveness * same) + self.supportiveness
            pressure = graph.weighted_sums(self.persuasiveness * (1.0 - same))
            supporting[here] = (support / np.sqrt(agree))[here]
            persuading[here] = (pressure / np.sqrt(np.maximum(disagree, 1)))[here]
        return np.where(persuading > supporting, 1 - state, state)


@dataclass(frozen=True, eq=False)
class NamingGame:
    """A speaker says one of its names; a hearer that knows it, and the speaker, keep only this name; else the hearer adds it.

    State: who knows which of W names, booleans of shape (n, W). A speaker that knows none takes one of the W at random (with
    W large, the invention of the source). Agents in ``committed`` (booleans, shape (n,)) never change. Asynchronous: n games a
    step, the speaker drawn uniformly, the hearer among those whom it reads. Baronchelli, Felici, Loreto, Caglioti & Steels
    (2006), *J. Stat. Mech.* P06014; committed agents: Xie et al. (2011), *Phys. Rev. E* 84, 011130.
    """

    committed: NDArray[np.bool_] | None = None

    def step(self, state: NDArray[np.bool_], graph: Neighbours, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Draws: speakers, hearers, then one uniform number each for the name."""
        n, names = graph.n, state.shape[1]
        speakers = rng.integers(n, size=n)
        hearers = graph.pick(speakers, rng)
        uniforms = rng.random(n)
        fixed = [False] * n if self.committed is None else self.committed.tolist()
        known = [[w for w in range(names) if row[w]] for row in state.tolist()]
        for speaker, hearer, uniform in zip(speakers.tolist(), hearers.tolist(), uniforms.tolist(), strict=True):
            if speaker == hearer:
                continue
            said = known[speaker]
            name = said[int(uniform * len(said))] if said else int(uniform * names)
            if name in known[hearer]:
                kept, changed = [name], [speaker, hearer]
            else:
                kept, changed = sorted([*known[hearer], name]), [hearer]
                if not said and not fixed[speaker]:
                    known[speaker] = [name]
            for agent in changed:
                if not fixed[agent]:
                    known[agent] = kept
        after = np.zeros_like(state)
        for agent, mine in enumerate(known):
            after[agent, mine] = True
        return after
