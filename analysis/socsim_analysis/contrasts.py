"""The contrast between arms: how much more a quantity changed in the treatment arm than in a control, world by world.

For a quantity Q (mean opinion, its spread, the correlation of neighbours), a control c and a replicate r, at step t:
(Q_treatment(t) - Q_treatment(0)) - (Q_c(t) - Q_c(0)), each over the people of that arm who answered at both steps. The unit of
inference is the world. With fewer than `LEAST_WORLDS` worlds, or where they do not differ, the values are described and no
interval is given; else a 95 % t interval over worlds: mean ± t(.975, n - 1) s / √n.

Where worlds were asked an item at different steps, as with a drawn order of items, t counts how often it had been asked before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.stats
from numpy.typing import NDArray

from socsim.measures import mean, neighbour_correlation, spread
from socsim_analysis.frames import Channel, RunLike, arm_names, opinions, replicates, treatment_arm, world_opinions

__all__ = [
    "LEAST_WORLDS",
    "QUANTITIES",
    "Interval",
    "arm_contrasts",
    "contrast_table",
    "counts_times_asked",
    "interval_over_worlds",
    "quantity_table",
]

LEAST_WORLDS = 5
"""Fewest worlds for an interval."""

QUANTITIES: Mapping[str, str] = {
    "mean": "mean opinion",
    "spread": "spread of opinions (SD)",
    "neighbour_correlation": "correlation of neighbours",
}
"""Quantities that are contrasted, with their names in words."""

Reals = NDArray[np.float64]
_COLUMNS = ["quantity", "arm", "replicate", "step", "n", "value", "change"]
_CONTRASTS = ["quantity", "control", "replicate", "step", "n_treatment", "n_control", "change_treatment", "change_control"]


@dataclass(frozen=True)
class Interval:
    """Mean over worlds; ``low`` and ``high`` are NaN with fewer than `LEAST_WORLDS` worlds, or where all have the same value."""

    worlds: int
    mean: float
    low: float
    high: float


def interval_over_worlds(values: Sequence[float]) -> Interval:
    """Mean of one value per world, with the 95 % t interval where there are enough worlds; missing values are left out.

    Worlds that all have the same value do not show how much worlds differ: where nothing is drawn, replicates are copies of one
    another, and an interval without width would pass for certainty.
    """
    present = np.asarray([value for value in values if not math.isnan(value)], dtype=float)
    n = int(present.size)
    if n == 0:
        return Interval(0, math.nan, math.nan, math.nan)
    centre = float(present.mean())
    if n < LEAST_WORLDS or float(np.ptp(present)) <= 1e-12 * max(1.0, abs(centre)):
        return Interval(n, centre, math.nan, math.nan)
    half = float(scipy.stats.t.ppf(0.975, n - 1)) * float(present.std(ddof=1)) / math.sqrt(n)
    return Interval(n, centre, centre - half, centre + half)


def quantity_table(run: RunLike, item: str, channel: Channel = "expected") -> pd.DataFrame:
    """Every quantity of every world and step: ``quantity, arm, replicate, step, n, value, change``.

    ``value`` is over all who answered at this step, ``change`` over those who also answered at the first; ``n`` counts the
    latter. Where the correlation of neighbours is not defined it is NaN. ``step`` counts times asked, from 0, where worlds were
    asked at different steps (`counts_times_asked`).
    """
    frame = _in_common_time(opinions(run, item, channel))
    rows = [
        (name, arm, replicate, *row)
        for arm in arm_names(run)
        for replicate in replicates(run)
        for name, quantity in _quantities(run, arm, replicate).items()
        for row in _steps(world_opinions(run, frame, arm, replicate).steps, _at(run, frame, arm, replicate), quantity)
    ]
    return pd.DataFrame(rows, columns=_COLUMNS)


def counts_times_asked(run: RunLike, item: str) -> bool:
    """Whether worlds were asked an item at different steps, though equally often: then steps of its tables are times asked."""
    return _differ(opinions(run, item))


def _differ(frame: pd.DataFrame) -> bool:
    asked = frame.groupby(["arm", "replicate"])["step"].unique()
    sets = {tuple(sorted(int(step) for step in steps)) for steps in asked}
    return any(len(one) == len(other) and one != other for one in sets for other in sets)


def _in_common_time(frame: pd.DataFrame) -> pd.DataFrame:
    """Opinions with steps that mean the same in all worlds."""
    if not _differ(frame):
        return frame
    return frame.assign(step=frame.groupby(["arm", "replicate"])["step"].rank(method="dense").astype(int) - 1)


def _at(run: RunLike, frame: pd.DataFrame, arm: str, replicate: int) -> Callable[[int], Reals]:
    return world_opinions(run, frame, arm, replicate).at


def _quantities(run: RunLike, arm: str, replicate: int) -> dict[str, Callable[[Reals], float]]:
    ties = run.ties
    ties = ties[(ties["arm"] == arm) & (ties["replicate"] == replicate)]
    authors, readers = ties["author"].to_numpy(dtype=int), ties["reader"].to_numpy(dtype=int)
    quantities: dict[str, Callable[[Reals], float]] = {"mean": mean, "spread": spread}
    if len(ties):
        quantities["neighbour_correlation"] = lambda x: neighbour_correlation(x, authors, readers)
    return quantities


def _steps(
    steps: Sequence[int], at: Callable[[int], Reals], quantity: Callable[[Reals], float]
) -> Iterator[tuple[int, int, float, float]]:
    for step in steps:
        first, now = at(steps[0]), at(step)
        both = ~(np.isnan(first) | np.isnan(now))
        change = quantity(np.where(both, now, np.nan)) - quantity(np.where(both, first, np.nan))
        yield step, int(both.sum()), quantity(now), change


def contrast_table(run: RunLike, item: str, channel: Channel = "expected") -> pd.DataFrame:
    """Differences of change between the treatment arm and each other arm, one row per quantity, control, replicate and step.

    Columns: ``quantity, control, replicate, step, n_treatment, n_control, change_treatment, change_control, difference``.
    Only steps at which both arms were asked, without the first.
    """
    table = quantity_table(run, item, channel)
    treatment = treatment_arm(run)
    keys = ["quantity", "replicate", "step"]
    ours = table[table["arm"] == treatment][[*keys, "n", "change"]]
    others = table[table["arm"] != treatment].rename(columns={"arm": "control"})[["control", *keys, "n", "change"]]
    merged = others.merge(ours, on=keys, suffixes=("_control", "_treatment"))
    first = int(table["step"].min()) if len(table) else 0
    merged = merged[merged["step"] > first][_CONTRASTS].reset_index(drop=True)
    merged["difference"] = merged["change_treatment"] - merged["change_control"]
    return merged


def arm_contrasts(run: RunLike, item: str, channel: Channel = "expected") -> pd.DataFrame:
    """`contrast_table` over worlds: one row per quantity, control and step.

    Columns: ``quantity, control, step, worlds, n_treatment, n_control, change_treatment, change_control, difference, low,
    high``; changes are means over worlds, ``n_…`` sums of people, ``low`` and ``high`` NaN below `LEAST_WORLDS` worlds.
    """
    rows = []
    for (quantity, control, step), group in contrast_table(run, item, channel).groupby(
        ["quantity", "control", "step"], sort=False
    ):
        interval = interval_over_worlds(group["difference"].tolist())
        counts = (int(group["n_treatment"].sum()), int(group["n_control"].sum()))
        changes = (mean(group["change_treatment"]), mean(group["change_control"]))
        rows.append((quantity, control, step, interval.worlds, *counts, *changes, interval.mean, interval.low, interval.high))
    columns = ["quantity", "control", "step", "worlds", *_CONTRASTS[4:], "difference", "low", "high"]
    return pd.DataFrame(rows, columns=columns)
