"""``kill -9`` at random moments: the run goes on and ends as if nothing had happened."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from socsim import Run, Scenario, ScriptedEngine, replay, run


def test_a_run_killed_twenty_times_ends_with_the_tables_of_an_undisturbed_one(
    make_debate: Callable[..., Scenario], tmp_path: Path
) -> None:
    whole = run(make_debate(), out=tmp_path / "whole", engine=ScriptedEngine())
    driver = Path(__file__).with_name("kill_driver.py")
    done = subprocess.run(
        [sys.executable, str(driver), str(tmp_path / "killed"), "20", "3"], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout.splitlines()[-1])
    killed = Run(tmp_path / "killed")
    assert result["hit"] >= 1
    assert result["status"] == "complete"
    assert killed.table_hashes() == whole.table_hashes()
    assert replay(killed.path).verified
