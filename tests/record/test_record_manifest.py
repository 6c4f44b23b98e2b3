"""A manifest is there as a whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from socsim.errors import RecordError
from socsim.record import manifest
from socsim.record.manifest import read_manifest, write_manifest


def test_manifest_comes_back(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"name": "é", "counts": {"calls": 3}})
    assert read_manifest(tmp_path) == {"format": 1, "name": "é", "counts": {"calls": 3}}
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_failed_write_keeps_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_manifest(tmp_path, {"name": "old"})

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(manifest.os, "fsync", full)
    with pytest.raises(RecordError, match=r"No space left.*Check free space"):
        write_manifest(tmp_path, {"name": "new"})
    assert read_manifest(tmp_path)["name"] == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_halves_of_files_that_a_killed_process_left_are_removed(tmp_path: Path) -> None:
    write_manifest(tmp_path, {})
    (tmp_path / ".manifest.json.4242.tmp").write_text('{"for')
    (tmp_path / "notes.tmp").write_text("mine")
    manifest.remove_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.json", "notes.tmp"]


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "is damaged.*put back a copy"), ("[]", "format None"), ('{"format": 2, "socsim": "9"}', "format 2;.* Use socsim 9")],
)
def test_damaged_or_foreign_manifest_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(RecordError, match=message):
        read_manifest(tmp_path)


def test_folder_without_manifest_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="not a run folder"):
        read_manifest(tmp_path)
