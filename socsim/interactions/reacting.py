"""Whether somebody who acts on events has something to react to.

``mention``: since the previous step began, somebody whom the agent reads wrote its name ("Person 3"). ``neighbour_change``:
since then somebody whom it reads gave another answer to the item of the phase than before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from socsim.activation import PlannedStep, Turn
from socsim.cells import Cell, answer_of, message_of
from socsim.view import View

__all__ = ["Reaction"]


class Reaction:
    """Decides over the turns of one step whose activation is ``events``."""

    def __init__(self, planned: PlannedStep) -> None:
        self._on = planned.phase.activating.on
        self._item = planned.first_item
        self._first = planned.phase.activating.first
        self._begins = planned.repetition == 0

    def reads(self, turn: Turn, view: View) -> Iterable[Cell]:
        """Cells that `holds` looks at."""
        if self._begins:
            return ()
        if self._on == "mention":
            return [message_of(author) for author in view.tied_to() if author != turn.agent]
        return [answer_of(other, self._item) for other in view.tied_to() if other != turn.agent] if self._item else ()

    def holds(self, turn: Turn, view: View) -> bool:
        """Whether something has happened."""
        if self._begins:
            return self._first == "all"
        others = [other for other in view.tied_to() if other != turn.agent]
        if self._on == "mention":
            name = re.compile(rf"\bPerson {turn.agent + 1}\b")
            messages = (view.message(other, turn.step - 1) for other in others)
            return any(message is not None and name.search(message.text) for message in messages)
        return any(self._changed(other, view) for other in others)

    def _changed(self, other: int, view: View) -> bool:
        if self._item is None:
            return False
        entries = view.entries(answer_of(other, self._item))
        if len(entries) < 2 or entries[-1].at < (view.step - 1, -1):
            return False
        return bool(entries[-1].value.choice != entries[-2].value.choice)
