"""Makes a run fail at each of its writes of a whole file in turn, and goes on with it: write_driver.py FOLDER kill|full.

``kill``: the process is killed in the middle of the write; ``full``: the disk has no space. Prints a JSON list with, for each
write, how the run failed, whether it was begun anew or resumed, its status in the end and the hashes of its tables.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from socsim import RecordError, ScriptedEngine, resume, run
from socsim.record import manifest
from socsim.run_folder import Run

sys.path.insert(0, str(Path(__file__).parent.parent))
from conftest import debate

real_fsync = os.fsync


def failing(number: int, how: str) -> Callable[[int], None]:
    """``fsync`` that goes wrong the ``number``-th time, when half of the file is in place."""
    left = number

    def fsync(handle: int) -> None:
        nonlocal left
        left -= 1
        if left == 0 and how == "kill":
            with contextlib.suppress(OSError):  # a folder cannot be cut in half
                os.ftruncate(handle, os.fstat(handle).st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        if left == 0:
            raise OSError(28, "No space left on device")
        real_fsync(handle)

    return fsync


def in_child(work: Callable[[], None]) -> int:
    """Exit status of a child process that does the work; -9 if it was killed."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def main() -> None:
    """See the module."""
    base, how = Path(sys.argv[1]), sys.argv[2]
    results: list[dict[str, object]] = []
    for number in itertools.count(1, 1 if how == "kill" else 2):  # every second one is of a folder, which needs no space
        folder = base / str(number)

        def first(folder: Path = folder, number: int = number) -> None:
            manifest.os.fsync = failing(number, how)  # type: ignore[attr-defined]
            try:
                run(debate(arms=["alone"]), out=folder, engine=ScriptedEngine())
            except RecordError as error:
                folder.with_suffix(".message").write_text(str(error))
                os._exit(1)

        code = in_child(first)
        if code == 0:
            break
        begun = (folder / "manifest.json").exists()
        done = (
            resume(folder, engine=ScriptedEngine()) if begun else run(debate(arms=["alone"]), out=folder, engine=ScriptedEngine())
        )
        said = folder.with_suffix(".message")
        result = {"code": code, "begun": begun, "status": done.status, "hashes": Run(folder).table_hashes()}
        left = [path.name for path in folder.rglob(".*")]
        results.append(result | {"message": said.read_text() if said.exists() else "", "left": left})
    sys.stdout.write(json.dumps(results) + "\n")


if __name__ == "__main__":
    main()
