"""Replies shared by people with the same persona text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from socsim_analysis.frames import calls_of_their_own

from socsim import Run, Scenario, ScriptedEngine, replay, run

TOPIC = {"max_tokens": 9, "topic": "Taxes"}
ITEM = {"type": "ordinal", "text": "Lower taxes?", "options": ["no", "yes"], "readout": {"method": "sample", "n": 1}}


def scenario(share: str | None = "archetypes", **inference: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "socsim": 1,
            "name": "archetypes",
            "population": {
                "size": 12,
                "data": "statsmodels/anes96",
                "facts": {"age": "age", "party": {"column": "PID", "labels": "anes96.pid"}},
                "persona": {"renderer": "second_person", "facts": ["party"]},
            },
            "network": {"graph": {"ring": {}}},
            "items": {"tax": ITEM},
            "schedule": [
                {"phase": "alone", "ask": ["tax"], "say": TOPIC},
                {"phase": "talk", "interaction": {"kind": "neighbours", "see": "messages"}, "say": TOPIC},
            ],
            "inference": {"engine": "scripted", **({} if share is None else {"share": share}), **inference},
        }
    )  # fmt: skip


def carried_out(tmp_path: Path, share: str | None) -> Run:
    return run(
        scenario(share), engine=ScriptedEngine(reply=lambda request, seed: ("no", "yes")[seed % 2]), out=tmp_path / str(share)
    )


def test_people_with_one_persona_text_say_the_same_where_they_saw_the_same(tmp_path: Path) -> None:
    done = carried_out(tmp_path, "archetypes")
    personas = done.agents.set_index("agent")["persona"]
    first = done.messages[done.messages["step"] == 0].assign(persona=lambda f: f["agent"].map(personas))
    assert 1 < personas.nunique() < 12
    assert (first.groupby("persona")["text"].nunique() == 1).all()
    own, decisions = calls_of_their_own(done)
    assert own == done.manifest["counts"]["calls"] < decisions
    kinds = personas.nunique()
    at_first = [call for calls in done.events.loc[done.events["step"] == 0, "calls"] for call in calls]
    assert len({(call["digest"], call["draw"]) for call in at_first}) == 2 * kinds
    assert len(at_first) == 24
    assert replay(done.path).verified


def test_without_it_everybody_is_asked(tmp_path: Path) -> None:
    done = carried_out(tmp_path, None)
    assert calls_of_their_own(done) == (36, 36)
    assert done.manifest["counts"]["calls"] == 36


def test_the_page_says_how_many_had_a_call_of_their_own(tmp_path: Path) -> None:
    from socsim_analysis.report import write_report

    done = carried_out(tmp_path, "archetypes")
    own, decisions = calls_of_their_own(done)
    text = write_report(done).read_text(encoding="utf-8")
    assert f"of {decisions} questions that people were asked, {own} (" in text


def test_nothing_can_be_both_shared_and_asked_anew() -> None:
    with pytest.raises(ValueError, match="Leave one of the two out"):
        scenario(fresh=True)
