"""The registry: every file is valid, every number that can be computed from data is that of the data, and damage is named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from socsim_analysis.designs import STATISTICS, human_tables
from socsim_analysis.findings.registry import FindingError, find_finding, read_finding, registry

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "analysis" / "socsim_analysis" / "findings"


def data(name: str) -> Path:
    """A folder of human data; the test is skipped where it is not there."""
    places = [os.environ.get("SOCSIM_HUMAN_DATA", ""), str(ROOT / "shared" / "data"), str(ROOT.parent / "shared" / "data")]
    for place in places:
        if place and (Path(place) / name).is_dir():
            return Path(place) / name
    pytest.skip("the human data are not here")


def test_there_are_forty_findings_about_people_and_twenty_numbers() -> None:
    people = [one for one in registry().values() if one.of_people]
    assert len(people) >= 40
    assert sum(one.class_ == "quantitative" for one in people) >= 20
    assert sum(not one.of_people for one in registry().values()) >= 3


def test_every_finding_names_a_statistic_that_exists_or_none() -> None:
    for one in registry().values():
        assert not one.statistic.name or one.statistic.name in STATISTICS, one.finding
        assert not one.study or (ROOT / one.study).is_file(), one.finding


def test_simulations_never_stand_for_people() -> None:
    for one in registry().values():
        if not one.of_people:
            assert "no people" in one.population, one.finding


COMPUTED: list[tuple[str, str, Any, dict[str, Any]]] = [
    ("asch1956.error_share", "human-derived-statistics", human_tables.asch_answers, {}),
    ("asch1956.never_erred", "human-derived-statistics", human_tables.asch_answers, {}),
    ("asch1956.mostly_erred", "human-derived-statistics", human_tables.asch_answers, {}),
    ("becker2017.individual_error", "human-derived-statistics", human_tables.becker_trials, {}),
    ("becker2017.mean_error", "human-derived-statistics", human_tables.becker_trials, {}),
    ("becker2017.median_error", "human-derived-statistics", human_tables.becker_trials, {}),
    ("becker2017.spread_ratio", "human-derived-statistics", human_tables.becker_trials, {}),
    ("becker2017.hub_toward", "human-derived-statistics", human_tables.becker_trials, {}),
    ("becker2017.hub_away", "human-derived-statistics", human_tables.becker_trials, {}),
    ("centola2018.tipping_low", "human-derived-statistics", human_tables.centola_worlds, {}),
    ("centola2018.tipping_high", "human-derived-statistics", human_tables.centola_worlds, {}),
    ("centola2018.below_fifth", "human-derived-statistics", human_tables.centola_worlds, {}),
    ("centola2018.above_quarter", "human-derived-statistics", human_tables.centola_worlds, {}),
    ("mei2024.dictator_mean", "moblab-games", human_tables.mei_dictator, {}),
    ("mei2024.dictator_nothing", "moblab-games", human_tables.mei_dictator, {}),
    ("mei2024.dictator_half", "moblab-games", human_tables.mei_dictator, {}),
    ("mei2024.ultimatum_offer", "moblab-games", human_tables.mei_ultimatum, {}),
    ("mei2024.ultimatum_minimum", "moblab-games", human_tables.mei_ultimatum, {}),
    ("mei2024.ultimatum_low_offer", "moblab-games", human_tables.mei_ultimatum, {}),
    ("akata2025.cooperation_overall", "akata-repeated-games", human_tables.play_with_gpt4, {"arm": "Base"}),
    ("akata2025.cooperation_round_ten", "akata-repeated-games", human_tables.play_with_gpt4, {"arm": "Base"}),
    ("milgram1963.full_obedience", "milgram-1963", human_tables.milgram_stops, {}),
    ("arad2012.one_to_three_steps", "money-request-11-20", human_tables.money_requests, {}),
]


@pytest.mark.parametrize(("name", "folder", "read", "options"), COMPUTED, ids=[one[0] for one in COMPUTED])
def test_numbers_are_those_of_the_data(name: str, folder: str, read: Any, options: dict[str, Any]) -> None:
    finding = find_finding(name)
    assert finding.estimate is not None
    found = STATISTICS[finding.statistic.name](read(data(folder)), **{**finding.statistic.options, **options})
    assert found.estimate == pytest.approx(finding.estimate.value, abs=0.0051)


def text(name: str = "asch1956_error_share") -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return loaded


def read(content: dict[str, Any]) -> None:
    import io

    stream = io.StringIO()
    YAML().dump(content, stream)
    read_finding(stream.getvalue(), "x.yaml")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"estimate": None}, "has an estimate"),
        ({"margin": None}, "have a margin"),
        ({"direction": "up"}, "no direction"),
        ({"class": "direction"}, "neither estimate nor margin"),
        ({"estimate": {"value": 0.5, "low": 0.1, "interval": "t"}}, "low, high and level"),
        ({"estimate": {"value": 0.5, "low": 0.1, "high": 0.2, "level": 0.95, "interval": "t"}}, "outside its interval"),
        ({"preconditions": [{"check": "control_error", "why": "w"}]}, "one bound"),
        ({"preconditions": [{"check": "luck", "at_most": 1, "why": "w"}]}, "preconditions.0.check"),
        ({"preconditions": [{"check": "recognition", "at_most": 0.1, "why": "w"}]}, "has words"),
        ({"finding": "Asch"}, "finding"),
        ({"seen": "yesterday"}, "seen"),
        ({"verification": ""}, "verification"),
        ({"words": None}, "name the words that give the study away"),
    ],
)
def test_damage_is_named_with_file_and_field(changes: dict[str, Any], says: str) -> None:
    content = {key: value for key, value in {**text(), **changes}.items() if value is not None}
    with pytest.raises(FindingError, match=says) as caught:
        read(content)
    assert "x.yaml" in str(caught.value)


def test_an_unknown_name_is_answered_with_near_ones() -> None:
    with pytest.raises(FindingError, match=r"did you mean .*asch1956\.error_share"):
        find_finding("asch1956.errors")


def test_a_missing_measurement_meets_no_precondition() -> None:
    (control, _) = find_finding("asch1956.error_share").preconditions
    assert control.holds(0.04)
    assert not control.holds(0.06)
    assert not control.holds(float("nan"))
