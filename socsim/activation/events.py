"""Who may have something to react to: whoever reads somebody of whom something was written at the step before.

Found from what was written and from whom each is read by, so that nobody else is looked at. It is a superset: whether somebody
does react is found when its turn comes (see `socsim.interactions.reacting`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from socsim.cells import Cell

__all__ = ["ReadBy", "who_may_react"]


class ReadBy(Protocol):
    """By whom each agent is read."""

    def read_by(self, agent: int) -> NDArray[np.int64]:
        """Agents that are tied to ``agent``."""
        ...


def who_may_react(written: Iterable[Cell], kind: str, readers: ReadBy | None, present: Sequence[int]) -> NDArray[np.int64]:
    """Agents who read any of those of whom a cell of a kind was written, ascending.

    Args:
        written: cells that were written at the step before.
        kind: of the cells that are reacted to, such as "message".
        readers: row by row whoever reads an agent; None where nobody reads anybody.
        present: whoever takes part, ascending; a `range` where that is everybody.
    """
    authors = sorted({agent for name, agent in written if name == kind})
    if readers is None or not authors:
        return np.empty(0, dtype=np.int64)
    found = np.unique(np.concatenate([readers.read_by(author) for author in authors]))
    return found if isinstance(present, range) else found[np.isin(found, np.asarray(present, dtype=np.int64))]
