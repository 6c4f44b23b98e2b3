"""Classical dynamics fitted to the trajectory of a run, compared on held-out steps.

Opinions (least squares on the change between steps; m_i as in `DeGroot`, c_i(ε) as in `HegselmannKrause`):

- ``no_change``, ``degroot`` (w), ``friedkin_johnsen`` (a, s), ``bounded_confidence`` (mu, epsilon)

Stances 0 and 1 (maximum likelihood; everybody is taken to act at every step, on the state before):

- ``constant``: P(x' = 1) = rate; ``voter``: the share of neighbours with 1; ``noisy_voter``: noise / 2 + (1 - noise) · share

Adoptions, which are never undone (maximum likelihood over those not yet active):

- ``constant``: P(adopt) = rate; ``thresholds`` (share) and ``complex_contagion`` (count): ``below`` or ``above`` the threshold

The rates of adoption below and above a threshold have intervals that take the threshold as known, and so are somewhat too
narrow: for a rate above the threshold, .89 of the nominal .95 in 300 runs.
All intervals take transitions as independent given the state before, which holds if the fitted model generated the data:
they support no inference about influence in other data, where the contrast between arms counts. The order of models is
that of their held-out figures, without an interval of the differences: Friedkin–Johnsen with s = 0 is DeGroot, and bounded
confidence with a bound beyond all distances is close to it, so these can come in any order where DeGroot holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.optimize
import scipy.stats
from numpy.typing import NDArray

from socsim.dynamics.averaging import confident_means
from socsim.dynamics.checks import require_whole
from socsim.dynamics.graph import Neighbours, Reals
from socsim.dynamics.least_squares import Estimate, least_squares

__all__ = ["DynamicFit", "Estimate", "fit_adoptions", "fit_opinions", "fit_stances"]

_DROP = float(scipy.stats.chi2.ppf(0.95, 1)) / 2
"""By how much the log-likelihood may fall within a 95 % profile interval."""


@dataclass(frozen=True)
class DynamicFit:
    """One model fitted to the first steps of one trajectory.

    ``held_out`` is the root mean squared error (opinions; lower is better) or the mean log-likelihood (stances, adoptions;
    higher is better, -inf where the model rules out what happened) of one-step predictions in the ``n_held_out`` transitions
    not fitted; NaN where there is none or the model was not identified.
    """

    model: str
    n: int
    n_held_out: int
    held_out: float
    parameters: Mapping[str, Estimate] = field(default_factory=dict)


def fit_opinions(trajectory: Reals, graph: Neighbours, train_steps: int, epsilons: Reals | None = None) -> tuple[DynamicFit, ...]:
    """Fit the models of opinions to the first ``train_steps`` steps; best on the held-out steps first.

    Args:
        trajectory: opinions, shape (steps + 1, n); NaN where there is none. Changes from or to one that is missing, and of agents
            without a first opinion, are left out, and nobody is drawn to an opinion that is missing.
        graph: who reads whom.
        train_steps: steps to fit to; the later ones are held out.
        epsilons: bounds to try, rising; by default 60 from the range of the opinions / 60 to the range. The profile
            interval of epsilon is made of tried bounds.

    Raises:
        ValueError: the shape does not fit, or ``train_steps`` is not between 1 and the steps.
    """
    _check(trajectory, graph, train_steps)
    spread = float(np.nanmax(trajectory) - np.nanmin(trajectory)) if not np.all(np.isnan(trajectory)) else 0.0
    tried = np.linspace(spread / 60, spread, 60) if epsilons is None else np.asarray(epsilons, dtype=float)
    now, change = trajectory[:-1], np.diff(trajectory, axis=0)
    pull = np.stack([graph.means(row) for row in now]) - now
    early = np.arange(len(change))[:, None] < train_steps
    known = ~(np.isnan(change) | np.isnan(trajectory[0]))
    rows = _Rows(known & early, known & ~early)
    fits = [
        _least_squares("no_change", {}, change, rows),
        _least_squares("degroot", {"w": pull}, change, rows),
        _least_squares("friedkin_johnsen", {"a": pull, "s": trajectory[0] - now}, change, rows),
        _bounded_confidence(now, change, graph, rows, tried),
    ]
    return tuple(sorted(fits, key=lambda fit: (np.isnan(fit.held_out), fit.held_out)))


@dataclass(frozen=True, eq=False)
class _Rows:
    """Which changes are fitted to and which are held out, both of shape (steps, n)."""

    fitted: NDArray[np.bool_]
    held: NDArray[np.bool_]


def _least_squares(model: str, regressors: Mapping[str, Reals], change: Reals, rows: _Rows) -> DynamicFit:
    y, held = change[rows.fitted], change[rows.held]
    fit = least_squares({name: values[rows.fitted] for name, values in regressors.items()}, y)
    if fit is None:
        return DynamicFit(model, y.size, held.size, np.nan, dict.fromkeys(regressors, Estimate(np.nan, np.nan, np.nan)))
    predicted = np.zeros_like(held)
    for coefficient, values in zip(fit.coefficients, regressors.values(), strict=True):
        predicted += coefficient * values[rows.held]
    return DynamicFit(model, y.size, held.size, _rmse(held - predicted), fit.estimates)


def _rmse(residuals: Reals) -> float:
    return float(np.sqrt(np.mean(residuals**2))) if residuals.size else float("nan")


def _bounded_confidence(now: Reals, change: Reals, graph: Neighbours, rows: _Rows, tried: Reals) -> DynamicFit:
    """Least squares over the tried bounds; the interval holds those with n ln(SSE / least SSE) ≤ χ²₁(0.95)."""
    y, early = change[rows.fitted], np.flatnonzero(rows.fitted.any(axis=1))
    sses = np.full(tried.size, np.inf)
    for k, epsilon in enumerate(tried):
        pull = _confident_pull(now[early], graph, epsilon)[rows.fitted[early]]
        if float(pull @ pull) > 0:
            sses[k] = float(y @ y) - float(pull @ y) ** 2 / float(pull @ pull)
    if not np.any(np.isfinite(sses)):
        missing = Estimate(np.nan, np.nan, np.nan)
        return DynamicFit("bounded_confidence", y.size, int(rows.held.sum()), np.nan, {"mu": missing, "epsilon": missing})
    best = int(np.argmin(sses))
    inside = tried[sses <= sses[best] * np.exp(2 * _DROP / y.size) + 1e-12 * float(y @ y)]
    fit = _least_squares("bounded_confidence", {"mu": _confident_pull(now, graph, tried[best])}, change, rows)
    epsilon = Estimate(float(tried[best]), float(inside.min()), float(inside.max()))
    return DynamicFit(fit.model, fit.n, fit.n_held_out, fit.held_out, {**fit.parameters, "epsilon": epsilon})


def _confident_pull(now: Reals, graph: Neighbours, epsilon: float) -> Reals:
    return np.stack([confident_means(row, graph, epsilon) for row in now]) - now if len(now) else np.empty(now.shape)


def fit_stances(trajectory: NDArray[np.number[Any]], graph: Neighbours, train_steps: int) -> tuple[DynamicFit, ...]:
    """Fit the models of two stances, 0 and 1, to the first ``train_steps`` steps; best on the held-out steps first.

    Stances that are missing (NaN) count for nobody. Only those are used who read somebody whose stance is known. Intervals are of
    the profile likelihood.

    Raises:
        ValueError: as for `fit_opinions`, or a stance is neither 0 nor 1.
    """
    _check(trajectory, graph, train_steps)
    missing = np.isnan(trajectory.astype(float))
    if not np.all(np.isin(trajectory, (0, 1)) | missing):
        raise ValueError("stances must be 0 or 1")
    known = np.stack([graph.counts(~row) for row in missing[:-1]])
    used = (known > 0) & ~missing[1:]
    shares_all = np.stack([graph.counts(row == 1) for row in trajectory[:-1]]) / np.maximum(known, 1)
    early = np.arange(len(used))[:, None] < train_steps
    order = [used & early, used & ~early]
    shares, ones = (np.concatenate([whole[part] for part in order]) for whole in (shares_all, trajectory[1:] == 1))
    fitted = int(order[0].sum())
    fits = []
    for model in ("constant", "voter", "noisy_voter"):
        parameters: dict[str, Estimate] = {}
        predicted = shares
        if model == "constant":
            parameters["rate"] = _rate(int(ones[:fitted].sum()), ones[:fitted].size)
            predicted = np.full(ones.shape, parameters["rate"].value)
        elif model == "noisy_voter":
            parameters["noise"] = _noise(shares[:fitted], ones[:fitted])
            predicted = parameters["noise"].value / 2 + (1 - parameters["noise"].value) * shares
        score = _score(predicted[fitted:], ones[fitted:])
        fits.append(DynamicFit(model, ones[:fitted].size, ones[fitted:].size, score, parameters))
    return _by_score(fits)


def fit_adoptions(trajectory: NDArray[np.bool_], graph: Neighbours, train_steps: int) -> tuple[DynamicFit, ...]:
    """Fit the models of adoption to the first ``train_steps`` steps; best on the held-out steps first.

    The threshold is one of the values observed; its interval is of the profile likelihood.

    Raises:
        ValueError: as for `fit_opinions`, or an adoption is undone.
    """
    active = np.asarray(trajectory, dtype=bool)
    _check(active, graph, train_steps)
    if np.any(np.isnan(np.asarray(trajectory, dtype=float))):
        raise ValueError("the trajectory has missing values: who has adopted must be known at every step")
    if np.any(active[:-1] & ~active[1:]):
        raise ValueError("an adoption is undone: fit_adoptions needs states that stay active")
    open_, adopted = ~active[:-1], active[1:]
    step = np.nonzero(open_)[0]
    fitted = step < train_steps
    y = adopted[open_]
    rate = _rate(int(y[fitted].sum()), int(fitted.sum()))
    score = _score(np.full(int((~fitted).sum()), rate.value), y[~fitted])
    fits = [DynamicFit("constant", int(fitted.sum()), int((~fitted).sum()), score, {"rate": rate})]
    counts = np.stack([graph.counts(row) for row in active[:-1]])
    for model, exposure in (("thresholds", counts / np.maximum(graph.degrees, 1)), ("complex_contagion", counts)):
        fits.append(_threshold(model, exposure[open_], y, fitted))
    return _by_score(fits)


def _threshold(model: str, exposure: Reals, adopted: NDArray[np.bool_], fitted: NDArray[np.bool_]) -> DynamicFit:
    x, y, later = exposure[fitted], adopted[fitted], int((~fitted).sum())
    tried = np.unique(x)[1:]
    missing = Estimate(np.nan, np.nan, np.nan)
    if tried.size == 0:
        return DynamicFit(model, y.size, later, np.nan, dict.fromkeys(("threshold", "below", "above"), missing))
    logs = np.array([_binary_log_likelihood(y[x < t]) + _binary_log_likelihood(y[x >= t]) for t in tried])
    best, inside = float(tried[np.argmax(logs)]), tried[logs >= logs.max() - _DROP]
    below, above = (_rate(int(part.sum()), part.size) for part in (y[x < best], y[x >= best]))
    predicted = np.where(exposure[~fitted] >= best, above.value, below.value)
    threshold = Estimate(best, float(inside.min()), float(inside.max()))
    score = _score(predicted, adopted[~fitted])
    return DynamicFit(model, y.size, later, score, {"threshold": threshold, "below": below, "above": above})


def _binary_log_likelihood(happened: NDArray[np.bool_]) -> float:
    """Greatest log-likelihood of a constant rate."""
    k, n = int(happened.sum()), happened.size
    return sum(c * float(np.log(c / n)) for c in (k, n - k) if c)


def _rate(k: int, n: int) -> Estimate:
    """A share with its Wilson interval."""
    if n == 0:
        return Estimate(np.nan, np.nan, np.nan)
    interval = scipy.stats.binomtest(k, n).proportion_ci(method="wilson")
    return Estimate(k / n, float(interval.low), float(interval.high))


def _noise(shares: Reals, ones: NDArray[np.bool_]) -> Estimate:
    probability = np.where(ones, shares, 1.0 - shares).ravel()
    if probability.size == 0:
        return Estimate(np.nan, np.nan, np.nan)

    def loss(noise: float) -> float:
        return -float(np.sum(np.log(np.maximum(noise / 2 + (1 - noise) * probability, 1e-300))))

    best = float(scipy.optimize.minimize_scalar(loss, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-9}).x)
    best = min((0.0, best, 1.0), key=loss)

    def excess(noise: float) -> float:
        return loss(noise) - loss(best) - _DROP

    low = 0.0 if best == 0.0 or excess(0.0) <= 0 else float(scipy.optimize.brentq(excess, 0.0, best))
    high = 1.0 if best == 1.0 or excess(1.0) <= 0 else float(scipy.optimize.brentq(excess, best, 1.0))
    return Estimate(best, low, high)


def _score(predicted: Reals, happened: NDArray[np.bool_]) -> float:
    if happened.size == 0 or np.any(np.isnan(predicted)):
        return float("nan")
    with np.errstate(divide="ignore"):
        return float(np.mean(np.log(np.where(happened, predicted, 1.0 - predicted))))


def _by_score(fits: list[DynamicFit]) -> tuple[DynamicFit, ...]:
    return tuple(sorted(fits, key=lambda fit: (np.isnan(fit.held_out), -fit.held_out)))


def _check(trajectory: NDArray[np.generic], graph: Neighbours, train_steps: int) -> None:
    if trajectory.ndim != 2 or trajectory.shape[1] != graph.n:
        raise ValueError(f"the trajectory must have shape (steps + 1, {graph.n}), got {trajectory.shape}")
    require_whole("train_steps", train_steps, 1)
    if train_steps > len(trajectory) - 1:
        raise ValueError(f"train_steps is {train_steps}, the trajectory has {len(trajectory) - 1} steps")
