"""Runs and tables of people held against findings: verdicts, preconditions, reference rows, and refusals in words."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from socsim_analysis.against_people import NotComparable, compare_run, compare_table, read_people
from socsim_analysis.designs import STATISTICS
from socsim_analysis.designs.of_runs import MADE_FROM, table_of
from socsim_analysis.findings.registry import find_finding, registry
from socsim_analysis.frames import phase_of_step, snapshot
from socsim_analysis.markup import escaped
from socsim_analysis.page import Page
from socsim_analysis.sections.findings import findings_section
from typer.testing import CliRunner

from socsim import Observation, Run, Scenario, ScriptedEngine, SocialAgent, run
from socsim.cli.app import app
from socsim.scenario.worlds import CompareSpec

ROOT = Path(__file__).parents[2]
LINES = ["line 1", "line 2", "line 3"]


def item(right: int) -> dict[str, Any]:
    return {"type": "nominal", "text": "Which line?", "options": LINES, "right": LINES[right],
            "readout": {"score": "whole_option", "orders": "fixed"}}  # fmt: skip


class Yielding(SocialAgent):
    """Sees the lines well, and follows the others with a chance of its own; it recognises nothing."""

    declared = True

    async def act(self, observation: Observation) -> None:
        for name in observation.asks:
            if name == "recognition" or self.number > 0:
                await self.ask(name)
                continue
            truth = LINES[{"a": 0, "b": 1, "c": 2, "d": 0}[name]]
            said = {one.text for one in observation.seen}
            follows = len(said) == 1 and self.generator.random() < 0.37
            self.answer(name, said.pop() if follows else truth)


def asch(recognised: str = "No.") -> tuple[Scenario, ScriptedEngine]:
    scripted = {"a": "line 2", "b": "line 1", "c": "line 1", "d": "line 1"}  # d is neutral
    spec = Scenario.model_validate(
        {
            "socsim": 1,
            "name": "asch",
            "replicates": 30,
            "population": {"size": 4, "confederates": [{"who": {"agents": [1, 2, 3]}, "answers": scripted}]},
            "network": {"graph": {"complete": {}}, "place": {"by": "given"}},
            "items": {"a": item(0), "b": item(1), "c": item(2), "d": item(0),
                      "recognition": {"type": "text", "text": "Known?", "readout": {"method": "text"}}},
            "schedule": [
                {"for_each_item": {"order": "as_given"}, "phases": [
                    {"phase": "before", "ask": ["item"]},
                    {"phase": "together", "interaction": {"kind": "neighbours", "see": "answers"}, "ask": ["item"]}]},
                {"phase": "after", "ask": ["recognition"]},
            ],
            "arms": ["treatment", "alone"],
        }
    )  # fmt: skip
    return spec, ScriptedEngine(reply=lambda request, seed: recognised)


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Run:
    spec, engine = asch()
    return run(spec, engine=engine, agent_class=Yielding, out=tmp_path_factory.mktemp("asch") / "run")


def test_answers_of_a_run_become_the_table_of_its_design(sessions: Run) -> None:
    table = table_of(sessions, "conformity")
    assert table is not None
    assert len(table) == 2 * 30 * 4
    assert set(table["person"]) == {"0"}
    assert table.groupby("trial")["critical"].first().to_dict() == {"a": True, "b": True, "c": True, "d": False}
    rows = sessions.responses
    last = rows[
        (rows["agent"] == 0)
        & rows["phase"].str.startswith("together[")
        & (rows["arm"] == "treatment")
        & rows["item"].isin(list("abcd"))
    ]
    wrong = (last["option"] != last["item"].map({"a": LINES[0], "b": LINES[1], "c": LINES[2], "d": LINES[0]})).sum()
    assert table[table["arm"] == "treatment"]["erred"].sum() == wrong > 0


def test_people_who_follow_as_often_as_people_do_are_assessed_and_those_alone_do_not_err(sessions: Run) -> None:
    found = compare_run(sessions, find_finding("asch1956.error_share"))
    assert found.verdict is not None
    assert found.verdict.outcome in ("match", "inconclusive")
    assert {one.precondition.check: one.value for one in found.measured} == {"control_error": 0.0, "recognition": 0.0}
    rows = {row.name: row for row in found.rows}
    assert rows["people"].estimate == 0.367
    assert rows["nobody sees anybody (arm alone)"].estimate == 0.0
    assert rows["uniform answers"].estimate == pytest.approx(2 / 3, abs=0.05)
    assert rows["this run: treatment"].low < found.values.estimate < rows["this run: treatment"].high
    assert found.ratio == pytest.approx(found.values.estimate / 0.367)


def test_sessions_that_are_all_the_same_get_no_verdict(sessions: Run) -> None:
    found = compare_run(sessions, find_finding("asch1956.error_share"), arm="alone")
    assert found.verdict is not None
    assert found.verdict.outcome == "no verdict"  # all sessions are the same: nothing shows how much they differ


def test_a_model_that_names_the_experiment_is_not_assessed(tmp_path: Path) -> None:
    spec, engine = asch("Yes, that is Solomon Asch.")
    done = run(spec, engine=engine, agent_class=Yielding, out=tmp_path / "run")
    found = compare_run(done, find_finding("asch1956.error_share"))
    assert found.verdict is not None
    assert found.verdict.outcome == "not assessed"
    assert "recognition is 1, wanted at most 0.05" in found.sentence


def test_what_a_run_does_not_hold_is_refused_with_what_it_would_need(sessions: Run) -> None:
    with pytest.raises(NotComparable, match=r"needs number items with a `truth`"):
        compare_run(sessions, find_finding("becker2017.mean_error"))
    with pytest.raises(NotComparable, match="no arm 'nobody'; there are"):
        compare_run(sessions, find_finding("asch1956.error_share"), arm="nobody")
    with pytest.raises(NotComparable, match="name the other one"):
        compare_run(sessions, find_finding("asch1955.ally"))
    with pytest.raises(NotComparable, match="does not compute its statistic"):
        compare_run(sessions, find_finding("aral2012.age"))


def test_a_difference_between_arms_is_taken_world_by_world(sessions: Run) -> None:
    found = compare_run(sessions, find_finding("asch1955.ally"), arm="alone", against="treatment")
    assert found.verdict is not None
    assert found.verdict.outcome in ("same direction", "not assessed")
    table = table_of(sessions, "conformity")
    own, other = (STATISTICS["conformity.error_share"](table, arm=arm, unit="world").values for arm in ("alone", "treatment"))
    assert found.values.estimate == pytest.approx(float((own - other).mean()))


def crowd(rng: np.random.Generator, worlds: int, pull: float) -> pd.DataFrame:
    rows = []
    for world in range(worlds):
        own = pull + rng.normal(0, 0.02)
        for task in ("a", "b"):
            estimates = rng.lognormal(4, 0.6, 20)
            for number in (1, 2, 3):
                rows += [(f"w{world}", task, str(i), number, value, 60.0) for i, value in enumerate(estimates)]
                estimates = estimates + own * (estimates.mean() - estimates)
    return pd.DataFrame(rows, columns=["world", "task", "person", "round", "estimate", "truth"])


def test_tables_of_people_are_compared_by_the_same_rule() -> None:
    table = crowd(np.random.default_rng(1), 12, 0.24)
    found = compare_table(table, find_finding("becker2017.spread_ratio"))
    assert found.verdict is not None
    assert found.verdict.outcome == "match"  # (1 - .24)² = .58
    assert found.values.estimate == pytest.approx(0.5776, abs=0.03)
    still = compare_table(crowd(np.random.default_rng(1), 12, 0.0), find_finding("becker2017.spread_ratio"))
    assert still.verdict is not None
    assert still.verdict.outcome == "differ"


def test_a_known_answer_is_not_assessed() -> None:
    table = crowd(np.random.default_rng(1), 12, 0.24).assign(estimate=60.0)
    found = compare_table(table, find_finding("becker2017.individual_error"))
    assert "exact_truths is 1, wanted at most 0.2" in found.sentence
    assert "first_round_spread is 0, wanted at least 0.1" in found.sentence


def test_every_design_of_runs_is_one_that_findings_name() -> None:
    named = {STATISTICS[one.statistic.name].design for one in registry().values() if one.statistic.name}
    assert set(MADE_FROM) <= named


def test_the_command_prints_verdict_rows_and_preconditions(sessions: Run) -> None:
    done = CliRunner().invoke(app, ["compare", str(sessions.path), "--finding", "asch1956.error_share"])
    assert done.exit_code == 0
    for words in ("0.310 to 0.424", "uniform answers", "precondition holds: control_error is 0, wanted at most 0.05", "Rule:"):
        assert words in done.output
    every = CliRunner().invoke(app, ["compare", str(sessions.path), "--all", "--json"])
    found = json.loads(every.output)
    assert {one["finding"] for one in found} >= {"asch1956.error_share", "asch1956.never_erred", "franzen2023.lines"}
    assert all(one["estimate"] is None or math.isfinite(one["estimate"]) for one in found)


def test_the_command_takes_a_table_of_people(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    crowd(np.random.default_rng(1), 12, 0.24).to_csv(path, index=False)
    done = CliRunner().invoke(app, ["compare", str(path), "--finding", "becker2017.spread_ratio"])
    assert done.exit_code == 0
    assert "Match" in done.output
    wrong = CliRunner().invoke(app, ["compare", str(path), "--finding", "asch1956.error_share"])
    assert wrong.exit_code == 1
    assert "column" in wrong.output + wrong.stderr


@pytest.mark.parametrize(
    ("name", "read", "folder", "outcome"),
    [
        ("becker2017.mean_error", "becker_trials", "human-derived-statistics", "match"),
        ("becker2017.individual_error", "becker_trials", "human-derived-statistics", "match"),
        ("asch1956.error_share", "asch_answers", "human-derived-statistics", "match"),
        ("mei2024.dictator_mean", "mei_dictator", "moblab-games", "match"),
        ("mei2024.ultimatum_offer", "mei_ultimatum", "moblab-games", "match"),
        ("akata2025.cooperation_overall", "play_with_gpt4", "akata-repeated-games", "match"),
    ],
)
def test_people_match_the_finding_that_was_made_of_them(name: str, read: str, folder: str, outcome: str, tmp_path: Path) -> None:
    from socsim_analysis.designs import human_tables

    places = [Path(os.environ.get("SOCSIM_HUMAN_DATA", "")), ROOT / "shared" / "data", ROOT.parent / "shared" / "data"]
    found = next((place / folder for place in places if (place / folder).is_dir()), None)
    if found is None:
        pytest.skip("the human data are not here")
    path = tmp_path / "people.csv"
    getattr(human_tables, read)(found).to_csv(path, index=False)  # through a file, as the command reads it
    done = compare_table(read_people(path), find_finding(name), arm="Base" if read == "play_with_gpt4" else None)
    assert done.verdict is not None
    assert done.verdict.outcome in (outcome, "inconclusive")
    assert done.values.estimate == pytest.approx(find_finding(name).estimate.value, abs=0.0051)  # type: ignore[union-attr]


def test_trials_on_which_the_others_disagree_are_neither_critical_nor_neutral(sessions: Run) -> None:
    rows = sessions.responses.copy()
    rows.loc[(rows["agent"] == 1) & (rows["item"] == "a"), "option"] = "line 3"
    table = table_of(replace(snapshot(sessions), responses=rows), "conformity")
    assert table is not None
    assert set(table["trial"]) == {"b", "c", "d"}


def test_a_table_with_several_arms_wants_one_named() -> None:
    table = pd.concat([crowd(np.random.default_rng(1), 6, 0.2).assign(arm=arm) for arm in ("x", "y")])
    with pytest.raises(NotComparable, match="name the arm"):
        compare_table(table, find_finding("becker2017.spread_ratio"))


def test_a_step_at_which_worlds_are_asked_different_items_is_named_without_one(sessions: Run) -> None:
    rows = sessions.responses.copy()
    assert phase_of_step(replace(snapshot(sessions), responses=rows))[0] == "before[a]"
    rows.loc[(rows["step"] == 0) & (rows["replicate"] == 1), "phase"] = "before[b]"
    assert phase_of_step(replace(snapshot(sessions), responses=rows))[0] == "before"


def test_ratio_sign_and_power_stand_beside_the_verdict_wherever_it_is_told(sessions: Run) -> None:
    found = compare_run(sessions, find_finding("asch1956.error_share"))
    assert found.same_sign is True
    assert found.effect_words == f"Effect: run over people {found.ratio:.2f}, same sign."
    assert found.power is not None
    done = CliRunner().invoke(app, ["compare", str(sessions.path), "--finding", "asch1956.error_share"])
    told = json.loads(
        CliRunner().invoke(app, ["compare", str(sessions.path), "--finding", "asch1956.error_share", "--json"]).output
    )
    for words in (found.effect_words, found.power.sentence, "people drawn anew", "30 people, as in the run"):
        assert words in done.output
    (one,) = told
    assert one["ratio"] == pytest.approx(found.ratio)
    assert one["same_sign"] is True
    assert one["power"]["match"] == pytest.approx(found.power.match)
    assert {row["role"] for row in one["rows"]} == {"people", "noise floor", "run", "uniform", "control"}
    scenario = sessions.scenario.model_copy(update={"compare": (CompareSpec(finding="asch1956.error_share"),)})
    page = str(findings_section(Page(replace(snapshot(sessions), scenario=scenario))))
    for words in (found.effect_words, found.power.sentence, "people drawn anew", "nobody sees anybody (arm alone)", "Rule: "):
        assert escaped(words) in page
    assert all(escaped(f"Design of the source: {design}") in page for design in found.finding.design)


def test_the_sign_of_a_direction_is_told_without_a_ratio(sessions: Run) -> None:
    found = compare_run(sessions, find_finding("asch1955.ally"), arm="alone", against="treatment")
    assert math.isnan(found.ratio)
    assert found.effect_words == "Effect: same sign."
    turned = compare_run(sessions, find_finding("asch1955.ally"), arm="treatment", against="alone")
    assert turned.effect_words == "Effect: opposite sign."
    assert turned.power is not None
    assert "would be found with probability .80" in turned.power.sentence


def test_a_run_without_a_curve_is_refused_where_one_is_asked_for(sessions: Run) -> None:
    done = CliRunner().invoke(
        app, ["compare", str(sessions.path), "--finding", "asch1956.error_share", "--response-curve", str(sessions.path)]
    )
    assert done.exit_code == 1
    assert "holds no response curve" in done.output + done.stderr
