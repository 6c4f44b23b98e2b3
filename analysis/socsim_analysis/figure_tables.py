"""Tidy tables for figures, made of the tables of a run: what `socsim_analysis.figures.tables` says that they must look like.

What a run does not hold gives None; missing answers stay missing.
"""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from socsim.measures import leaning_density
from socsim_analysis.designs.of_runs import table_of
from socsim_analysis.designs.response_curve import SEEN_CHOICES
from socsim_analysis.figures.tables import DENSITIES, OPINIONS, PLACES
from socsim_analysis.frames import RunLike, arm_names, in_order_of_arms, opinions, replicates, world_opinions

__all__ = ["density_table", "opinion_table", "places_table", "seen_choices"]

_WHO = ["arm", "replicate", "step", "agent"]
_FEW, _MANY = 10, 20
_MANY_PEOPLE = 400


def opinion_table(run: RunLike, item: str) -> pd.DataFrame:
    """Expected values of the private answers to an item, a table like `OPINIONS`: one row for everybody asked at a step."""
    asked = run.responses.loc[run.responses["item"] == item, _WHO].drop_duplicates()
    rows = asked.merge(opinions(run, item), on=_WHO, how="left").rename(columns={"agent": "person", "x": "opinion"})
    return OPINIONS.check(in_order_of_arms(run, rows.sort_values(["replicate", "step", "person"])))


def density_table(run: RunLike, item: str, low: float, high: float) -> pd.DataFrame | None:
    """Own opinions and mean opinions of those read, at the first and the last step, a table like `DENSITIES`.

    Worlds of an arm are put together. Ties are those at the start. None without ties, or where nobody with an opinion reads
    somebody with one.

    Args:
        run: the run.
        item: name of the item.
        low: low end of the grid; opinions outside are not allowed.
        high: high end of the grid.
    """
    frame = opinions(run, item)
    if run.ties.empty or frame.empty or not high > low:
        return None
    made = []
    for arm in arm_names(run):
        steps = sorted(int(step) for step in frame.loc[frame["arm"] == arm, "step"].unique())
        for step in dict.fromkeys((*steps[:1], *steps[-1:])):
            x, authors, readers = _together(run, frame, arm, step)
            bins = _FEW if len(x) < _MANY_PEOPLE else _MANY
            found = leaning_density(x, authors, readers, low, high, bins=bins)
            if found.n:
                made.append(_cells(arm, step, found.density, found.edges, found.correlation, found.n))
    return DENSITIES.check(pd.concat(made)) if made else None


def _together(
    run: RunLike, frame: pd.DataFrame, arm: str, step: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Opinions of all worlds of an arm after one another, and their ties."""
    parts, authors, readers, before = [], [], [], 0
    for number in replicates(run):
        x = world_opinions(run, frame, arm, number).at(step)
        ties = run.ties[(run.ties["arm"] == arm) & (run.ties["replicate"] == number)]
        authors.append(ties["author"].to_numpy(dtype=np.int64) + before)
        readers.append(ties["reader"].to_numpy(dtype=np.int64) + before)
        parts.append(x)
        before += x.size
    return np.concatenate(parts), np.concatenate(authors), np.concatenate(readers)


def _cells(
    arm: str, step: int, density: NDArray[np.float64], edges: NDArray[np.float64], correlation: float, n: int
) -> pd.DataFrame:
    middles = (edges[:-1] + edges[1:]) / 2.0
    own, read = np.meshgrid(middles, middles, indexing="ij")
    people = np.round(density * n * (edges[1] - edges[0]) ** 2)
    return pd.DataFrame(
        {
            "arm": arm,
            "step": step,
            "own": own.ravel(),
            "read": read.ravel(),
            "people": people.ravel(),
            "n": n,
            "correlation": correlation,
        }
    )


def places_table(run: RunLike, item: str, arm: str, replicate: int) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """People of a world at the first and the last step with places for a drawing, like `PLACES`, and its ties at the start.

    Places are those of a spring layout (Fruchterman & Reingold 1991) with a fixed seed. None without ties or answers.
    """
    ties = run.ties[(run.ties["arm"] == arm) & (run.ties["replicate"] == replicate)][["author", "reader"]].reset_index(drop=True)
    people = run.agents[(run.agents["arm"] == arm) & (run.agents["replicate"] == replicate)].sort_values("agent")
    world = world_opinions(run, opinions(run, item), arm, replicate)
    if ties.empty or not world.steps:
        return None
    xy = _layout(len(people), list(zip(ties["author"].tolist(), ties["reader"].tolist(), strict=True)))
    made = [
        pd.DataFrame(
            {
                "step": step,
                "person": people["agent"].to_numpy(),
                "x": xy[:, 0],
                "y": xy[:, 1],
                "opinion": world.at(step),
                "text": people["persona"].astype(str).to_numpy(),
            }
        )
        for step in dict.fromkeys((world.steps[0], world.steps[-1]))
    ]
    return PLACES.check(pd.concat(made)), ties


def _layout(size: int, pairs: list[tuple[int, int]]) -> NDArray[np.float64]:
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(size))
    graph.add_edges_from(sorted({(min(pair), max(pair)) for pair in pairs}))
    places = nx.spring_layout(graph, seed=1, iterations=100 if size <= 200 else 40, k=1.6 / math.sqrt(max(size, 1)))
    return np.asarray([places[node] for node in range(size)], dtype=float)


def seen_choices(run: RunLike) -> dict[str, pd.DataFrame]:
    """Binary choices of people who see those of others, by what A is, each like `SEEN_CHOICES`.

    These are decisions to adopt (of people who have not), and answers to items of two options after others' choices have been
    seen, of which A is the first option.
    """
    found = {}
    adopting = _adopting(run)
    if adopting is not None:
        found["adopt"] = adopting
    answers = table_of(run, "response_curve")
    declared = run.scenario.items if isinstance(run.scenario.items, dict) else {}
    parts = dict(list(answers.groupby("item"))) if answers is not None else {}
    found |= {f"{name}: {spec.options[0]}": SEEN_CHOICES.check(parts[name]) for name, spec in declared.items() if name in parts}
    return {name: in_order_of_arms(run, table) for name, table in found.items()}


def _adopting(run: RunLike) -> pd.DataFrame | None:
    actions: pd.DataFrame = getattr(run, "actions", pd.DataFrame())
    numbers: pd.DataFrame = getattr(run, "numbers", pd.DataFrame())
    if actions.empty or numbers.empty:
        return None
    keys = [*_WHO, "turn"]
    wide = numbers[numbers["name"].isin(["exposed", "known"])].pivot(index=keys, columns="name", values="value")
    decided = actions[actions["kind"].isin(["adopt", "nothing", "choose"])]
    rows = decided.merge(wide.reset_index(), on=keys) if set(wide.columns) == {"exposed", "known"} else decided.iloc[:0]
    if rows.empty:
        return None
    chose = (rows["kind"] == "adopt").astype(float).where(rows["status"] == "done")
    return SEEN_CHOICES.check(
        pd.DataFrame(
            {
                "world": "replicate " + rows["replicate"].astype(str),
                "arm": rows["arm"],
                "person": rows["agent"].astype(str),
                "k": rows["known"].astype(int),
                "m": rows["exposed"].astype(int),
                "chose_a": chose,
            }
        )
    )
