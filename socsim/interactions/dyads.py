"""Dyads: one of two speaks, the other listens and reports.

Who sees what, when: activation draws ordered pairs (``dyad``: one a step, ``dyads``: disjoint ones). The first of a pair, the
speaker, writes a message and sees nothing of the other. The second, the listener, sees this message and then answers the
phase's items privately. With ``both`` it speaks next, having heard, and the first speaker listens and answers. With
``speaker_asks`` the speaker answers the items, too, before it speaks. A message that failed is not heard: the listener then sees
nothing and answers all the same. In the arm ``alone`` the listener hears nothing.

Source: Chuang, Goyal, Harlalka, Suresh, Hawkins, Yang, Shah, Hu & Rogers (2024), "Simulating Opinion Dynamics with Networks
of LLM-based Agents", Findings of NAACL 2024: at every step a random pair, one writes, the other reads and reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from socsim.activation import Meeting, Part, Turn
from socsim.cells import Cell, message_of
from socsim.interactions.base import Interaction, Setup, Shown
from socsim.prompts import quotable
from socsim.scenario.options_groups import DyadsOptions
from socsim.view import View

__all__ = ["Dyads"]


class Dyads(Interaction):
    """See `socsim.interactions.dyads`."""

    kind = "dyads"

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        assert isinstance(setup.options, DyadsOptions)
        self.options = setup.options

    def script(self, meeting: Meeting) -> Sequence[Part]:
        """The first speaks, the second listens; the other way round after it, if both speak."""
        first, second = meeting.members
        parts = [Part(first, 0, "speaker"), Part(second, 1, "listener")]
        if self.options.both:
            parts += [Part(second, 2, "speaker", 1), Part(first, 3, "listener", 1)]
        return parts

    def reads(self, turn: Turn, view: View) -> Iterable[Cell]:
        """What the other one says."""
        del view
        return [message_of(other) for other in turn.others]

    def observe(self, turn: Turn, view: View) -> Shown:
        """What the other one has said to this one in this step."""
        (other,) = turn.others
        heard = view.message(other, turn.step)
        listens = turn.part.name == "listener"
        asks = self.planned.asks if listens or self.options.speaker_asks else ()
        if heard is None:
            scene = self.words("opening") if not listens else ""
            return Shown(scene=scene, asks=asks, says=not listens)
        scene = self.words("heard", speaker=self.words("person", number=str(other + 1)), text=quotable(heard.text))
        return Shown((heard,), scene, asks=asks, says=not listens)
