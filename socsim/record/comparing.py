"""Comparing two records: what was asked in both, and how often the replies are equal.

Two fresh runs on a real engine need not give equal replies, as numbers depend on what else was computed at the time. This
says how often they do. It compares calls, not results, and knows nothing of agents.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from socsim.record.calls import CallRow

__all__ = ["Compared", "RecordComparison", "TOLERANCE", "compare_calls"]

TOLERANCE = 1e-6
"""Largest difference of two log-probabilities that count as equal."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Calls of one kind with the same request and draw key in both records."""

    both: int = 0
    equal: int = 0

    @property
    def share(self) -> float | None:
        """Share of equal replies; None where no call is in both."""
        return self.equal / self.both if self.both else None


@dataclass(frozen=True, slots=True)
class RecordComparison:
    """How two records agree.

    Texts, and embeddings, which count among them, are equal if every character is; scores if every log-probability is, to within
    `TOLERANCE`. A call that failed in both for the same reason counts as equal, one that failed in only one of them as not equal.
    """

    texts: Compared
    scores: Compared
    largest_difference: float
    """Largest absolute difference of two log-probabilities, over all scores in both; infinite where only one is."""
    only_first: int
    only_second: int

    @property
    def total(self) -> Compared:
        """Texts and scores together."""
        return Compared(self.texts.both + self.scores.both, self.texts.equal + self.scores.equal)


def compare_calls(first: Iterable[CallRow], second: Iterable[CallRow]) -> RecordComparison:
    """Compare the calls of two records; a call is known by its request and its draw key."""
    waiting = {(call.digest, call.draw): call for call in first}
    known = len(waiting)
    counts = {"text": [0, 0], "score": [0, 0]}
    largest, only_second = 0.0, 0
    for call in second:
        other = waiting.pop((call.digest, call.draw), None)
        if other is None:
            only_second += 1
            continue
        difference = _largest_difference(other.logprobs, call.logprobs)
        if other.status == call.status == "ok":
            largest = max(largest, difference)
        kind = "score" if call.kind == "score" else "text"
        counts[kind][0] += 1
        counts[kind][1] += _equal(other, call, difference)
    texts, scores = (Compared(*counts[kind]) for kind in ("text", "score"))
    return RecordComparison(texts, scores, largest, known - texts.both - scores.both, only_second)


def _equal(a: CallRow, b: CallRow, difference: float) -> bool:
    same_end = (a.status, a.failure, a.text) == (b.status, b.failure, b.text)
    return same_end and difference <= TOLERANCE


def _largest_difference(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Equal infinities differ by nothing; tuples of unequal length by infinity."""
    if len(a) != len(b):
        return float("inf")
    return max((0.0 if x == y else abs(x - y) for x, y in zip(a, b, strict=True)), default=0.0)
