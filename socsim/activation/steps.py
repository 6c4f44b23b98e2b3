"""The schedule unrolled into steps.

Every repetition of every phase is one step, counted from 0. It knows nothing of models or networks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from socsim.scenario.asking import ItemSpec
from socsim.scenario.schedule import ForEachItemSpec, PhaseSpec, ScheduleEntry
from socsim.seeding import stream

__all__ = ["PlannedStep", "plan_steps"]


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step: which phase it repeats for which time, and which items it asks."""

    step: int
    name: str
    phase: PhaseSpec
    repetition: int
    asks: tuple[str, ...]

    @property
    def first_item(self) -> str | None:
        """The item a message is about and whose answers are shown, if the phase asks any."""
        return self.asks[0] if self.asks else None


def plan_steps(schedule: Sequence[ScheduleEntry], items: Mapping[str, ItemSpec], seed: int) -> tuple[PlannedStep, ...]:
    """Unroll a schedule.

    Inside ``for_each_item`` the name ``item`` in ``ask`` stands for the item of the round, and steps are named
    ``phase[item]``.

    Args:
        schedule: phases and rounds as declared.
        items: all items by name, in declared order.
        seed: seed of the replicate, for the order of items.
    """
    steps: list[PlannedStep] = []
    for entry in schedule:
        if isinstance(entry, ForEachItemSpec):
            order = entry.rounds(items)
            if entry.for_each_item.order == "random_per_world":
                order = [order[i] for i in stream(seed, "item order").permutation(len(order))]
            for item in order:
                for phase in entry.phases:
                    _append(steps, phase, f"{phase.phase}[{item}]", tuple(item if a == "item" else a for a in phase.ask))
        else:
            _append(steps, entry, entry.phase, entry.ask)
    return tuple(steps)


def _append(steps: list[PlannedStep], phase: PhaseSpec, name: str, asks: tuple[str, ...]) -> None:
    steps += [PlannedStep(len(steps) + i, name, phase, i, asks) for i in range(phase.repeat)]
