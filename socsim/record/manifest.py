"""The manifest of a run folder: what was run, with what, and how it ended. Written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from socsim.errors import RecordError

__all__ = ["MANIFEST_FORMAT", "MANIFEST_NAME", "read_manifest", "write_manifest", "write_whole"]

MANIFEST_NAME = "manifest.json"
MANIFEST_FORMAT = 1


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of the run in ``folder``.

    Raises:
        RecordError: there is none, it is damaged, or of another format.
    """
    path = folder / MANIFEST_NAME
    try:
        manifest = orjson.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise RecordError(f"{folder}: no {MANIFEST_NAME} here, so this is not a run folder.") from error
    except (OSError, orjson.JSONDecodeError) as error:
        raise RecordError(f"{path}: cannot be read: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != MANIFEST_FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise RecordError(f"{path}: manifest format {found!r}; this socsim reads format {MANIFEST_FORMAT}.")
    return manifest


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
        raise RecordError(f"{path}: cannot be written: {error}. Check free space and permissions.") from error


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
