"""Classical models fitted to the first steps of every world and judged on the last ones, which they were not fitted to.

Opinions are the expected values of an item, stances the answers drawn to one with two options, adoptions who has adopted by the
end of a step; see `socsim.dynamics.fitting` for the models. Whoever an agent is tied to counts as read, shown or not; worlds in
which ties change are left out. A third of the transitions, at least one, is held out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from socsim.dynamics import DynamicFit, Neighbours, fit_adoptions, fit_opinions, fit_stances, neighbours_from_edges
from socsim_analysis.frames import RunLike, arm_names, item_spec, opinion_items, opinions, replicates, world_opinions

__all__ = ["DECLARED", "HeldOut", "held_out_fits"]

Kind = Literal["opinions", "stances", "adoptions"]
Reals = NDArray[np.float64]

FEWEST = 3
"""Fewest transitions of which a part is held out."""

DECLARED: dict[str, tuple[Kind, frozenset[str]]] = {
    "degroot": ("opinions", frozenset({"no_change", "degroot"})),
    "friedkin_johnsen": ("opinions", frozenset({"no_change", "friedkin_johnsen"})),
    "hegselmann_krause": ("opinions", frozenset({"no_change", "bounded_confidence"})),
    "voter": ("stances", frozenset({"constant", "voter", "noisy_voter"})),
    "linear_threshold": ("adoptions", frozenset({"constant", "thresholds", "complex_contagion"})),
}
"""For each baseline of a scenario the kind of state it is about, and the models that are compared for it."""


@dataclass(frozen=True)
class HeldOut:
    """A model in one world; ``subject`` is the item, or "adopted"."""

    subject: str
    kind: Kind
    arm: str
    replicate: int
    fit: DynamicFit


def held_out_fits(run: RunLike) -> list[HeldOut]:
    """All fits of the models that the scenario's baselines ask for; none where no world has enough steps."""
    found: list[HeldOut] = []
    kinds: dict[Kind, set[str]] = {}
    for name in run.scenario.baselines:
        if name in DECLARED:
            kind, models = DECLARED[name]
            kinds.setdefault(kind, set()).update(models)
    for arm in arm_names(run):
        for replicate in replicates(run):
            graph = _graph(run, arm, replicate)
            if graph is None:
                continue
            for subject, kind, states in _states(run, arm, replicate, graph.n):
                if kind in kinds and len(states) > FEWEST:
                    fits = _fitted(kind, states, graph)
                    found += [HeldOut(subject, kind, arm, replicate, fit) for fit in fits if fit.model in kinds[kind]]
    return found


def _fitted(kind: Kind, states: Reals, graph: Neighbours) -> tuple[DynamicFit, ...]:
    steps = len(states) - 1
    train = steps - max(1, steps // 3)
    if kind == "opinions":
        return fit_opinions(states, graph, train)
    if kind == "stances":
        return fit_stances(states, graph, train)
    return fit_adoptions(states.astype(bool), graph, train)


def _graph(run: RunLike, arm: str, replicate: int) -> Neighbours | None:
    """Who is tied to whom; None without ties, or where they change."""
    changes = getattr(run, "tie_changes", None)
    if changes is not None and len(changes) and len(changes[(changes["arm"] == arm) & (changes["replicate"] == replicate)]):
        return None
    people = run.agents[(run.agents["arm"] == arm) & (run.agents["replicate"] == replicate)]
    ties = run.ties
    ties = ties[(ties["arm"] == arm) & (ties["replicate"] == replicate)] if len(ties) else ties
    if not len(ties) or not len(people):
        return None
    pairs = zip(ties["reader"].tolist(), ties["author"].tolist(), strict=True)
    return neighbours_from_edges(int(people["agent"].max()) + 1, pairs, directed=True)


def _states(run: RunLike, arm: str, replicate: int, n: int) -> Iterator[tuple[str, Kind, Reals]]:
    """(subject, kind, states of shape (steps, n)) of a world."""
    for item in opinion_items(run):
        yield item, "opinions", world_opinions(run, opinions(run, item, "expected"), arm, replicate).x.T
    rows = run.responses
    rows = rows[(rows["arm"] == arm) & (rows["replicate"] == replicate)] if len(rows) else rows
    for item in rows["item"].unique() if len(rows) else ():
        spec = item_spec(run, item)
        if spec is not None and len(spec.options) == 2:
            yield item, "stances", _by_step(rows[rows["item"] == item], "choice", n).to_numpy(dtype=float)
    numbers = getattr(run, "numbers", None)
    if numbers is not None and len(numbers):
        rows = numbers[(numbers["arm"] == arm) & (numbers["replicate"] == replicate) & (numbers["name"] == "adopted")]
        if len(rows):
            states = _by_step(rows, "value", n).ffill().to_numpy(dtype=float)
            if not np.isnan(states).any() and not np.any(np.diff(states, axis=0) < 0):
                yield "adopted", "adoptions", states


def _by_step(rows: pd.DataFrame, column: str, n: int) -> pd.DataFrame:
    """The last value of everybody at every step, one row for each step; missing where there is none."""
    table = rows.groupby(["step", "agent"])[column].last().unstack("agent")
    return table.reindex(columns=range(n)).astype(float)
