"""Sums over those whom agents read, and random choices among them, on whole arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from socsim.network.ties import Ties

__all__ = ["degrees", "partners", "readers", "row_sums"]

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]


def degrees(ties: Ties) -> Ints:
    """How many each agent reads."""
    return np.diff(ties.indptr)


def readers(ties: Ties) -> Ints:
    """The reader of every tie."""
    return np.repeat(np.arange(ties.n), degrees(ties))


def row_sums(values: Reals, ties: Ties) -> Reals:
    """For every agent the sum of one value per tie over its own ties; 0 where it has none."""
    return np.bincount(readers(ties), weights=values, minlength=ties.n).astype(np.float64)


def partners(ties: Ties, agents: Ints, rng: np.random.Generator) -> Ints:
    """For each of some agents one of those whom it reads, each as likely; -1 where it reads nobody."""
    own = degrees(ties)[agents]
    drawn = ties.indptr[agents] + (rng.random(len(agents)) * own).astype(np.int64)
    found = np.full(len(agents), -1, dtype=np.int64)
    reading = own > 0
    found[reading] = ties.indices[drawn[reading]]
    return found
