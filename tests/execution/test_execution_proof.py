"""The result does not depend on the execution: one turn after the other, wave by wave, or as soon as what is read is settled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest
from proving import combinations, rows_under, world_of

from socsim import staging
from socsim.activation import Turn
from socsim.cells import Cell
from socsim.errors import UndeclaredAccess
from socsim.events import EventRow, RecalledRow, TieChangeRow
from socsim.interactions.neighbours import Neighbours
from socsim.scenario.happenings import InterventionSpec
from socsim.scenario.people import NetworkSpec
from socsim.scenario.remembering import MemorySpec
from socsim.view import View


@pytest.mark.parametrize(("kind", "activation"), list(combinations()))
def test_every_execution_gives_the_rows_of_one_turn_after_the_other(kind: str, activation: str) -> None:
    scenario = world_of(kind, activation)
    expected = rows_under(scenario, "sequential", latency_seed=1)
    assert any(isinstance(row, EventRow) for row in expected)
    assert rows_under(scenario, "barrier", latency_seed=2) == expected
    for seed in (3, 4):
        assert rows_under(scenario, "dependencies", latency_seed=seed, checked=False) == expected


@pytest.mark.slow
@pytest.mark.parametrize("graph", range(5))
@pytest.mark.parametrize(("kind", "activation"), list(combinations()))
def test_it_holds_on_many_graphs(kind: str, activation: str, graph: int) -> None:
    scenario = world_of(kind, activation, people=24, steps=6, graph=graph)
    expected = rows_under(scenario, "sequential", latency_seed=1)
    assert rows_under(scenario, "barrier", latency_seed=2) == expected
    for seed in range(3, 8):
        assert rows_under(scenario, "dependencies", latency_seed=seed, checked=False) == expected


@pytest.mark.parametrize("replace", ["random", "friend_of_friend", "similar", "none"])
@pytest.mark.parametrize("directed", [False, True])
def test_ties_that_change_by_rule_change_alike(replace: str, directed: bool) -> None:
    rule = {"rule": "drop_dissimilar", "on": "view", "tolerance": 0.2, "probability": 0.7, "replace": replace}
    graph = {"erdos_renyi": {"p": 0.3}} if directed else {"watts_strogatz": {"k": 4, "p": 0.3}}
    scenario = world_of("neighbours", "random_sequential")
    network = NetworkSpec.model_validate({"graph": graph, "directed": directed, "changes": [rule]})
    scenario = scenario.model_copy(update={"network": network})
    expected = rows_under(scenario, "sequential", latency_seed=1)
    assert sum(isinstance(row, TieChangeRow) for row in expected) > 4
    assert rows_under(scenario, "barrier", latency_seed=2) == expected
    assert rows_under(scenario, "dependencies", latency_seed=3) == expected


@pytest.mark.parametrize("kind", ["last", "budget", "summary", "retrieval"])
def test_memories_are_the_same_under_every_execution(kind: str) -> None:
    memory = MemorySpec.model_validate({"kind": kind, "k": 3, "max_tokens": 60, "importance": "call"})
    scenario = world_of("neighbours", "random_sequential")
    (phase,) = scenario.schedule
    remembering = phase.model_copy(update={"remember": ("memory",)})
    scenario = scenario.model_copy(update={"memory": memory, "schedule": (remembering,)})
    expected = rows_under(scenario, "sequential", latency_seed=1)
    assert any(isinstance(row, RecalledRow) for row in expected)
    assert rows_under(scenario, "barrier", latency_seed=2) == expected
    assert rows_under(scenario, "dependencies", latency_seed=3) == expected


class Forgetful(Neighbours):
    """Declares one neighbour less than it reads."""

    def reads(self, turn: Turn, view: View) -> Iterable[Cell]:
        return list(super().reads(turn, view))[:-1]


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socsim.interactions.building.KINDS", {"neighbours": Forgetful})


@pytest.mark.usefixtures("forgetful")
def test_a_read_that_is_not_declared_changes_the_result() -> None:
    """The proof can fail: with a declaration left out, somebody acts before a neighbour has spoken."""
    scenario = world_of("neighbours", "random_sequential")
    expected = rows_under(scenario, "sequential", latency_seed=1, checked=False)
    assert any(
        rows_under(scenario, "dependencies", latency_seed=seed, checked=False, longest_s=0.02) != expected for seed in range(5)
    )


@pytest.mark.usefixtures("forgetful")
def test_a_checked_run_names_the_cell_that_was_not_declared() -> None:
    with pytest.raises(UndeclaredAccess, match=r"reads message of agent \d+, which it has not declared"):
        rows_under(world_of("neighbours", "simultaneous"), "dependencies")


@pytest.mark.parametrize("removed", [False, True])
@pytest.mark.parametrize("activation", ["events, change", "events, mention"])
@pytest.mark.parametrize("kind", ["survey", "neighbours", "exposure"])
def test_finding_those_who_may_react_gives_the_rows_of_looking_at_everybody(
    kind: str, activation: str, removed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = world_of(kind, activation, people=20, steps=5)
    (phase,) = scenario.schedule
    asked = {"phase": "before", "repeat": 1, "activation": "simultaneous", "interaction": "none", "say": None}
    removal = InterventionSpec.model_validate({"kind": "remove", "at": 2, "who": {"count": 4}})
    talk = phase.model_copy(update={"interventions": (removal,) if removed else ()})
    scenario = scenario.model_copy(update={"schedule": (phase.model_copy(update=asked), talk)})
    expected = rows_under(scenario, "sequential", latency_seed=1)
    acted = Counter(row.step for row in expected if isinstance(row, EventRow))
    assert acted[1] == 20
    assert acted[2] > 0
    monkeypatch.setattr(staging, "AHEAD_AT_MOST", 0)
    for execution in ("sequential", "barrier", "dependencies"):
        assert rows_under(scenario, execution, latency_seed=2) == expected
