"""Network file systems are refused, unknown ones are tried out."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from socsim.errors import RecordError
from socsim.record import filesystem
from socsim.record.filesystem import check_filesystem, filesystem_of


def mounts(folder: Path, kind: str) -> Path:
    table = folder / "mounts"
    point = str(folder / "my disk").replace(" ", "\\040")
    table.write_text(f"/dev/vda / ext4 rw 0 0\nserver:/x {point} {kind} rw 0 0\n")
    (folder / "my disk" / "runs").mkdir(parents=True, exist_ok=True)
    return table


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "fuse.rclone", "lustre", "fuse.glusterfs"])
def test_network_file_systems_are_refused(tmp_path: Path, kind: str) -> None:
    table = mounts(tmp_path, kind)
    with pytest.raises(RecordError, match=rf"network file system \({kind}\).*local disk"):
        check_filesystem(tmp_path / "my disk" / "runs", table)
    check_filesystem(tmp_path, table)


def test_deepest_mount_decides_also_for_paths_that_do_not_exist_yet(tmp_path: Path) -> None:
    table = mounts(tmp_path, "nfs4")
    assert filesystem_of(tmp_path / "my disk" / "runs" / "new", table) == "nfs4"
    assert filesystem_of(tmp_path / "my disk2", table) == "ext4"
    assert filesystem_of(tmp_path, tmp_path / "absent") == ""


def test_unknown_file_system_that_works_passes_and_leaves_nothing(tmp_path: Path) -> None:
    runs = tmp_path / "my disk" / "runs"
    check_filesystem(runs, mounts(tmp_path, "9p"))
    assert list(runs.iterdir()) == []


class Pretender(sqlite3.Connection):
    """A connection on a disk whose write-ahead mode, or whose locks, do nothing."""

    broken = ""

    def execute(self, statement: str, *parameters: object) -> sqlite3.Cursor:  # type: ignore[override]
        if statement == f"PRAGMA journal_mode={self.broken}":
            return super().execute("SELECT 'delete'")
        if statement == self.broken:
            return super().execute("SELECT 1")
        return super().execute(statement, *parameters)


@pytest.mark.parametrize(("broken", "message"), [("WAL", "does not take effect"), ("BEGIN IMMEDIATE", "locks are not honoured")])
def test_unknown_file_system_that_fails_the_trial_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, message: str
) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(Pretender, "broken", broken)
    monkeypatch.setattr(filesystem.sqlite3, "connect", lambda *a, **k: connect(*a, **k, factory=Pretender))
    with pytest.raises(RecordError, match=rf"file system 9p\).*{message}"):
        check_filesystem(tmp_path / "my disk" / "runs", mounts(tmp_path, "9p"))


def test_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be kept here"):
        check_filesystem(tmp_path / "absent", tmp_path / "no mounts")
