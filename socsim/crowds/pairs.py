"""Pairs of agents in arrays: distinct pairs, pairs drawn with a probability each, and neighbour arrays made of them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from socsim.dynamics.graph import Integers, Neighbours

__all__ = ["keys_of", "neighbours_from_pairs", "repeated", "sample_indices"]

_BLOCK = 1 << 20


def keys_of(u: Integers, v: Integers, n: int) -> Integers:
    """One number for each unordered pair, of shape (pairs,): the smaller agent times ``n`` plus the larger."""
    return np.minimum(u, v) * n + np.maximum(u, v)


def repeated(keys: Integers) -> NDArray[np.bool_]:
    """Which keys are equal to one that stands before them, shape (keys,)."""
    order = np.argsort(keys, kind="stable")
    again = np.zeros(keys.size, dtype=bool)
    again[order[1:]] = keys[order[1:]] == keys[order[:-1]]
    return again


def sample_indices(size: int, p: float, rng: np.random.Generator) -> Integers:
    """Indices 0 … size - 1, each of them with probability ``p``, ascending.

    The gaps between them are geometric (Batagelj & Brandes 2005, *Phys. Rev. E* 71, 036113), so the work is in proportion to
    what is chosen.
    """
    if size <= 0 or p <= 0.0:
        return np.empty(0, dtype=np.int64)
    if p >= 1.0:
        return np.arange(size, dtype=np.int64)
    parts, last = [], -1
    while last < size:
        expected = (size - last) * p
        gaps = rng.geometric(p, size=min(_BLOCK, int(expected + 4.0 * math.sqrt(expected) + 16)))
        np.minimum(gaps, size + 1, out=gaps)  # for tiny p a gap is as long as the largest integer
        found = last + np.cumsum(gaps)
        parts.append(found[found < size])
        last = int(found[-1])
    return np.concatenate(parts)


def neighbours_from_pairs(n: int, readers: Integers, authors: Integers, *, directed: bool = False) -> Neighbours:
    """Neighbour arrays of distinct pairs, rows in order of agents; each reads the other, too, unless ``directed``.

    Raises:
        ValueError: a pair stands there twice, joins an agent with itself, or names one that is not in 0 … n - 1.

    Example:
        >>> neighbours_from_pairs(3, np.array([0, 1]), np.array([1, 2])).indices.tolist()
        [1, 0, 2, 1]
    """
    if readers.size and not (min(readers.min(), authors.min()) >= 0 and max(readers.max(), authors.max()) < n):
        raise ValueError(f"pairs must name agents from 0 to {n - 1}")
    keys = readers * n + authors if directed else np.concatenate([readers * n + authors, authors * n + readers])
    keys.sort()
    if np.any(keys % (n + 1) == 0):
        raise ValueError(f"agent {int(keys[keys % (n + 1) == 0][0]) // (n + 1)} cannot read itself: leave such ties out")
    if keys.size and np.any(keys[1:] == keys[:-1]):
        first = int(keys[1:][keys[1:] == keys[:-1]][0])
        raise ValueError(f"the tie of {first // n} and {first % n} stands there twice")
    rows = keys // n
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))]).astype(np.int64)
    keys -= rows * n
    return Neighbours(indptr, keys)
