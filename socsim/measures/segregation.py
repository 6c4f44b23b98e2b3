"""Ties within and between groups: nominal assortativity, E–I index, modularity, exposure to the other side.

The assortativity of numbers is `socsim.measures.neighbour_correlation`. Ties are two index arrays, authors and readers, as
there; ties without direction are given once each way. Ties with an end in no group (None, NaN) are left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from socsim.measures.groups import Groups, group_codes

__all__ = ["cross_cutting_exposure", "cross_cutting_shares", "external_internal_index", "modularity", "nominal_assortativity"]


def tie_ends(size: int, authors: ArrayLike, readers: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The two ends of ties as checked indices below ``size``.

    Raises:
        ValueError: not equally many, or an index outside 0 … size-1.
    """
    a, r = np.asarray(authors, dtype=np.int64).ravel(), np.asarray(readers, dtype=np.int64).ravel()
    if a.size != r.size:
        raise ValueError(f"a tie has two ends, got {a.size} authors and {r.size} readers")
    if a.size and (min(a.min(), r.min()) < 0 or max(a.max(), r.max()) >= size):
        raise ValueError(f"the ends of ties must lie in 0 … {size - 1}")
    return a, r


def _known(groups: Groups, authors: ArrayLike, readers: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    code = group_codes(groups)
    a, r = tie_ends(code.size, authors, readers)
    begin, end = code[a], code[r]
    known = (begin >= 0) & (end >= 0)
    return begin[known], end[known]


def _mixing(groups: Groups, authors: ArrayLike, readers: ArrayLike) -> tuple[float, float] | None:
    """Share of ties within groups, and the share expected from how many ties begin and end in each."""
    begin, end = _known(groups, authors, readers)
    if begin.size == 0:
        return None
    k = int(max(begin.max(), end.max())) + 1
    a, b = np.bincount(begin, minlength=k) / begin.size, np.bincount(end, minlength=k) / end.size
    return float((begin == end).mean()), float(a @ b)


def nominal_assortativity(groups: Groups, authors: ArrayLike, readers: ArrayLike) -> float:
    """Newman's assortativity of categories: (Σ e_cc - Σ a_c b_c) / (1 - Σ a_c b_c).

    e_cc is the share of ties within category c, a_c and b_c are the shares of ties that begin and end in c. 1 where all ties
    are within groups, 0 as expected by chance, and above -1 where none is (-1 for two equal groups). NaN without ties or
    where all of them are in a single group. Source: Newman 2003, *Phys. Rev. E* 67, eq. 2.

    Args:
        groups: one label per agent.
        authors: agent at one end of each tie.
        readers: agent at the other end.

    Raises:
        ValueError: authors and readers do not fit each other or the groups.

    Example:
        >>> nominal_assortativity(["a", "a", "b", "b"], [0, 1, 2, 3], [1, 0, 3, 2])
        1.0
    """
    shares = _mixing(groups, authors, readers)
    if shares is None or shares[1] > 1.0 - 1e-12:
        return float("nan")
    return (shares[0] - shares[1]) / (1.0 - shares[1])


def modularity(groups: Groups, authors: ArrayLike, readers: ArrayLike) -> float:
    """Modularity of given groups: Σ_c (e_cc - a_c b_c), with shares as in `nominal_assortativity`; between -½ and 1.

    0 for a single group or ties as expected by chance; NaN without ties. Sources: Newman 2003, *Phys. Rev. E* 67; with
    direction Leicht & Newman 2008, *Phys. Rev. Lett.* 100.

    Raises:
        ValueError: authors and readers do not fit each other or the groups.

    Example:
        >>> modularity(["a", "a", "b", "b"], [0, 1, 2, 3], [1, 0, 3, 2])
        0.5
    """
    shares = _mixing(groups, authors, readers)
    return float("nan") if shares is None else shares[0] - shares[1]


def external_internal_index(groups: Groups, authors: ArrayLike, readers: ArrayLike) -> float:
    """E–I index: (E - I) / (E + I) of E ties between groups and I within; from -1 (all within) to 1 (all between).

    It does not allow for sizes: a small group has ties to others more easily, so that under mixing by chance it is not 0; and it
    is -1 with a single group, where it says nothing. NaN without ties. Source: Krackhardt & Stern 1988, *Social
    Psychology Quarterly* 51.

    Raises:
        ValueError: authors and readers do not fit each other or the groups.

    Example:
        >>> external_internal_index(["a", "a", "b"], [0, 0, 1, 2], [1, 2, 0, 0])
        0.0
    """
    begin, end = _known(groups, authors, readers)
    return float(2.0 * (begin != end).mean() - 1.0) if begin.size else float("nan")


def cross_cutting_shares(groups: Groups, authors: ArrayLike, readers: ArrayLike) -> NDArray[np.float64]:
    """For each agent the share of those it reads who are in another group; NaN where none has a group or it has none itself.

    Raises:
        ValueError: authors and readers do not fit each other or the groups.

    Example:
        >>> cross_cutting_shares(["a", "a", "b"], [1, 2, 0], [0, 0, 1]).tolist()
        [0.5, 0.0, nan]
    """
    code = group_codes(groups)
    a, r = tie_ends(code.size, authors, readers)
    known = (code[a] >= 0) & (code[r] >= 0)
    a, r = a[known], r[known]
    read = np.bincount(r, minlength=code.size)
    other = np.bincount(r, weights=code[a] != code[r], minlength=code.size)
    shares: NDArray[np.float64] = np.divide(other, read, out=np.full(code.size, np.nan), where=read > 0)
    return shares


def cross_cutting_exposure(groups: Groups, authors: ArrayLike, readers: ArrayLike) -> float:
    """Mean over readers of the share of those they read who are in another group; between 0 and 1.

    Readers count equally, whatever they read; those who read nobody are left out. 0 with a single group; NaN where nobody
    reads anybody. It is no segregation by itself: in a group of share p, people who read at random have 1 - p. Source: Bakshy,
    Messing & Adamic 2015, *Science* 348, for networks in place of ranked content.

    Raises:
        ValueError: authors and readers do not fit each other or the groups.

    Example:
        >>> cross_cutting_exposure(["a", "a", "b"], [1, 2, 0], [0, 0, 1])
        0.25
    """
    shares = cross_cutting_shares(groups, authors, readers)
    shares = shares[~np.isnan(shares)]
    return float(shares.mean()) if shares.size else float("nan")
