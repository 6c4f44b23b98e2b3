"""The commands about records, run and resume with another record: what they print and how they end."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from socsim import Run, Scenario, ScriptedEngine, run
from socsim.cli.app import app
from socsim.errors import Rejected
from socsim.scenario import dump_scenario

Make = Callable[..., Scenario]


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def done(make_debate: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "debate.yaml").write_text(dump_scenario(make_debate()), encoding="utf-8")
    result = call("run", "debate.yaml", "--out", "run", "--quiet", "--no-report")
    assert result.exit_code == 0, result.output
    return Run(tmp_path / "run")


def columns(output: str) -> dict[str, str]:
    return {parts[0]: parts[1] for line in output.splitlines() if len(parts := line.strip().split("  ", 1)) == 2}


def test_stats_count_calls_tokens_failures_and_shares(make_debate: Make, tmp_path: Path) -> None:
    engine = ScriptedEngine(
        latency=1e-4, failure=lambda request, seed, attempt: Rejected("no") if request.kind == "text" and seed % 3 == 0 else None
    )
    made = run(make_debate(), out=tmp_path / "run", engine=engine)
    result = call("record", "stats", made.path)
    assert result.exit_code == 0, result.output
    found = {name: value.strip() for name, value in columns(result.output).items()}
    calls = made.calls
    assert found["calls"] == str(len(calls))
    assert found["score"] == str((calls["kind"] == "score").sum())
    assert found["failed calls"] == found["rejected"] == str((calls["status"] == "failed").sum())
    assert found["prompt tokens"] == str(calls["prompt_tokens"].sum())
    assert found["reused calls"] == "0"
    assert found["dedup share"].endswith("%")
    assert found["e2el p50, p90, p99 in s"].count(",") == 2
    assert found["bytes"] == str((made.path / "record.sqlite").stat().st_size)


def test_verify_passes_a_whole_run_and_names_a_changed_prompt(done: Run) -> None:
    assert "calls are whole; 14 tables agree" in call("record", "verify", done.path).output
    with closing(sqlite3.connect(done.path / "record.sqlite")) as connection, connection:
        changed = connection.execute("UPDATE texts SET body = 'Taxes should be higher.' WHERE id = (SELECT MAX(id) FROM texts)")
        assert changed.rowcount == 1
    result = call("record", "verify", done.path)
    assert result.exit_code == 1
    assert "the stored request is not the one that was asked" in result.output


def test_verify_names_a_changed_reply(done: Run) -> None:
    with closing(sqlite3.connect(done.path / "record.sqlite")) as connection, connection:
        connection.execute("UPDATE calls SET text = 'I never said this.' WHERE text <> ''")
    result = call("record", "verify", done.path)
    assert result.exit_code == 1
    assert "calls: record says" in result.output


def test_export_writes_calls_and_traces(done: Run, tmp_path: Path) -> None:
    texts = int((done.calls["kind"] == "text").sum())
    assert f"{len(done.calls)} calls: calls.jsonl" in call("record", "export", done.path, "--out", "calls.jsonl").output
    assert len((tmp_path / "calls.jsonl").read_text().splitlines()) == len(done.calls)
    assert call("record", "export", done.path, "--out", "calls.parquet", "--format", "parquet").exit_code == 0
    result = call("record", "export", done.path, "--out", "trace.jsonl", "--requests")
    assert f"{texts} requests: trace.jsonl" in result.output
    assert set(json.loads((tmp_path / "trace.jsonl").read_text().splitlines()[0])) >= {"prompt", "output_tokens"}
    refused = call("record", "export", done.path, "--out", "t", "--requests", "--format", "parquet")
    assert refused.exit_code == 2


def test_merge_then_run_with_what_was_merged(done: Run) -> None:
    merged = call("record", "merge", done.path, "--out", "merged.sqlite")
    assert merged.exit_code == 0, merged.output
    assert columns(merged.output)["calls"].strip() == str(len(done.calls))
    result = call("run", "debate.yaml", "--out", "again", "--reuse", "merged.sqlite", "--quiet", "--no-report")
    assert result.exit_code == 0, result.output
    assert f"taken from another record: {len(done.calls)} calls" in result.output


def test_prune_says_what_it_saved_and_the_run_replays(done: Run) -> None:
    result = call("record", "prune", done.path, "--pieces")
    assert result.exit_code == 0, result.output
    assert {"calls removed", "bytes before", "bytes after"} <= set(columns(result.output))
    assert call("replay", done.path, "--quiet").exit_code == 0
    assert call("record", "verify", done.path).exit_code == 0


def test_resume_with_failures_to_retry_names_the_first_affected_event(make_debate: Make, tmp_path: Path) -> None:
    engine = ScriptedEngine(failure=lambda request, seed, attempt: Rejected("no") if request.kind == "text" else None)
    made = run(make_debate(), out=tmp_path / "run", engine=engine)
    result = call("resume", made.path, "--retry-failures", "--quiet", "--no-report")
    assert result.exit_code == 0, result.output
    assert f"forked from {made.path}: " in result.output
    assert "first affected event: arm alone, replicate 0, step 1 (talk), agent 0: call say failed (rejected)" in result.output
    assert f"complete: {made.path}-retry-1" in result.output
    again = call("resume", tmp_path / "run-retry-1", "--retry-failures", "--quiet")
    assert again.exit_code == 1
    assert "no call of this run failed" in again.output
