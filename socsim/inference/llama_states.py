"""A folder for the states of slots: in memory where the system has such a folder, and gone when its process has ended.

A state holds what a model has computed of a prompt; it can take many megabytes of memory, so that nothing of it may stay
behind a process that was killed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import weakref
from pathlib import Path

import filelock

__all__ = ["StateFolder"]

_PREFIX = "socsim-states-"
_LOCK = "lock"
_MOST_BYTES = 512 * 2**20
_YOUNG_S = 60.0
"""A folder so young may belong to a process that has not locked it yet."""


class StateFolder:
    """A new folder for states; folders that killed processes left behind are removed first.

    Args:
        parent: where to make it; a folder in memory where there is one, else the system's folder for temporary files.
    """

    def __init__(self, parent: Path | None = None) -> None:
        parent = parent or _memory_folder() or Path(tempfile.gettempdir())
        _remove_left_behind(parent)
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        lock = filelock.FileLock(self.path / _LOCK, thread_local=False)
        lock.acquire()
        self._remove = weakref.finalize(self, _remove, self.path, lock)

    @property
    def budget(self) -> int:
        """Bytes that states may take: 512 MiB, but at most half of what is free; 0 where that cannot be seen."""
        try:
            return min(_MOST_BYTES, shutil.disk_usage(self.path).free // 2)
        except OSError:
            return 0

    def forget(self, name: str) -> None:
        """Drop the state ``name``."""
        (self.path / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the folder. Safe to call twice; done at the end of the process at the latest."""
        self._remove()


def _remove(path: Path, lock: filelock.BaseFileLock) -> None:
    shutil.rmtree(path, ignore_errors=True)
    lock.release()


def _remove_left_behind(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        try:
            if time.time() - folder.stat().st_mtime < _YOUNG_S:
                continue
            with filelock.FileLock(folder / _LOCK, timeout=0):
                shutil.rmtree(folder, ignore_errors=True)
        except (OSError, filelock.Timeout):
            continue  # in use, removed by somebody else, or another user's


def _memory_folder() -> Path | None:
    shared = Path("/dev/shm")
    return shared if shared.is_dir() and os.access(shared, os.W_OK) else None
