"""Controversy between two sides of a network: whether walks along ties stay on the side on which they began."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from socsim.measures.groups import Groups, group_codes
from socsim.measures.segregation import tie_ends

__all__ = ["random_walk_controversy"]

_LARGE = 1000
"""Number of equations from which they are solved by iteration."""


def random_walk_controversy(sides: Groups, authors: ArrayLike, readers: ArrayLike, *, hubs: int) -> float:
    """Random walk controversy: P_XX P_YY - P_XY P_YX with P_AB = P(began on side A | ended on side B); between -1 and 1.

    A walk begins at a random agent of a random side, goes from reader to one of those it reads, all alike, and ends at the first
    hub, which is one of the ``hubs`` most read agents of either side (the one with the lower index among equals); an agent
    that is a hub ends it at once. About 0 where sides mix, 1 where no walk changes sides. Walks that never reach a hub do
    not count. Computed without drawing walks, from the linear equations of the absorbing chain. Source: Garimella et al. 2018,
    *ACM Trans. Social Computing* 1(1).

    Agents without a side, and their ties, are left out. NaN with a single side, no ties, or a side that has no more
    agents than hubs, all of whose walks would end where they began.

    Args:
        sides: one of two labels per agent, None or NaN where missing.
        authors: agent at one end of each tie; ties without direction are given once each way.
        readers: agent at the other end.
        hubs: number of hubs per side, 1 or more; the source uses the authoritative accounts, a small part of a side.

    Raises:
        ValueError: more than two sides, no hubs, or authors and readers that do not fit each other or the sides.

    Example:
        >>> sides = [0, 0, 0, 1, 1, 1]
        >>> random_walk_controversy(sides, [0, 0, 1, 2, 3, 3, 4, 5], [1, 2, 0, 0, 4, 5, 3, 3], hubs=1)
        1.0
    """
    code = group_codes(sides)
    a, r = tie_ends(code.size, authors, readers)
    if hubs < 1:
        raise ValueError(f"walks need at least one hub per side, got {hubs}")
    if code.max(initial=-1) > 1:
        raise ValueError(f"controversy is between two sides, got {int(code.max()) + 1}")
    known = (code[a] >= 0) & (code[r] >= 0)
    a, r = a[known], r[known]
    members = np.bincount(code[code >= 0], minlength=2)
    if a.size == 0 or members.min() <= hubs:
        return float("nan")
    hub = _hubs(code, np.bincount(a, minlength=code.size), hubs)
    ends = _ends(code, hub, a, r)
    end_given_begin = np.array([ends[code == side].mean(axis=0) for side in (0, 1)])
    reached = end_given_begin.sum(axis=0)
    if (reached <= 0.0).any():
        return float("nan")
    p = end_given_begin / reached
    return float(p[0, 0] * p[1, 1] - p[0, 1] * p[1, 0])


def _hubs(code: NDArray[np.int64], times_read: NDArray[np.int64], hubs: int) -> NDArray[np.bool_]:
    chosen = np.zeros(code.size, dtype=bool)
    for side in (0, 1):
        here = np.flatnonzero(code == side)
        chosen[here[np.argsort(-times_read[here], kind="stable")[:hubs]]] = True
    return chosen


def _ends(code: NDArray[np.int64], hub: NDArray[np.bool_], a: NDArray[np.int64], r: NDArray[np.int64]) -> NDArray[np.float64]:
    """For each agent the chances that a walk from it ends at a hub of the first and of the second side."""
    import scipy.sparse

    n = code.size
    steps: Any = scipy.sparse.csr_array((np.ones(a.size), (r, a)), shape=(n, n))
    steps = scipy.sparse.diags_array(1.0 / np.maximum(1.0, steps.sum(axis=1))) @ steps
    ends = np.zeros((n, 2))
    ends[hub, code[hub]] = 1.0
    inner = np.flatnonzero(_reaching(steps, hub) & ~hub)
    if inner.size:
        rows = steps[inner]
        ends[inner] = _solved(scipy.sparse.eye_array(inner.size) - rows[:, inner], np.asarray(rows @ ends))
    return ends


def _solved(left: Any, right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Directly where that is quick; large ones fill up and are solved by iteration, to a residual of 1e-10 if it converges."""
    import scipy.sparse.linalg

    if len(right) > _LARGE:
        columns = [scipy.sparse.linalg.bicgstab(left, column, rtol=1e-10, maxiter=2000) for column in right.T]
        if not any(failed for _, failed in columns):
            iterated: NDArray[np.float64] = np.clip(np.column_stack([found for found, _ in columns]), 0.0, 1.0)
            return iterated
    direct: NDArray[np.float64] = scipy.sparse.linalg.splu(left.tocsc()).solve(right)
    return direct


def _reaching(steps: Any, hub: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Agents from whom a walk can reach a hub: elsewhere the equations have no single solution."""
    reached = hub.copy()
    while True:
        more = reached | (np.asarray(steps @ reached.astype(float)) > 0.0)
        if (more == reached).all():
            return reached
        reached = more
