"""Embeddings as they are recorded, and how alike two of them are."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Sequence

__all__ = ["cosine", "pack_vector", "unpack_vector"]


def pack_vector(values: Sequence[float]) -> str:
    """A vector as text: four bytes a number, little endian, in base64.

    Example:
        >>> pack_vector((1.0, 0.5))
        'AACAPwAAAD8='
    """
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode("ascii")


def unpack_vector(text: str) -> tuple[float, ...]:
    """Inverse of `pack_vector`, to single precision.

    Raises:
        ValueError: it is not the text of a vector.
    """
    data = base64.b64decode(text, validate=True)
    if len(data) % 4:
        raise ValueError(f"{len(data)} bytes are no vector of numbers of four bytes")
    return struct.unpack(f"<{len(data) // 4}f", data)


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """Cosine of the angle between two vectors, -1 to 1; 0 where one has no length.

    Sums are exact before they are rounded, so every machine finds the same.

    Example:
        >>> cosine((3.0, 0.0), (1.0, 0.0)), cosine((0.0,), (1.0,))
        (1.0, 0.0)

    Raises:
        ValueError: they have different lengths.
    """
    product = math.fsum(a * b for a, b in zip(one, other, strict=True))
    lengths = math.sqrt(math.fsum(a * a for a in one)) * math.sqrt(math.fsum(b * b for b in other))
    return product / lengths if lengths else 0.0
