"""What single agents tell of a run: people who follow a response curve end where it says, others are refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import socsim_analysis.reference_rows.single_agent as module
from socsim_analysis.against_people import NotComparable, compare_run, read_curve
from socsim_analysis.frames import Snapshot, snapshot
from socsim_analysis.page import Page
from socsim_analysis.reference_rows import making
from socsim_analysis.reference_rows.single_agent import NoCourse, binary_course, curve_of, foretold, measured_curve
from socsim_analysis.sections import findings
from test_analysis_reference_naming import consensus

from socsim import Observation, Scenario, ScriptedEngine, SocialAgent, run
from socsim.measures import ResponseCurve, response_probability
from socsim.scenario.worlds import CompareSpec

BETA, H = 1.6, 0.1
OPTIONS = ["tea", "coffee"]


class Swayed(SocialAgent):
    """Chooses tea with the probability that the curve gives for the shown share of tea."""

    declared = True

    async def act(self, observation: Observation) -> None:
        said = [one.text for one in observation.seen]
        m = 2 * said.count("tea") / len(said) - 1 if said else -H  # nothing shown: both alike
        tea = self.generator.random() < float(response_probability(m, BETA, H))
        self.answer("drink", OPTIONS[0 if tea else 1])


def drinks(out: Path, **changes: Any) -> Snapshot:
    talk = {"phase": "talk", "repeat": 6, "interaction": {"kind": "neighbours", "see": "answers", "of": "all"}, "ask": ["drink"]}
    spec: dict[str, Any] = {
        "socsim": 1,
        "name": "drinks",
        "replicates": 10,
        "population": {"size": 16},
        "network": {"graph": {"complete": {}}},
        "items": {"drink": {"type": "nominal", "text": "Tea or coffee?", "options": OPTIONS, "readout": {"draw": "fresh"}}},
        "schedule": [{"phase": "before", "ask": ["drink"]}, talk],
    }
    for key, value in changes.items():
        if key == "talk":
            spec["schedule"][1] = {**talk, **value}
        elif key == "after":
            spec["schedule"].append(value)
        else:
            spec[key] = value
    return snapshot(run(Scenario.model_validate(spec), engine=ScriptedEngine(), agent_class=Swayed, out=out))


def asked(beta: float, h: float, k: int = 15, per_m: int = 200) -> pd.DataFrame:
    """Choices of people who are each shown m of k others."""
    rng = np.random.default_rng(3)
    m = np.repeat(np.arange(k + 1), per_m)
    chose = rng.random(len(m)) < response_probability(2 * m / k - 1, beta, h)
    people = [f"p{i}" for i in range(len(m))]
    return pd.DataFrame({"world": people, "arm": "", "person": people, "k": k, "m": m, "chose_a": chose.astype(float)})


@pytest.fixture(scope="module")
def curve() -> ResponseCurve:
    found = measured_curve(asked(BETA, H))
    assert found is not None
    return found


def test_the_curve_of_a_table_is_that_of_its_people(curve: ResponseCurve) -> None:
    assert curve.beta_low < BETA < curve.beta_high
    assert curve.h_low < H < curve.h_high
    assert measured_curve(asked(BETA, H).assign(k=0, m=0)) is None


FEW = {"kind": "neighbours", "see": "answers", "of": "all", "at_most": 3}


@pytest.mark.parametrize("talk", [{}, {"activation": "random_sequential"}, {"interaction": FEW}])
def test_people_who_follow_the_curve_end_where_it_says(curve: ResponseCurve, talk: Mapping[str, Any], tmp_path: Path) -> None:
    course = binary_course(drinks(tmp_path / "run", talk=talk), "treatment")
    assert (course.n, course.rounds, course.option, len(course.end)) == (16, 6, "tea", 10)
    assert course.order == ("one by one" if "activation" in talk else "at once")
    assert course.seen == (3 if "interaction" in talk else None)
    found = foretold(course, curve)
    assert found.low <= found.run_mean <= found.high
    assert "What the single agent already tells" in found.sentence
    assert f"over {len(course.end)} worlds" in found.sentence


def test_people_who_go_their_own_way_end_elsewhere(curve: ResponseCurve, tmp_path: Path) -> None:
    course = binary_course(drinks(tmp_path / "run"), "treatment")
    strong = ResponseCurve(3.0, 2.9, 3.1, 0.4, 0.3, 0.5, -1.0, 100)
    away = foretold(course, ResponseCurve(0.1, 0.0, 0.2, 0.0, -0.1, 0.1, -1.0, 100))
    assert not away.low <= away.run_mean <= away.high
    assert foretold(course, strong).mean > 0.95  # a strong curve with a bias to tea


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"talk": {"remember": ["own_last_answer"]}}, "people remember"),
        (
            {"talk": {"interaction": {"kind": "neighbours", "see": "answers"}}, "network": {"graph": {"ring": {}}}},
            "not everybody",
        ),
        ({"talk": {"interaction": "none"}}, "nobody sees the answers"),
        ({"after": {"phase": "after", "ask": ["drink"]}}, "asked again where nobody sees"),
        (
            {"talk": {"interventions": [{"kind": "news", "who": {"agents": [0]}, "text": "Coffee is cheap."}]}},
            "something happens",
        ),
        ({"talk": {"say": {"max_tokens": 5}, "interaction": {"kind": "neighbours", "see": "messages"}}}, "people see messages"),
    ],
)
def test_runs_that_are_not_so_are_refused_with_the_reason(changes: dict[str, Any], reason: str, tmp_path: Path) -> None:
    with pytest.raises(NoCourse, match=reason):
        binary_course(drinks(tmp_path / "run", replicates=1, **changes), "treatment")


def test_controls_and_unknown_arms_have_no_course(tmp_path: Path) -> None:
    done = drinks(tmp_path / "run", replicates=1, arms=["treatment", "alone"])
    with pytest.raises(NoCourse, match="is a control"):
        binary_course(done, "alone")
    with pytest.raises(NoCourse, match="no arm"):
        binary_course(done, "nobody")


def test_a_curve_without_end_foretells_nothing(tmp_path: Path) -> None:
    course = binary_course(drinks(tmp_path / "run", replicates=1), "treatment")
    with pytest.raises(NoCourse, match="separated"):
        foretold(course, ResponseCurve(math.inf, 1.0, math.inf, math.nan, -0.1, 0.1, -1.0, 10, "separated"))


def test_the_curve_is_that_of_the_treatment_arm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done = drinks(tmp_path / "run", replicates=1)
    both = pd.concat([asked(BETA, H).assign(arm="treatment"), asked(0.0, 0.0).assign(arm="alone")])
    monkeypatch.setattr(module, "table_of", lambda run, design: both if design == "response_curve" else None)
    found = curve_of(done)
    assert found is not None
    assert found.beta_low < BETA < found.beta_high
    monkeypatch.setattr(module, "table_of", lambda run, design: None)
    assert curve_of(done) is None
    with pytest.raises(NotComparable, match="holds no response curve"):
        read_curve(done)


def game(out: Path, memory: int = 1) -> Snapshot:
    """A naming game with two names whose script follows the curve, given the other's last choice."""

    def choose(request: Any) -> list[float]:
        text = " ".join(part.text for part in request.segments)
        shown = text.partition("the other person chose ")[2][:3]
        m = 0.0 if "the other person chose" not in text else 1.0 if "F" in shown else -1.0
        tea = float(response_probability(m, BETA, H)) if "the other person chose" in text else 0.5
        return [math.log(tea if "F" in one else 1 - tea) for one in request.candidates]

    options = {"names": ["F", "J"], "memory": memory, "readout": {"orders": "fixed", "score": "whole_option"}}
    spec = {
        "socsim": 1, "name": "names", "replicates": 10, "population": {"size": 12},
        "schedule": [{"phase": "play", "repeat": 6, "activation": "dyads",
                      "interaction": {"kind": "conventions", "options": options}}],
    }  # fmt: skip
    return snapshot(run(Scenario.model_validate(spec), engine=ScriptedEngine(scorer=choose), out=out))


def test_a_naming_game_of_two_names_has_a_row_of_its_curve(
    curve: ResponseCurve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = game(tmp_path / "run")
    found = compare_run(done, consensus(), curve=curve)
    (row,) = [row for row in found.rows if row.role == "single agent"]
    assert row.low < found.values.estimate < row.high
    assert "measured in another run" in found.single_agent
    course = binary_course(done, "treatment")
    assert (course.n, course.rounds, course.seen, course.order) == (12, 5, 1, "in pairs")
    monkeypatch.setattr(making, "curve_of", lambda run: curve)
    monkeypatch.setattr(findings, "find_finding", lambda name: consensus())
    scenario = done.scenario.model_copy(update={"compare": (CompareSpec(finding="one"), CompareSpec(finding="two"))})
    page = str(findings.findings_section(Page(replace(done, scenario=scenario))))
    assert page.count("What the single agent already tells: its response curve, measured in this run") == 1
    assert "single agents&#x27; response curve" in page


def test_a_longer_memory_is_said_where_a_curve_was_handed_over(curve: ResponseCurve, tmp_path: Path) -> None:
    done = game(tmp_path / "run", memory=5)
    found = compare_run(done, consensus(), curve=curve)
    assert "people remember more than their last play" in found.single_agent
    assert not [row for row in found.rows if row.role == "single agent"]
    assert compare_run(done, consensus()).single_agent == ""
