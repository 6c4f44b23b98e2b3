"""Who comes together at a step, drawn from the streams of the replicate.

Nothing here depends on what anybody does, so a whole schedule can be drawn ahead; whether somebody who might react to an event
does react is found when its turn comes (see `socsim.activation.events`). Arms of one replicate draw the same meetings.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from socsim.activation.steps import PlannedStep
from socsim.activation.turns import Meeting
from socsim.scenario.schedule import ActivationSpec
from socsim.seeding import stream

__all__ = ["Roster", "alone_at_once", "draw_meetings"]

Value = str | float | int | None


class Roster(Protocol):
    """What activation may know of a world before it begins."""

    @property
    def seed(self) -> int: ...

    def present(self, step: int) -> Sequence[int]:
        """Agents who take part at a step, ascending."""
        ...

    def tied_to(self, agent: int) -> Sequence[int]:
        """Agents whom an agent reads at the start of the world, ascending."""
        ...

    def fact(self, agent: int, name: str) -> Value:
        """A declared fact of an agent."""
        ...

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A declared fact of everybody, shape (agents,); 0 where it is no number."""
        ...

    def scheduled(self, table: str) -> Mapping[int, Sequence[tuple[int, int]]]:
        """For each step of a schedule table, (order, agent) in file order."""
        ...


def draw_meetings(planned: PlannedStep, roster: Roster) -> tuple[Meeting, ...]:
    """The meetings of a step; see `socsim.scenario.schedule.ActivationSpec` for what each kind means."""
    spec = planned.phase.activating
    return _KINDS[spec.kind](spec, planned, roster)


def _simultaneous(spec: ActivationSpec, planned: PlannedStep, roster: Roster) -> tuple[Meeting, ...]:
    del spec
    return alone_at_once(roster.present(planned.step))


def alone_at_once(agents: Iterable[int]) -> tuple[Meeting, ...]:
    """Everybody alone, all side by side."""
    return tuple(Meeting((agent,), 0, number) for number, agent in enumerate(agents))


def _sequential(spec: ActivationSpec, planned: PlannedStep, roster: Roster) -> tuple[Meeting, ...]:
    del spec
    return _one_by_one(_shuffled(roster.present(planned.step), roster.seed, "order", planned.step))


def _one_by_one(agents: Sequence[int]) -> tuple[Meeting, ...]:
    return tuple(Meeting((agent,), place, place) for place, agent in enumerate(agents))


def _shuffled(agents: Sequence[int], seed: int, *names: str | int) -> list[int]:
    return _order(agents, seed, *names).tolist()  # type: ignore[no-any-return]


def _order(agents: Sequence[int], seed: int, *names: str | int) -> NDArray[np.int64]:
    return np.asarray(agents, dtype=np.int64)[stream(seed, "activation", *names).permutation(len(agents))]


def _dyad(spec: ActivationSpec, planned: PlannedStep, roster: Roster) -> tuple[Meeting, ...]:
    return tuple(Meeting(pair) for pair in itertools.islice(_pairs(spec, planned, roster), 1))


def _dyads(spec: ActivationSpec, planned: PlannedStep, roster: Roster) -> tuple[Meeting, ...]:
    return tuple(Meeting(pair, 0, number) for number, pair in enumerate(_pairs(spec, planned, roster)))


def _pairs(spec: ActivationSpec, planned: PlannedStep, roster: Roster) -> Iterator[tuple[int, int]]:
    """Disjoint ordered pairs: people in a drawn order, each with the next free one whom it may meet; found as they are wanted."""
    when = "all" if spec.members == "fixed" else planned.step
    order = _order(roster.present(planned.step), roster.seed, "pairs", planned.phase.phase, when)
    if spec.among == "all":
        yield from ((int(one), int(other)) for one, other in zip(order[::2], order[1::2], strict=False))
    else:
        yield from _tied_pairs(order, roster)


def _tied_pairs(order: NDArray[np.int64], roster: Roster) -> Iterator[tuple[int, int]]:
    rank = np.full(int(order.max(initial=-1)) + 1, -1)
    rank[order] = np.arange(order.size)
    taken: set[int] = set()
    for agent in map(int, order):
        if agent in taken:
            continue
        near = [other for other in roster.tied_to(agent) if other != agent and other not in taken]
        candidates = [other for other in near if other < rank.size and rank[other] >= 0]
        if candidates:
            other = min(candidates, key=rank.__getitem__)
            taken |= {agent, other}
            yield agent, other


def _groups(spec: ActivationSpec, planned: PlannedStep, roster: Roster) -> tuple[Meeting, ...]:
    present = roster.present(planned.step)
    when = "all" if spec.members == "fixed" else planned.step
    order = _shuffled(present, roster.seed, "groups", planned.phase.phase, when)
    if spec.by is not None:
        groups = _by_fact(spec.by, order, roster)
    else:
        size = spec.size or len(order)
        groups = [tuple(order[begin : begin + size]) for begin in range(0, len(order), size)]
    return tuple(Meeting(group, 0, number) for number, group in enumerate(groups) if len(group) > 1)


def _by_fact(name: str, order: Sequence[int], roster: Roster) -> list[tuple[int, ...]]:
    groups: dict[Value, list[int]] = {}
    for agent in order:
        groups.setdefault(roster.fact(agent, name), []).append(agent)
    return [tuple(groups[value]) for value in sorted(groups, key=str)]


def _poisson(spec: ActivationSpec, planned: PlannedStep, roster: Roster) -> tuple[Meeting, ...]:
    return _rhythm(spec, planned, roster, 1.0)


def _hourly(spec: ActivationSpec, planned: PlannedStep, roster: Roster) -> tuple[Meeting, ...]:
    curve = spec.curve or (1.0,) * 24
    return _rhythm(spec, planned, roster, 24.0 * curve[planned.repetition % 24] / math.fsum(curve))


def _rhythm(spec: ActivationSpec, planned: PlannedStep, roster: Roster, factor: float) -> tuple[Meeting, ...]:
    """Who has an event of a Poisson process within the step; its time, exponential with the rate, gives the order."""
    present = np.asarray(roster.present(planned.step), dtype=np.int64)
    if not present.size:
        return ()
    drawn = stream(roster.seed, "activation", "rhythm", planned.step).random(int(present[-1]) + 1)[present]
    if isinstance(spec.rate, str):
        rates = factor * roster.numbers(spec.rate)[present]
    else:
        rates = np.full(present.size, factor * (1.0 if spec.rate is None else float(spec.rate)))
    times = np.divide(-np.log1p(-drawn), rates, out=np.full(present.size, math.inf), where=rates > 0)
    soon = np.flatnonzero(times < 1.0)
    return _one_by_one(present[soon[np.argsort(times[soon], kind="stable")]].tolist())


def _schedule(spec: ActivationSpec, planned: PlannedStep, roster: Roster) -> tuple[Meeting, ...]:
    present = set(roster.present(planned.step))
    rows = [(order, agent) for order, agent in roster.scheduled(spec.table or "").get(planned.repetition, ()) if agent in present]
    places = {order: place for place, order in enumerate(sorted({order for order, _ in rows}))}
    return tuple(Meeting((agent,), places[order], number) for number, (order, agent) in enumerate(rows))


_KINDS: Mapping[str, Callable[[ActivationSpec, PlannedStep, Roster], tuple[Meeting, ...]]] = {
    "simultaneous": _simultaneous,
    "random_sequential": _sequential,
    "dyad": _dyad,
    "dyads": _dyads,
    "groups": _groups,
    "poisson": _poisson,
    "hourly": _hourly,
    "schedule": _schedule,
    "events": _simultaneous,
}
