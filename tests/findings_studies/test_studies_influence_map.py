"""The pull of another's estimate: people who mind how sure it is, those who do not, and those who trust the unsure."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from classical import alike, held, played, study
from socsim_analysis.against_people import compare_run
from socsim_analysis.designs import STATISTICS
from socsim_analysis.designs.of_runs import table_of
from socsim_analysis.findings.registry import find_finding

from socsim import Run
from socsim.inference.types import Request

CONFIDENCE = "moussaid2013.confidence"


def weighing(sure: float, unsure: float, bare: float) -> Callable[[Request, int], str]:
    """Estimates alone are log-normal; then the other's weighs so much, by how sure it is, give or take a tenth."""

    def reply(request: Request, seed: int) -> str:
        text = "\n".join(segment.text for segment in request.segments)
        if "guess again" in text:
            return "no"
        rng = np.random.default_rng(seed)
        own = re.search(r" was: (\d+)\n", text)
        other = re.search(r"answered (\d+)(.*)\.\n", text)
        if own is None:
            return f'{{"number": {max(1, round(1000.0 * float(rng.lognormal(0.0, 0.8))))}}}'
        before = float(own[1])
        if other is None:
            return f'{{"number": {round(before)}}}'
        weight = bare if not other[2] else sure if "very sure" in other[2] else unsure
        after = before + (weight + float(rng.uniform(-0.1, 0.1))) * (float(other[1]) - before)
        return f'{{"number": {max(1, round(after))}}}'

    return reply


def guesses(reply: Callable[[Request, int], str], out: Path) -> Run:
    return played(study("influence_map"), alike, out, reply)


@pytest.fixture(scope="module")
def heedful(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return guesses(weighing(0.6, 0.2, 0.4), tmp_path_factory.mktemp("heedful") / "run")


def outcome(done: Run) -> str:
    found = held(done, CONFIDENCE)
    assert found.verdict is not None
    return found.verdict.outcome


def test_first_answers_are_the_same_in_every_arm(heedful: Run) -> None:
    table = table_of(heedful, "crowds")
    assert table is not None
    first = table[table["round"] == 1].pivot(index=["world", "task", "person"], columns="arm", values="estimate")
    assert (first.nunique(axis=1) == 1).all()
    assert len(first) == 5 * 3 * 6
    second = table[table["round"] == 2]
    shown = {str(arm): set(rows["shown"].dropna()) for arm, rows in second.groupby("arm")}
    signals = {4200.0, 390.0, 2500.0}
    assert shown == {"solo": set(), "sure": signals, "unsure": signals, "bare": signals}
    assert second[second["arm"] != "solo"]["shown"].notna().all()


def test_people_who_mind_how_sure_the_other_is_go_the_way_of_people(heedful: Run) -> None:
    assert outcome(heedful) == "same direction"
    assert held(heedful, CONFIDENCE).values.estimate == pytest.approx(0.4, abs=0.05)
    table = table_of(heedful, "crowds")
    assert table is not None
    assert STATISTICS["crowds.weight_on_peers"](table, arm="bare").estimate == pytest.approx(0.4, abs=0.05)


def test_everybody_says_how_sure_it_is_of_every_first_answer(heedful: Run) -> None:
    rows = heedful.responses[heedful.responses["item"] == "sureness"]
    assert rows.groupby("phase").size().to_dict() == {f"{name}_alone": 4 * 5 * 6 for name in ("jar", "tower", "market")}
    assert rows["value"].between(1, 6).all()


def test_people_who_do_not_mind_show_no_difference(tmp_path: Path) -> None:
    done = guesses(weighing(0.4, 0.4, 0.4), tmp_path / "run")
    assert outcome(done) == "no verdict"
    assert held(done, CONFIDENCE).values.estimate == 0.0
    against_bare = compare_run(done, find_finding(CONFIDENCE), arm="sure", against="bare")
    assert against_bare.values.estimate == 0.0


def test_people_who_trust_the_unsure_go_the_other_way(tmp_path: Path) -> None:
    assert outcome(guesses(weighing(0.2, 0.6, 0.4), tmp_path / "run")) == "opposite direction"
