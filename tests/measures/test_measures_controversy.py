"""Random walk controversy against walking."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import pytest

from socsim.measures import random_walk_controversy


def _ends(graph: nx.Graph[int]) -> tuple[list[int], list[int]]:
    return [u for u, v in graph.edges] + [v for u, v in graph.edges], [v for u, v in graph.edges] + [u for u, v in graph.edges]


def _by_walking(sides: list[int], graph: nx.Graph[int], hubs: int, walks: int) -> float:
    """Garimella et al.'s own way: many walks, counted by where they begin and end."""
    rng = np.random.default_rng(3)
    members = [[node for node in graph if sides[node] == side] for side in (0, 1)]
    chosen = {node for side in members for node in sorted(side, key=lambda node: (-graph.degree[node], node))[:hubs]}
    neighbours = {node: list(graph[node]) for node in graph}
    ended = np.zeros((2, 2))
    for begin in (0, 1):
        for node in rng.choice(members[begin], walks):
            here = int(node)
            while here not in chosen:
                here = neighbours[here][rng.integers(len(neighbours[here]))]
            ended[begin, sides[here]] += 1
    p = ended / ended.sum(axis=0)
    return float(p[0, 0] * p[1, 1] - p[0, 1] * p[1, 0])


@pytest.mark.parametrize("hubs", [1, 4])
def test_exact_value_is_that_of_many_walks(hubs: int) -> None:
    graph = nx.karate_club_graph()
    sides = [0 if graph.nodes[node]["club"] == "Mr. Hi" else 1 for node in graph]
    plain = nx.Graph(list(graph.edges))
    exact = random_walk_controversy(sides, *_ends(plain), hubs=hubs)
    assert exact == pytest.approx(_by_walking(sides, nx.Graph(sorted(plain.edges)), hubs, 4000), abs=0.04)
    assert random_walk_controversy(["xy"[side] for side in sides], *_ends(plain), hubs=hubs) == pytest.approx(exact)
    assert random_walk_controversy([1 - side for side in sides], *_ends(plain), hubs=hubs) == pytest.approx(exact)


@pytest.mark.parametrize("seed", range(3))
def test_iteration_gives_what_solving_directly_gives(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = nx.gnp_random_graph(150, 0.04, seed=seed)
    sides = [int(side) for side in np.random.default_rng(seed).integers(0, 2, 150)]
    direct = random_walk_controversy(sides, *_ends(graph), hubs=3)
    monkeypatch.setattr("socsim.measures.controversy._LARGE", 0)
    assert random_walk_controversy(sides, *_ends(graph), hubs=3) == pytest.approx(direct, abs=1e-7)


def test_controversy_by_hand() -> None:
    """Hubs 0 and 2; agent 1 reads both, agent 3 reads hub 2 only, so walks from side 0 end there with 1/2 · 1/2."""
    authors, readers = [0, 2, 2, 1, 3, 3], [1, 1, 3, 0, 2, 2]
    p = np.array([[0.75, 0.25], [0.0, 1.0]])
    p = p / p.sum(axis=0)
    value = random_walk_controversy([0, 0, 1, 1], authors, readers, hubs=1)
    assert value == pytest.approx(p[0, 0] * p[1, 1] - p[0, 1] * p[1, 0])


def test_controversy_is_1_for_two_worlds_and_about_0_where_sides_are_drawn_by_lot() -> None:
    apart = nx.disjoint_union(nx.barabasi_albert_graph(40, 2, seed=1), nx.barabasi_albert_graph(40, 2, seed=2))
    assert random_walk_controversy([0] * 40 + [1] * 40, *_ends(apart), hubs=3) == pytest.approx(1.0)
    mixed = nx.gnp_random_graph(200, 0.1, seed=1)
    values = [
        random_walk_controversy(list(np.random.default_rng(seed).integers(0, 2, 200)), *_ends(mixed), hubs=5) for seed in range(8)
    ]
    assert abs(float(np.mean(values))) < 0.1


def test_walks_that_never_end_do_not_count() -> None:
    sides, authors, readers = [0, 0, 1, 1], [0, 1, 2, 3], [1, 0, 3, 2]
    alone = random_walk_controversy(sides, authors, readers, hubs=1)
    more = random_walk_controversy([*sides, 0, 1], [*authors, 4, 5], [*readers, 5, 4], hubs=1)
    assert more == pytest.approx(alone) == pytest.approx(1.0)


def test_controversy_of_one_side_no_ties_and_missing_sides() -> None:
    ties = [0, 1, 2, 3], [1, 0, 3, 2]
    assert math.isnan(random_walk_controversy([0, 0, 0, 0], *ties, hubs=1))
    assert math.isnan(random_walk_controversy([0, 0, 1, 1], [], [], hubs=1))
    assert math.isnan(random_walk_controversy([], [], [], hubs=1))
    assert math.isnan(random_walk_controversy([0, 0, 1, 1], *ties, hubs=2))
    assert random_walk_controversy([0, 0, 1, 1, None], [*ties[0], 4], [*ties[1], 0], hubs=1) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="two sides"):
        random_walk_controversy([0, 1, 2, 2], *ties, hubs=1)
    with pytest.raises(ValueError, match="one hub"):
        random_walk_controversy([0, 0, 1, 1], *ties, hubs=0)
