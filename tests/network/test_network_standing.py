"""Where people stand in a world: streams of their own for graph, placement and each shuffle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from socsim.errors import ScenarioError
from socsim.network.standing import stand
from socsim.population.persona import Persona
from socsim.scenario.people import NetworkSpec

PEOPLE = tuple(Persona(i, str(i), {"x": i % 3}) for i in range(12))


def network(graph: dict[str, Any]) -> NetworkSpec:
    return NetworkSpec.model_validate({"graph": graph})


def test_a_shuffle_of_people_keeps_the_graph_and_rewiring_keeps_the_places() -> None:
    spec = network({"watts_strogatz": {"k": 4, "p": 0.1}})
    graph, places = stand(spec, None, PEOPLE, 5, None)
    same, others = stand(spec, "permute_people", PEOPLE, 5, None)
    rewired, kept = stand(spec, "rewire", PEOPLE, 5, None)
    assert set(same.edges()) == set(graph.edges())
    assert not np.array_equal(others, places)
    assert np.array_equal(kept, places)
    assert dict(rewired.degree()) == dict(graph.degree())
    assert {frozenset(edge) for edge in rewired.edges()} != {frozenset(edge) for edge in graph.edges()}


def test_another_seed_gives_other_ties() -> None:
    spec = network({"erdos_renyi": {"p": 0.3}})
    first, again, other = (set(stand(spec, None, PEOPLE, seed, None)[0].edges()) for seed in (1, 1, 2))
    assert first == again != other


def test_a_shuffle_that_changes_nothing_is_refused() -> None:
    with pytest.raises(ScenarioError, match="would change nothing"):
        stand(network({"complete": {}}), "permute_people", PEOPLE, 5, None)
