"""The response curve of a binary choice to the mean choice of others, as in the Curie–Weiss model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from socsim.measures.logits import fit_logit, log_likelihood, logistic

__all__ = ["ResponseCurve", "fit_response_curve", "response_probability"]

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class ResponseCurve:
    """β and h with profile intervals, from ``n`` choices; ``problem`` is "" or says why there is no (finite) estimate.

    With "separated" one value of m tells the choices apart, so that β is ±inf with one finite bound, and h is known up to an
    interval only. With "no rows", "constant outcome" or "constant m" all are NaN. Bounds may be infinite: choices that
    do not depend on m say nothing about h.
    """

    beta: float
    beta_low: float
    beta_high: float
    h: float
    h_low: float
    h_high: float
    log_likelihood: float
    n: int
    problem: str = ""


def response_probability(m: ArrayLike, beta: float, h: float = 0.0) -> Reals:
    """P(m) = ½ [1 + tanh β(m + h)], between 0 and 1: a logit with slope 2β and intercept 2βh. NaN where m is missing.

    Source: De Marzo, Castellano & Garcia 2024, arXiv:2409.02822, who call β the majority force, with a field h as in Glauber
    1963, *J. Math. Phys.* 4. In a well-mixed population β > 1 is needed for a majority to keep itself.

    Example:
        >>> response_probability([-1.0, 0.0, 1.0], 0.5).round(4).tolist()
        [0.2689, 0.5, 0.7311]
    """
    return logistic(2.0 * beta * (np.asarray(m, dtype=float) + h))


def fit_response_curve(choices: ArrayLike, m: ArrayLike, *, level: float = 0.95) -> ResponseCurve:
    """Fit P(m) = ½ [1 + tanh β(m + h)] by maximum likelihood, with intervals from the profile likelihood.

    β is half the slope of a logit and has no bounds; h, the bias, is in units of m: at m = -h both choices are alike. Rows
    are taken as independent; with several per agent or world the intervals are too narrow. Sources: `response_probability`;
    profile intervals as in Venzon & Moolgavkar 1988, *Applied Statistics* 37.

    Rows with a missing value are left out.

    Args:
        choices: 0 or 1, NaN where missing.
        m: mean choice of the others, from -1 to 1 in the source (any finite numbers will do).
        level: of the intervals.

    Raises:
        ValueError: a choice that is not 0 or 1, columns not equally long, m not finite, or a level outside 0 … 1.

    Example:
        >>> round(fit_response_curve([0, 0, 0, 1, 0, 1, 1, 1], [-1, -1, -1, -1, 1, 1, 1, 1]).beta, 4)
        0.5493
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"the level must lie between 0 and 1, got {level}")
    y, x = np.asarray(choices, dtype=float).ravel(), np.asarray(m, dtype=float).ravel()
    if y.size != x.size:
        raise ValueError(f"each choice needs one m, got {y.size} and {x.size}")
    known = ~(np.isnan(y) | np.isnan(x))
    y, x = y[known], x[known]
    if not np.isin(y, (0.0, 1.0)).all() or not np.isfinite(x).all():
        raise ValueError("choices must be 0 or 1, and m finite")
    place, member = np.unique(x, return_inverse=True)
    data = _Counts(place, np.bincount(member, weights=y).astype(float), np.bincount(member).astype(float))
    fit = fit_logit(np.column_stack((np.ones(place.size), place)), data.ones, data.trials)
    n = y.size
    if fit.problem == "separated":
        return _separated(data, level, n)
    if fit.problem:
        nan, problem = float("nan"), fit.problem.replace("collinear columns", "constant m")
        return ResponseCurve(nan, nan, nan, nan, nan, nan, nan, n, problem)
    intercept, slope = (float(value) for value in fit.coefficients)
    error = float(np.sqrt(fit.covariance[1, 1]))
    least = fit.log_likelihood - _drop(level)
    low, high = (_crossing(data.given_slope, slope, step, least) for step in (-error, error))
    h = intercept / slope if slope != 0.0 else float("nan")
    h_low, h_high = _bias_interval(data, -h, least)
    return ResponseCurve(slope / 2.0, low / 2.0, high / 2.0, h, h_low, h_high, fit.log_likelihood, n)


def _drop(level: float) -> float:
    """By how much the log-likelihood may fall within the interval."""
    from scipy.special import chdtri

    return float(chdtri(1, 1.0 - level)) / 2.0


@dataclass(frozen=True)
class _Counts:
    """Ones and trials at each place m, in order, and the log-likelihood maximised over the other parameter."""

    place: Reals
    ones: Reals
    trials: Reals

    def given_slope(self, slope: float) -> float:
        from scipy.optimize import brentq

        share = self.ones.sum() / self.trials.sum()
        centre = np.log(share / (1.0 - share))
        offset = slope * self.place

        def excess(intercept: float) -> float:
            return float((self.ones - self.trials * logistic(intercept + offset)).sum())

        low, high = centre - offset.max() - 1e-6, centre - offset.min() + 1e-6
        best = brentq(excess, low, high, xtol=1e-12, rtol=1e-14)
        return log_likelihood(best + offset, self.ones, self.trials)

    def given_threshold(self, threshold: float) -> float:
        """Over the slope of η = slope · (m - threshold)."""
        from scipy.optimize import brentq

        x = self.place - threshold

        def excess(slope: float) -> float:
            return float(x @ (self.ones - self.trials * logistic(slope * x)))

        for direction in (1.0, -1.0):
            wrong = np.where(direction * x > 0.0, self.trials - self.ones, np.where(x == 0.0, 0.0, self.ones))
            if not wrong.any():
                return float(-self.trials[x == 0.0].sum() * np.log(2.0))
        bound = 1.0 / float(np.abs(x).max())
        while excess(bound) > 0.0 or excess(-bound) < 0.0:
            bound *= 2.0
        return log_likelihood(brentq(excess, -bound, bound, xtol=1e-14, rtol=1e-13) * x, self.ones, self.trials)

    def without_slope(self) -> float:
        share = self.ones.sum() / self.trials.sum()
        return log_likelihood(np.full(self.place.size, np.log(share / (1.0 - share))), self.ones, self.trials)


def _crossing(profile: Callable[[float], float], start: float, step: float, least: float) -> float:
    """Where the profile, going from start in the direction of step, falls to ``least``."""
    from scipy.optimize import brentq

    inner, outer = start, start + step
    while profile(outer) > least:
        step *= 2.0
        inner, outer = outer, outer + step
    return float(brentq(lambda value: profile(value) - least, inner, outer, xtol=1e-10))


def _bias_interval(data: _Counts, threshold: float, least: float) -> tuple[float, float]:
    """Interval of h = -threshold; all numbers where a curve without slope fits well enough, as any far threshold then does."""
    if data.without_slope() >= least:
        return float("-inf"), float("inf")
    reach = float(np.ptp(data.place))
    low, high = (_edge(data.given_threshold, threshold, sign * reach, least) for sign in (-1.0, 1.0))
    return -high, -low


def _edge(profile: Callable[[float], float], start: float, reach: float, least: float) -> float:
    """As `_crossing`, for a profile that may jump at start itself, where ties of separated choices lie."""
    beside = start + 1e-9 * reach
    return _crossing(profile, beside, reach / 10.0, least) if profile(beside) > least else start


def _separated(data: _Counts, level: float, n: int) -> ResponseCurve:
    """One end of each interval where the likelihood rises with |β| for ever."""
    some, all_ = data.ones > 0.0, data.ones == data.trials
    rising = data.place[some].min() >= data.place[~all_].max()
    sign = 1.0 if rising else -1.0
    ones, zeros = data.place[some], data.place[~all_]
    gap = (zeros.max(), ones.min()) if rising else (ones.max(), zeros.min())
    threshold = float(np.mean(gap))
    mixed = (data.ones > 0.0) & ~all_
    share = data.ones[mixed] / data.trials[mixed]
    best = float(data.ones[mixed] @ np.log(share) + (data.trials - data.ones)[mixed] @ np.log1p(-share))
    least = best - _drop(level)
    start = sign / float(np.ptp(data.place))
    while data.given_slope(start) <= least:
        start *= 2.0
    bound = _crossing(data.given_slope, start, -start / 2.0, least) / 2.0
    h_low, h_high = _bias_interval(data, threshold, least)
    low, high = (bound, float("inf")) if rising else (float("-inf"), bound)
    return ResponseCurve(sign * float("inf"), low, high, float("nan"), h_low, h_high, best, n, "separated")
