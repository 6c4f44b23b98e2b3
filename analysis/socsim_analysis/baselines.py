"""Classical models of opinion change fitted to every arm by least squares.

With x_i(t) the opinion of i, m_i(t) the mean of the authors that i read, and x_i(0) its first opinion:

- ``no_change``: x_i(t+1) = x_i(t)
- ``drift_only``: x_i(t+1) = x_i(t) + d
- ``degroot``: x_i(t+1) = (1 - w) x_i(t) + w m_i(t)  (DeGroot 1974, *J. Am. Stat. Assoc.* 69)
- ``friedkin_johnsen``: x_i(t+1) = x_i(t) + a (m_i(t) - x_i(t)) + s (x_i(0) - x_i(t))  (Friedkin & Johnsen 1990,
  *J. Math. Sociol.* 15; in their form the susceptibility is 1 - s and the weight on others a / (1 - s))
- ``deffuant_weisbuch``: x_i(t+1) = x_i(t) + mu (m_i(t) - x_i(t)) where |m_i(t) - x_i(t)| ≤ epsilon, else x_i(t)  (Deffuant, Neau,
  Amblard & Weisbuch 2000, *Adv. Complex Syst.* 3, where two meet and m_i is the one of the other); the bound is one of the
  distances seen, and its interval holds those with n ln(SSE / least SSE) ≤ χ²₁(.95)

All models of one world are fitted to the same transitions. A fit gives *some* weight also where nobody read anybody (opinions
that fall back to the mean look like influence), so what counts is the contrast between arms, not a fit by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.stats
from numpy.typing import NDArray

from socsim.dynamics.least_squares import Estimate, least_squares

__all__ = ["MODELS", "BaselineFit", "Estimate", "Transitions", "fit_baselines"]

MODELS = ("no_change", "drift_only", "degroot", "friedkin_johnsen", "deffuant_weisbuch")
"""Models in the order in which they are fitted."""

Reals = NDArray[np.float64]
_DROP = float(scipy.stats.chi2.ppf(0.95, 1))


@dataclass(frozen=True)
class Transitions:
    """Pairs of an opinion and the next one, of one world.

    ``peers`` is the mean opinion of the authors read in between, NaN where unknown; ``source`` says who counts as read.
    """

    now: Reals
    after: Reals
    first: Reals
    peers: Reals
    source: str = ""

    @property
    def n(self) -> int:
        """Number of transitions."""
        return int(self.now.size)

    def with_peers(self) -> Transitions:
        """Only the transitions for which the opinions of peers and the agent's first opinion are known."""
        known = ~(np.isnan(self.peers) | np.isnan(self.first))
        return Transitions(self.now[known], self.after[known], self.first[known], self.peers[known], self.source)


@dataclass(frozen=True)
class BaselineFit:
    """One model fitted to one world.

    ``explained`` is 1 - SSE / Σ (x(t+1) - x(t))²: the share of the squared change that the model accounts for, 0 for
    ``no_change`` by definition, at most 1, NaN where no opinion changed. ``rmse`` is √(SSE / n), in units of the scale.
    """

    model: str
    n: int
    explained: float
    rmse: float
    parameters: Mapping[str, Estimate] = field(default_factory=dict)


def fit_baselines(transitions: Transitions, models: Sequence[str] = MODELS) -> tuple[BaselineFit, ...]:
    """Fit ``models`` to the transitions of one world.

    Where peers are known for some transitions, all models are fitted to these. Where they are known for none, models that
    need peers are left out.

    Args:
        transitions: what changed; rows with a missing opinion must not be in it.
        models: names out of `MODELS`.

    Raises:
        ValueError: a model is not known.
    """
    unknown = sorted(set(models) - set(MODELS))
    if unknown:
        raise ValueError(f"unknown baselines {unknown}; known are {', '.join(MODELS)}")
    used = transitions.with_peers()
    social = used.n > 0
    rows = used if social else transitions
    regressors = {
        "no_change": {},
        "drift_only": {"d": np.ones(rows.n)},
        "degroot": {"w": rows.peers - rows.now},
        "friedkin_johnsen": {"a": rows.peers - rows.now, "s": rows.first - rows.now},
    }
    chosen = [model for model in MODELS if model in models and (social or model in ("no_change", "drift_only"))]
    change = rows.after - rows.now
    return tuple(_fit(model, change, regressors[model]) if model in regressors else _bounded(rows) for model in chosen)


def _bounded(rows: Transitions) -> BaselineFit:
    """Deffuant–Weisbuch by least squares over all bounds at which something changes."""
    change, pull = rows.after - rows.now, rows.peers - rows.now
    order = np.argsort(np.abs(pull), kind="stable")
    distances = np.abs(pull)[order]
    across, squares = np.cumsum((pull * change)[order]), np.cumsum((pull**2)[order])
    sses = float(change @ change) - np.divide(across**2, squares, out=np.zeros_like(across), where=squares > 0)
    last = np.append(distances[1:] > distances[:-1], True)  # equal distances are within one bound together
    sses = np.where(last, sses, np.inf)
    epsilon = float(distances[np.argmin(sses)])
    fit = _fit("deffuant_weisbuch", change, {"mu": np.where(np.abs(pull) <= epsilon, pull, 0.0)})
    if np.isnan(fit.parameters["mu"].value):
        return BaselineFit(fit.model, fit.n, np.nan, np.nan, {**fit.parameters, "epsilon": Estimate(np.nan, np.nan, np.nan)})
    total = float(change @ change)
    inside = distances[sses <= sses.min() * np.exp(_DROP / fit.n) + 1e-12 * total]
    bound = Estimate(epsilon, float(inside.min()), float(inside.max()))
    return BaselineFit(fit.model, fit.n, fit.explained, fit.rmse, {**fit.parameters, "epsilon": bound})


def _fit(model: str, change: Reals, regressors: Mapping[str, Reals]) -> BaselineFit:
    n, total = int(change.size), float(change @ change)
    fit = least_squares(regressors, change)
    if fit is None:
        return BaselineFit(model, n, np.nan, np.nan, dict.fromkeys(regressors, Estimate(np.nan, np.nan, np.nan)))
    explained = 1.0 - fit.sse / total if total > 1e-18 * n else np.nan
    return BaselineFit(model, n, explained, float(np.sqrt(fit.sse / n)), fit.estimates)
