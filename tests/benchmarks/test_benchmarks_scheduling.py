"""Makespans and critical paths that can be worked out by hand."""

from __future__ import annotations

import pytest

from benchmarks.scheduling import Trace, critical_path_s, list_schedule_s

CHAIN = Trace((1.0, 2.0, 3.0), ((), (0,), (1,)), (0, 1, 2))
FREE = Trace((3.0, 1.0, 1.0, 1.0), ((), (), (), ()), (0, 0, 0, 0))
FORK = Trace((1.0, 4.0, 1.0, 1.0, 1.0), ((), (0,), (0,), (0,), (1, 2, 3)), (0, 1, 1, 1, 2))


@pytest.mark.parametrize(("trace", "path"), [(CHAIN, 6.0), (FREE, 3.0), (FORK, 6.0)])
def test_the_critical_path_is_the_longest_chain(trace: Trace, path: float) -> None:
    assert critical_path_s(trace) == path


@pytest.mark.parametrize(("slots", "makespan"), [(1, 6.0), (2, 3.0), (4, 3.0)])
def test_free_turns_fill_the_slots(slots: int, makespan: float) -> None:
    assert list_schedule_s(FREE, slots, 8) == makespan


def test_the_longest_chain_goes_first() -> None:
    assert list_schedule_s(FORK, 2, 8) == 6.0
    assert list_schedule_s(FORK, 1, 8) == 8.0


def test_a_window_of_one_step_is_a_barrier() -> None:
    trace = Trace((5.0, 1.0, 1.0), ((), (), (1,)), (0, 0, 1))
    assert list_schedule_s(trace, 2, 8) == 5.0
    assert list_schedule_s(trace, 2, 1) == 6.0
