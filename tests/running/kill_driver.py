"""Runs a scenario in child processes that are killed at random moments, then lets it finish.

Usage: kill_driver.py FOLDER KILLS SEED. Prints one JSON object: kills that hit, the status at the end, and how many replies were
asked for again although they had been committed before a kill.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from contextlib import closing
from pathlib import Path

from socsim import RecordError, Request, ScriptedEngine, resume, run
from socsim.inference.client import engine_seed
from socsim.inference.types import DrawKey
from socsim.record.manifest import read_manifest
from socsim.record.store import RecordStore

sys.path.insert(0, str(Path(__file__).parent.parent))
from conftest import debate

REPLIES_PER_LIFE = 7


def engine(log: Path, replies: int | None) -> ScriptedEngine:
    """Takes a few milliseconds per reply and notes each one; after so many replies it gives no more, so a kill will hit."""
    given = 0

    def noted(request: Request, seed: int) -> float:
        nonlocal given
        given += 1
        with log.open("a") as file:
            file.write(f"{request.digest()} {seed}\n")
        return 0.01 if replies is None or given <= replies else 3600.0

    return ScriptedEngine(parallel=2, latency=noted)


def attempt(folder: Path, log: Path, replies: int | None) -> None:
    """Run, or go on."""
    if (folder / "manifest.json").exists():
        resume(folder, engine=engine(log, replies))
    else:
        run(debate(), out=folder, engine=engine(log, replies))


def committed(folder: Path) -> set[str]:
    """What is in the record, in the words of the log."""
    try:
        with closing(RecordStore.open(folder / "record.sqlite", read_only=True)) as store:
            return {f"{call.digest} {engine_seed(_draw(call.draw))}" for call in store.calls()}
    except RecordError:
        return set()


def _draw(text: str) -> DrawKey | None:
    if not text:
        return None
    seed, agent, step, rest = text.split("/", 3)
    path, attempt = rest.rsplit("/", 1)
    return DrawKey(int(seed), int(agent), int(step), path, int(attempt))


def live(folder: Path, log: Path, kill_after_s: float | None) -> bool:
    """One process from its start to its end or its kill; whether it was killed."""
    child = os.fork()
    if child == 0:
        attempt(folder, log, None if kill_after_s is None else REPLIES_PER_LIFE)
        os._exit(0)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status) != 0:
        raise SystemExit(f"the child failed with {os.WEXITSTATUS(status)}")
    return os.WIFSIGNALED(status)


def main() -> None:
    """See the module."""
    folder, kills, rng = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))
    log = folder.with_suffix(".log")
    log.touch()
    hit = again = 0
    while True:
        known, asked = committed(folder), len(log.read_text().splitlines())
        killed = live(folder, log, rng.uniform(0.01, 0.4) if hit < kills else None)
        again += sum(line in known for line in log.read_text().splitlines()[asked:])
        if not killed:
            break
        hit += 1
    manifest = read_manifest(folder)
    result = {"hit": hit, "again": again, "status": manifest["status"], "counts": manifest["counts"]}
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
