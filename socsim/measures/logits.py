"""Logistic regression by maximum likelihood, which says so where there is no maximum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Logit", "fit_logit", "is_separated", "log_likelihood", "logistic"]

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Logit:
    """Coefficients, the inverse of their information matrix, and the log-likelihood; or why there are none (all NaN).

    ``problem`` is "" for a fit, else one of "no rows", "constant outcome", "collinear columns", "separated" and "not converged".
    """

    coefficients: Reals
    covariance: Reals
    log_likelihood: float
    problem: str = ""


def logistic(eta: Reals) -> Reals:
    """1 / (1 + exp(-η)), without overflow; equals ½ (1 + tanh(η/2))."""
    return 0.5 * (1.0 + np.tanh(0.5 * eta))


def log_likelihood(eta: Reals, ones: Reals, trials: Reals) -> float:
    """Σ y η - n log(1 + exp η) for y ones in n trials, without the binomial coefficient."""
    return float(ones @ eta - trials @ np.logaddexp(0.0, eta))


def fit_logit(design: Reals, ones: Reals, trials: Reals | None = None) -> Logit:
    """Maximise Σ y η - n log(1 + exp η) with η = X b by Newton's method with halved steps.

    The maximum exists unless some combination of the columns separates ones from zeros (Albert & Anderson 1984, *Biometrika* 71);
    see `is_separated`, which is asked where fitted probabilities come near 0 or 1.

    Args:
        design: rows × columns, with the column of ones where an intercept is wanted.
        ones: number of ones in each row.
        trials: number of trials in each row; 1 where not given.

    Example:
        >>> fit_logit(np.ones((4, 1)), np.array([1.0, 0.0, 0.0, 0.0])).coefficients.round(4).tolist()
        [-1.0986]
    """
    n = np.ones(len(design)) if trials is None else trials
    k = design.shape[1]
    problem = _obstacle(design, ones, n)
    if problem:
        return _none(k, problem)
    unit = np.sqrt((design**2).mean(axis=0))
    x = design / unit
    b, converged = _newton(x, ones, n)
    if (not converged or np.abs(x @ b).max() > 10.0) and is_separated(x, ones, n):
        return _none(k, "separated")
    if not converged:
        return _none(k, "not converged")
    covariance = np.linalg.inv(_information(x, x @ b, n)) / np.outer(unit, unit)
    return Logit(b / unit, covariance, log_likelihood(x @ b, ones, n))


def _none(k: int, problem: str) -> Logit:
    return Logit(np.full(k, np.nan), np.full((k, k), np.nan), float("nan"), problem)


def _obstacle(design: Reals, ones: Reals, trials: Reals) -> str:
    if len(design) == 0:
        return "no rows"
    if ones.sum() in (0.0, trials.sum()):
        return "constant outcome"
    size = np.sqrt((design**2).mean(axis=0))
    if (size == 0.0).any() or np.linalg.matrix_rank(design / size, tol=1e-9 * np.sqrt(len(design))) < design.shape[1]:
        return "collinear columns"
    return ""


def _information(x: Reals, eta: Reals, trials: Reals) -> Reals:
    p = logistic(eta)
    information: Reals = x.T @ ((trials * p * (1.0 - p))[:, None] * x)
    return information


def _newton(x: Reals, ones: Reals, trials: Reals) -> tuple[Reals, bool]:
    b = np.zeros(x.shape[1])
    value = log_likelihood(x @ b, ones, trials)
    for _ in range(100):
        gradient = x.T @ (ones - trials * logistic(x @ b))
        if np.abs(gradient).max() <= 1e-10 * trials.sum():
            return b, True
        try:
            step = np.linalg.solve(_information(x, x @ b, trials), gradient)
        except np.linalg.LinAlgError:
            return b, False
        for _ in range(40):
            moved = log_likelihood(x @ (b + step), ones, trials)
            if moved >= value - 1e-12 * (1.0 + abs(value)):  # near the maximum the difference is rounding error
                break
            step = step / 2.0
        else:
            return b, True  # no step raises the likelihood any more: rounding error is reached
        b, value = b + step, moved
    return b, False


def is_separated(design: Reals, ones: Reals, trials: Reals | None = None) -> bool:
    """Whether a combination of the columns tells ones from zeros, perhaps but for ties, so that no maximum exists.

    Exact up to rounding: a linear programme looks for b ≠ 0 with X b ≥ 0 in rows of ones only, ≤ 0 in rows of zeros only and
    = 0 in others (Konis 2007, *Linear programming algorithms for detecting separated data*).

    Example:
        >>> is_separated(np.array([[1.0, -1.0], [1.0, 1.0]]), np.array([0.0, 1.0]))
        True
    """
    from scipy.optimize import linprog

    n = np.ones(len(design)) if trials is None else trials
    rows, member = np.unique(design, axis=0, return_inverse=True)
    y, m = np.bincount(member.ravel(), weights=ones), np.bincount(member.ravel(), weights=n)
    rows = rows / np.maximum(np.abs(rows).max(axis=0), 1e-300)
    sign = np.where(y == 0.0, -1.0, 1.0)
    pure = (y == 0.0) | (y == m)
    if not pure.any():
        return False
    forward = sign[pure, None] * rows[pure]
    mixed = rows[~pure] if (~pure).any() else None
    found = linprog(
        -forward.mean(axis=0),
        A_ub=-forward,
        b_ub=np.zeros(len(forward)),
        A_eq=mixed,
        b_eq=None if mixed is None else np.zeros(len(mixed)),
        bounds=(-1.0, 1.0),
        method="highs",
    )
    return bool(found.success and (forward @ found.x).max() > 1e-5)
