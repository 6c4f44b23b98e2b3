"""Clusters of opinions on one scale, how many there are, and when one is left.

A cluster is a run of opinions without a gap wider than a stated bandwidth: what bounded confidence leaves behind. All
results depend on that bandwidth, so it has no default. Missing opinions (NaN) are in no cluster.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from socsim.measures.distances import normalised

__all__ = ["cluster_count", "cluster_labels", "consensus_share", "effective_number", "fragmentation", "time_to_consensus"]


def cluster_labels(opinions: ArrayLike, bandwidth: float, *, minimum_share: float = 0.0) -> NDArray[np.int64]:
    """The cluster of everybody: 0, 1, … from low to high opinions, split wherever the next opinion is more than a bandwidth away.

    -1 for a missing opinion and for members of a cluster with less than ``minimum_share`` of those who have an opinion. It is
    single linkage cut at the bandwidth: a chain of close opinions is one cluster however long it is. Source: the splits of
    Hegselmann & Krause 2002, *JASSS* 5(3), which come about where a gap exceeds the confidence bound.

    Args:
        opinions: one number per agent.
        bandwidth: widest gap within a cluster, in units of the scale, 0 or more.
        minimum_share: smallest share of people that makes a cluster, from 0 to 1.

    Raises:
        ValueError: bandwidth or share outside its range.

    Example:
        >>> cluster_labels([5.0, 1.0, 1.4, float("nan"), 5.2], 0.5).tolist()
        [1, 0, 0, -1, 1]
    """
    if not bandwidth >= 0.0:
        raise ValueError(f"the bandwidth must be 0 or more, got {bandwidth}")
    if not 0.0 <= minimum_share <= 1.0:
        raise ValueError(f"the smallest share must lie in 0 … 1, got {minimum_share}")
    x = np.asarray(opinions, dtype=float).ravel()
    known = np.flatnonzero(~np.isnan(x))
    found = np.full(x.size, -1, dtype=np.int64)
    if known.size == 0:
        return found
    order = known[np.argsort(x[known], kind="stable")]
    runs = np.concatenate(([0], np.cumsum(np.diff(x[order]) > bandwidth)))
    large = np.bincount(runs) >= minimum_share * known.size - 1e-9
    numbers = np.where(large, np.cumsum(large) - 1, -1)
    found[order] = numbers[runs]
    return found


def cluster_count(opinions: ArrayLike, bandwidth: float, *, minimum_share: float = 0.0) -> int:
    """Number of clusters, see `cluster_labels`: 0 where nobody has an opinion, 1 for a constant, at most the number of people.

    Raises:
        ValueError: bandwidth or share outside its range.

    Example:
        >>> cluster_count([1.0, 1.4, 5.0, 5.2], 0.5)
        2
    """
    return int(cluster_labels(opinions, bandwidth, minimum_share=minimum_share).max(initial=-1)) + 1


def fragmentation(opinions: ArrayLike, bandwidth: float, *, minimum_share: float = 0.0) -> float:
    """Rae's fragmentation of the clusters: 1 - Σ p², the chance that two people drawn with replacement are in different ones.

    Between 0 (one cluster) and 1 - 1/k (k equal clusters). p are shares of those who are in a cluster, see `cluster_labels`; NaN
    where nobody is. Source: Rae 1968, *Comparative Political Studies* 1; the bandwidth makes it one for opinions.

    Raises:
        ValueError: bandwidth or share outside its range.

    Example:
        >>> fragmentation([1.0, 1.4, 5.0, 5.2], 0.5)
        0.5
    """
    found = cluster_labels(opinions, bandwidth, minimum_share=minimum_share)
    sizes = np.bincount(found[found >= 0])
    if sizes.size == 0:
        return float("nan")
    p = sizes / sizes.sum()
    return float(1.0 - p @ p)


def effective_number(weights: ArrayLike, *, order: float = 2.0) -> float:
    """Hill's number of equal groups with the same diversity: (Σ p^q)^(1/(1-q)), between 1 and the number of groups.

    Order q = 2 is Laakso and Taagepera's effective number 1 / Σ p², q = 1 (as a limit) the exponential of the
    entropy, q = 0 the count of groups that are not empty. Sources: Laakso & Taagepera 1979, *Comparative Political Studies* 12;
    Hill 1973, *Ecology* 54.

    NaN without a group, where a weight is missing (NaN) or where all are 0; 1 for a single group.

    Args:
        weights: size or share of each group.
        order: q, 0 or more: the larger, the less small groups count.

    Raises:
        ValueError: a negative or infinite weight, or a negative order.

    Example:
        >>> effective_number([50, 25, 25])
        2.6666666666666665
    """
    if not order >= 0.0:
        raise ValueError(f"the order must be 0 or more, got {order}")
    w = np.asarray(weights, dtype=float).ravel()
    if w.size == 0 or np.isnan(w).any() or not w.any():
        return float("nan")
    p = normalised(w)
    p = p[p > 0.0]
    if abs(order - 1.0) < 1e-9:
        return float(np.exp(-(p @ np.log(p))))
    largest = float(p.max())
    if np.isinf(order):
        return 1.0 / largest
    ratios = float(np.sum((p / largest) ** order))  # in units of the largest, so that no power becomes 0
    return float(np.exp((order * np.log(largest) + np.log(ratios)) / (1.0 - order)))


def consensus_share(opinions: ArrayLike, tolerance: float) -> float:
    """Largest share of people whose opinions lie within a window as wide as the tolerance; above 0, 1 with consensus.

    Unlike a cluster the window is no chain: no two people in it differ by more than the tolerance. With tolerance 0 the
    share of the most frequent answer, whose numbers may then be codes of options. Shares are of those who have an opinion;
    1 for a constant or one person; NaN where nobody has one. Source: at tolerance 0 the consensus of Baronchelli et al. 2006
    (*J. Stat. Mech.* P06014), at its sharpest where everybody uses one name.

    Raises:
        ValueError: the tolerance is negative.

    Example:
        >>> consensus_share([1.0, 1.4, 1.8, 5.0], 0.5)
        0.5
    """
    if not tolerance >= 0.0:
        raise ValueError(f"the tolerance must be 0 or more, got {tolerance}")
    x = np.asarray(opinions, dtype=float).ravel()
    x = np.sort(x[~np.isnan(x)])
    if x.size == 0:
        return float("nan")
    rounding = 1e-12 * max(1.0, float(np.abs(x).max()))
    within = np.searchsorted(x, x + tolerance + rounding, side="right") - np.arange(x.size)
    return float(within.max() / x.size)


def time_to_consensus(trajectory: ArrayLike, tolerance: float, *, share: float = 1.0) -> float:
    """First step from which a share of people agrees and does so in all later steps, too; NaN where that never came about.

    Agreement is `consensus_share` ≥ share. A NaN is a time that is not known because the run ended before (right-censored), not
    a long time: leave it out of no mean without saying so. Steps in which nobody has an opinion count as without consensus; NaN
    for a trajectory without steps. Source: the convergence time of Castellano, Fortunato & Loreto 2009, *Rev. Mod. Phys.* 81.

    Args:
        trajectory: opinions of the shape (steps, agents), beginning with step 0.
        tolerance: widest distance between people who agree, in units of the scale, 0 or more.
        share: of the people who have an opinion at a step, above 0 up to 1.

    Returns:
        A step from 0 to steps - 1, or NaN.

    Raises:
        ValueError: another shape, or tolerance or share outside its range.

    Example:
        >>> time_to_consensus([[1.0, 5.0], [2.9, 3.1], [3.0, 3.0]], 0.5)
        1.0
    """
    steps = np.asarray(trajectory, dtype=float)
    if steps.ndim != 2:
        raise ValueError(f"a trajectory has the shape (steps, agents), got {steps.shape}")
    if not 0.0 < share <= 1.0:
        raise ValueError(f"the share must lie above 0 and up to 1, got {share}")
    first = float("nan")
    for step in range(len(steps) - 1, -1, -1):
        if not consensus_share(steps[step], tolerance) >= share - 1e-9:
            break
        first = float(step)
    return first
