"""Exposure to the other side: people who move away, who come nearer, who agree with more of everything, and who do not move."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from classical import STUDIES, Rule, held, played, study
from socsim_analysis.against_people import compare_run
from socsim_analysis.designs import STATISTICS
from socsim_analysis.designs.of_runs import table_of
from socsim_analysis.findings.registry import find_finding

from socsim import Run, load_scenario
from socsim.errors import ScenarioError

REPUBLICANS = "bail2018.republicans"
DEGREES = ("strongly disagree", "disagree", "rather disagree", "neither", "rather agree", "agree", "strongly agree")
LIBERAL = ("Business has to be regulated", "should do more for people in need")


def answers(pull: float = 0.0, agreeing: float = 0.0) -> Rule:
    """Opinions on a scale from 1, liberal, to 7, conservative: Democrats at 3, Republicans at 5.

    Args:
        pull: steps towards the side of the messages read; below 0 away from it.
        agreeing: steps towards agreement, whatever the statement, of those who read any messages.
    """

    def rule(prompt: str, options: Sequence[str]) -> list[float]:
        party = re.search(r"party: (\w+)", prompt)
        assert party is not None
        side = -1.0 if "leaves nobody behind" in prompt else 1.0 if "without borders" in prompt else 0.0
        opinion = {"Democrat": 3.0, "Republican": 5.0}[party[1]] + pull * side
        agreement = 8.0 - opinion if any(start in prompt for start in LIBERAL) else opinion
        agreement += agreeing * abs(side)
        return [math.exp(-((DEGREES.index(one) + 1 - agreement) ** 2) / 2.0) for one in options]

    return rule


def exposure(rule: Rule, out: Path, replicates: int = 8) -> Run:
    return played(study("exposure", replicates=replicates), rule, out)


@pytest.fixture(scope="module")
def repelled(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return exposure(answers(pull=-0.8), tmp_path_factory.mktemp("repelled") / "run")


def outcome(done: Run, arm: str) -> str:
    found = compare_run(done, find_finding(REPUBLICANS), arm=arm)
    assert found.verdict is not None
    return found.verdict.outcome


def test_lots_are_drawn_within_parties(repelled: Run) -> None:
    levels = repelled.trials.query("name == 'messages' and phase == 'after'")
    people = repelled.agents[["replicate", "agent", "fact_party"]]
    drawn = levels.merge(people, on=["replicate", "agent"])
    assert (drawn.groupby(["replicate", "fact_party", "level"]).size() == 2).all()
    assert set(drawn["fact_party"]) == {"Democrat", "Republican"}


def test_people_who_move_away_from_the_other_side_go_the_way_of_people(repelled: Run) -> None:
    assert outcome(repelled, "treatment: liberal, Republican") == "same direction"
    assert outcome(repelled, "treatment: conservative, Democrat") == "opposite direction"  # they become more liberal
    assert held(repelled, REPUBLICANS).arm == "treatment: liberal, Republican"


def test_people_who_are_persuaded_go_the_other_way(tmp_path: Path) -> None:
    assert outcome(exposure(answers(pull=0.8), tmp_path / "run"), "treatment: liberal, Republican") == "opposite direction"


def test_agreeing_with_more_of_everything_is_no_move_to_either_side(tmp_path: Path) -> None:
    done = exposure(answers(agreeing=1.0), tmp_path / "run")
    changed = done.responses.query("item == 'jobs' or item == 'need'").groupby(["item", "phase"])["expected"].mean()
    assert changed["jobs", "after"] > changed["jobs", "before"] + 0.3
    assert changed["need", "after"] < changed["need", "before"] - 0.3
    found = compare_run(done, find_finding(REPUBLICANS), arm="treatment: liberal, Republican")
    assert abs(found.values.estimate) < 0.3
    assert found.verdict is not None
    assert found.verdict.outcome == "inconclusive"


def test_people_who_are_not_moved_answer_as_before(tmp_path: Path) -> None:
    done = exposure(answers(), tmp_path / "run", replicates=5)
    assert outcome(done, "treatment: liberal, Republican") == "no verdict"
    table = table_of(done, "exposure")
    assert table is not None
    assert (table["before"] == table["after"]).all()


def test_a_table_has_everybody_and_every_kind_beside_those_who_were_shown_nothing(repelled: Run) -> None:
    table = table_of(repelled, "exposure")
    assert table is not None
    sizes = table.groupby("arm")["treated"].agg(["size", "sum"])
    assert list(sizes.loc["treatment"]) == [96, 64]
    assert list(sizes.loc["treatment: liberal"]) == [64, 32]
    assert list(sizes.loc["treatment: liberal, Republican"]) == [32, 16]
    answered = repelled.responses.query("replicate == 2 and agent == 5 and item in ['jobs', 'waste', 'oversight', 'need']")
    means = answered.groupby("phase")["value"].mean()
    row = table.query("arm == 'treatment' and world == 'replicate 2' and person == '5'").iloc[0]
    assert (row["before"], row["after"]) == (pytest.approx(means["before"]), pytest.approx(means["after"]))
    change = STATISTICS["exposure.change_control"](table, arm="treatment", unit="world")
    assert change.estimate == 0.0


def test_a_part_of_an_arm_is_named_after_the_arm(tmp_path: Path) -> None:
    text = (STUDIES / "exposure.yaml").read_text(encoding="utf-8")
    path = tmp_path / "exposure.yaml"
    path.write_text(text.replace("treatment: liberal, Republican", "nobody: liberal, Republican"), encoding="utf-8")
    with pytest.raises(ScenarioError, match="there is no arm 'nobody: liberal, Republican'"):
        load_scenario(path)
