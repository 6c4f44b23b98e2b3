"""How far people are apart: variance, Esteban–Ray, van der Eijk's agreement, and the senses of Bramson et al. by group.

Spread and mean pairwise difference are in `socsim.measures.opinions`, modes in `socsim.measures.modality`. Nothing here
finds groups; `socsim.measures.clusters` does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from socsim.measures.groups import Groups, group_codes

__all__ = ["agreement", "esteban_ray", "group_consensus", "group_divergence", "size_parity", "variance"]


def variance(opinions: ArrayLike) -> float:
    """Sample variance, in squared units of the scale: Σ (x - x̄)² / (n - 1), the square of `spread`.

    Between 0 (a constant) and n/(n-1) · R²/4 on a scale of range R, reached with half of the people at either end. Missing
    values are left out; NaN with fewer than two. Source: the dispersion of Bramson et al. 2016 (*J. Math. Sociol.* 40), squared.

    Example:
        >>> variance([1.0, 3.0, 5.0])
        4.0
    """
    x = np.asarray(opinions, dtype=float).ravel()
    x = x[~np.isnan(x)]
    return float(x.var(ddof=1)) if x.size > 1 else float("nan")


def esteban_ray(positions: ArrayLike, weights: ArrayLike | None = None, *, alpha: float = 1.0) -> float:
    """Polarization of Esteban and Ray: Σ_i Σ_j p_i^(1+α) p_j |y_i - y_j| over the positions y taken, with shares p.

    In units of the scale, from 0 (everybody at one position) to R · 2^-(1+α) on a scale of range R,
    reached with half of the people at either end. α = 0 gives the mean difference of two people drawn with replacement; up to
    1.6, larger α weighs identification with one's own group more. Source: Esteban & Ray 1994, *Econometrica* 62, eq. 3
    and theorem 1, with K = 1 and shares in place of numbers of people.

    People are in one group only where their positions are exactly equal: round or cluster continuous opinions first, as
    otherwise everybody is a group and the value shrinks as n^-α. Missing positions are left out with their weight; 0 for a
    single position; NaN where nobody is left.

    Args:
        positions: one number per person, or per group with ``weights``.
        weights: size of the group at each position; 1 each where not given.
        alpha: sensitivity to identification, from 0 to 1.6.

    Raises:
        ValueError: alpha outside 0 … 1.6, a weight below 0 or not finite, or not one weight per position.

    Example:
        >>> esteban_ray([0.0, 0.0, 1.0, 1.0], alpha=1.0)
        0.25
    """
    if not 0.0 <= alpha <= 1.6:
        raise ValueError(f"alpha must lie in 0 … 1.6, where the axioms of Esteban and Ray hold, got {alpha}")
    y = np.asarray(positions, dtype=float).ravel()
    w = np.ones(y.size) if weights is None else np.asarray(weights, dtype=float).ravel()
    if w.size != y.size or not np.isfinite(w).all() or (w < 0.0).any():
        raise ValueError(f"one finite weight of 0 or more is needed for each of {y.size} positions")
    known = ~np.isnan(y) & (w > 0.0)
    if not known.any():
        return float("nan")
    place, member = np.unique(y[known], return_inverse=True)
    p = np.bincount(member, weights=w[known])
    p = p / p.sum()
    return float(p ** (1.0 + alpha) @ _mean_distances(place, p))


def _mean_distances(place: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Σ_j p_j |y_i - y_j| for every i of sorted places, by running sums."""
    y = place - place[0]
    below, first = np.cumsum(p), np.cumsum(p * y)
    distances: NDArray[np.float64] = np.maximum(0.0, y * below - first + (first[-1] - first) - y * (below[-1] - below))
    return distances


def agreement(counts: ArrayLike) -> float:
    """Van der Eijk's agreement A of an ordered item, from -1 (half at either end) over 0 (all options alike) to 1 (one option).

    The counts are peeled into layers in which the options taken have equal counts; A is the sum over layers of its share of
    people · U · (1 - (s-1)/(k-1)), for s of k options taken, with U = ((k-2) T - (k-1) D) / ((k-2)(T+D)), where T counts the
    triples of options that look like 011 or 110 and D those that look like 101 (U = 1 with one option taken). Source: van der
    Eijk 2001, *Quality & Quantity* 35; the same values as the R package agrmt.

    NaN where a count is missing (NaN) or all are 0. It needs all options of the item, also those nobody took.

    Args:
        counts: people (or weight) at each option, in the order of the scale.

    Raises:
        ValueError: fewer than three options, or a negative count.

    Example:
        >>> round(agreement([30, 40, 210, 130, 530, 50, 10]), 7)
        0.6113333
    """
    rest = np.array(counts, dtype=float).ravel()
    if rest.size < 3:
        raise ValueError(f"agreement needs at least three ordered options, got {rest.size}")
    if (rest < 0.0).any():
        raise ValueError("counts must be 0 or more")
    total = float(rest.sum())
    if np.isnan(total) or total == 0.0:
        return float("nan")
    value = 0.0
    while (taken := rest > 0.0).any():
        level = float(rest[taken].min())
        value += _pattern_agreement(taken) * level * int(taken.sum()) / total
        rest = np.where(rest > level, rest - level, 0.0)
    return max(-1.0, min(1.0, value))


def _pattern_agreement(taken: NDArray[np.bool_]) -> float:
    k, s = taken.size, int(taken.sum())
    if s in (1, k):
        return 1.0 if s == 1 else 0.0
    here = np.flatnonzero(taken)
    lower = here - np.arange(s)  # options below each one that nobody took
    upper = (k - s) - lower
    rank = np.arange(s)
    same_side = int(lower @ (s - 1 - rank) + upper @ rank)
    pairs = rank[:, None] < rank[None, :]
    split = int((lower[None, :] - lower[:, None])[pairs].sum())
    u = ((k - 2) * same_side - (k - 1) * split) / ((k - 2) * (same_side + split))
    return float(u * (1.0 - (s - 1) / (k - 1)))


def _by_group(opinions: ArrayLike, groups: Groups) -> list[NDArray[np.float64]]:
    x, code = np.asarray(opinions, dtype=float).ravel(), group_codes(groups)
    if x.size != code.size:
        raise ValueError(f"one group per opinion is needed, got {x.size} opinions and {code.size} groups")
    known = ~np.isnan(x) & (code >= 0)
    return [x[known & (code == group)] for group in np.unique(code[known])]


def group_divergence(opinions: ArrayLike, groups: Groups) -> float:
    """Distance between groups: the mean of |x̄_a - x̄_b| over all pairs of groups, in units of the scale, from 0 to its range.

    Each group counts once, whatever its size. People without an opinion or a group are left out; NaN with fewer than two
    groups. Source: group divergence in Bramson et al. 2017, *Philosophy of Science* 84; the mean over pairs is our choice for
    more than two groups.

    Raises:
        ValueError: not one group per opinion.

    Example:
        >>> group_divergence([1.0, 3.0, 6.0, 6.0], ["a", "a", "b", "b"])
        4.0
    """
    means = np.sort([values.mean() for values in _by_group(opinions, groups)])
    k = means.size
    if k < 2:
        return float("nan")
    return float(2.0 * ((2.0 * np.arange(1, k + 1) - k - 1) @ (means - means[0])) / (k * (k - 1)))


def group_consensus(opinions: ArrayLike, groups: Groups, low: float, high: float) -> float:
    """Likeness within groups: 1 - mean over groups of (mean |x - x̄_g|) / (R/2), with R = high - low; between 0 and 1.

    1 where everybody holds the mean of their group, 0 where in every group one half stands at either end. Each group counts
    once, whatever its size; people without an opinion or a group are left out; a single group is measured as any other;
    NaN where nobody is left. Source: group consensus in Bramson et al. 2017, *Philosophy of Science* 84; the scale to
    0 … 1 is our choice.

    Raises:
        ValueError: high is not above low, an opinion lies outside, or not one group per opinion.

    Example:
        >>> group_consensus([1.0, 3.0, 6.0, 6.0], ["a", "a", "b", "b"], 1.0, 7.0)
        0.8333333333333334
    """
    if not high > low:
        raise ValueError(f"the scale needs a high end above its low end, got {low} … {high}")
    members = _by_group(opinions, groups)
    if not members:
        return float("nan")
    if any(values.min() < low or values.max() > high for values in members):
        raise ValueError(f"opinions must lie on the scale {low} … {high}")
    deviation = float(np.mean([np.abs(values - values.mean()).mean() for values in members]))
    return max(0.0, min(1.0, 1.0 - deviation / ((high - low) / 2.0)))


def size_parity(groups: Groups) -> float:
    """How alike groups are in size: -Σ p log p / log k over the k groups present; above 0, 1 where all are equally large.

    Missing labels are left out; NaN with fewer than two groups. Source: size parity in Bramson et al. 2017, *Philosophy of
    Science* 84, as the evenness of Pielou 1966 (*J. Theor. Biol.* 13).

    Example:
        >>> size_parity(["a", "a", "b", "b", None])
        1.0
    """
    code = group_codes(groups)
    sizes = np.bincount(code[code >= 0])
    if sizes.size < 2:
        return float("nan")
    p = sizes / sizes.sum()
    return float(min(1.0, -(p @ np.log(p)) / np.log(p.size)))
