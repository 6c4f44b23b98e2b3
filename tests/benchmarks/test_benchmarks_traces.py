"""A run's calls, exported and asked again: the same prompts, as long replies, in the order of the record."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.in_process import EngineAsker
from benchmarks.traces import TracedCall, read_run, read_trace, replayed, write_trace
from socsim import Scenario, ScriptedEngine, run


@pytest.fixture
def calls(tmp_path: Path, make_debate: Callable[..., Scenario]) -> list[TracedCall]:
    run(make_debate(), out=tmp_path / "run", engine=ScriptedEngine(parallel=4))
    return read_run(tmp_path / "run")


def test_every_call_is_there_in_the_order_of_the_record(calls: list[TracedCall], tmp_path: Path) -> None:
    assert [call.order for call in calls] == sorted({call.order for call in calls})
    texts = [call for call in calls if call.kind == "text"]
    assert {call.step for call in texts} == {1, 2, 3}
    assert all(call.agent is not None and call.path for call in texts)
    assert all(call.reply_tokens == 1 for call in calls if call.kind == "score")
    steps = [call.step or 0 for call in texts if "alone" not in call.path]
    assert steps[0] == 1
    assert steps[-1] == 3


def test_a_trace_comes_back_as_it_was_written(calls: list[TracedCall], tmp_path: Path) -> None:
    write_trace(calls, tmp_path / "trace.jsonl", "socsim", source="run")
    assert read_trace(tmp_path / "trace.jsonl") == calls
    assert json.loads((tmp_path / "trace.jsonl").read_text().splitlines()[0])["calls"] == len(calls)


def test_vllms_form_has_a_prompt_and_a_length(calls: list[TracedCall], tmp_path: Path) -> None:
    write_trace(calls, tmp_path / "vllm.jsonl", "vllm", source="run")
    lines = [json.loads(line) for line in (tmp_path / "vllm.jsonl").read_text().splitlines()]
    assert len(lines) == len(calls)
    assert all(set(line) == {"prompt", "output_tokens"} and line["prompt"] and line["output_tokens"] >= 1 for line in lines)
    assert all(message["content"] in lines[0]["prompt"] for message in calls[0].messages)


def test_a_trace_is_asked_again(calls: list[TracedCall]) -> None:
    seen: list[str] = []

    def answer(request: object, seed: int) -> str:
        seen.append(str(request))
        return "word " * 3

    engine = ScriptedEngine(answer, parallel=8)
    asker = EngineAsker(engine)
    figures = asyncio.run(replayed(calls, asker, 5))
    assert (figures["completed"], figures["failed"], figures["recorded"]["calls"]) == (len(calls), 0, len(calls))
    assert len(seen) == len(calls)


def test_messages_of_one_role_are_one() -> None:
    segments = (("system", "You are "), ("system", "Ann."), ("user", "Well?"), ("assistant", "I "))
    call = TracedCall(1, "text", "chat", segments, 5, 1.0, 9, 3, 4, 0.5)
    assert call.messages == [
        {"role": "system", "content": "You are Ann."},
        {"role": "user", "content": "Well?"},
        {"role": "assistant", "content": "I "},
    ]
    assert call.plain_text == ""
    plain = TracedCall(1, "text", "plain", (("user", "Well, "), ("user", "I")), 5, 1.0, 9, 3, 4, 0.5)
    assert plain.plain_text == "Well, I"
    assert plain.for_vllm() == {"prompt": "Well, I", "output_tokens": 4}
    rendered = TracedCall(1, "text", "chat", segments, 5, 1.0, 9, 3, 4, 0.5, rendered="<|im_start|>system …")
    assert rendered.for_vllm()["prompt"] == "<|im_start|>system …"


@pytest.mark.parametrize("text", ["", "{}\n", '{"socsim_trace": 99}\n', "not json\n", '{"socsim_trace": 1}\n{"order": 1}\n'])
def test_another_file_is_no_trace(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.jsonl").write_text(text)
    with pytest.raises(SystemExit, match="not a trace"):
        read_trace(tmp_path / "x.jsonl")


def test_a_folder_without_a_record_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no run folder"):
        read_run(tmp_path)
