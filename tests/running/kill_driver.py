"""Runs a scenario in child processes that are killed at random moments, then lets it finish.

Usage: kill_driver.py FOLDER KILLS SEED. Prints one JSON object: kills that hit, requests answered per digest and draw.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from socsim import Request, ScriptedEngine, resume, run
from socsim.record.manifest import read_manifest

sys.path.insert(0, str(Path(__file__).parent.parent))
from conftest import debate


def engine(log: Path) -> ScriptedEngine:
    """Takes a few milliseconds per reply and notes each one that it gave."""

    def noted(request: Request, seed: int) -> float:
        with log.open("a") as file:
            file.write(f"{request.digest()} {seed}\n")
        return 0.01

    return ScriptedEngine(parallel=2, latency=noted)


def attempt(folder: Path, log: Path) -> None:
    """Run, or go on."""
    if (folder / "manifest.json").exists():
        resume(folder, engine=engine(log))
    else:
        run(debate(), out=folder, engine=engine(log))


def main() -> None:
    """See the module."""
    folder, kills, rng = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))
    log = folder.with_suffix(".log")
    hit = 0
    while True:
        child = os.fork()
        if child == 0:
            attempt(folder, log)
            os._exit(0)
        if hit < kills:
            time.sleep(rng.uniform(0.01, 0.15))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            hit += 1
            if not (folder / "manifest.json").exists() and folder.exists():
                for leftover in sorted(folder.rglob("*"), reverse=True):
                    leftover.rmdir() if leftover.is_dir() else leftover.unlink()
            continue
        if os.WEXITSTATUS(status) != 0:
            raise SystemExit(f"the child failed with {os.WEXITSTATUS(status)}")
        break
    given = len(log.read_text().splitlines())
    sys.stdout.write(json.dumps({"hit": hit, "status": read_manifest(folder)["status"], "given": given}) + "\n")


if __name__ == "__main__":
    main()
