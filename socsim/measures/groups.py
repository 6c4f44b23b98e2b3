"""Membership in groups as numbers: any labels in, whole numbers out."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Groups", "group_codes"]

Groups = Sequence[Hashable] | NDArray[np.generic]
"""One label per agent: numbers, texts or anything hashable; None or NaN where missing."""


def group_codes(groups: Groups) -> NDArray[np.int64]:
    """Groups numbered 0, 1, … in the order in which they first occur; -1 where the label is missing (None or NaN).

    Example:
        >>> group_codes(["red", "blue", None, "red"]).tolist()
        [0, 1, -1, 0]
    """
    labels = groups.ravel().tolist() if isinstance(groups, np.ndarray) else list(groups)
    found: dict[Hashable, int] = {}
    codes = [-1 if label is None or label != label else found.setdefault(label, len(found)) for label in labels]
    return np.asarray(codes, dtype=np.int64)
