"""Several records as one: the first one's reply is kept, failures stay out, and models are not mixed."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from recorded_calls import draw, put, reply, request

from socsim.errors import RecordError
from socsim.inference.types import CallFailure, Completion, EngineIdentity
from socsim.record.caching import IDENTITY_KEY, open_cache
from socsim.record.merging import Merged, merge_records
from socsim.record.store import RecordStore


def record(path: Path, replies: dict[int, Completion | CallFailure], model: str = "m") -> Path:
    with RecordStore.create(path, {IDENTITY_KEY: orjson.dumps({"engine": "e", "model": model}).decode()}) as store:
        for number, outcome in replies.items():
            put(store, number, outcome)
    return path


def test_the_first_reply_is_kept_and_everything_is_counted(tmp_path: Path) -> None:
    failed = CallFailure("timed_out", "late", 3)
    first = record(tmp_path / "a", {0: reply(0), 1: Completion("First."), 2: failed})
    second = record(tmp_path / "b", {0: reply(0), 1: Completion("Second."), 2: reply(2), 3: failed})
    out = tmp_path / "merged.sqlite"
    assert merge_records([first, second], out) == Merged(calls=3, again=1, conflicts=1, failures=2)
    with open_cache(out, EngineIdentity("e", "m")) as merged:
        keys = [(request(number).digest(), draw(number).text()) for number in range(4)]
        assert merged.lookup(keys) == [reply(0), Completion("First."), reply(2), None]
        assert merged.load_request(request(2).digest()) == request(2)
        assert all(row.reused for row in merged.calls())


def test_merged_records_can_be_merged(tmp_path: Path) -> None:
    merge_records([record(tmp_path / "a", {0: reply(0)})], tmp_path / "ab")
    assert merge_records([tmp_path / "ab", record(tmp_path / "c", {1: reply(1)})], tmp_path / "abc").calls == 2


def test_records_of_two_models_are_not_merged(tmp_path: Path) -> None:
    sources = [record(tmp_path / "a", {0: reply(0)}), record(tmp_path / "b", {1: reply(1)}, model="n")]
    with pytest.raises(RecordError, match=r"b: another model answered there than in .*a \(model 'n' there, 'm' here\)"):
        merge_records(sources, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_a_record_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    source = record(tmp_path / "a", {0: reply(0)})
    with pytest.raises(RecordError, match="already there"):
        merge_records([source], source)
    with RecordStore.open(source, read_only=True) as store:
        assert len(list(store.calls())) == 1
