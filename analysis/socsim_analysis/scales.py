"""What part of a scale is shown, which steps, and how answers spread: small decisions that several sections share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from socsim.measures import mean, spread
from socsim_analysis.frames import RunLike, item_spec, item_values

__all__ = ["ShownRange", "Spreads", "few_steps", "scale_words", "shown_range", "spreads"]

_SMALL_PART = 1 / 3


@dataclass(frozen=True)
class ShownRange:
    """The part of a scale that a figure shows; ``whole`` tells whether it is all of it."""

    low: float
    high: float
    whole: bool


@dataclass(frozen=True)
class Spreads:
    """First opinions: mean, SD between people, and the typical SD within one answer (NaN where answers are single numbers)."""

    n: int
    mean: float
    between: float
    within: float
    different: int
    """Number of different opinions, to four digits."""


def shown_range(run: RunLike, item: str, x: NDArray[np.float64]) -> ShownRange:
    """The item's whole scale, or the range of ``x`` where the item has no scale or ``x`` lies in less than a third of it."""
    present = x[~np.isnan(x)]
    values = item_values(run, item)
    if not present.size:
        return ShownRange(min(values), max(values), whole=True) if values else ShownRange(0.0, 1.0, whole=False)
    least, most = float(present.min()), float(present.max())
    if values is None:
        return ShownRange(least, most, whole=False)
    low, high = min(values), max(values)
    if 1e-6 < most - least < (high - low) * _SMALL_PART:
        return ShownRange(least, most, whole=False)
    return ShownRange(low, high, whole=True)


def scale_words(run: RunLike, item: str) -> str:
    """The scale of an item in words: its end points and numbers, or its unit."""
    spec, values = item_spec(run, item), item_values(run, item)
    if spec is not None and values is not None:
        low, high = int(np.argmin(values)), int(np.argmax(values))
        ends = [f"{values[k]:g}" + ("" if _is_number(spec.options[k]) else f" = {spec.options[k]}") for k in (low, high)]
        return f"Scale: {ends[0]} to {ends[1]}."
    if spec is not None and spec.unit:
        return f"Unit: {spec.unit}."
    return ""


def _is_number(text: str) -> bool:
    try:
        return not math.isnan(float(text))
    except ValueError:
        return False


def few_steps(steps: Sequence[int], most: int = 8) -> tuple[int, ...]:
    """Up to ``most`` of the steps, evenly chosen, always with the first and the last."""
    if len(steps) <= most:
        return tuple(steps)
    return tuple(steps[round(k)] for k in np.linspace(0, len(steps) - 1, most))


def spreads(run: RunLike, item: str, rows: pd.DataFrame) -> Spreads:
    """How the answers in ``rows`` of ``run.responses`` spread between people and within each answer.

    The SD within an answer is √(mean of the variances of the answers' distributions, given an answer).
    """
    answered = rows[(rows["status"] == "answered") & rows["expected"].notna()]
    x = answered["expected"].to_numpy(dtype=float)
    values = item_values(run, item)
    found = [_variance(list(row), values) for row in answered["probabilities"]] if values is not None else []
    variances = [variance for variance in found if variance is not None]
    within = math.sqrt(max(0.0, mean(variances))) if variances else math.nan
    return Spreads(len(x), mean(x), spread(x), within, len(set(np.round(x, 4).tolist())))


def _variance(probabilities: Sequence[float], values: Sequence[float]) -> float | None:
    """Variance of one answer's distribution, given an answer; None where it has no weight."""
    p, v = np.asarray(probabilities[: len(values)], dtype=float), np.asarray(values, dtype=float)
    if p.size != v.size or p.sum() <= 0.0:
        return None
    p = p / p.sum()
    return float(p @ v**2 - (p @ v) ** 2)
