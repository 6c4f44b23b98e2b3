"""Interventions and confederates: who sees, says and answers what from when on."""

from __future__ import annotations

from typing import Any

from proving import rows_under, world_of

from socsim import Scenario
from socsim.events import EventRow, MessageRow, ResponseRow, SeenRow, TieChangeRow


def scenario_with(**changes: Any) -> Scenario:
    """Twelve neighbours who talk for four steps, with changes of the phase or of the population."""
    base = world_of("neighbours", "simultaneous").model_dump(mode="json", by_alias=True)
    for name, value in changes.items():
        if name == "confederates":
            base["population"]["confederates"] = value
        else:
            base["schedule"][0][name] = value
    return Scenario.model_validate(base)


def test_news_reaches_those_chosen_at_that_step_alone() -> None:
    news = {"kind": "news", "at": 2, "who": {"agents": [1, 4]}, "text": "It rains."}
    rows = rows_under(scenario_with(interventions=[news]), "dependencies")
    told = {(row.step, row.agent, row.author, row.text) for row in rows if isinstance(row, SeenRow) and row.kind == "news"}
    assert told == {(2, 1, -1, "It rains."), (2, 4, -1, "It rains.")}


def test_whoever_is_removed_does_not_act_and_is_not_read() -> None:
    removal = {"kind": "remove", "at": 2, "who": {"hubs": 1}}
    rows = rows_under(scenario_with(interventions=[removal]), "dependencies")
    (gone,) = {row.author for row in rows if isinstance(row, TieChangeRow) and row.reader != row.agent}
    acted = {row.step for row in rows if isinstance(row, EventRow) and row.agent == gone}
    assert acted == {0, 1}
    assert not [row for row in rows if isinstance(row, SeenRow) and row.author == gone and row.step >= 2]
    assert [row for row in rows if isinstance(row, SeenRow) and row.author == gone and row.step == 1]
    changes = [row for row in rows if isinstance(row, TieChangeRow)]
    assert {(row.kind, row.cause, row.step) for row in changes} == {("removed", "intervention", 2)}
    assert {row.reader for row in changes if row.author == gone} == {row.author for row in changes if row.reader == gone}


def test_confederates_follow_their_script_without_a_call() -> None:
    script = {"who": {"count": 3}, "answers": {"view": "yes"}, "says": ["More.", "Much more."]}
    rows = rows_under(scenario_with(confederates=[script]), "dependencies")
    scripted = {row.agent for row in rows if isinstance(row, ResponseRow) and row.method == "scripted"}
    assert len(scripted) == 3
    for row in rows:
        if isinstance(row, ResponseRow) and row.agent in scripted:
            assert (row.option, row.value, row.expected, row.probabilities) == ("yes", 3.0, 3.0, (0.0, 0.0, 1.0))
        if isinstance(row, MessageRow) and row.agent in scripted:
            assert row.text == ("More.", "Much more.")[row.step % 2]
        if isinstance(row, EventRow):
            assert bool(row.calls) == (row.agent not in scripted)


def test_happenings_are_the_same_under_every_execution() -> None:
    interventions = [
        {"kind": "news", "at": 1, "who": {"share": 0.5}, "text": "It rains."},
        {"kind": "remove", "at": 2, "who": {"count": 2}},
    ]
    scenario = scenario_with(
        interventions=interventions,
        activation="random_sequential",
        confederates=[{"who": {"share": 0.2}, "says": ["No."]}],
    )
    expected = rows_under(scenario, "sequential", latency_seed=1)
    assert rows_under(scenario, "barrier", latency_seed=2) == expected
    assert rows_under(scenario, "dependencies", latency_seed=3) == expected
