"""Bootstrap ends of a mean over units: studentised (percentile-t), and bias-corrected and accelerated.

Resamples are counts of how often each unit was drawn (multinomial), so sums over resamples are matrix products. The formulas are
in `socsim_analysis.statistics.intervals`.
"""

from __future__ import annotations

import math

import numpy as np
import scipy.stats
from numpy.typing import NDArray

__all__ = ["RESAMPLES", "bca_ends", "studentised_ends"]

RESAMPLES = 4999
"""Resamples of a bootstrap: the ends are order statistics number α (RESAMPLES + 1)."""

Reals = NDArray[np.float64]

_CELLS = 2_000_000


def studentised_ends(x: Reals, tail: float, rng: np.random.Generator) -> tuple[float, float]:
    """Ends that cut off ``tail`` on each side, of values that are not all the same."""
    z, n = (x - x.mean()) / x.std(ddof=1), x.size
    means, squares = _averages(np.column_stack([z, z * z]), rng)
    variances = np.clip(squares - means**2, 0.0, None) / (n - 1)
    flat = variances < 1e-12
    ratios = np.divide(means, np.sqrt(variances), out=np.zeros_like(means), where=~flat)
    ratios[flat] = np.where(np.abs(means[flat]) > 1e-9, np.copysign(math.inf, means[flat]), 0.0)
    ratios.sort()
    at = max(math.floor(tail * (RESAMPLES + 1) + 1e-9) - 1, 0)
    error = float(x.std(ddof=1)) / math.sqrt(n)
    return float(x.mean() - ratios[RESAMPLES - 1 - at] * error), float(x.mean() - ratios[at] * error)


def bca_ends(x: Reals, tail: float, rng: np.random.Generator) -> tuple[float, float]:
    """Ends that cut off ``tail`` on each side, of values that are not all the same.

    With z₀ = Φ⁻¹(share of x̄* below x̄, half of those equal) and a = Σ d³ / (6 (Σ d²)^1.5) over d = x - x̄, the quantile taken
    for the normal deviate z is Φ(z₀ + (z₀ + z)/(1 - a (z₀ + z))).
    """
    z, d = (x - x.mean()) / x.std(ddof=1), x - x.mean()
    means = _averages(z[:, None], rng)[0]
    below = (np.count_nonzero(means < -1e-12) + 0.5 * np.count_nonzero(np.abs(means) <= 1e-12)) / RESAMPLES
    bias = float(scipy.stats.norm.ppf(min(max(below, 0.5 / RESAMPLES), 1.0 - 0.5 / RESAMPLES)))
    acceleration = float((d**3).sum() / (6.0 * (d**2).sum() ** 1.5))
    shifted = bias + scipy.stats.norm.ppf([tail, 1.0 - tail])
    shares = scipy.stats.norm.cdf(bias + shifted / (1.0 - acceleration * shifted))
    low, high = np.quantile(means, shares) * x.std(ddof=1) + x.mean()
    return float(low), float(high)


def _averages(columns: Reals, rng: np.random.Generator) -> Reals:
    """Means of each column over the units of each resample: one row per column, one entry per resample."""
    n = len(columns)
    rows = max(1, _CELLS // n)
    parts = []
    for start in range(0, RESAMPLES, rows):
        counts = rng.multinomial(n, np.full(n, 1.0 / n), size=min(rows, RESAMPLES - start))
        parts.append(columns.T @ counts.T.astype(float) / n)
    return np.concatenate(parts, axis=1)
