"""The manifest of a run folder: what was run, with what, and how it ended. Written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from socsim.errors import RecordError

__all__ = [
    "MANIFEST_FORMAT",
    "MANIFEST_NAME",
    "UNFINISHED_NAME",
    "read_manifest",
    "remove_leftovers",
    "write_manifest",
    "write_whole",
]

MANIFEST_NAME = "manifest.json"
MANIFEST_FORMAT = 1
UNFINISHED_NAME = ".being-made"
"""File in a run folder that was empty before and has no manifest yet: all that is in it is socsim's, and nothing was asked."""


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of the run in ``folder``.

    Raises:
        RecordError: there is none, it is damaged, or of another format.
    """
    path = folder / MANIFEST_NAME
    try:
        manifest = orjson.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise RecordError(_absent(folder)) from error
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error.strerror}. Check the file's permissions.") from error
    except orjson.JSONDecodeError as error:
        raise RecordError(
            f"{path}: is damaged ({error}). socsim replaces this file only as a whole, so something else has changed it: "
            "put back a copy of it. The record beside it holds every reply."
        ) from error
    if not isinstance(manifest, dict) or manifest.get("format") != MANIFEST_FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        made = f" Use socsim {manifest.get('socsim')}, which made it." if found is not None else " It is no manifest of a run."
        raise RecordError(f"{path}: manifest format {found!r}; this socsim reads format {MANIFEST_FORMAT}.{made}")
    return manifest


def _absent(folder: Path) -> str:
    if (folder / UNFINISHED_NAME).exists():
        return f"{folder}: this run was stopped before its first call, so nothing is lost. Start it again with socsim run."
    if not folder.is_dir():
        return f"{folder}: there is no such folder. Give the run folder that socsim run has made."
    return f"{folder}: no {MANIFEST_NAME} here, so this is not a run folder. Give the one that socsim run has made."


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest; a reader sees the old one or the new one, never a part.

    Raises:
        RecordError: it cannot be written; the old one is still there.
    """
    data = orjson.dumps({"format": MANIFEST_FORMAT, **manifest}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    write_whole(folder / MANIFEST_NAME, data)


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file in one move: written beside it, synchronised, renamed.

    Raises:
        RecordError: it cannot be written; the old file is still there.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise RecordError(f"{path}: cannot be written: {error.strerror}. Check free space and permissions.") from error


def remove_leftovers(folder: Path) -> None:
    """Remove the halves of files that a killed process was writing into a folder; for whoever holds the folder's lock."""
    for beside in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            beside.unlink()


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
