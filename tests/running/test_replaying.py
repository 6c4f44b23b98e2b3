from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from socsim import RecordError, Request, Run, Scenario, ScriptedEngine, load_scenario, replay, resume, run
from socsim.errors import Rejected
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
