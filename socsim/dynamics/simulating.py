"""Carrying out a model of dynamics, and counting clusters of opinions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from socsim.network.ties import Ties

__all__ = ["Dynamics", "clusters_of", "simulate"]

State = NDArray[Any]


class Dynamics(Protocol):
    """A model of how states change on a network."""

    def step(self, state: State, first: State, ties: Ties, rng: np.random.Generator) -> State:
        """The state of everybody after one sweep; ``state`` is left as it is.

        Args:
            state: of every agent, first axis agents.
            first: where everybody began.
            ties: whom everybody reads.
            rng: random numbers.
        """
        ...


def simulate(
    model: Dynamics,
    start: State,
    ties: Ties,
    steps: int,
    rng: np.random.Generator,
    *,
    until: Callable[[State], bool] | None = None,
) -> State:
    """States over time: shape (steps + 1, agents, …), from the start on.

    Args:
        model: the dynamics.
        start: state of every agent; as many as ``ties.n``.
        ties: whom everybody reads.
        steps: sweeps at most.
        rng: random numbers.
        until: called with the newest state; the simulation ends where it is true, and the result is as much shorter.

    Raises:
        ValueError: there are not as many states as agents.
    """
    if len(start) != ties.n:
        raise ValueError(f"{len(start)} states for {ties.n} agents")
    found = [np.array(start)]
    for _ in range(steps):
        if until is not None and until(found[-1]):
            break
        found.append(model.step(found[-1], found[0], ties, rng))
    return np.stack(found)


def clusters_of(opinions: NDArray[np.float64], gap: float, least: float = 0.0) -> int:
    """Clusters of opinions on a line: groups that are further apart than ``gap``, of at least a share of all.

    Example:
        >>> clusters_of(np.array([0.1, 0.11, 0.5, 0.9]), 0.05), clusters_of(np.array([0.1, 0.11, 0.5, 0.9]), 0.05, 0.5)
        (3, 1)

    Args:
        opinions: one for each agent, without missing ones.
        gap: largest distance of neighbours on the line inside a cluster, 0 or above.
        least: smallest share of the agents in a cluster that counts, 0 to 1.
    """
    if opinions.size == 0:
        return 0
    ordered = np.sort(opinions)
    sizes = np.diff(np.flatnonzero(np.concatenate([[True], np.diff(ordered) > gap, [True]])))
    return int((sizes >= least * opinions.size).sum())
