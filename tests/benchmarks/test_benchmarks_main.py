"""``python -m benchmarks`` lists what there is, with the first words that each says of itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import benchmarks.__main__ as entry

FOLDER = Path(entry.__file__).parent


def test_every_module_that_can_be_run_is_listed() -> None:
    listed = entry.names()
    assert {"inference_overhead", "memory", "mock_server", "replay", "replay_lookup", "embedded"} <= set(listed)
    assert all((FOLDER / f"{name}.py").is_file() for name in listed)
    assert "mock_http" not in listed
    assert all(says for says in listed.values())


def test_an_unknown_name_gets_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "nonsense"])
    with pytest.raises(SystemExit, match=r"inference_overhead +What the simulator costs per call"):
        entry.main()


def test_what_runs_without_a_name_exists() -> None:
    assert {name for name, *_ in entry.ALL} <= set(entry.names())


def test_options_reach_the_benchmark() -> None:
    command = [sys.executable, "-m", "benchmarks", "memory", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, cwd=FOLDER.parent)
    assert "--queued" in done.stdout
