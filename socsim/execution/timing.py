"""How long the turns of a run took beside how long they had to: simulation time, critical path, and idle share."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

__all__ = ["Clock", "Timing"]


@dataclass(frozen=True, slots=True)
class Timing:
    """Telemetry of one run.

    Attributes:
        simulation_s: wall-clock time from the first turn's begin to the last one's end.
        critical_path_s: the longest chain of turns that wait for each other, each as long as the engine took for its calls;
            the largest of all worlds.
        busy_s: time that the engine took for all calls, one by one.
        slots: calls that may be in flight at once.
    """

    simulation_s: float
    critical_path_s: float
    busy_s: float
    slots: int

    @property
    def idle_share(self) -> float:
        """Share of the slots' time in which no call was in flight, 0 to 1."""
        room = self.simulation_s * self.slots
        return max(0.0, 1.0 - self.busy_s / room) if room > 0 else 0.0

    def as_dict(self) -> dict[str, Any]:
        """All figures by name."""
        return {
            "simulation_s": self.simulation_s,
            "critical_path_s": self.critical_path_s,
            "busy_s": self.busy_s,
            "slots": self.slots,
            "idle_share": self.idle_share,
        }


class Clock:
    """Collects the durations of turns, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun: float | None = None
        self._ended = 0.0
        self._path_s = 0.0

    def begin(self) -> None:
        """Turns begin, if they have not yet."""
        with self._lock:
            self._begun = time.monotonic() if self._begun is None else self._begun

    def end(self, path_s: float) -> None:
        """A turn has ended, and with it a chain of turns that took so long at the least."""
        with self._lock:
            self._path_s = max(self._path_s, path_s)
            self._ended = time.monotonic()

    def timing(self, slots: int, busy_s: float) -> Timing:
        """The figures so far.

        Args:
            slots: calls that may be in flight at once.
            busy_s: time that the engine took for all calls, one by one.
        """
        with self._lock:
            begun = self._ended if self._begun is None else self._begun
            return Timing(max(0.0, self._ended - begun), self._path_s, busy_s, slots)
