"""``kill -9``, or a full disk, at any moment: the run goes on and ends as if nothing had happened."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from socsim import Run, Scenario, ScriptedEngine, replay, run

HERE = Path(__file__).parent


def driven(driver: str, *arguments: object) -> Any:
    command = [sys.executable, str(HERE / driver), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def whole(make_debate: Callable[..., Scenario], tmp_path: Path) -> Run:
    return run(make_debate(), out=tmp_path / "whole", engine=ScriptedEngine())


def test_a_run_killed_twenty_times_ends_with_the_tables_of_an_undisturbed_one(whole: Run, tmp_path: Path) -> None:
    result = driven("kill_driver.py", tmp_path / "killed", 20, 3)
    killed = Run(tmp_path / "killed")
    assert (result["hit"], result["again"], result["status"]) == (20, 0, "complete")
    assert killed.table_hashes() == whole.table_hashes()
    for name in ("calls", "attempts", "prompt_tokens", "completion_tokens", "answers"):
        assert result["counts"][name] == whole.manifest["counts"][name], name
    assert result["counts"]["possibly_billed_twice"] > 0
    assert replay(killed.path).verified


@pytest.mark.parametrize(("how", "code"), [("kill", -9), ("full", 1)])
def test_a_run_that_fails_at_any_of_its_files_goes_on(
    make_debate: Callable[..., Scenario], tmp_path: Path, how: str, code: int
) -> None:
    whole = run(make_debate(arms=["alone"]), out=tmp_path / "whole", engine=ScriptedEngine())
    results = driven("write_driver.py", tmp_path / "runs", how)
    assert len(results) > len(whole.manifest["tables"]) + 2
    assert {result["begun"] for result in results} == {False, True}
    for result in results:
        assert (result["code"], result["status"], result["left"]) == (code, "complete", [])
        assert result["hashes"] == whole.table_hashes()
    if how == "full":
        assert all("No space left on device" in result["message"] for result in results)
        assert "Every reply is in the record; only tables and manifest are left to write: socsim resume" in results[-1]["message"]
