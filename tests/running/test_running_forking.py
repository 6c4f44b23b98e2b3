"""Asking failed calls again: in a new run, from the first event that had one, with everything else taken from the old one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from socsim import RecordError, Request, Run, Scenario, ScriptedEngine, replay, resume, run
from socsim.errors import Rejected
from socsim.forking import affected_events, fork
from socsim.inference.types import EngineIdentity
from socsim.record.lock import RunLock
from socsim.record.store import RecordStore

Make = Callable[..., Scenario]
AGENT, STEP = 3, 2


class Counting(ScriptedEngine):
    """Notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(failure=self._noted)

    def _noted(self, request: Request, seed: int, attempt: int) -> None:
        self.asked.append(request.digest())


@pytest.fixture
def whole(make_debate: Make, tmp_path: Path) -> Run:
    """A run in which everything was answered."""
    return run(make_debate(), out=tmp_path / "whole", engine=ScriptedEngine())


@pytest.fixture
def failed(make_debate: Make, tmp_path: Path, whole: Run) -> Run:
    """The same run, in which one message of a middle step got no reply."""
    events = whole.events
    (calls,) = events[(events["arm"] == "treatment") & (events["step"] == STEP) & (events["agent"] == AGENT)]["calls"]
    (digest,) = [call["digest"] for call in calls if call["path"].startswith("say")]
    engine = ScriptedEngine(failure=lambda request, seed, attempt: Rejected("not now") if request.digest() == digest else None)
    return run(make_debate(), out=tmp_path / "old", engine=engine)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_fork_is_the_run_that_would_have_been_without_the_failure(failed: Run, whole: Run) -> None:
    before = contents(failed.path)
    engine = Counting()
    forked = fork(failed.path, engine=engine)
    assert forked.path == failed.path.with_name("old-retry-1")
    assert forked.status == "complete"
    assert forked.table_hashes() == whole.table_hashes()
    assert failed.table_hashes() != forked.table_hashes()
    assert contents(failed.path) == before
    assert replay(forked.path).verified


def test_only_what_failed_and_what_followed_otherwise_is_asked(failed: Run) -> None:
    engine = Counting()
    forked = fork(failed.path, engine=engine)
    counts = forked.manifest["counts"]
    assert 0 < len(engine.asked) < counts["calls"] / 2
    assert counts["reused"] == counts["calls"] - len(engine.asked)
    assert counts["attempts"] == len(engine.asked)
    with RecordStore.open(failed.path / "record.sqlite", read_only=True) as old:
        (again,) = [call for call in old.calls() if call.status == "failed"]
        known = {(call.digest, call.draw) for call in old.calls() if call.status == "ok"}
    assert again.digest in engine.asked
    fresh = {(call.digest, call.draw) for call in forked.calls.itertuples() if not call.reused}
    assert not fresh & known


def test_nothing_differs_before_the_first_affected_event(failed: Run) -> None:
    forked = fork(failed.path, engine=ScriptedEngine())
    origin = forked.manifest["origin"]
    (first,) = origin["first_affected"]
    assert (first["arm"], first["step"], first["agent"], first["failure"]) == ("treatment", STEP, AGENT, "rejected")
    assert origin["run"] == str(failed.path.resolve())
    key = ["arm", "replicate", "step", "agent"]
    old, new = (done.events.set_index(key)["did"] for done in (failed, forked))
    different = old.index[old != new.reindex(old.index)]
    assert min(different)[:4] == ("treatment", 0, STEP, AGENT)
    assert {place[2] for place in different if place[2] <= STEP} == {STEP}
    assert [place for place in different if place[2] == STEP] == [("treatment", 0, STEP, AGENT)]


def test_a_fork_that_was_cut_off_is_gone_on_with(failed: Run, whole: Run, tmp_path: Path) -> None:
    given = 0

    def broken(request: Request, seed: int, attempt: int) -> Exception | None:
        nonlocal given
        given += 1
        return OSError("broken") if given == 3 else None

    with pytest.raises(OSError, match="broken"):
        fork(failed.path, out=tmp_path / "fork", engine=ScriptedEngine(failure=broken))
    assert Run(tmp_path / "fork").status == "failed"
    done = resume(tmp_path / "fork", engine=ScriptedEngine())
    assert done.table_hashes() == whole.table_hashes()
    assert done.manifest["origin"]["run"] == str(failed.path.resolve())


def test_resuming_with_the_option_forks(failed: Run, tmp_path: Path) -> None:
    first = resume(failed.path, engine=ScriptedEngine(), retry_failures=True)
    second = resume(failed.path, engine=ScriptedEngine(), retry_failures=True)
    other = resume(failed.path, engine=ScriptedEngine(), retry_failures=True, out=tmp_path / "other")
    assert [done.path.name for done in (first, second, other)] == ["old-retry-1", "old-retry-2", "other"]
    with pytest.raises(RecordError, match="only for failures"):
        resume(failed.path, out=tmp_path / "elsewhere")


def test_a_fork_has_caps_of_its_own_and_what_it_takes_over_is_free(failed: Run, whole: Run) -> None:
    engine = Counting()
    stopped = resume(failed.path, engine=engine, retry_failures=True, budget={"calls": 3})
    assert (stopped.status, stopped.manifest["stopped_by"], len(engine.asked)) == ("incomplete", "cap", 3)
    assert stopped.scenario.inference.budget.calls == 3
    done = resume(stopped.path, engine=ScriptedEngine(), budget={"calls": 10_000})
    assert done.table_hashes() == whole.table_hashes()


def test_failures_that_fail_again_are_failures_of_the_new_run(failed: Run) -> None:
    engine = ScriptedEngine(failure=lambda request, seed, attempt: Rejected("never") if request.kind == "text" else None)
    forked = fork(failed.path, engine=engine)
    assert forked.manifest["counts"]["failures"] == 1
    assert set(forked.messages["status"]) == {"ok", "failed"}


def test_a_run_without_failures_is_not_forked(tmp_path: Path, make_debate: Make) -> None:
    done = run(make_debate(), out=tmp_path / "run", engine=ScriptedEngine())
    with pytest.raises(RecordError, match="no call of this run failed"):
        fork(done.path, engine=ScriptedEngine())
    assert not (tmp_path / "run-retry-1").exists()


class Other(ScriptedEngine):
    """Another model."""

    @property
    def identity(self) -> EngineIdentity:
        return replace(super().identity, model="another")


def test_a_fork_needs_the_model_of_the_run(failed: Run) -> None:
    with pytest.raises(RecordError, match="another model"):
        fork(failed.path, engine=Other())
    assert not failed.path.with_name("old-retry-1").exists()


def test_a_run_that_goes_on_is_not_forked(failed: Run) -> None:
    with RunLock(failed.path), pytest.raises(RecordError, match="is working on this run"):
        fork(failed.path, engine=ScriptedEngine())


def test_every_world_has_its_own_first_affected_event(make_debate: Make, tmp_path: Path) -> None:
    engine = ScriptedEngine(failure=lambda request, seed, attempt: Rejected("no") if request.kind == "score" else None)
    done = run(make_debate(), out=tmp_path / "run", engine=engine)
    with RecordStore.open(done.path / "record.sqlite", read_only=True) as store:
        found = affected_events(store)
    assert [(one.arm, one.step, one.agent) for one in found] == [("alone", 0, 0), ("treatment", 0, 0)]
    assert "call ask.tax/" in found[0].text
