"""One process at a time works on a run folder. The lock is the operating system's: it ends with the process that holds it."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path
from types import TracebackType

import filelock

from socsim.errors import RecordError

__all__ = ["LOCK_FILES", "RunLock"]

LOCK_FILES = frozenset({"run.lock", "run.pid"})
"""What the lock leaves in a folder; neither says anything once its process has ended."""


class RunLock:
    """Holds a run folder against a second writer, as a context manager.

    Nothing is left to clean up after a kill: a lock file without a living holder does not lock.

    Raises:
        RecordError: on entering, another process (or another part of this one) holds the folder; the message names its
            process id.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = filelock.FileLock(folder / "run.lock", timeout=0, thread_local=False)
        self._holder = folder / "run.pid"

    def __enter__(self) -> RunLock:
        if not self._folder.is_dir():
            raise RecordError(f"{self._folder}: there is no such folder. Give the run folder that socsim run has made.")
        try:
            self._lock.acquire()
        except filelock.Timeout as error:
            raise RecordError(
                f"{self._folder}: {self._held_by()} is working on this run. Wait until it ends, or stop it (Ctrl-C, kill); "
                f"then go on: socsim resume {self._folder}"
            ) from error
        except OSError as error:
            raise RecordError(f"{self._folder}: cannot be locked: {error}. Check the folder's permissions.") from error
        with contextlib.suppress(OSError):  # the lock holds without it; it only lets others say who holds it
            self._holder.write_text(f"{os.getpid()} on {socket.gethostname()}", encoding="utf-8")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._holder.unlink()
        self._lock.release()

    def _held_by(self) -> str:
        with contextlib.suppress(OSError):
            holder = self._holder.read_text(encoding="utf-8").strip()
            if holder:
                return f"process {holder}"
        return "another process"
