"""Folders for states: one each, gone at the end, and those of killed processes are removed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from socsim.inference.llama_states import StateFolder

LONG_AGO = 1_000_000_000


def age(folder: Path) -> None:
    os.utime(folder, (LONG_AGO, LONG_AGO))


def test_a_folder_is_made_and_removed(tmp_path: Path) -> None:
    states = StateFolder(tmp_path)
    (states.path / "1.state").write_bytes(b"x")
    states.forget("1.state")
    states.forget("1.state")
    assert [path.name for path in states.path.iterdir()] == ["lock"]
    assert 0 < states.budget <= 512 * 2**20
    states.close()
    states.close()
    assert list(tmp_path.iterdir()) == []
    assert states.budget == 0


def test_folders_left_behind_are_removed_and_others_are_left_alone(tmp_path: Path) -> None:
    used = StateFolder(tmp_path)
    young, old, other = tmp_path / "socsim-states-young", tmp_path / "socsim-states-old", tmp_path / "something"
    for folder in (young, old, other):
        folder.mkdir()
        (folder / "1.state").write_bytes(b"x")
    for folder in (used.path, old, other):
        age(folder)
    mine = StateFolder(tmp_path)
    assert set(tmp_path.iterdir()) == {used.path, young, other, mine.path}
    used.close()
    mine.close()


def test_a_process_that_ends_without_closing_leaves_nothing(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from socsim.inference.llama_states import StateFolder;"
        f"s = StateFolder(Path({str(tmp_path)!r}))"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr, list(tmp_path.iterdir())) == (0, "", [])


def test_a_killed_process_leaves_a_folder_that_the_next_one_removes(tmp_path: Path) -> None:
    code = (
        "import os, signal; from pathlib import Path; from socsim.inference.llama_states import StateFolder;"
        f"s = StateFolder(Path({str(tmp_path)!r})); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], capture_output=True)
    (left,) = tmp_path.iterdir()
    age(left)
    states = StateFolder(tmp_path)
    assert list(tmp_path.iterdir()) == [states.path]
    states.close()
