"""A run that takes replies from another one: only of the same model, only what is asked alike, and self-contained afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from socsim import RecordError, Request, Run, Scenario, ScenarioError, ScriptedEngine, replay, resume, run
from socsim.inference.types import EngineIdentity
from socsim.record.merging import merge_records

Make = Callable[..., Scenario]


class Counting(ScriptedEngine):
    """Breaks after so many calls, and counts them."""

    def __init__(self, replies: int | None = None, model: str = "scripted") -> None:
        self.model = model
        self.replies = replies
        self.asked = 0
        super().__init__(failure=self._noted)

    def _noted(self, request: Request, seed: int, attempt: int) -> Exception | None:
        self.asked += 1
        return OSError("broken") if self.replies is not None and self.asked > self.replies else None

    @property
    def identity(self) -> EngineIdentity:
        return replace(super().identity, model=self.model)


@pytest.fixture
def first(make_debate: Make, tmp_path: Path) -> Run:
    return run(make_debate(), out=tmp_path / "first", engine=ScriptedEngine())


def test_an_equal_run_asks_nothing_and_says_the_same(first: Run, make_debate: Make, tmp_path: Path) -> None:
    engine = Counting()
    again = run(make_debate(), out=tmp_path / "again", engine=engine, reuse=first)
    assert engine.asked == 0
    assert again.table_hashes() == first.table_hashes()
    counts = again.manifest["counts"]
    assert (counts["calls"], counts["reused"], counts["attempts"]) == (first.manifest["counts"]["calls"],) * 2 + (0,)
    assert again.manifest["reuses"] == str(first.path.resolve())
    shutil.rmtree(first.path)
    assert replay(again.path).verified


def test_a_run_that_goes_further_asks_only_what_is_new(first: Run, make_debate: Make, tmp_path: Path) -> None:
    longer = make_debate(arms=["treatment", "alone", {"yoked": {"world": "other_replicate"}}], replicates=2)
    alone, reusing = Counting(), Counting()
    whole = run(longer, out=tmp_path / "whole", engine=alone)
    again = run(longer, out=tmp_path / "again", engine=reusing, reuse=first.path)
    assert again.table_hashes() == whole.table_hashes()
    assert reusing.asked == alone.asked - first.manifest["counts"]["calls"]


def test_a_merged_record_serves_as_well(first: Run, make_debate: Make, tmp_path: Path) -> None:
    other = run(make_debate(seed=8), out=tmp_path / "other", engine=ScriptedEngine())
    merge_records([first.path, other.path], tmp_path / "merged.sqlite")
    engine = Counting()
    run(make_debate(), out=tmp_path / "a", engine=engine, reuse=tmp_path / "merged.sqlite")
    run(make_debate(seed=8), out=tmp_path / "b", engine=engine, reuse=str(tmp_path / "merged.sqlite"))
    assert engine.asked == 0


def test_replies_of_another_model_are_refused_before_a_folder_is_made(first: Run, make_debate: Make, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"another model.*model 'scripted' there, 'other' here"):
        run(make_debate(), out=tmp_path / "again", engine=Counting(model="other"), reuse=first)
    assert not (tmp_path / "again").exists()


def test_a_fresh_scenario_reuses_nothing(first: Run, make_debate: Make, tmp_path: Path) -> None:
    spec = make_debate(inference={"engine": "scripted", "fresh": True})
    with pytest.raises(ScenarioError, match=r"inference\.fresh: fresh: true takes no reply of another run"):
        run(spec, out=tmp_path / "again", engine=ScriptedEngine(), reuse=first)
    assert not (tmp_path / "again").exists()


def test_a_place_without_a_record_is_named(make_debate: Make, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="nowhere: there is no record here to reuse"):
        run(make_debate(), out=tmp_path / "again", engine=ScriptedEngine(), reuse=tmp_path / "nowhere")


def cut_off(make_debate: Make, tmp_path: Path, reuse: Run) -> Path:
    """A run of another seed that reuses one and broke early."""
    spec = make_debate(arms=["treatment", "alone", {"yoked": {"world": "other_replicate"}}], replicates=2)
    with pytest.raises(OSError, match="broken"):
        run(spec, out=tmp_path / "again", engine=Counting(20), reuse=reuse)
    return tmp_path / "again"


def test_resuming_goes_on_reusing(first: Run, make_debate: Make, tmp_path: Path) -> None:
    folder = cut_off(make_debate, tmp_path, first)
    done = resume(folder, engine=Counting())
    assert done.manifest["counts"]["reused"] == first.manifest["counts"]["calls"]


def test_where_the_other_run_is_gone_resuming_needs_a_word(first: Run, make_debate: Make, tmp_path: Path) -> None:
    folder = cut_off(make_debate, tmp_path, first)
    shutil.rmtree(first.path)
    with pytest.raises(RecordError, match=r"takes replies from .*first.*--no-reuse"):
        resume(folder, engine=Counting())
    done = resume(folder, engine=Counting(), reuse=False)
    assert done.status == "complete"
    assert "reuses" not in done.manifest


def test_reused_calls_do_not_count_against_a_cap(first: Run, make_debate: Make, tmp_path: Path) -> None:
    asked = int(first.manifest["counts"]["calls"])
    inference = {"engine": "scripted", "budget": {"calls": asked}}
    longer = make_debate(arms=["treatment", "alone", {"yoked": {"world": "other_replicate"}}], replicates=2, inference=inference)
    with pytest.raises(OSError, match="broken"):
        run(longer, out=tmp_path / "again", engine=Counting(20), reuse=first)
    engine = Counting()
    done = resume(tmp_path / "again", engine=engine)
    assert done.manifest["counts"]["reused"] == asked
    assert done.manifest["stopped_by"] == "cap"
    assert engine.asked + 20 == pytest.approx(asked, abs=3)
