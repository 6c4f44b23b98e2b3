"""Opinions that move towards a mean of others: DeGroot, Friedkin–Johnsen and Hegselmann–Krause.

The state holds one number for each agent, shape (n,). All are synchronous and draw nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from socsim.dynamics.checks import require_within
from socsim.dynamics.graph import Neighbours, Reals

__all__ = ["DeGroot", "FriedkinJohnsen", "HegselmannKrause", "confident_means"]


@dataclass(frozen=True)
class DeGroot:
    """x_i' = (1 - w) x_i + w m_i, with m_i the weighted mean of those whom i reads.

    DeGroot (1974), *J. Am. Stat. Assoc.* 69, with the same weight on oneself for all. Who reads nobody keeps its opinion.

    Raises:
        ValueError: ``w`` is outside [0, 1].
    """

    w: float

    def __post_init__(self) -> None:
        require_within("w", self.w, 0.0, 1.0)

    def step(self, state: Reals, graph: Neighbours, rng: np.random.Generator) -> Reals:  # noqa: ARG002
        """One synchronous round."""
        return (1.0 - self.w) * state + self.w * graph.means(state)


@dataclass(frozen=True, eq=False)
class FriedkinJohnsen:
    """x_i' = x_i + a (m_i - x_i) + s (x_i(0) - x_i), the form of ``socsim_analysis.baselines``.

    Friedkin & Johnsen (1990), *J. Math. Sociol.* 15; their susceptibility is 1 - s, their weight on others a / (1 - s).
    ``first`` holds the x_i(0), shape (n,).

    Raises:
        ValueError: ``a`` or ``s`` is negative, or their sum is above 1.
    """

    a: float
    s: float
    first: Reals

    def __post_init__(self) -> None:
        require_within("a", self.a, 0.0, 1.0)
        require_within("s", self.s, 0.0, 1.0)
        require_within("a + s", self.a + self.s, 0.0, 1.0 + 1e-12)

    def step(self, state: Reals, graph: Neighbours, rng: np.random.Generator) -> Reals:  # noqa: ARG002
        """One synchronous round."""
        return (1.0 - self.a - self.s) * state + self.a * graph.means(state) + self.s * self.first


@dataclass(frozen=True)
class HegselmannKrause:
    """x_i' = x_i + mu (c_i - x_i), with c_i the mean of i's own opinion and of those it reads within ``epsilon`` of it.

    Hegselmann & Krause (2002), *JASSS* 5(3) 2, where mu = 1 and all are updated at once. Weights do not count.

    Raises:
        ValueError: ``epsilon`` is negative or ``mu`` is outside [0, 1].
    """

    epsilon: float
    mu: float = 1.0

    def __post_init__(self) -> None:
        require_within("epsilon", self.epsilon, 0.0)
        require_within("mu", self.mu, 0.0, 1.0)

    def step(self, state: Reals, graph: Neighbours, rng: np.random.Generator) -> Reals:  # noqa: ARG002
        """One synchronous round; n log n work on a complete graph, else in proportion to the ties."""
        return state + self.mu * (confident_means(state, graph, self.epsilon) - state)


def confident_means(opinions: Reals, graph: Neighbours, epsilon: float) -> Reals:
    """Mean of an agent's own opinion and of those it reads at a distance of at most ``epsilon``, shape (n,); NaN where its own
    opinion is not known, while those of others that are not known do not count."""
    if graph.is_complete and not np.isnan(opinions).any():
        order = np.argsort(opinions)
        ranked = opinions[order]
        below, above = np.searchsorted(ranked, ranked - epsilon, "left"), np.searchsorted(ranked, ranked + epsilon, "right")
        sums = np.concatenate([[0.0], np.cumsum(ranked)])
        means = np.empty_like(ranked)
        means[order] = (sums[above] - sums[below]) / (above - below)
        return means
    near = np.abs(opinions[graph.indices] - opinions[graph.rows]) <= epsilon
    rows = graph.rows[near]
    totals = np.bincount(rows, opinions[graph.indices[near]], minlength=graph.n)
    return (opinions + totals) / (1 + np.bincount(rows, minlength=graph.n))
