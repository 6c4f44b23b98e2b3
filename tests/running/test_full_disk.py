"""A disk that is full in mid-air: said in words, and with room again the run goes on as if nothing had happened."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import committed, done, finished, socsim

from socsim import Run, Scenario, ScriptedEngine, replay, run
from socsim.scenario import dump_scenario

resource = pytest.importorskip("resource")

Make = Callable[..., Scenario]


@pytest.fixture
def spec(make_debate: Make) -> Scenario:
    """Enough to say for a file of some hundred kilobytes."""
    return make_debate(population={"size": 40, "data": "statsmodels/anes96", "facts": {"age": "age"}}, arms=["treatment"])


@pytest.fixture
def file(spec: Scenario, tmp_path: Path) -> Path:
    path = tmp_path / "debate.yaml"
    path.write_text(dump_scenario(spec), encoding="utf-8")
    return path


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk is not allowed here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def check_told(code: int, err: str, folder: Path) -> None:
    assert code == 1, err
    assert err.startswith(f"error: {folder / 'record.sqlite'}: cannot be written: ")
    assert "Everything committed before is safe. Free space" in err
    assert f"then go on: socsim resume {folder}\n" in err
    assert "Traceback" not in err


def check_resumed(folder: Path, spec: Scenario, whole: Path) -> None:
    before = committed(folder)
    assert len(before) > 20
    assert f"{len(before)} calls are answered and are not asked again" in finished("resume", folder, "--no-report")
    assert Run(folder).table_hashes() == run(spec, out=whole, engine=ScriptedEngine()).table_hashes()
    assert before.items() <= committed(folder).items()
    assert replay(folder).verified


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process")
def test_a_record_that_cannot_grow_ends_the_run_in_words_and_is_resumed(file: Path, spec: Scenario, tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    folder = tmp_path / "run"
    code, _, err = done(socsim("run", file, "--out", folder, "--no-report", preexec_fn=limit))
    check_told(code, err, folder)
    check_resumed(folder, spec, tmp_path / "whole")


def test_a_full_disk_ends_the_run_in_words_and_is_resumed(file: Path, spec: Scenario, small_disk: Path, tmp_path: Path) -> None:
    folder = small_disk / "run"
    code, _, err = done(socsim("run", file, "--out", folder, "--no-report"))
    check_told(code, err, folder)
    code, _, err = done(socsim("resume", folder, "--no-report"))
    assert code == 1
    assert "Free" in err or "free space" in err
    assert "Traceback" not in err
    subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
    check_resumed(folder, spec, tmp_path / "whole")


def test_a_disk_without_room_for_a_run_folder_is_told_before_the_first_call(file: Path, small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(bytes(390_000))
    code, out, err = done(socsim("run", file, "--out", small_disk / "run", "--no-report"))
    assert code == 1
    assert "run" in err
    assert "Traceback" not in err
    (small_disk / "filler").unlink()
    code, out, err = done(socsim("resume", small_disk / "run"))
    assert (code, out) == (1, "")
    assert "stopped before its first call, so nothing is lost. Start it again" in err
    subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
    assert "complete" in finished("run", file, "--out", small_disk / "run", "--no-report")
