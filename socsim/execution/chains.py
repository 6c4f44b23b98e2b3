"""How long the chain of turns is that waits for each turn: where activation is drawn ahead, the longest goes first.

It counts turns, as nobody knows yet how long each will take.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from socsim.activation import Turn
from socsim.cells import At, Cell

__all__ = ["chain_ranks"]

Key = tuple[int, int, int, int]


def chain_ranks(turns: Sequence[tuple[Turn, Iterable[Cell], Iterable[Cell]]]) -> dict[Key, int]:
    """For each turn how many turns shorter its chain is than the longest of all: 0 goes first.

    Where all act at once in every step that is the number of the step.

    Args:
        turns: turns with what they read and what they may write, in the order of their keys.
    """
    lengths: dict[Key, int] = {}
    readers: dict[Cell, int] = {}  # longest chain that begins with a reader of the cell, at a later place
    wave: list[tuple[Iterable[Cell], int]] = []
    at: At | None = None
    for turn, reads, writes in reversed(turns):
        if turn.at != at:
            _note(wave, readers)
            wave, at = [], turn.at
        length = 1 + max((readers.get(cell, 0) for cell in writes), default=0)
        lengths[turn.key] = length
        wave.append((reads, length))
    longest = max(lengths.values(), default=0)
    return {key: longest - length for key, length in lengths.items()}


def _note(wave: Iterable[tuple[Iterable[Cell], int]], readers: dict[Cell, int]) -> None:
    for reads, length in wave:
        for cell in reads:
            if length > readers.get(cell, 0):
                readers[cell] = length
