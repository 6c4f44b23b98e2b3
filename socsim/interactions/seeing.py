"""The interface of all interactions, and the choice of one from a scenario."""

from __future__ import annotations

from typing import Protocol

from socsim.errors import NotYetAvailable
from socsim.interactions.neighbours import Neighbours, WorldView
from socsim.observation import Seen
from socsim.scenario.schedule import PhaseSpec

__all__ = ["Interaction", "WorldView", "build_interaction"]


class Interaction(Protocol):
    """Who sees what, when. Pure: the same world and step give the same answer."""

    def observe(self, world: WorldView, agent: int, step: int) -> tuple[Seen, ...]: ...


class Nothing:
    """Nobody sees anything of anybody."""

    def observe(self, world: WorldView, agent: int, step: int) -> tuple[Seen, ...]:
        """Always empty."""
        del world, agent, step
        return ()


def build_interaction(phase: PhaseSpec, item: str | None) -> Interaction:
    """The interaction a phase declares.

    Args:
        phase: the phase.
        item: the item whose answers are shown where the interaction shows answers.

    Raises:
        NotYetAvailable: the format has this interaction, this version does not.
    """
    spec = phase.interaction
    if spec == "none" or spec.kind in ("none", "survey"):
        return Nothing()
    if spec.kind == "neighbours":
        return Neighbours(spec, item)
    raise NotYetAvailable(f"not yet available: interaction {spec.kind!r} (phase {phase.phase!r})")
