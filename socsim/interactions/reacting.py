"""Whether somebody who acts on events has something to react to.

``mention``: since the previous step began, somebody whom the agent reads wrote its name ("Person 3"). ``neighbour_change``:
since then what the interaction says changed for somebody whom it reads: its answer to the item of the phase, or whether it has
adopted. What the model settles in silence does not wait for an event.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from socsim.activation import PlannedStep, Turn
from socsim.cells import Cell, message_of
from socsim.interactions.base import Interaction
from socsim.view import View

__all__ = ["Reaction"]


class Reaction:
    """Decides over the turns of one step whose activation is ``events``.

    Args:
        planned: the step.
        interaction: says what changes.
    """

    def __init__(self, planned: PlannedStep, interaction: Interaction) -> None:
        self._on = planned.phase.activating.on
        self._interaction = interaction
        self._first = planned.phase.activating.first
        self._begins = planned.repetition == 0

    def reads(self, turn: Turn, view: View) -> Iterable[Cell]:
        """Cells that `holds` looks at."""
        if self._begins:
            return ()
        if self._on == "mention":
            return [message_of(author) for author in view.tied_to() if author != turn.agent]
        cells = (self._interaction.noticed(other) for other in view.tied_to() if other != turn.agent)
        return [cell for cell in cells if cell is not None]

    def holds(self, turn: Turn, view: View) -> bool:
        """Whether something has happened."""
        if turn.part.silent:
            return True
        if self._begins:
            return self._first == "all"
        others = [other for other in view.tied_to() if other != turn.agent]
        if self._on == "mention":
            name = re.compile(rf"\bPerson {turn.agent + 1}\b")
            messages = (view.message(other, turn.step - 1) for other in others)
            return any(message is not None and name.search(message.text) for message in messages)
        return any(self._interaction.has_changed(other, view) for other in others)
