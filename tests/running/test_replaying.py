from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from socsim import RecordError, Request, Run, Scenario, ScriptedEngine, load_scenario, replay, resume, run
from socsim.cli.app import app
from socsim.errors import Rejected
from socsim.pruning import prune
from socsim.record.rows import ROW_TABLES
from socsim.scenario import dump_scenario

Make = Callable[..., Scenario]


@pytest.fixture
def finished(make_debate: Make, tmp_path: Path) -> Path:
    return run(make_debate(), out=tmp_path / "run", engine=ScriptedEngine()).path


def test_a_run_replays_from_its_record_alone(finished: Path) -> None:
    report = replay(finished)
    assert report.verified, report.text
    assert report.events == 2 * 8 * 4


def change(run_folder: Path, statement: str) -> None:
    connection = sqlite3.connect(run_folder / "record.sqlite")
    with connection:
        assert connection.execute(statement).rowcount == 1
    connection.close()


def test_a_changed_event_in_the_record_is_found_and_named(finished: Path) -> None:
    change(finished, "UPDATE events SET did = 'x' WHERE arm = 'alone' AND step = 2 AND agent = 5")
    report = replay(finished)
    assert not report.verified
    assert "first event that differs: arm alone, replicate 0, step 2 (talk), agent 5" in report.text


def test_a_changed_message_in_the_record_is_found(finished: Path) -> None:
    change(finished, "UPDATE messages SET text = 'tampered' WHERE arm = 'alone' AND step = 2 AND agent = 5")
    report = replay(finished)
    assert not report.verified
    assert "table messages" in report.text


def test_a_scenario_changed_in_the_run_folder_is_named(finished: Path) -> None:
    text = (finished / "scenario.yaml").read_text()
    (finished / "scenario.yaml").write_text(text.replace("Taxes should", "Taxes must"))
    report = replay(finished)
    assert not report.verified
    assert "scenario.yaml is no longer the scenario that this run began with" in report.text
    assert "asks what was never asked (call ask.tax/letters/forward)" in report.text


def test_another_scenario_is_reported_field_by_field_with_the_first_event_that_differs(finished: Path, tmp_path: Path) -> None:
    text = (finished / "scenario.yaml").read_text().replace("Taxes should be lower.", "Taxes should be higher.")
    (tmp_path / "other.yaml").write_text(text)
    report = replay(finished, with_scenario=tmp_path / "other.yaml")
    assert not report.verified
    assert "items.tax.text: 'Taxes should be lower.' → 'Taxes should be higher.'" in report.text


def test_the_same_scenario_is_verified(finished: Path, tmp_path: Path) -> None:
    (tmp_path / "same.yaml").write_text(dump_scenario(load_scenario(finished / "scenario.yaml").scenario))
    assert replay(finished, with_scenario=tmp_path / "same.yaml").verified


def test_an_unfinished_run_is_not_replayed(finished: Path) -> None:
    with pytest.raises(RecordError, match=r"has not ended.*socsim resume"):
        replay(interrupt(finished))


def interrupt(run_folder: Path) -> Path:
    """The run as it would stand if it had been stopped behind its last reply."""
    manifest = (run_folder / "manifest.json").read_text().replace('"complete"', '"interrupted"')
    (run_folder / "manifest.json").write_text(manifest)
    return run_folder


OLD_KEYS = {
    "events": "arm, replicate, step, phase, agent",
    "messages": "arm, replicate, step, phase, agent",
    "seen": "arm, replicate, step, agent, position",
    "responses": "arm, replicate, step, phase, agent, item",
}
"""Tables that have had turns only since version 3, and their keys before."""


def as_version_2(folder: Path) -> Path:
    """The run as version 2 would have left it: no turns, no kinds of what was seen, none of the later tables."""
    with closing(sqlite3.connect(folder / "record.sqlite")) as connection, connection:
        for table in ROW_TABLES[2:]:
            columns = ", ".join(f'"{name}"' for name in table.columns if name not in ("turn", "kind"))
            connection.execute(f"ALTER TABLE {table.name} RENAME TO later")
            if table.name in OLD_KEYS:
                key = f"PRIMARY KEY ({OLD_KEYS[table.name]})"
                connection.execute(f"CREATE TABLE {table.name} ({columns}, {key}) WITHOUT ROWID")
                connection.execute(f"INSERT INTO {table.name} SELECT {columns} FROM later")
            connection.execute("DROP TABLE later")
        connection.execute("UPDATE meta SET value = '2' WHERE key = 'schema_version'")
    manifest = json.loads((folder / "manifest.json").read_text())
    for table in ROW_TABLES[2:]:
        file = folder / "tables" / f"{table.name}.parquet"
        if table.name in OLD_KEYS:
            written = pq.read_table(file)
            pq.write_table(written.drop_columns([c for c in ("turn", "kind") if c in written.column_names]), file)
        else:
            file.unlink()
            del manifest["tables"][table.name]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def version(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "record.sqlite")) as connection:
        return str(connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()[0])


def test_a_run_of_version_2_is_read_replayed_and_exported_as_it_is(finished: Path, tmp_path: Path) -> None:
    before = (as_version_2(finished) / "record.sqlite").read_bytes()
    old = Run(finished)
    assert len(old.manifest["tables"]) == 8
    assert old.table_hashes() == old.recorded_hashes() == old.manifest["tables"]
    assert old.seen[["turn", "kind"]].drop_duplicates().to_numpy().tolist() == [[0, ""]]
    assert (old.actions.empty, "turn" in old.actions) == (True, True)
    report = replay(finished)
    assert report.verified, report.text
    for command in (
        ["record", "verify", str(finished)],
        ["show", str(finished), "--agent", "1", "--step", "2", "--turn", "0"],
        ["export", str(finished), "--to", str(tmp_path / "out"), "--format", "parquet"],
    ):
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, result.output
    assert pq.read_table(tmp_path / "out" / "seen.parquet").column_names[-2:] == ["turn", "kind"]
    assert (finished / "record.sqlite").read_bytes() == before


def test_a_run_of_version_2_is_gone_on_with_in_the_present_version(finished: Path) -> None:
    then = Run(as_version_2(finished)).manifest["tables"]
    done = resume(interrupt(finished), engine=ScriptedEngine(never, scorer=never))
    assert (done.status, version(finished)) == ("complete", "3")
    assert {name: done.manifest["tables"][name] for name in then} == then
    assert replay(finished).verified


def test_a_run_of_version_2_is_pruned_and_then_of_the_present_version(finished: Path) -> None:
    then = Run(as_version_2(finished)).manifest["tables"]
    prune(finished, pieces=True)
    after = Run(finished).manifest["tables"]
    assert (version(finished), {name: after[name] for name in then}) == ("3", then)
    assert replay(finished).verified


def test_rows_that_a_run_cannot_have_left_are_found(finished: Path) -> None:
    prune(as_version_2(finished))
    manifest = json.loads((finished / "manifest.json").read_text())
    del manifest["tables"]["trials"]
    (finished / "manifest.json").write_text(json.dumps(manifest))
    assert replay(finished).verified
    change(finished, "INSERT INTO trials VALUES ('alone', 0, 2, 'talk', 5, 0, 'frame', 'gain')")
    assert "table trials is no longer what it was" in replay(finished).text
    result = CliRunner().invoke(app, ["record", "verify", str(finished)])
    assert (result.exit_code, "trials: record says" in result.output) == (1, True)


def test_a_further_turn_that_nobody_took_is_found(finished: Path) -> None:
    where = "WHERE arm = 'alone' AND step = 2 AND agent = 5"
    change(finished, f"INSERT INTO events SELECT arm, replicate, step, phase, agent, observed, did, calls, 1 FROM events {where}")
    report = replay(finished)
    assert "table events is no longer what it was" in report.text
    change(finished, f"DELETE FROM events {where} AND turn = 0")
    assert (
        "first event that differs: arm alone, replicate 0, step 2 (talk), agent 5: is not in the record" in replay(finished).text
    )


def never(*_: object) -> str:
    raise AssertionError("asked again")


def test_resuming_a_finished_run_changes_nothing(finished: Path) -> None:
    before = (finished / "manifest.json").read_bytes()
    assert resume(finished, engine=ScriptedEngine(never, scorer=never)).status == "complete"
    assert (finished / "manifest.json").read_bytes() == before


def test_resuming_a_finished_run_writes_tables_that_are_gone_or_damaged(finished: Path) -> None:
    hashes = Run(finished).table_hashes()
    (finished / "tables" / "messages.parquet").unlink()
    (finished / "tables" / "seen.parquet").write_bytes(b"half")
    resume(finished)
    assert Run(finished).has_tables()
    assert Run(finished).table_hashes() == hashes


def test_a_run_stopped_behind_its_last_reply_is_ended_from_the_record_alone(finished: Path) -> None:
    before = Run(finished)
    hashes, counts = before.table_hashes(), before.manifest["counts"]
    done = resume(interrupt(finished), engine=ScriptedEngine(never, scorer=never))
    assert (done.status, done.table_hashes()) == ("complete", hashes)
    after = done.manifest["counts"]
    assert {name: after[name] for name in ("calls", "attempts", "completion_tokens", "answers")} == {
        name: counts[name] for name in ("calls", "attempts", "completion_tokens", "answers")
    }
    assert after["replayed"] > 0


def test_a_changed_scenario_is_not_resumed(finished: Path) -> None:
    text = (finished / "scenario.yaml").read_text()
    (interrupt(finished) / "scenario.yaml").write_text(text.replace("Taxes", "Fees"))
    with pytest.raises(RecordError, match=r"no longer the scenario.*Put the old text back"):
        resume(finished, engine=ScriptedEngine())


def test_people_that_come_out_otherwise_are_not_mixed_into_a_run(finished: Path) -> None:
    connection = sqlite3.connect(interrupt(finished) / "record.sqlite")
    with connection:
        connection.execute("UPDATE agents SET weight = 2.5 WHERE arm = 'alone' AND agent = 3")
    connection.close()
    with pytest.raises(RecordError, match=r"people or ties built now.*agent 3: weight is 1\.0, recorded was 2\.5"):
        resume(finished, engine=ScriptedEngine())


def test_other_prompts_are_not_mixed_into_a_run(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socsim.laying_out.PROMPTS_VERSION", "99")
    with pytest.raises(RecordError, match="prompts of version 1, this socsim has version 99"):
        resume(interrupt(finished), engine=ScriptedEngine())


def test_a_run_that_a_failed_answer_stopped_replays_as_far_as_it_went(make_debate: Make, tmp_path: Path) -> None:
    def failure(request: Request, seed: int, attempt: int) -> Exception | None:
        spoken = any("People you know wrote" in segment.text for segment in request.segments)
        return Rejected("no") if request.kind == "score" and spoken else None

    spec = make_debate(failures={"then": "stop"}, replicates=2)
    done = run(spec, out=tmp_path / "run", engine=ScriptedEngine(failure=failure))
    assert done.status == "incomplete"
    assert "gave no answer to 'tax' at step 2" in done.manifest["reason"]
    report = replay(done.path)
    assert report.verified, report.text
    assert report.events == len(done.events)
    assert resume(done.path).status == "incomplete"


def test_resuming_with_another_model_is_refused(finished: Path) -> None:
    interrupt(finished)

    class Other(ScriptedEngine):
        @property
        def identity(self):  # type: ignore[no-untyped-def]
            from dataclasses import replace

            return replace(super().identity, model="another")

    with pytest.raises(RecordError, match="Answers of two models"):
        resume(finished, engine=Other())
