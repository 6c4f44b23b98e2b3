"""Refusals of parameters out of range."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["require_whole", "require_within"]


def require_within(name: str, value: ArrayLike, low: float, high: float = np.inf) -> None:
    """Raise ValueError unless every value is a number from ``low`` to ``high``."""
    if not np.all((np.asarray(value, dtype=float) >= low) & (np.asarray(value, dtype=float) <= high)):
        raise ValueError(f"{name} must lie between {low:g} and {high:g}, got {value!r}")


def require_whole(name: str, value: int, low: int) -> None:
    """Raise ValueError unless ``value`` is at least ``low``."""
    if value < low:
        raise ValueError(f"{name} must be {low} or more, got {value!r}")
