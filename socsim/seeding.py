"""Named random streams from one root seed.

Every random decision belongs to a stream named by what it is for, such as ``("network",)`` or ``("draw", agent, item)``.
Streams are independent of each other and of the order in which they are asked for, so no decision depends on which
reply came first. It knows nothing of what the streams are used for.
"""

from __future__ import annotations

import hashlib

import numpy as np

__all__ = ["stream", "uniform"]

Name = str | int


def _digest(root: int, names: tuple[Name, ...]) -> bytes:
    text = "\x1f".join((str(root), *(f"{type(name).__name__}:{name}" for name in names)))
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


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
