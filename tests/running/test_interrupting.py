"""Ctrl-C in a real process, and two processes at one run."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import done, finished, interrupted, killed, socsim, wait_for_calls

from socsim import Run, Scenario, ScriptedEngine, replay, run
from socsim.scenario import dump_scenario

Make = Callable[..., Scenario]


@pytest.fixture
def file(make_debate: Make, tmp_path: Path) -> Path:
    path = tmp_path / "debate.yaml"
    path.write_text(dump_scenario(make_debate()), encoding="utf-8")
    return path


@pytest.mark.parametrize("arms", [["treatment"], ["treatment", "alone"]], ids=["one world", "two worlds"])
def test_an_interrupt_ends_the_run_at_once_and_says_how_to_go_on(make_debate: Make, tmp_path: Path, arms: list[str]) -> None:
    spec, folder = make_debate(arms=arms), tmp_path / "run"
    whole = run(spec, out=tmp_path / "whole", engine=ScriptedEngine())
    (tmp_path / "debate.yaml").write_text(dump_scenario(spec), encoding="utf-8")
    process = socsim("run", tmp_path / "debate.yaml", "--out", folder, "--no-report", replies=30)
    wait_for_calls(process, folder, 30)
    code, _, err = interrupted(process)
    assert (code, err) == (130, f"interrupted. Go on with: socsim resume {folder}\n")
    assert Run(folder).status == "interrupted"
    assert Run(folder).manifest["counts"]["calls"] == 30
    out = finished("resume", folder, "--no-report")
    assert "30 calls are answered and are not asked again" in out
    assert f"complete: {folder}" in out
    assert "possibly billed twice: " in out
    assert Run(folder).table_hashes() == whole.table_hashes()
    assert replay(folder).verified


def test_an_impatient_interrupt_ends_it_too(file: Path, tmp_path: Path) -> None:
    process = socsim("run", file, "--out", tmp_path / "run", "--no-report", replies=12)
    wait_for_calls(process, tmp_path / "run", 12)
    code, _, err = interrupted(process, (signal.SIGINT,) * 3)
    assert code == 130, err
    assert "Traceback" not in err
    finished("resume", tmp_path / "run", "--no-report")


def test_a_second_resumer_is_refused_and_told_who_is_at_work(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    first = socsim("run", file, "--out", folder, "--no-report", replies=10)
    wait_for_calls(first, folder, 10)
    killed(first)
    second = socsim("resume", folder, "--no-report", replies=5)
    wait_for_calls(second, folder, 15)
    code, _, err = done(socsim("resume", folder, "--no-report"))
    assert code == 1
    assert f"process {second.pid} on " in err
    assert f"then go on: socsim resume {folder}" in err
    assert "Traceback" not in err
    assert second.poll() is None
    killed(second)
    assert "possibly billed twice" in finished("resume", folder, "--no-report")


def test_two_runs_that_begin_in_the_same_second_have_folders_of_their_own(file: Path, tmp_path: Path) -> None:
    both = [socsim("run", file, "--no-report", cwd=tmp_path, replies=1000) for _ in range(2)]
    assert [done(process)[0] for process in both] == [0, 0]
    assert len(list((tmp_path / "runs").iterdir())) == 2
    hashes = [Run(folder).table_hashes() for folder in (tmp_path / "runs").iterdir()]
    assert hashes[0] == hashes[1]
