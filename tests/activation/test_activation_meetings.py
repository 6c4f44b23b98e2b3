"""Who comes together: disjoint pairs, groups, rhythms, tables; the same for the same seed, others for another step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from scipy import stats

from socsim.activation import Meeting, PlannedStep
from socsim.activation.meetings import draw_meetings
from socsim.scenario.schedule import PhaseSpec


class Crowd:
    """So many people on a ring, each with a rate."""

    def __init__(self, size: int, seed: int = 1, table: Mapping[int, Sequence[tuple[int, int]]] | None = None) -> None:
        self.size, self.seed, self.table = size, seed, table or {}
        self.gone: set[int] = set()

    def present(self, step: int) -> Sequence[int]:
        return [agent for agent in range(self.size) if agent not in self.gone]

    def tied_to(self, agent: int) -> Sequence[int]:
        return sorted({(agent - 1) % self.size, (agent + 1) % self.size})

    def fact(self, agent: int, name: str) -> str | float:
        return "ab"[agent % 2] if name == "side" else 0.5 * (agent % 3)

    def numbers(self, name: str) -> Any:
        return np.array([self.fact(agent, name) for agent in range(self.size)], dtype=float)

    def scheduled(self, table: str) -> Mapping[int, Sequence[tuple[int, int]]]:
        return self.table


def drawn(activation: Any, crowd: Crowd, step: int = 0) -> tuple[Meeting, ...]:
    phase = PhaseSpec.model_validate({"phase": "p", "repeat": 100, "activation": activation})
    return draw_meetings(PlannedStep(step, "p", phase, step, ()), crowd)


def everybody(meetings: Sequence[Meeting]) -> list[int]:
    return sorted(member for meeting in meetings for member in meeting.members)


def test_simultaneously_everybody_acts_at_the_same_place() -> None:
    meetings = drawn("simultaneous", Crowd(5))
    assert [meeting.members for meeting in meetings] == [(0,), (1,), (2,), (3,), (4,)]
    assert {meeting.place for meeting in meetings} == {0}


def test_one_after_another_is_a_drawn_order_of_all() -> None:
    first, again, later = (drawn("random_sequential", Crowd(30), step) for step in (0, 0, 1))
    assert first == again != later
    assert everybody(first) == list(range(30))
    assert [meeting.place for meeting in first] == list(range(30))


def test_each_order_is_as_likely_as_any_other() -> None:
    orders = [tuple(m.members[0] for m in drawn("random_sequential", Crowd(3), step)) for step in range(1200)]
    counts = [orders.count(order) for order in sorted(set(orders))]
    assert len(counts) == 6
    assert stats.chisquare(counts).pvalue > 1e-4


def test_dyads_are_disjoint_and_one_is_left_out_of_an_odd_number() -> None:
    meetings = drawn("dyads", Crowd(7))
    assert [len(meeting.members) for meeting in meetings] == [2, 2, 2]
    assert len(set(everybody(meetings))) == 6
    assert len(drawn("dyad", Crowd(7))) == 1
    assert drawn("dyad", Crowd(7))[0].members == meetings[0].members


def test_who_speaks_first_in_a_dyad_is_drawn() -> None:
    firsts = [drawn("dyad", Crowd(2), step)[0].members[0] for step in range(400)]
    assert stats.binomtest(sum(firsts), 400).pvalue > 1e-4


def test_dyads_along_ties_join_only_who_is_tied() -> None:
    for step in range(20):
        crowd = Crowd(9)
        meetings = drawn({"kind": "dyads", "among": "ties"}, crowd, step)
        assert all(second in crowd.tied_to(first) for first, second in (meeting.members for meeting in meetings))
        assert len(set(everybody(meetings))) == 2 * len(meetings) >= 6


def test_fixed_members_meet_in_every_step_and_others_anew() -> None:
    fixed = {"kind": "dyads", "members": "fixed"}
    assert drawn(fixed, Crowd(8), 0) == drawn(fixed, Crowd(8), 5)
    assert drawn("dyads", Crowd(8), 0) != drawn("dyads", Crowd(8), 5)


def test_groups_have_their_size_and_those_left_over_a_smaller_one() -> None:
    meetings = drawn({"groups": {"size": 4}}, Crowd(10))
    assert [len(meeting.members) for meeting in meetings] == [4, 4, 2]
    assert everybody(meetings) == list(range(10))
    assert [len(meeting.members) for meeting in drawn({"groups": {"size": 4}}, Crowd(9))] == [4, 4]


def test_groups_by_a_fact_hold_everybody_with_the_same_value() -> None:
    first, second = drawn({"kind": "groups", "by": "side"}, Crowd(6))
    assert (set(first.members), set(second.members)) == ({0, 2, 4}, {1, 3, 5})


@pytest.mark.parametrize("rate", [0.2, 1.0])
def test_a_rhythm_acts_with_the_probability_of_a_poisson_process(rate: float) -> None:
    acted = sum(len(drawn({"kind": "poisson", "rate": rate}, Crowd(50), step)) for step in range(40))
    assert stats.binomtest(acted, 2000, 1 - math.exp(-rate)).pvalue > 1e-4


def test_rates_may_be_facts_and_nobody_with_rate_nought_acts() -> None:
    acted = [agent for step in range(50) for agent in everybody(drawn({"kind": "poisson", "rate": "rate"}, Crowd(9), step))]
    counts = np.bincount(acted, minlength=9)
    assert not counts[::3].any()
    assert counts[2::3].sum() > counts[1::3].sum()


def test_the_hours_follow_the_curve() -> None:
    curve = [0.0] * 12 + [1.0] * 12
    acted = [len(drawn({"kind": "hourly", "rate": 0.5, "curve": curve}, Crowd(100), hour)) for hour in range(48)]
    assert not any(acted[:12] + acted[24:36])
    assert stats.binomtest(sum(acted), 24 * 100, 1 - math.exp(-1.0)).pvalue > 1e-4


def test_a_table_says_who_acts_when_and_in_which_order() -> None:
    table = {0: [(1, 3), (0, 2), (0, 1)], 1: [(0, 9)]}
    meetings = drawn({"kind": "schedule", "table": "t"}, Crowd(5, table=table))
    assert [(meeting.members, meeting.place) for meeting in meetings] == [((3,), 1), ((2,), 0), ((1,), 0)]
    assert drawn({"kind": "schedule", "table": "t"}, Crowd(5, table=table), 1) == ()
    assert drawn({"kind": "schedule", "table": "t"}, Crowd(5, table=table), 2) == ()


@pytest.mark.parametrize("activation", ["simultaneous", "random_sequential", "dyads", {"groups": {"size": 3}}, "poisson"])
def test_whoever_does_not_take_part_meets_nobody(activation: Any) -> None:
    crowd = Crowd(8)
    crowd.gone = {2, 5}
    for step in range(10):
        assert not crowd.gone & set(everybody(drawn(activation, crowd, step)))


class Counting(Crowd):
    """Counts whom it is asked about one by one."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.asked = 0

    def present(self, step: int) -> Sequence[int]:
        return range(self.size)

    def tied_to(self, agent: int) -> Sequence[int]:
        self.asked += 1
        return super().tied_to(agent)

    def fact(self, agent: int, name: str) -> str | float:
        self.asked += 1
        return super().fact(agent, name)


@pytest.mark.parametrize(
    "activation", ["dyad", {"dyad": {"among": "all"}}, {"poisson": {"rate": 0.001}}, {"hourly": {"rate": 0.0005}}]
)
def test_where_few_act_people_are_not_gone_through_one_by_one(activation: Any) -> None:
    crowd = Counting(20_000)
    assert 1 <= len(drawn(activation, crowd)) < 60
    assert crowd.asked <= 60


def test_the_first_of_many_pairs_is_the_pair_of_a_single_dyad() -> None:
    for seed in range(20):
        crowd = Crowd(11, seed)
        crowd.gone = {3, 4}
        assert drawn({"dyad": {"among": "ties"}}, crowd)[0].members == drawn({"dyads": {"among": "ties"}}, crowd)[0].members
