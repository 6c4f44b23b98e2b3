"""Reading the neighbours: messages (or answers) of the previous step.

Who sees what, when: at step t an agent sees what each agent it reads wrote (or answered) at step t-1, if that agent did so;
a failed message or excluded answer shows nothing. With ``at_most: k`` it sees k of them, chosen at random for every agent
and step from a stream that has no arm in it, so arms with the same ties show the same people. The order of what is shown
is random in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from socsim.errors import NotYetAvailable
from socsim.observation import Seen
from socsim.scenario.schedule import InteractionSpec
from socsim.seeding import uniforms

__all__ = ["Neighbours", "WorldView"]


class WorldView(Protocol):
    """What an interaction may read of a world: finished steps only."""

    @property
    def seed(self) -> int: ...

    def read_by(self, agent: int) -> Sequence[int]: ...

    def everybody(self) -> Sequence[int]: ...

    def shown_messages(self, step: int) -> Mapping[int, str]: ...

    def shown_answers(self, item: str, step: int) -> Mapping[int, str]: ...


class Neighbours:
    """See `socsim.interactions.neighbours`."""

    def __init__(self, spec: InteractionSpec, item: str | None) -> None:
        if spec.summary not in (None, "each"):
            raise NotYetAvailable(f"not yet available: interaction.summary {spec.summary!r}")
        self.spec = spec
        self.item = item

    def observe(self, world: WorldView, agent: int, step: int) -> tuple[Seen, ...]:
        """What ``agent`` sees at ``step``, in the order in which it is shown."""
        if step == 0:
            return ()
        shown = self._shown(world, step - 1)
        if not shown:
            return ()
        read = world.read_by(agent) if self.spec.of == "neighbours" else world.everybody()
        authors = [author for author in read if author in shown and author != agent]
        ranked = sorted(zip(uniforms(world.seed, "see", agent, step, last=authors), authors, strict=True))
        return tuple([Seen(author, step - 1, shown[author]) for _, author in ranked[: self.spec.at_most]])

    def _shown(self, world: WorldView, step: int) -> Mapping[int, str]:
        if self.spec.see == "messages":
            return world.shown_messages(step)
        return world.shown_answers(self.item, step) if self.item else {}
