from __future__ import annotations

import os
from pathlib import Path

import pytest

from socsim.errors import ScenarioError
from socsim.scenario.paths import file_problem, read_text


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../a.txt",
        "a/../../b.txt",
        "~/a.txt",
        "C:\\a.txt",
        "a\\b.txt",
        "file:///etc/passwd",
        "a\0b",
        "x" * 5000,
        "none/a.txt",
        ".",
    ],
)
def test_names_that_do_not_stay_inside_are_refused(tmp_path: Path, name: str) -> None:
    message, fix = file_problem(tmp_path, name) or ("", "")
    assert message
    assert fix


def test_links_may_point_inside_but_not_outside(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "a.txt").write_text("text")
    (folder / "inside.txt").symlink_to("a.txt")
    (folder / "outside.txt").symlink_to("../secret.txt")
    (folder / "up").symlink_to("..")
    assert file_problem(folder, "inside.txt") is None
    assert "link" in (file_problem(folder, "outside.txt") or ("",))[0]
    assert "link" in (file_problem(folder, "up/secret.txt") or ("",))[0]


def test_pipes_and_large_files_are_refused_without_being_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "a.txt").write_text("12345")
    assert "ordinary" in (file_problem(tmp_path, "pipe.txt") or ("",))[0]
    assert "at most 4" in (file_problem(tmp_path, "a.txt", max_bytes=4) or ("",))[0]


def test_text_must_be_text(tmp_path: Path) -> None:
    for name, content, says in (("a", b"caf\xe9", "UTF-8"), ("b", b" \r\n", "empty"), ("c", b"a\0b", "null")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ScenarioError, match=says):
            read_text(tmp_path, name)
    (tmp_path / "d").write_bytes("\ufeffa\r\nb\rc  \n\n".encode())
    assert read_text(tmp_path, "d") == "a\nb\nc"
