"""The best fitted classical model of an estimation study: averaging with neighbours, from the run's own first answers.

Three models, each with the same parameters for all worlds of an arm (x a person's number, m the mean of those it sees, both in
standard deviations of the task's first estimates, so that tasks count alike):

- no change: x' = x
- DeGroot: x' = x + w (m - x)  (`socsim.dynamics.DeGroot`; DeGroot 1974, *J. Am. Stat. Assoc.* 69)
- Friedkin–Johnsen: x' = x + a (m - x) + s (x(0) - x)  (`socsim.dynamics.FriedkinJohnsen`; 1990, *J. Math. Sociol.* 15)

Parameters are those of least squares within the bounds of the models (weights of 0 or more that sum to 1 at most). Each world
is left out in turn and its one-step errors are measured with parameters of the others; taken is the simplest model whose
squared error is within one standard error (over worlds, of the differences world by world) of the smallest, as in Breiman,
Friedman, Olshen & Stone (1984), *Classification and Regression Trees*, 3.4.3. Friedkin–Johnsen is only told apart from DeGroot
from the second revision on.

The chosen model is then stepped from the run's own first answers over its own ties, without chance, for as many rounds as the
run has. What the run does beyond it (a drift to the truth, noise, answers that do not depend on others) is the rest of the
difference: ``explained`` says how much of the squared change the model accounts for in worlds left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from socsim.dynamics import DeGroot, FriedkinJohnsen, run
from socsim_analysis.reference_rows.crowd_worlds import CrowdWorld

__all__ = ["CrowdFit", "as_good", "best_crowd_fit", "simulated_numbers"]

Reals = NDArray[np.float64]
MODELS = ("no change", "DeGroot", "Friedkin–Johnsen")
"""From the simplest to the richest."""


@dataclass(frozen=True)
class CrowdFit:
    """The model that was chosen. ``w`` is DeGroot's weight, or Friedkin–Johnsen's a, ``s`` the latter's weight on first answers;
    ``errors`` are root mean squared one-step errors in worlds left out, by model, in standard deviations of first estimates."""

    model: str
    w: float
    s: float
    errors: dict[str, float]
    worlds: int

    @property
    def explained(self) -> float:
        """1 - (squared error) / (squared error of no change), in worlds left out; NaN where nobody changed."""
        nothing = self.errors["no change"]
        return 1.0 - (self.errors[self.model] / nothing) ** 2 if nothing > 0.0 else math.nan

    @property
    def words(self) -> str:
        """Parameters of the model."""
        return {"no change": "", "DeGroot": f"w = {self.w:.2f}", "Friedkin–Johnsen": f"a = {self.w:.2f}, s = {self.s:.2f}"}[
            self.model
        ]


@dataclass(frozen=True)
class _Steps:
    """Changes of one world with what pulls: to the others (m - x) and to one's own first answer, in units of the task."""

    change: Reals
    others: Reals
    first: Reals


def best_crowd_fit(worlds: Sequence[CrowdWorld]) -> CrowdFit | None:
    """The classical model that predicts worlds left out best; None with fewer than two worlds, or where nobody saw anybody."""
    by_world: dict[int, list[CrowdWorld]] = {}
    for one in worlds:
        by_world.setdefault(one.replicate, []).append(one)
    steps = [found for group in by_world.values() if (found := _steps(group)).change.size]
    if len(steps) < 2 or not any(np.any(one.others != 0.0) for one in steps):
        return None
    squared = {model: np.array([_left_out(model, steps, place) for place in range(len(steps))]) for model in MODELS}
    means = {model: float(values.mean()) for model, values in squared.items()}
    best = min(MODELS, key=lambda model: means[model])
    chosen = next(model for model in MODELS if as_good(squared[model] - squared[best]))
    w, s = _weights(chosen, steps)
    return CrowdFit(chosen, w, s, {model: math.sqrt(value) for model, value in means.items()}, len(steps))


def simulated_numbers(worlds: Sequence[CrowdWorld], fit: CrowdFit) -> list[Reals]:
    """What the fitted model makes of each world's first answers, of the shape of its estimates."""
    found = []
    rng = np.random.default_rng(0)  # these models draw nothing
    for one in worlds:
        first = one.estimates[0]
        rule = DeGroot(fit.w) if fit.model != "Friedkin–Johnsen" else FriedkinJohnsen(fit.w, fit.s, first)
        found.append(run(rule, first, one.graph, rng, len(one.estimates) - 1).states)
    return found


def _steps(group: Sequence[CrowdWorld]) -> _Steps:
    changes, others, firsts = [], [], []
    for one in group:
        if not one.unit > 0.0:
            continue
        x = one.estimates / one.unit
        now, after = x[:-1], x[1:]
        means = np.stack([one.graph.means(row) for row in now]) if len(now) else now
        known = ~(np.isnan(now) | np.isnan(after) | np.isnan(x[0]))
        changes.append((after - now)[known])
        others.append((means - now)[known])
        firsts.append((x[0] - now)[known])
    empty = [np.empty(0)]
    return _Steps(*(np.concatenate(part or empty) for part in (changes, others, firsts)))


def _left_out(model: str, steps: Sequence[_Steps], place: int) -> float:
    """Mean squared one-step error in a world, with weights from all others."""
    w, s = _weights(model, [one for number, one in enumerate(steps) if number != place])
    held = steps[place]
    return float(np.mean((held.change - w * held.others - s * held.first) ** 2))


def _weights(model: str, steps: Sequence[_Steps]) -> tuple[float, float]:
    """Least squares within the bounds of the model."""
    if model == "no change":
        return 0.0, 0.0
    change, others, first = (np.concatenate([getattr(one, name) for one in steps]) for name in ("change", "others", "first"))
    if model == "DeGroot" or not np.any(first != 0.0):
        square = float(others @ others)
        return (float(np.clip(others @ change / square, 0.0, 1.0)) if square > 0.0 else 0.0), 0.0
    design = np.column_stack([others, first])
    a, s = scipy.optimize.lsq_linear(design, change, bounds=(0.0, 1.0)).x
    if a + s > 1.0:  # the best with a + s = 1, where the problem is convex and the bound is reached
        along = others - first
        square = float(along @ along)
        a = float(np.clip(along @ (change - first) / square, 0.0, 1.0)) if square > 0.0 else 0.5
        s = 1.0 - a
    return float(a), float(s)


def as_good(worse_by: Reals) -> bool:
    """Whether errors of worlds are larger by no more than one standard error of the differences."""
    error = float(worse_by.std(ddof=1)) / math.sqrt(worse_by.size) if worse_by.size > 1 else 0.0
    return float(worse_by.mean()) <= error + 1e-15
