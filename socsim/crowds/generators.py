"""Random and regular graphs straight into neighbour arrays, under the names and parameters that networkx gives them.

For populations for which a networkx object is too large (about 100 bytes for each direction of a tie; here 16). The graphs
are those of `networkx` in distribution, not number by number: the random numbers are drawn in another order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from socsim.crowds.files import to_networkx
from socsim.crowds.pairs import keys_of, neighbours_from_pairs, repeated, sample_indices
from socsim.dynamics.checks import require_whole, require_within
from socsim.dynamics.graph import Integers, Neighbours
from socsim.network.swapping import swap_edges

__all__ = [
    "barabasi_albert",
    "configuration_model",
    "erdos_renyi",
    "grid",
    "random_regular",
    "ring",
    "stochastic_block_model",
    "watts_strogatz",
]

_ROUNDS = 1000
_MOST_TO_MIX = 20_000


def ring(n: int) -> Neighbours:
    """Everybody reads the two beside them; `networkx.cycle_graph`. ``n`` is 3 or more."""
    require_whole("n", n, 3)
    here = np.arange(n, dtype=np.int64)
    return neighbours_from_pairs(n, here, (here + 1) % n)


def grid(dim: Sequence[int], *, periodic: bool = False) -> Neighbours:
    """A lattice with sides of these lengths; `networkx.grid_graph`, agents in the order of their places.

    Ties of an agent to itself, which a periodic side of length 1 would have, are left out, as are second ties on one of length 2.
    """
    for length in dim:
        require_whole("every side", length, 1)
    places = np.arange(math.prod(dim), dtype=np.int64).reshape(tuple(dim))
    readers, authors = [], []
    for axis, length in enumerate(dim):
        if periodic and length > 2:
            readers.append(places.ravel())
            authors.append(np.roll(places, -1, axis).ravel())
        else:
            readers.append(np.delete(places, length - 1, axis).ravel())
            authors.append(np.delete(places, 0, axis).ravel())
    return neighbours_from_pairs(places.size, np.concatenate(readers), np.concatenate(authors))


def erdos_renyi(n: int, p: float, rng: np.random.Generator, *, directed: bool = False) -> Neighbours:
    """Every pair is tied with probability ``p``, independently; `networkx.fast_gnp_random_graph`.

    Raises:
        ValueError: ``n`` is negative or ``p`` is no probability.
    """
    require_whole("n", n, 0)
    require_within("p", p, 0.0, 1.0)
    if directed:
        chosen = sample_indices(n * (n - 1), p, rng)
        readers = chosen // max(n - 1, 1)
        authors = chosen - readers * (n - 1)
        return neighbours_from_pairs(n, readers, authors + (authors >= readers), directed=True)
    return neighbours_from_pairs(n, *_pair(sample_indices(n * (n - 1) // 2, p, rng)))


def _pair(index: Integers) -> tuple[Integers, Integers]:
    """The index-th pair (larger, smaller) in the order (1, 0), (2, 0), (2, 1), (3, 0) …"""
    larger = ((1.0 + np.sqrt(1.0 + 8.0 * index)) / 2.0).astype(np.int64)
    larger -= larger * (larger - 1) // 2 > index  # square roots of large numbers may be rounded upwards
    larger += larger * (larger + 1) // 2 <= index
    return larger, index - larger * (larger - 1) // 2


def stochastic_block_model(sizes: Sequence[int], p: Sequence[Sequence[float]], rng: np.random.Generator) -> Neighbours:
    """Groups of these sizes, one after another; a pair is tied with the probability ``p[group][group]``.

    Holland, Laskey & Leinhardt (1983), *Soc. Networks* 5; `networkx.stochastic_block_model`, undirected.

    Raises:
        ValueError: ``p`` is not square and symmetric with a row for each group, or no table of probabilities.
    """
    table = np.asarray(p, dtype=float)
    require_within("p", table, 0.0, 1.0)
    if table.shape != (len(sizes), len(sizes)) or np.any(table != table.T):
        raise ValueError(f"p must be symmetric, {len(sizes)} by {len(sizes)}")
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    readers, authors = [], []
    for one in range(len(sizes)):
        within = _pair(sample_indices(sizes[one] * (sizes[one] - 1) // 2, float(table[one, one]), rng))
        readers.append(within[0] + starts[one])
        authors.append(within[1] + starts[one])
        for other in range(one):
            chosen = sample_indices(sizes[one] * sizes[other], float(table[one, other]), rng)
            readers.append(chosen // max(sizes[other], 1) + starts[one])
            authors.append(chosen % max(sizes[other], 1) + starts[other])
    none = [np.empty(0, dtype=np.int64)]
    return neighbours_from_pairs(int(starts[-1]), np.concatenate(readers or none), np.concatenate(authors or none))


def watts_strogatz(n: int, k: int, p: float, rng: np.random.Generator) -> Neighbours:
    """A ring on which everybody is tied to the ``k // 2`` nearest on each side; far ends are moved with probability ``p``.

    Watts & Strogatz (1998), *Nature* 393; `networkx.watts_strogatz_graph`: the new end is uniform among those to whom the near
    end is not tied. Ties of one distance on the ring are moved together, where networkx goes agent by agent.

    Raises:
        ValueError: ``k`` is not below ``n``, or ``p`` is no probability.
    """
    require_whole("k", k, 0)
    require_whole("n", n, k + 1)
    require_within("p", p, 0.0, 1.0)
    here = np.arange(n, dtype=np.int64)
    near, far = np.tile(here, k // 2), np.concatenate([(here + j) % n for j in range(1, k // 2 + 1)] or [here[:0]])
    if 2 * (k // 2) < n - 1:  # else everybody is tied to all, and there is nowhere to move to
        for j in range(k // 2):
            _move(near, far, np.arange(j * n, (j + 1) * n)[rng.random(n) < p], n, rng)
    return neighbours_from_pairs(n, near, far)


def _move(near: Integers, far: Integers, moved: Integers, n: int, rng: np.random.Generator) -> None:
    """Give the ties ``moved`` new far ends, in place; those for which there is none keep theirs."""
    left = moved
    while left.size:
        taken = np.sort(keys_of(near, far, n))
        proposed = rng.integers(n, size=left.size)
        keys = keys_of(near[left], proposed, n)
        places = np.minimum(np.searchsorted(taken, keys), taken.size - 1)
        possible = (proposed != near[left]) & (taken[places] != keys) & ~repeated(keys)
        far[left[possible]] = proposed[possible]
        left = left[~possible]
        if left.size:
            degrees = np.bincount(near, minlength=n) + np.bincount(far, minlength=n)
            left = left[degrees[near[left]] < n - 1]


def barabasi_albert(n: int, m: int, rng: np.random.Generator) -> Neighbours:
    """Newcomers tie themselves to ``m`` others, each chosen in proportion to its ties; the first m + 1 form a star.

    Barabási & Albert (1999), *Science* 286; `networkx.barabasi_albert_graph`.

    Raises:
        ValueError: ``m`` is not between 1 and n - 1.
    """
    require_whole("m", m, 1)
    require_whole("n", n, m + 1)
    ends = [0] * m + list(range(1, m + 1))
    authors = list(range(1, m + 1))
    for newcomer in range(m + 1, n):
        chosen: dict[int, None] = {}
        while len(chosen) < m:
            for place in (rng.random(2 * m) * len(ends)).astype(np.int64).tolist():
                chosen[ends[place]] = None
                if len(chosen) == m:
                    break
        authors += chosen
        ends += chosen
        ends += [newcomer] * m
    readers = np.concatenate([np.zeros(m, dtype=np.int64), np.repeat(np.arange(m + 1, n, dtype=np.int64), m)])
    return neighbours_from_pairs(n, readers, np.array(authors, dtype=np.int64))


def random_regular(d: int, n: int, rng: np.random.Generator) -> Neighbours:
    """Everybody has ``d`` ties; `networkx.random_regular_graph`. See `configuration_model`.

    Raises:
        ValueError: n · d is odd, or ``d`` is not below ``n``.
    """
    require_whole("d", d, 0)
    require_whole("n", n, d + 1)
    return configuration_model([d] * n, rng)


def configuration_model(deg_sequence: Sequence[int] | Integers, rng: np.random.Generator) -> Neighbours:
    """A graph in which agent i has ``deg_sequence[i]`` ties, without loops and double ties.

    Half-ties are paired at random; where this makes a loop or a double tie, the pair changes partners with one drawn at random,
    again and again until there is none (after McKay & Wormald 1990, *J. Algorithms* 11). This favours some graphs by a share that
    vanishes as the graph grows; graphs of up to 20,000 ties are mixed by swaps of ends afterwards, after which all are equally
    likely.

    Raises:
        ValueError: the degrees are negative or their sum is odd, or no such graph was found, as where one agent has more ties
            than there are others.
    """
    degrees = np.asarray(deg_sequence, dtype=np.int64)
    n = degrees.size
    if degrees.size and (degrees.min() < 0 or degrees.max() >= n or degrees.sum() % 2):
        raise ValueError(f"degrees must lie between 0 and {n - 1} and have an even sum")
    u, v = rng.permutation(np.repeat(np.arange(n, dtype=np.int64), degrees)).reshape(2, -1)
    for _ in range(_ROUNDS):
        wrong = np.flatnonzero((u == v) | repeated(keys_of(u, v, n)))
        if not wrong.size:
            return _mixed(neighbours_from_pairs(n, u, v), rng)
        others = rng.integers(u.size, size=wrong.size)
        flipped = rng.random(wrong.size) < 0.5
        for one, other, flip in zip(wrong.tolist(), others.tolist(), flipped.tolist(), strict=True):
            if flip:
                u[other], v[other] = v[other], u[other]
            v[one], v[other] = v[other], v[one]
    raise ValueError("no graph without loops and double ties was found with these degrees; they may be too large for one")


def _mixed(made: Neighbours, rng: np.random.Generator) -> Neighbours:
    if made.indices.size > 2 * _MOST_TO_MIX:
        return made
    pairs = np.array(list(swap_edges(to_networkx(made), rng).edges), dtype=np.int64).reshape(-1, 2)
    return neighbours_from_pairs(made.n, pairs[:, 0], pairs[:, 1])
