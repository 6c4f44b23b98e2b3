from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from socsim.scenario import Scenario, load_scenario, not_yet_available

Make = Callable[..., Scenario]
SCENARIOS = Path(__file__).parents[2] / "scenarios"


def test_what_this_version_runs_is_available(make_debate: Make) -> None:
    everything = make_debate(
        replicates=2,
        arms=[
            "treatment",
            "alone",
            {"yoked": {"world": "other_replicate"}},
            {"shuffled": "rewire"},
            {"big": {"population": {"size": 9}}},
        ],
        baselines=[
            "no_change",
            "drift_only",
            "degroot",
            "friedkin_johnsen",
            "deffuant_weisbuch",
            "hegselmann_krause",
            "voter",
            "linear_threshold",
        ],
        failures={"repair": 1},
        items={
            "a": {"type": "nominal", "text": "Which?", "options": ["x", "y"], "readout": {"method": "verbalized"}},
            "b": {"type": "text", "text": "Why?", "readout": {"method": "text"}},
        },
        schedule=[{"phase": "talk", "interaction": {"kind": "neighbours"}, "ask": ["a", "b"], "say": {}}],
    )
    assert not_yet_available(everything) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"preconditions": {"x": 1}}, "preconditions.x"),
        ({"analysis": {"human": "a.csv"}}, "analysis.human"),
        (
            {"schedule": [{"phase": "a", "interaction": {"kind": "neighbours", "summary": "mean"}}]},
            "schedule.0.interaction.summary",
        ),
        (
            {"arms": [{"x": {"phases": {"talk": {"interaction": {"summary": "mean"}}}}}]},
            "arms.0.patch.phases.talk.interaction.summary",
        ),
    ],
)
def test_what_it_does_not_run_is_named_with_its_field(make_debate: Make, changes: dict[str, Any], field: str) -> None:
    (problem,) = not_yet_available(make_debate(**changes))
    assert problem.message.startswith("not yet available: ")
    assert problem.field == field


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("neighbourhood_debate", True),
        ("money_request_11_20", True),
        ("message_experiment", True),
        ("crowd_estimates", True),
        ("group_discussion", True),
    ],
)
def test_shipped_scenarios_are_valid_and_say_what_cannot_run_yet(name: str, runs: bool) -> None:
    problems = load_scenario(SCENARIOS / f"{name}.yaml").not_yet_available()
    assert (problems == []) is runs
    assert all(problem.line > 0 for problem in problems)
