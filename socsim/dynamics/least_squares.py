"""Least squares with intervals, for models that are linear in their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.stats
from numpy.typing import NDArray

__all__ = ["Estimate", "LeastSquares", "least_squares"]

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A parameter with its 95 % interval; NaN where the data do not identify it.

    Intervals take observations as independent, which those of people who talk with each other are not: they describe, and support
    no inference about influence.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class LeastSquares:
    """A fit: coefficients in the order of the regressors, the sum of squared errors, and the estimates by name."""

    coefficients: Reals
    sse: float
    estimates: Mapping[str, Estimate]


def least_squares(regressors: Mapping[str, Reals], outcome: Reals) -> LeastSquares | None:
    """Minimise Σ (y - Σ_k b_k x_k)²; intervals are b ± t(.975, n - k) √(SSE / (n - k) · (X'X)⁻¹).

    Args:
        regressors: by name, each of the shape (n,) of the outcome; none for a model without parameters.
        outcome: y.

    Returns:
        The fit; None where there are not more observations than parameters, or the data do not identify these.
    """
    n, k = outcome.size, len(regressors)
    if n <= k:
        return None
    if k == 0:
        return LeastSquares(np.empty(0), float(outcome @ outcome), {})
    design = np.column_stack(list(regressors.values()))
    if np.linalg.matrix_rank(design, tol=1e-9) < k:
        return None
    coefficients = np.asarray(np.linalg.lstsq(design, outcome, rcond=None)[0], dtype=float)
    residuals = outcome - design @ coefficients
    sse = float(residuals @ residuals)
    half = float(scipy.stats.t.ppf(0.975, n - k)) * np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * sse / (n - k))
    estimates = [Estimate(float(b), float(b - h), float(b + h)) for b, h in zip(coefficients, half, strict=True)]
    return LeastSquares(coefficients, sse, dict(zip(regressors, estimates, strict=True)))
