"""Pruning a run: smaller, and it says and replays what it did."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from socsim import RecordError, Run, Scenario, ScriptedEngine, replay, run
from socsim.inference.types import Completion, Request, SamplingParams, Segment
from socsim.pruning import prune
from socsim.record.lock import RunLock
from socsim.record.manifest import read_manifest, write_manifest
from socsim.record.store import RecordStore

STRAY = Request("text", (Segment("user", random.Random(1).randbytes(20_000).hex()),), sampling=SamplingParams())


@pytest.fixture
def done(make_debate: Callable[..., Scenario], tmp_path: Path) -> Run:
    """A finished run whose record also holds a call that no event refers to."""
    finished = run(make_debate(), out=tmp_path / "run", engine=ScriptedEngine(token_ids=True))
    with RecordStore.open(finished.path / "record.sqlite") as store:
        store.put_call(STRAY, STRAY.digest(), None, Completion("x"), 1)
    manifest = read_manifest(finished.path)
    manifest["tables"] = Run(finished.path).write_tables()
    write_manifest(finished.path, manifest)
    return Run(finished.path)


@pytest.mark.parametrize("pieces", [False, True])
def test_the_run_says_and_replays_what_it_did(done: Run, pieces: bool) -> None:
    before = done.table_hashes()
    pruned = prune(done.path, pieces=pieces)
    assert pruned.calls == 1
    assert (pruned.pieces > 0) is pieces
    assert pruned.bytes_after < pruned.bytes_before
    after = Run(done.path)
    assert {name for name, value in after.table_hashes().items() if before[name] != value} == {"calls"}
    assert after.manifest["tables"] == after.table_hashes() == after.recorded_hashes()
    assert STRAY.digest() not in set(after.calls["digest"])
    assert replay(done.path).verified


def test_a_run_that_goes_on_is_refused(done: Run) -> None:
    with RunLock(done.path), pytest.raises(RecordError, match="is working on this run"):
        prune(done.path)


@pytest.mark.parametrize("change", [{"status": "interrupted"}, {"status": "incomplete", "stopped_by": "cap"}])
def test_a_run_that_can_be_gone_on_with_is_refused(done: Run, change: dict[str, str]) -> None:
    write_manifest(done.path, read_manifest(done.path) | change)
    with pytest.raises(RecordError, match=r"has not ended.*socsim resume"):
        prune(done.path)
    assert STRAY.digest() in set(Run(done.path).calls["digest"])


def test_a_record_that_was_changed_is_not_given_new_hashes(done: Run, tmp_path: Path) -> None:
    shutil.copytree(done.path, tmp_path / "changed")
    with RecordStore.open(tmp_path / "changed" / "record.sqlite") as store:
        store.put_call(STRAY, "ab" * 16, None, Completion("y"), 1)
    with pytest.raises(RecordError, match="not what it was when the run ended"):
        prune(tmp_path / "changed")
