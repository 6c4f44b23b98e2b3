"""Herding: readers who vote for what has votes lift things with a first vote; readers who look at nothing do not."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from socsim_analysis.designs.of_runs import table_of
from socsim_analysis.frames import snapshot
from studies import against, carried_out, choosing, outcome, study


def with_the_score(prompt: str) -> dict[str, float]:
    """An up-vote comes more easily where the score is above 0, a down-vote where it is below."""
    (text,) = re.findall(r'up or down: "([^"]*)"', prompt)
    scores = dict(re.findall(r'- "([^"]*)" \(score: (-?\d+)\)', prompt))
    lean = max(-3, min(3, int(scores.get(text, 0)))) * 0.12
    return {"vote it up": 0.4 + lean, "vote it down": 0.4 - lean, "do not vote": 0.2}


def by_taste(prompt: str) -> dict[str, float]:
    return {"vote it up": 0.5, "vote it down": 0.2, "do not vote": 0.3}


def test_readers_who_follow_the_score_lift_what_had_a_vote(tmp_path: Path) -> None:
    done = carried_out(study("herding", replicates=12), choosing(with_the_score), tmp_path)
    found = against(done, "muchnik2013.up", arm="visible")
    assert outcome(found) == "same direction"
    assert found.values.estimate > 1.0
    assert outcome(against(done, "muchnik2013.up", arm="hidden")) == "inconclusive"


def test_readers_who_do_not_look_are_not_moved(tmp_path: Path) -> None:
    done = carried_out(study("herding", replicates=12), choosing(by_taste), tmp_path)
    assert outcome(against(done, "muchnik2013.up", arm="visible")) == "inconclusive"
    assert outcome(against(done, "glenski2016.posts", arm="visible")) in ("inconclusive", "differ")


def test_a_thing_on_which_a_vote_failed_has_no_score(tmp_path: Path) -> None:
    done = snapshot(carried_out(study("herding", replicates=1), choosing(by_taste), tmp_path))
    responses = done.responses.copy()
    gone = (responses["arm"] == "visible") & (responses["item"] == "vote.bridge") & (responses["agent"] == 0)
    assert gone.sum() == 1
    responses.loc[gone, "status"] = "failed"
    table = table_of(replace(done, responses=responses), "herding")
    assert table is not None
    missing = table[table["score"].isna()]
    assert missing[["arm", "item"]].to_numpy().tolist() == [["visible", "bridge"]]
