from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socsim.errors import ScenarioError
from socsim.network.assortativity import CategoryMixing, NumberMixing
from socsim.network.placement import place_people
from socsim.network.shuffling import permute_people, rewire
from socsim.network.ties import ties_from_graph
from socsim.population.persona import Persona
from socsim.scenario.people import PlaceSpec


def people(values: list[Any]) -> tuple[Persona, ...]:
    return tuple(Persona(i, str(i), {"x": value}) for i, value in enumerate(values))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_followed_assortativity_equals_networkx(seed: int, directed: bool) -> None:
    rng = np.random.default_rng(seed)
    graph = nx.gnp_random_graph(14, 0.3, seed=seed, directed=directed)
    values = rng.integers(0, 3, 14).tolist()
    by_category, by_number = CategoryMixing(graph, [str(v) for v in values]), NumberMixing(graph, values)
    for _ in range(25):
        u, v = rng.integers(14, size=2).tolist()
        by_category.exchange(u, v)
        by_number.exchange(u, v)
        values[u], values[v] = values[v], values[u]
    nx.set_node_attributes(graph, {i: int(v) for i, v in enumerate(values)}, "x")
    expected = nx.attribute_assortativity_coefficient(graph, "x")
    assert by_category.coefficient() == pytest.approx(expected, abs=1e-9, nan_ok=True)
    assert by_number.coefficient() == pytest.approx(nx.numeric_assortativity_coefficient(graph, "x"), abs=1e-7, nan_ok=True)


@pytest.mark.parametrize("kind", ["category", "number"])
def test_homophily_reaches_its_target_on_the_karate_club(kind: str) -> None:
    graph = nx.karate_club_graph()
    codes = np.random.default_rng(3).integers(0, 3, 34).tolist()
    values = [f"party {c}" for c in codes] if kind == "category" else codes
    spec = PlaceSpec(by="homophily", on="x", assortativity=0.3, tolerance=0.05)
    node_of_agent = place_people(graph, people(values), spec, np.random.default_rng(5))
    assert np.array_equal(node_of_agent, place_people(graph, people(values), spec, np.random.default_rng(5)))
    nx.set_node_attributes(graph, {int(node): values[i] for i, node in enumerate(node_of_agent)}, "x")
    measure = nx.attribute_assortativity_coefficient if kind == "category" else nx.numeric_assortativity_coefficient
    assert abs(measure(graph, "x") - 0.3) <= 0.05


def test_placements_lie_near_the_target_and_not_at_the_end_of_the_tolerance() -> None:
    graph = nx.watts_strogatz_graph(100, 4, 0.1, seed=1)
    values = [f"party {c}" for c in np.random.default_rng(3).integers(0, 3, 100).tolist()]
    spec = PlaceSpec(by="homophily", on="x", assortativity=0.4, tolerance=0.1)
    reached = []
    for seed in range(10):
        node_of_agent = place_people(graph, people(values), spec, np.random.default_rng(seed))
        nx.set_node_attributes(graph, {int(node): values[i] for i, node in enumerate(node_of_agent)}, "x")
        reached.append(nx.attribute_assortativity_coefficient(graph, "x"))
    assert reached == pytest.approx([0.4] * 10, abs=0.02)


def test_an_unreachable_target_names_the_nearest_value() -> None:
    spec = PlaceSpec(by="homophily", on="x", assortativity=0.9)
    with pytest.raises(ScenarioError, match=r"the nearest was -?0\.\d+"):
        place_people(nx.complete_graph(6), people(["a", "b"] * 3), spec, np.random.default_rng(0))


def test_the_highest_value_stands_on_the_highest_degree() -> None:
    node_of_agent = place_people(
        nx.star_graph(4), people([1, 9, 3, 2, 2]), PlaceSpec(by="degree", on="x"), np.random.default_rng(0)
    )
    assert node_of_agent[1] == 0
    assert sorted(node_of_agent.tolist()) == [0, 1, 2, 3, 4]


def test_unknown_and_missing_values_are_named() -> None:
    spec, rng = PlaceSpec(by="degree", on="y"), np.random.default_rng(0)
    with pytest.raises(ScenarioError, match=r"network\.place\.on.*no fact"):
        place_people(nx.path_graph(2), people([1, 2]), spec, rng)
    with pytest.raises(ScenarioError, match="1 people have no x"):
        place_people(nx.path_graph(2), people([1, None]), PlaceSpec(by="degree", on="x"), rng)


def test_an_arc_means_that_its_end_reads_its_beginning() -> None:
    ties = ties_from_graph(nx.DiGraph([(0, 1), (2, 1)]), np.array([2, 0, 1]))
    assert [ties.read_by(i).tolist() for i in range(3)] == [[], [], [0, 1]]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.booleans())
def test_ties_equal_networkx_neighbours(seed: int, directed: bool) -> None:
    graph = nx.gnp_random_graph(12, 0.2, seed=seed, directed=directed)
    node_of_agent = np.random.default_rng(seed).permutation(12)
    ties = ties_from_graph(graph, node_of_agent)
    agent_of = {int(node): agent for agent, node in enumerate(node_of_agent)}
    for agent in range(12):
        node = int(node_of_agent[agent])
        read = graph.predecessors(node) if directed else graph.neighbors(node)
        assert ties.read_by(agent).tolist() == sorted(agent_of[other] for other in read)
    assert ties.isolated().tolist() == sorted(agent_of[node] for node in nx.isolates(graph))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(3, 6))
def test_permuting_always_changes_who_reads_whom(seed: int, n: int) -> None:
    graph, before = nx.star_graph(n - 1), np.arange(n)
    after = permute_people(before, graph, np.random.default_rng(seed))
    assert sorted(after.tolist()) == list(range(n))
    assert not np.array_equal(ties_from_graph(graph, before).indices, ties_from_graph(graph, after).indices)


@pytest.mark.parametrize("graph", [nx.complete_graph(5), nx.empty_graph(5), nx.complete_graph(4, nx.DiGraph), nx.path_graph(2)])
def test_permuting_where_nothing_can_change_is_refused(graph: Any) -> None:
    with pytest.raises(ScenarioError, match="would change nothing"):
        permute_people(np.arange(len(graph)), graph, np.random.default_rng(0))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.booleans())
def test_rewiring_keeps_degrees_and_changes_ties(seed: int, directed: bool) -> None:
    graph = nx.gnp_random_graph(15, 0.25, seed=seed, directed=directed)
    other = rewire(graph, np.random.default_rng(seed))
    assert dict(other.degree()) == dict(graph.degree())
    if directed:
        assert dict(other.in_degree()) == dict(graph.in_degree())
    assert nx.number_of_selfloops(other) == 0
    assert {frozenset(e) if not directed else e for e in other.edges()} != {
        frozenset(e) if not directed else e for e in graph.edges()
    }


@pytest.mark.parametrize(
    "graph", [nx.complete_graph(5), nx.star_graph(5), nx.empty_graph(4), nx.DiGraph([(0, 1), (0, 2), (0, 3)]), nx.path_graph(2)]
)
def test_rewiring_where_nothing_can_change_is_refused(graph: Any) -> None:
    with pytest.raises(ScenarioError, match="would change nothing"):
        rewire(graph, np.random.default_rng(0))
