"""Run any dynamic from a start until it stands still, a rule is met or the steps are over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from socsim.dynamics.graph import Neighbours

__all__ = ["Dynamic", "StopRule", "Trajectory", "consensus", "run", "settled"]

State = NDArray[Any]
StopRule = Callable[[State, State], bool]
"""Given the states before and after a step, whether to stop."""


class Dynamic(Protocol):
    """The parameters of a model. A step is one round of a synchronous model, or n interactions of an asynchronous one."""

    def step(self, state: State, graph: Neighbours, rng: np.random.Generator) -> State:
        """The next state, of the same shape (n, ...); ``state`` itself is left as it is."""
        ...


@dataclass(frozen=True, eq=False)
class Trajectory:
    """``states`` has shape (steps + 1, n, ...), the start first; ``stopped`` says whether the stop rule ended the run."""

    states: State
    stopped: bool

    @property
    def steps(self) -> int:
        """Number of steps made."""
        return len(self.states) - 1


def run(
    dynamic: Dynamic,
    start: State,
    graph: Neighbours,
    rng: np.random.Generator,
    steps: int,
    stop: StopRule | None = None,
) -> Trajectory:
    """Step at most ``steps`` times; stop after the first step for which ``stop`` holds.

    Raises:
        ValueError: the start does not have one row for each agent, or ``steps`` is negative.
    """
    if len(start) != graph.n:
        raise ValueError(f"the start has {len(start)} agents, the graph has {graph.n}")
    if steps < 0:
        raise ValueError(f"steps must be 0 or more, got {steps}")
    states = [np.asarray(start)]
    for _ in range(steps):
        states.append(dynamic.step(states[-1], graph, rng))
        if stop is not None and stop(states[-2], states[-1]):
            return Trajectory(np.stack(states), True)
    return Trajectory(np.stack(states), False)


def consensus(before: State, after: State) -> bool:  # noqa: ARG001
    """All agents have the same state."""
    return bool(np.all(after == after[:1]))


def settled(tolerance: float = 0.0) -> StopRule:
    """Nobody moved by more than ``tolerance``. For random models a step without change need not be the last."""

    def stands(before: State, after: State) -> bool:
        return bool(np.all(np.abs(np.subtract(after, before, dtype=float)) <= tolerance))

    return stands
