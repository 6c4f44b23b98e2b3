"""How far a distribution is from a human one, and how far it would be by chance alone.

A human distribution is itself a sample. The *noise floor* is the distance that sampling alone produces: between the true
distribution and one human sample (for a run's exact probabilities), or between two samples (for its draws). Distances are
never given with a bootstrap interval: resampling adds noise and moves a distance upward.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from socsim.measures import jensen_shannon_distance, total_variation, wasserstein_1
from socsim.measures.distances import normalised

__all__ = ["DISTANCES", "Distance", "Floor", "distance", "sampling_floor"]

Distance = Literal["tv", "w1", "js"]
DISTANCES: Mapping[Distance, str] = {
    "tv": "total variation",
    "w1": "Wasserstein-1",
    "js": "Jensen–Shannon distance (base 2)",
}
"""Distances by their short name."""

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Floor:
    """Distances that sampling alone produces: their mean, median and 95th percentile over ``draws`` simulations."""

    mean: float
    median: float
    p95: float
    draws: int


def distance(kind: Distance, p: ArrayLike, q: ArrayLike, values: Sequence[float] | None = None) -> float:
    """One of `DISTANCES` between two distributions; see `socsim.measures.distances`.

    Raises:
        ValueError: ``w1`` without ``values``.
    """
    if kind == "tv":
        return total_variation(p, q)
    if kind == "js":
        return jensen_shannon_distance(p, q)
    if values is None:
        raise ValueError("Wasserstein-1 needs the numbers that stand for the options")
    return wasserstein_1(p, q, values)


def sampling_floor(
    p: ArrayLike,
    n: int | tuple[int, int],
    draws: int,
    rng: np.random.Generator,
    kind: Distance = "tv",
    values: Sequence[float] | None = None,
) -> Floor:
    """The distance produced by sampling alone, by simulation.

    Args:
        p: the distribution that samples are drawn from (weights are scaled to sum to 1).
        n: size of the sample held against ``p`` itself; or two sizes, for the distance between two samples.
        draws: number of simulations; with 20,000 the mean is good to about .0005 for total variation.
        rng: where the draws come from.
        kind: which distance.
        values: numbers of the options (``w1``).

    Example:
        >>> floor = sampling_floor([0.5, 0.5], 100, 4000, np.random.default_rng(1))
        >>> abs(floor.mean - 0.0398) < 0.002
        True
    """
    true = normalised(p)
    if isinstance(n, int):
        first, second = _samples(true, n, draws, rng), np.broadcast_to(true, (draws, true.size))
    else:
        first, second = _samples(true, n[0], draws, rng), _samples(true, n[1], draws, rng)
    found = _row_distances(kind, first, second, values)
    return Floor(float(found.mean()), float(np.median(found)), float(np.quantile(found, 0.95)), draws)


def _samples(p: Reals, n: int, draws: int, rng: np.random.Generator) -> Reals:
    return rng.multinomial(n, p, size=draws) / n


def _row_distances(kind: Distance, p: Reals, q: Reals, values: Sequence[float] | None) -> Reals:
    """Distances row by row; equal to `distance` of each pair of rows."""
    if kind == "tv":
        return np.asarray(0.5 * np.abs(p - q).sum(axis=1))
    if kind == "w1":
        if values is None:
            raise ValueError("Wasserstein-1 needs the numbers that stand for the options")
        order = np.argsort(values, kind="stable")
        gaps = np.diff(np.asarray(values, dtype=float)[order])
        return np.asarray(np.abs(np.cumsum((p - q)[:, order], axis=1)[:, :-1]) @ gaps)
    middle = (p + q) / 2.0
    divergence = (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2.0
    return np.sqrt(np.clip(divergence, 0.0, 1.0))


def _relative_entropy(p: Reals, q: Reals) -> Reals:
    ratio = np.divide(p, q, out=np.ones_like(p), where=p > 0.0)
    return np.asarray((p * np.log2(ratio)).sum(axis=1))
