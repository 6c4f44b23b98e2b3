"""Real processes for tests: started, watched through the record that they write, and ended."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from socsim.errors import RecordError
from socsim.record.calls import CallRow
from socsim.record.store import RecordStore

HERE = Path(__file__).parent
PATIENCE_S = 120.0


def socsim(*arguments: str | Path, replies: int | None = None, **options: object) -> subprocess.Popen[str]:
    """Start the program; with ``replies``, on a scripted engine that gives so many and then none."""
    program = ["-m", "socsim.cli"] if replies is None else [str(HERE / "stalling_cli.py"), str(replies)]
    command = [sys.executable, *program, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload,no-any-return]


def done(process: subprocess.Popen[str], patience_s: float = PATIENCE_S) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of a process that ends by itself."""
    try:
        out, err = process.communicate(timeout=patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return process.returncode, out, err


def finished(*arguments: str | Path, patience_s: float = PATIENCE_S, **options: object) -> str:
    """Run the program to its end, which must be a good one; what it printed."""
    code, out, err = done(socsim(*arguments, **options), patience_s)
    assert code == 0, err
    return out


def killed(process: subprocess.Popen[str]) -> None:
    """``kill -9``."""
    process.send_signal(signal.SIGKILL)
    process.communicate()


def committed(folder: Path) -> dict[tuple[str, str], CallRow]:
    """The calls that are committed now; none while there is no record yet."""
    try:
        with closing(RecordStore.open(folder / "record.sqlite", read_only=True)) as store:
            return {(call.digest, call.draw): call for call in store.calls()}
    except RecordError:
        return {}


def wait_until(process: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    """Wait for a sign of a running process, not for a time."""
    pause, deadline = threading.Event(), time.monotonic() + PATIENCE_S
    while not reached():
        if process.poll() is not None:
            raise AssertionError(f"ended with {process.returncode}: {process.communicate()[1]}")
        assert time.monotonic() < deadline, "waited too long"
        pause.wait(0.02)


def wait_for_calls(process: subprocess.Popen[str], folder: Path, count: int) -> None:
    """Wait until so many calls are committed."""
    wait_until(process, lambda: len(committed(folder)) >= count)


def interrupted(process: subprocess.Popen[str], signals: Sequence[int] = (signal.SIGINT,)) -> tuple[int, str, str]:
    """Ctrl-C; the process must end within seconds, whatever it waits for."""
    for number in signals:
        process.send_signal(number)
    return done(process, 20.0)
