from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from socsim import RecordError, Scenario, ScriptedEngine, load_scenario, replay, resume, run
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
    manifest = (finished / "manifest.json").read_text().replace('"complete"', '"interrupted"')
    (finished / "manifest.json").write_text(manifest)
    with pytest.raises(RecordError, match="resume"):
        replay(finished)


def test_resuming_a_finished_run_asks_nothing_again(finished: Path) -> None:
    def never(*_: object) -> str:
        raise AssertionError("asked again")

    before = replay(finished)
    done = resume(finished, engine=ScriptedEngine(never, scorer=never))
    assert before.verified
    assert done.status == "complete"
    assert done.manifest["counts"]["replayed"] > 0


def test_resuming_with_another_model_is_refused(finished: Path) -> None:
    class Other(ScriptedEngine):
        @property
        def identity(self):  # type: ignore[no-untyped-def]
            from dataclasses import replace

            return replace(super().identity, model="another")

    with pytest.raises(RecordError, match="Answers of two models"):
        resume(finished, engine=Other())
