"""Calls for other programs: nothing is lost on the way, and a file is there as a whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from recorded_calls import draw, put, request

from socsim.errors import RecordError
from socsim.inference.types import CallFailure, Completion, Request, SamplingParams, Segment, Usage
from socsim.record import exporting
from socsim.record.exporting import export_jsonl, export_parquet, export_requests
from socsim.record.store import RecordStore

SCORE = Request("score", (Segment("user", "Agree? "),), candidates=(" yes", " no"), terminators=("",), model="m")
CHAT = Request(
    "text",
    (Segment("system", "You are "), Segment("system", "44.\n"), Segment("user", "Well? «é»"), Segment("assistant", "I")),
    sampling=SamplingParams(temperature=0.5, max_tokens=9, stop=("\n",)),
    model="m",
)


@pytest.fixture
def store(tmp_path: Path) -> RecordStore:
    made = RecordStore.create(tmp_path / "record.sqlite", {})
    made.put_call(
        CHAT, CHAT.digest(), draw(1), Completion("think so.", token_ids=(5, 6), usage=Usage(12, 4, 3), elapsed_s=0.5), 2
    )
    made.put_call(SCORE, SCORE.digest(), None, Completion("", "scored", (-0.5, float("-inf"))), 1)
    put(made, 3, CallFailure("timed_out", "late", 3), 3)
    made.flush()
    return made


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_line_has_the_whole_call(store: RecordStore, tmp_path: Path) -> None:
    assert export_jsonl(store, tmp_path / "calls.jsonl") == 3
    text, score, failed = lines(tmp_path / "calls.jsonl")
    assert text["messages"] == [
        {"role": "system", "content": "You are 44.\n"},
        {"role": "user", "content": "Well? «é»"},
        {"role": "assistant", "content": "I"},
    ]
    assert (text["digest"], text["draw"], text["text"], text["attempts"]) == (CHAT.digest(), draw(1).text(), "think so.", 2)
    assert text["sampling"]["max_tokens"] == 9  # type: ignore[index]
    assert (text["prompt_tokens"], text["token_ids"], text["elapsed_s"], text["reused"]) == (12, [5, 6], 0.5, False)
    assert (score["kind"], score["candidates"], score["logprobs"]) == ("score", [" yes", " no"], [-0.5, None])
    assert (failed["status"], failed["failure"], failed["text"]) == ("failed", "timed_out: late", "")


def test_parquet_has_the_same_rows(store: RecordStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_ROWS_AT_ONCE", 2)
    export_jsonl(store, tmp_path / "calls.jsonl")
    assert export_parquet(store, tmp_path / "calls.parquet") == 3
    rows = pq.read_table(tmp_path / "calls.parquet").to_pylist()
    assert rows[1]["logprobs"] == [-0.5, float("-inf")]
    for row, line in zip(rows, lines(tmp_path / "calls.jsonl"), strict=True):
        assert json.loads(row["messages"]) == line["messages"]
        assert json.loads(row["sampling"]) == line["sampling"]
        same = set(line) - {"messages", "sampling", "logprobs"}
        assert {name: row[name] for name in same} == {name: line[name] for name in same}


def test_a_trace_has_prompts_and_the_lengths_of_replies_of_texts_that_were_answered(store: RecordStore, tmp_path: Path) -> None:
    put(store, 4, Completion("Words without a count."))
    assert export_requests(store, tmp_path / "trace.jsonl") == 2
    first, second = lines(tmp_path / "trace.jsonl")
    assert (first["prompt"], first["output_tokens"]) == ("You are 44.\nWell? «é»I", 4)
    assert first["messages"][1] == {"role": "user", "content": "Well? «é»"}  # type: ignore[index]
    assert second["output_tokens"] == request(4).sampling.max_tokens  # type: ignore[union-attr]


def test_an_empty_record_gives_empty_files(tmp_path: Path) -> None:
    with RecordStore.create(tmp_path / "record.sqlite", {}) as store:
        assert export_jsonl(store, tmp_path / "calls.jsonl") == 0
        assert export_parquet(store, tmp_path / "calls.parquet") == 0
    assert (tmp_path / "calls.jsonl").read_bytes() == b""
    assert pq.read_table(tmp_path / "calls.parquet").num_rows == 0


def test_a_reply_that_is_no_valid_unicode_is_written_with_escapes(tmp_path: Path) -> None:
    with RecordStore.create(tmp_path / "record.sqlite", {}) as store:
        put(store, 1, Completion("\ud800 lone"))
        export_jsonl(store, tmp_path / "calls.jsonl")
    assert lines(tmp_path / "calls.jsonl")[0]["text"] == "\ud800 lone"


def test_a_file_that_cannot_be_written_is_named_and_leaves_nothing(store: RecordStore, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(RecordError, match=r"taken: cannot be written"):
        export_jsonl(store, tmp_path / "taken")
    with pytest.raises(RecordError, match="cannot be written"):
        export_jsonl(store, tmp_path / "absent" / "calls.jsonl")
    assert not list(tmp_path.glob(".*.tmp"))
