"""What a sweep shows: how outcomes of worlds go with the factors that were varied.

Outcome of a world: a quantity of the answers to an item at the last step that asks it (see `socsim_analysis.contrasts`). All
points of a replicate share their random numbers, so they are compared within it. In a design with matched points the effect of
a level in replicate r is the mean, over all pairs of points that differ in this factor alone, of the outcome at the level minus
that at the reference, which is the first level. In a Latin hypercube it is the slope of a least-squares plane through the points
of r, times the width of the factor's range. Intervals are over replicates, which are the units: mean ± t(.975, R - 1) s / √R,
none below five, and none where the effect is the same in all.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from socsim.scenario.sweeping import ARM
from socsim_analysis.contrasts import QUANTITIES, interval_over_worlds, quantity_table
from socsim_analysis.frames import RunLike

__all__ = ["COLUMNS", "factor_in_words", "factors_of", "sweep_table", "world_table"]

COLUMNS = ["item", "quantity", "factor", "level", "reference", "replicates", "pairs", "effect", "low", "high", "sd"]
"""Columns of `sweep_table`."""

Levels = Mapping[str, list[Hashable]]


def factors_of(run: RunLike) -> dict[str, list[Hashable]]:
    """The levels of every factor in the order of the design; empty where the run is no sweep."""
    levels: dict[str, list[Hashable]] = {}
    for arm in run.scenario.arms:
        for factor, level in arm.factors.items():
            known = levels.setdefault(factor, [])
            if level not in known:
                known.append(level)
    return levels


def world_table(run: RunLike, item: str) -> pd.DataFrame:
    """One row for each world and quantity: ``arm, replicate, quantity, n, value`` and a column for every factor.

    ``value`` is at the last step that asks the item in that world, over the ``n`` people who answered there.
    """
    table = quantity_table(run, item)
    points = {arm.name: arm.factors for arm in run.scenario.arms}
    last = table.groupby(["arm", "replicate"])["step"].transform("max") == table["step"]
    found = table.loc[last, ["arm", "replicate", "quantity", "n", "value"]].reset_index(drop=True)
    for factor in factors_of(run):
        found[factor] = pd.Series([points[arm].get(factor) for arm in found["arm"]], dtype=object)
    return found


def sweep_table(run: RunLike, item: str) -> pd.DataFrame:
    """Effects of every factor, and of pairs of factors, on every quantity; see `COLUMNS`.

    ``pairs`` is the number of pairs of points within a replicate that an effect is made of at most, fewer where a world has no
    answers (0 for slopes), ``sd`` the standard
    deviation over replicates of the effect within a replicate, NaN for one. For two factors, ``level`` names the last level of
    both, and the effect is how much the difference between the last and the first level of the one is larger at the last level of
    the other than at its first.
    """
    levels = factors_of(run)
    worlds = world_table(run, item)
    rows: list[tuple[object, ...]] = []
    for quantity in QUANTITIES:
        found = worlds[worlds["quantity"] == quantity]
        if levels and len(found):
            rows += [(item, quantity, *row) for row in _effects(found, levels)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _effects(worlds: pd.DataFrame, levels: Levels) -> Iterator[tuple[object, ...]]:
    values = _by_point(worlds, list(levels))
    if _spread_out(values, levels):
        for factor, effects in _slopes(values, levels).items():
            low, high = min(map(_number, levels[factor])), max(map(_number, levels[factor]))
            yield (factor, f"{high:g}", f"{low:g}", *_over_replicates(effects, 0))
        return
    matched = [(factor, level) for factor, own in levels.items() for level in own[1:]]
    found = {key: _differences(values, list(levels), *key, levels[key[0]][0]) for key in matched}
    for (factor, level), (effects, count) in found.items():
        yield (factor, str(level), str(levels[factor][0]), *_over_replicates(effects, count))
    yield from _interactions(values, levels)


def _spread_out(values: Mapping[int, Mapping[tuple[Hashable, ...], float]], levels: Levels) -> bool:
    """Whether some factor has another level at every point, as ranges have in a Latin hypercube, so no points are matched."""
    varied = {factor: own for factor, own in levels.items() if factor != ARM}
    places = [list(levels).index(factor) for factor in varied]
    points = {tuple(point[place] for place in places) for found in values.values() for point in found}
    return len(varied) > 1 and any(len(own) == len(points) for own in varied.values())


def _by_point(worlds: pd.DataFrame, factors: Sequence[str]) -> dict[int, dict[tuple[Hashable, ...], float]]:
    """The outcome at every point, by replicate; points without one are left out."""
    found: dict[int, dict[tuple[Hashable, ...], float]] = {}
    for row in worlds.to_dict("records"):
        if not math.isnan(row["value"]):
            found.setdefault(int(row["replicate"]), {})[tuple(row[factor] for factor in factors)] = float(row["value"])
    return found


def _differences(
    values: Mapping[int, Mapping[tuple[Hashable, ...], float]],
    factors: Sequence[str],
    factor: str,
    level: Hashable,
    first: Hashable,
) -> tuple[list[float], int]:
    """(effect of a level in every replicate, pairs that it is made of at most)."""
    place, effects, most = list(factors).index(factor), [], 0
    for points in values.values():
        pairs = [
            value - points[other]
            for point, value in points.items()
            if point[place] == level and (other := (*point[:place], first, *point[place + 1 :])) in points
        ]
        most = max(most, len(pairs))
        if pairs:
            effects.append(math.fsum(pairs) / len(pairs))
    return effects, most


def _interactions(values: Mapping[int, Mapping[tuple[Hashable, ...], float]], levels: Levels) -> Iterator[tuple[object, ...]]:
    """Differences of differences between first and last levels."""
    factors = list(levels)
    for one, other in itertools.combinations(factors, 2):
        corners = [(levels[one][i], levels[other][j]) for i in (0, -1) for j in (0, -1)]
        effects, most = [], 0
        for points in values.values():
            found = _squares(points, factors.index(one), factors.index(other), corners)
            most = max(most, len(found))
            if found:
                effects.append(math.fsum(found) / len(found))
        if effects:
            name, level, first = f"{one} × {other}", f"{corners[-1][0]} & {corners[-1][1]}", f"{corners[0][0]} & {corners[0][1]}"
            yield (name, level, first, *_over_replicates(effects, most))


def _squares(
    points: Mapping[tuple[Hashable, ...], float], i: int, j: int, corners: Sequence[tuple[Hashable, Hashable]]
) -> list[float]:
    rest = {tuple(None if place in (i, j) else level for place, level in enumerate(point)) for point in points}
    found = []
    for other in rest:
        square = [
            points.get(tuple(a if place == i else b if place == j else level for place, level in enumerate(other)))
            for a, b in corners
        ]
        if all(value is not None for value in square):
            low_low, low_high, high_low, high_high = (float(value) for value in square if value is not None)
            found.append(high_high - high_low - low_high + low_low)
    return found


def _slopes(values: Mapping[int, Mapping[tuple[Hashable, ...], float]], levels: Levels) -> dict[str, list[float]]:
    """For every numeric factor the slope in each replicate, times the width of its range; other factors as one plane."""
    numeric = [factor for factor, own in levels.items() if all(isinstance(level, int | float) for level in own)]
    others = [(factor, level) for factor, own in levels.items() if factor not in numeric for level in own[1:]]
    places = {factor: place for place, factor in enumerate(levels)}
    found: dict[str, list[float]] = {factor: [] for factor in numeric}
    for points in values.values():
        design = np.array(
            [
                [1.0, *(_number(point[places[f]]) for f in numeric), *(float(point[places[f]] == level) for f, level in others)]
                for point in points
            ]
        )
        if np.linalg.matrix_rank(design) < design.shape[1]:
            continue
        solved = np.linalg.lstsq(design, np.array(list(points.values())), rcond=None)[0]
        for column, factor in enumerate(numeric, start=1):
            width = max(map(_number, levels[factor])) - min(map(_number, levels[factor]))
            found[factor].append(float(solved[column]) * width)
    return {factor: effects for factor, effects in found.items() if effects}


def _number(level: Hashable) -> float:
    return float(level)  # type: ignore[arg-type]


def _over_replicates(effects: Sequence[float], pairs: int) -> tuple[object, ...]:
    interval = interval_over_worlds(effects)
    sd = float(np.std(effects, ddof=1)) if len(effects) > 1 else math.nan
    return interval.worlds, pairs, interval.mean, interval.low, interval.high, sd


def factor_in_words(factor: str) -> str:
    """A factor by the last part of its name."""
    return "arm" if factor == ARM else " × ".join(part.rsplit(".", 1)[-1] for part in factor.split(" × "))
