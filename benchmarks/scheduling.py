"""What a trace of turns allows: its critical path, and the makespan of a list schedule that knows all of it.

Pure simulation: turns with durations and the turns that each depends on, on a number of slots. It runs nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from socsim.activation import Turn
from socsim.cells import Cell
from socsim.model import SocialModel

__all__ = ["Trace", "critical_path_s", "list_schedule_s", "trace_of"]


@dataclass(frozen=True, slots=True)
class Trace:
    """Turns in the order of their keys.

    Attributes:
        durations: seconds that each takes.
        needs: for each the indices of those that must have ended before it begins.
        steps: the step of each.
    """

    durations: tuple[float, ...]
    needs: tuple[tuple[int, ...], ...]
    steps: tuple[int, ...]


def trace_of(model: SocialModel, durations: Mapping[tuple[int, int, int], float]) -> Trace:
    """The turns of a world and what they wait for. Ties must not change.

    Args:
        model: a world; nothing in it is carried out.
        durations: seconds by (step, agent, nth).
    """
    writers: dict[Cell, list[tuple[tuple[int, int], int]]] = {}
    turns: list[Turn] = []
    needs: list[tuple[int, ...]] = []
    for step in range(len(model.world.steps)):
        stage = model.stages[step]
        for turn in stage.turns:
            index = len(turns)
            turns.append(turn)
            reads = stage.reads(turn, model.view(turn))
            needs.append(tuple({writer for cell in reads for at, writer in writers.get(cell, ()) if at < turn.at}))
            for cell in model.writes(turn):
                writers.setdefault(cell, []).append((turn.at, index))
        _keep_last(writers, step)
    return Trace(
        tuple(durations.get((turn.step, turn.agent, turn.nth), 0.0) for turn in turns),
        tuple(needs),
        tuple(turn.step for turn in turns),
    )


def _keep_last(writers: dict[Cell, list[tuple[tuple[int, int], int]]], step: int) -> None:
    """Of an agent's own cells only the last writers matter: an agent's turns wait for each other through what it remembers."""
    for (_, owner), known in writers.items():
        if owner >= 0:
            last = max(at for at, _ in known)
            known[:] = [one for one in known if one[0] == last or one[0][0] == step]


def critical_path_s(trace: Trace) -> float:
    """Seconds of the longest chain."""
    ends: list[float] = []
    for duration, needs in zip(trace.durations, trace.needs, strict=True):
        ends.append(duration + max((ends[need] for need in needs), default=0.0))
    return max(ends, default=0.0)


def list_schedule_s(trace: Trace, slots: int, window: int) -> float:
    """Makespan of a list schedule by the longest remaining chain, which knows every duration beforehand.

    Args:
        trace: the turns.
        slots: turns that may go on at once.
        window: steps that may be open at once.
    """
    followers: list[list[int]] = [[] for _ in trace.needs]
    missing = [len(needs) for needs in trace.needs]
    for index, needs in enumerate(trace.needs):
        for need in needs:
            followers[need].append(index)
    chains = _remaining(trace, followers)
    left = {step: trace.steps.count(step) for step in set(trace.steps)}
    opened, ready, held = min(left, default=0), list[tuple[float, int]](), list[tuple[int, int]]()
    running: list[tuple[float, int]] = []
    now = 0.0

    def release(index: int) -> None:
        if trace.steps[index] < opened + window:
            heapq.heappush(ready, (-chains[index], index))
        else:
            heapq.heappush(held, (trace.steps[index], index))

    for index, count in enumerate(missing):
        if count == 0:
            release(index)
    while ready or running:
        while ready and len(running) < slots:
            index = heapq.heappop(ready)[1]
            heapq.heappush(running, (now + trace.durations[index], index))
        now, index = heapq.heappop(running)
        left[trace.steps[index]] -= 1
        while left.get(opened, 1) == 0:
            opened += 1
        while held and held[0][0] < opened + window:
            heapq.heappush(ready, (-chains[held[0][1]], heapq.heappop(held)[1]))
        for follower in followers[index]:
            missing[follower] -= 1
            if missing[follower] == 0:
                release(follower)
    return now


def _remaining(trace: Trace, followers: Sequence[Sequence[int]]) -> list[float]:
    """Seconds of the longest chain that begins with each turn."""
    chains = list(trace.durations)
    for index in range(len(chains) - 1, -1, -1):
        chains[index] += max((chains[follower] for follower in followers[index]), default=0.0)
    return chains
