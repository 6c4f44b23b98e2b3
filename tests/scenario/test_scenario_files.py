from __future__ import annotations

from collections.abc import Callable

from socsim.scenario import Scenario
from socsim.scenario.files import declared_files

Make = Callable[..., Scenario]


def test_every_data_file_is_declared_once_also_those_of_arms(make_debate: Make) -> None:
    scenario = make_debate(
        tables={"a": "a.csv"},
        population={"size": 8, "data": "people.csv"},
        network={"graph": {"file": "ties.graphml"}},
        arms=[
            "treatment",
            {"yoked": {"messages": "weather.txt"}},
            {"other": {"network": {"graph": {"file": "more.gexf"}}, "population": {"data": "people.csv"}}},
        ],
    )
    assert sorted(declared_files(scenario)) == ["a.csv", "more.gexf", "people.csv", "ties.graphml", "weather.txt"]


def test_packaged_data_needs_no_file(make_debate: Make) -> None:
    assert declared_files(make_debate()) == ()
