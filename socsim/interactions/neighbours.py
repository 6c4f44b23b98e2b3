"""Reading the neighbours: messages (or answers) of the previous step.

Who sees what, when: an agent sees what each agent it reads wrote (or answered) since the previous step began, the newest
of each, if that agent did so; a failed message or excluded answer shows nothing. Where all act at once that is what they wrote
at the previous step; where one acts after the other, those who have acted in this step are seen with what they wrote in it. With
``at_most: k`` it sees k of them, chosen at random for every agent and step from a stream that has no arm in it, so arms with the
same ties show the same people. The order of what is shown is random in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from socsim.activation import Turn
from socsim.cells import Cell, answer_of, message_of
from socsim.interactions.base import Interaction, Shown
from socsim.observation import Seen
from socsim.seeding import uniforms
from socsim.view import View

__all__ = ["Neighbours"]


class Neighbours(Interaction):
    """See `socsim.interactions.neighbours`."""

    kind = "neighbours"

    def reads(self, turn: Turn, view: View) -> Iterable[Cell]:
        """Messages, or answers to the item, of everybody who may be seen."""
        authors = self._authors(turn, view)
        if self.spec.see == "messages":
            return [message_of(author) for author in authors]
        return [answer_of(author, self.item) for author in authors] if self.item else ()

    def observe(self, turn: Turn, view: View) -> Shown:
        """What is seen, in the order in which it is shown."""
        found = {}
        for author in self._authors(turn, view):
            seen = self._of(author, turn, view)
            if seen is not None:
                found[author] = seen
        numbers = (turn.step,) if turn.nth == 0 else (turn.step, turn.nth)
        draws = uniforms(view.seed, "see", turn.agent, *numbers, last=found)
        ranked = sorted(zip(draws, found, strict=True))
        shown = tuple([found[author] for _, author in ranked[: self.spec.at_most]])
        return Shown(shown, potential=len(found))

    def _authors(self, turn: Turn, view: View) -> Sequence[int]:
        authors = view.tied_to() if self.spec.of == "neighbours" else view.everybody()
        return [author for author in authors if author != turn.agent]

    def _of(self, author: int, turn: Turn, view: View) -> Seen | None:
        since = turn.step - 1
        if self.spec.see == "messages":
            return view.message(author, since)
        response = view.answer(author, self.item, since) if self.item else None
        return None if response is None else Seen(author, turn.step - 1, response.option)
