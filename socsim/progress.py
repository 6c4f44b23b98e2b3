"""Showing how far a run is: a live line on a terminal, plain lines elsewhere, or nothing.

Each class is a `socsim.events.RunProgress`. They know nothing of scenarios or engines.
"""

from __future__ import annotations

import sys
from collections import deque
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from socsim.events import ProgressSnapshot, RunProgress
from socsim.terminal import visible

__all__ = ["LiveProgress", "PlainProgress", "QuietProgress", "RateOfEvents", "choose_progress", "describe"]

_WINDOW_S = 120.0
_EVERY_S = 5.0


class RateOfEvents:
    """Estimates the time left from the events of about the last two minutes.

    Recent events only: a resumed run races through what is recorded and then slows down to the engine's pace.
    """

    def __init__(self, window_s: float = _WINDOW_S) -> None:
        self._window_s = window_s
        self._samples: deque[tuple[float, int]] = deque([(0.0, 0)])

    def add(self, snapshot: ProgressSnapshot) -> None:
        """Take note of how far the run is."""
        if snapshot.events_done > self._samples[-1][1]:
            self._samples.append((snapshot.elapsed_s, snapshot.events_done))
        while len(self._samples) > 2 and self._samples[1][0] < snapshot.elapsed_s - self._window_s:
            self._samples.popleft()

    def left_s(self, snapshot: ProgressSnapshot) -> float | None:
        """Seconds left; None while nothing is known."""
        (start, before), (_, done) = self._samples[0], self._samples[-1]
        seconds = snapshot.elapsed_s - start
        if done <= before or seconds <= 0.0:
            return None
        return (snapshot.events_total - snapshot.events_done) * seconds / (done - before)


def describe(snapshot: ProgressSnapshot, left_s: float | None) -> str:
    """One line: step, calls, tokens per second, failures, time left."""
    tokens = snapshot.prompt_tokens - snapshot.cached_tokens + snapshot.completion_tokens
    rate = tokens / snapshot.elapsed_s if snapshot.elapsed_s > 0.0 else 0.0
    step = min(snapshot.step + 1, snapshot.steps_total)
    calls = f"{snapshot.calls} calls" + (f" (+{snapshot.replayed} from the record)" if snapshot.replayed else "")
    load = f", {snapshot.in_flight} in flight, {snapshot.queued} queued" if snapshot.in_flight else ""
    retries = f", {snapshot.retries} retries" if snapshot.retries else ""
    left = "time left not known yet" if left_s is None else f"about {duration(left_s)} left"
    return (
        f"step {step}/{snapshot.steps_total}, {calls}, {rate:,.0f} tokens/s{load}, {snapshot.failures} failures{retries}, {left}"
    )


def duration(seconds: float) -> str:
    """A number of seconds as ``45 s``, ``3 min 20 s`` or ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _ended(snapshot: ProgressSnapshot) -> str:
    line = describe(snapshot, 0.0).rsplit(",", 1)[0]
    return f"{snapshot.events_done} of {snapshot.events_total} agent-steps in {duration(snapshot.elapsed_s)}: {line}"


class PlainProgress:
    """Plain lines: at each new step, and about every five seconds between."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._rate = RateOfEvents()
        self._step = -1
        self._told_s = 0.0

    def start(self, title: str, events_total: int) -> None:
        """Say what begins."""
        self._line(f"{title}: {events_total} agent-steps")

    def update(self, snapshot: ProgressSnapshot) -> None:
        """Say how far it is, if there is anything new."""
        self._rate.add(snapshot)
        if snapshot.step == self._step and snapshot.elapsed_s - self._told_s < _EVERY_S:
            return
        self._step, self._told_s = snapshot.step, snapshot.elapsed_s
        share = snapshot.events_done / snapshot.events_total if snapshot.events_total else 1.0
        self._line(f"{share:4.0%}  {describe(snapshot, self._rate.left_s(snapshot))}")

    def note(self, message: str) -> None:
        """Pass on a message."""
        self._line(message)

    def finish(self, snapshot: ProgressSnapshot) -> None:
        """Say how it ended."""
        self._line(_ended(snapshot))

    def _line(self, text: str) -> None:
        self._stream.write(visible(text) + "\n")
        self._stream.flush()


class _StateColumn(TextColumn):
    """What the snapshot says; plain text, so that nothing in it is read as markup."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        return Text(str(task.fields.get("state", "")))


class LiveProgress:
    """One line on a terminal, redrawn a few times a second."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rate = RateOfEvents()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def start(self, title: str, events_total: int) -> None:
        """Say what begins and draw the bar."""
        self.note(f"{title}: {events_total} agent-steps")
        self._bar = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=20),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            _StateColumn(),
            console=self._console,
            refresh_per_second=4,
            transient=True,
        )
        self._task = self._bar.add_task("", total=max(events_total, 1), state="starting")
        self._bar.start()

    def update(self, snapshot: ProgressSnapshot) -> None:
        """Redraw."""
        self._rate.add(snapshot)
        if self._bar is not None and self._task is not None:
            state = describe(snapshot, self._rate.left_s(snapshot))
            self._bar.update(self._task, completed=snapshot.events_done, state=state)

    def note(self, message: str) -> None:
        """Print a message above the bar."""
        console = self._bar.console if self._bar is not None else self._console
        console.print(Text(visible(message)))

    def finish(self, snapshot: ProgressSnapshot) -> None:
        """Take the bar away and say how it ended."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        self.note(_ended(snapshot))


class QuietProgress:
    """Says nothing."""

    def start(self, title: str, events_total: int) -> None:
        """Say nothing."""

    def update(self, snapshot: ProgressSnapshot) -> None:
        """Say nothing."""

    def note(self, message: str) -> None:
        """Say nothing."""

    def finish(self, snapshot: ProgressSnapshot) -> None:
        """Say nothing."""


def choose_progress(*, quiet: bool = False, stream: TextIO | None = None) -> RunProgress:
    """The way to show progress that suits ``stream`` (standard output where not given)."""
    if quiet:
        return QuietProgress()
    target = stream if stream is not None else sys.stdout
    console = Console(file=target)
    return LiveProgress(console) if console.is_terminal else PlainProgress(target)
