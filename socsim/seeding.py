"""Named random streams from one root seed.

Every random decision belongs to a stream named by what it is for, such as ``("network",)`` or ``("draw", agent, item)``.
Streams are independent of each other and of the order in which they are asked for, so no decision depends on which
reply came first. It knows nothing of what the streams are used for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

__all__ = ["replicate_seed", "stream", "uniform", "uniforms"]

Name = str | int


def _text(root: int, names: tuple[Name, ...]) -> str:
    return "\x1f".join([str(root), *[f"{type(name).__name__}:{name}" for name in names]])


def _digest(root: int, names: tuple[Name, ...]) -> bytes:
    return hashlib.blake2b(_text(root, names).encode(), digest_size=16).digest()


def stream(root: int, *names: Name) -> np.random.Generator:
    """Generator of the stream ``names`` under ``root``; the same arguments always give the same numbers.

    Args:
        root: root seed of the replicate, any integer.
        names: what the stream is for, e.g. ``stream(20, "place")``. Strings and integers are kept apart.
    """
    return np.random.Generator(np.random.PCG64(int.from_bytes(_digest(root, names), "big")))


def uniform(root: int, *names: Name) -> float:
    """One number in [0, 1) of the stream ``names``: 53 random bits, without building a generator."""
    return (int.from_bytes(_digest(root, names)[:8], "big") >> 11) * 2.0**-53


def uniforms(root: int, *names: Name, last: Iterable[int]) -> list[float]:
    """``uniform(root, *names, one)`` for each number in ``last``; faster where there are many."""
    common = hashlib.blake2b(f"{_text(root, names)}\x1fint:".encode(), digest_size=16)
    found = []
    for one in last:
        state = common.copy()
        state.update(b"%d" % one)
        found.append((int.from_bytes(state.digest()[:8], "big") >> 11) * 2.0**-53)
    return found


def replicate_seed(seed: int, replicate: int) -> int:
    """Root seed of a replicate: 48 bits derived from the scenario's seed; arms of one replicate share it."""
    return int(stream(seed, "replicate", replicate).integers(2**48))
