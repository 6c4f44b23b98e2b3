"""Worlds of an estimation study as arrays, with who sees whose number, and the table that other numbers would make.

Who sees whom is taken from what was shown: the authors of numbers that stand in ``seen``; where one number made of several was
shown (kind ``mean`` or ``median``), the ties of the world, or everybody with everybody where the interaction says ``of: all``.
A number of the experimenter's (kind ``signal``) comes from nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from socsim.dynamics import Neighbours, complete_graph, neighbours_from_edges
from socsim.interactions import spec_of
from socsim.scenario.arms import patched
from socsim.scenario.schedule_checks import phases
from socsim_analysis.frames import Snapshot

__all__ = ["CrowdWorld", "crowd_worlds", "with_numbers"]

Reals = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CrowdWorld:
    """One group on one task: ``estimates`` of shape (rounds, n) with NaN where there is none, ``unit`` the standard deviation
    of all first estimates of the task, ``rows`` the places of the table's rows with their ``cells`` (round, person) in the
    array."""

    arm: str
    replicate: int
    task: str
    estimates: Reals
    graph: Neighbours
    unit: float
    rows: NDArray[np.int64]
    cells: tuple[NDArray[np.int64], NDArray[np.int64]]


def crowd_worlds(run: Snapshot, table: pd.DataFrame, arm: str) -> list[CrowdWorld]:
    """The worlds of an arm, task by task, from the table of the design ``crowds`` of the run."""
    units = table[table["round"] == table["round"].min()].groupby("task")["estimate"].std()
    people = run.agents[run.agents["arm"] == arm]
    found = []
    for replicate in sorted(int(one) for one in people["replicate"].unique()):
        n = int(people.loc[people["replicate"] == replicate, "agent"].max()) + 1
        graph = _graph(run, arm, replicate, n)
        of_world = table[(table["arm"] == arm) & (table["world"] == f"replicate {replicate}")]
        for task, rows in of_world.groupby("task"):
            agents = np.asarray(rows["person"], dtype=np.int64)
            rounds = np.asarray(rows["round"], dtype=np.int64) - 1
            estimates = np.full((int(rounds.max()) + 1, n), np.nan)
            estimates[rounds, agents] = rows["estimate"].to_numpy(dtype=float)
            unit = float(units.get(task, np.nan))
            places = rows.index.to_numpy(dtype=np.int64)
            found.append(CrowdWorld(arm, replicate, str(task), estimates, graph, unit, places, (rounds, agents)))
    return found


def with_numbers(table: pd.DataFrame, worlds: Sequence[CrowdWorld], numbers: Sequence[Reals]) -> pd.DataFrame:
    """The table with other estimates, and the number shown made of them; who gave none in the run gives none.

    Args:
        table: the table of the run, rows numbered from 0.
        worlds: the worlds that are replaced.
        numbers: of each, the estimates, of the shape of its own.
    """
    estimates = table["estimate"].to_numpy(dtype=float).copy()
    shown = table["shown"].to_numpy(dtype=float).copy() if "shown" in table else None
    for world, given in zip(worlds, numbers, strict=True):
        kept = np.where(np.isnan(world.estimates), np.nan, given)
        estimates[world.rows] = kept[world.cells]
        if shown is not None:
            means = np.full(kept.shape, np.nan)
            for number in range(1, len(kept)):
                means[number] = np.where(
                    world.graph.counts(~np.isnan(kept[number - 1])) > 0, world.graph.means(kept[number - 1]), np.nan
                )
            shown[world.rows] = np.where(np.isnan(shown[world.rows]), np.nan, means[world.cells])
    return table.assign(estimate=estimates, **({} if shown is None else {"shown": shown}))


def _graph(run: Snapshot, arm: str, replicate: int, n: int) -> Neighbours:
    seen = run.seen
    seen = seen[(seen["arm"] == arm) & (seen["replicate"] == replicate)] if len(seen) else seen
    if not len(seen):
        return neighbours_from_edges(n, [])
    of_people = seen[seen["author"] >= 0]
    if len(of_people):
        return neighbours_from_edges(n, _pairs(of_people, "agent"), directed=True)
    if not seen["kind"].isin(["mean", "median"]).any():
        return neighbours_from_edges(n, [])
    if "all" in set(_read(run, arm)):
        return complete_graph(n)
    ties = run.ties
    ties = ties[(ties["arm"] == arm) & (ties["replicate"] == replicate)] if len(ties) else ties
    return neighbours_from_edges(n, _pairs(ties, "reader") if len(ties) else [], directed=True)


def _pairs(rows: pd.DataFrame, reader: str) -> Iterator[tuple[int, int]]:
    return ((int(one), int(other)) for one, other in zip(rows[reader], rows["author"], strict=True) if one != other)


def _read(run: Snapshot, arm: str) -> Iterator[str]:
    """Whom estimates are made of, in the phases of an arm."""
    for spec in run.scenario.arms:
        if spec.name == arm:
            for _, phase, _ in phases(patched(run.scenario, spec)):
                if spec_of(phase).kind == "estimates":
                    yield spec_of(phase).of
