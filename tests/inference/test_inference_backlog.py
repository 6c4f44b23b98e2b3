"""Calls wait by priority and are described late."""

from __future__ import annotations

import pytest

from socsim.inference.backlog import Backlog, Described
from socsim.inference.types import Request, Segment


def describe(name: str) -> Described:
    return Request("score", (Segment("user", name),)), None


def test_calls_go_by_priority_then_by_arrival() -> None:
    backlog = Backlog()
    for name, priority in [("c", 2.0), ("a", 1.0), ("b", 1.0)]:
        backlog.add(priority, lambda name=name: describe(name))  # type: ignore[misc]
    assert len(backlog) == 3
    popped = [backlog.pop() for _ in range(3)]
    assert [number for number, _, _ in popped] == [1, 2, 0]
    assert [one()[0].segments[0].text for _, _, one in popped] == ["a", "b", "c"]
    assert not backlog
    with pytest.raises(IndexError):
        backlog.pop()
