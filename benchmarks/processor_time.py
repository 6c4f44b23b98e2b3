"""Processor time of a program as a whole: all threads, and all processes that it has started, living or ended."""

from __future__ import annotations

import os
import time
from pathlib import Path

__all__ = ["processor_seconds"]

_PROC = Path("/proc")


def processor_seconds(excluded: int = 0) -> float:
    """Seconds of processor time so far, of this process and its descendants.

    Args:
        excluded: number of a descendant that does not count as long as it lives, with those that it has started.

    Living descendants are counted where the system has ``/proc`` (Linux); elsewhere only those that have ended.
    """
    times = os.times()
    return time.process_time() + times.children_user + times.children_system + _living(excluded)


def _living(excluded: int) -> float:
    if not (_PROC / "self" / "stat").exists():
        return 0.0
    parents, spent = {}, {}
    tick = os.sysconf("SC_CLK_TCK")
    for folder in _PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        number = int(folder.name)
        parents[number] = int(fields[1])
        spent[number] = sum(map(int, fields[11:15])) / tick
    own = os.getpid()
    return sum(seconds for number, seconds in spent.items() if _counts(number, parents, own, excluded))


def _counts(number: int, parents: dict[int, int], own: int, excluded: int) -> bool:
    if number == own:
        return False
    while number in parents:
        if excluded and number == excluded:
            return False
        if number == own:
            return True
        number = parents[number]
    return False
