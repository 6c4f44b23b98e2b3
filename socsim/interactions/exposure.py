"""Exposure: everybody is shown the text of its level of a condition, then answers for itself.

Who sees what, when: at its turn a person is shown the text of the level of the condition ``show`` that it has been assigned, and
nothing where the level has no text. It sees nothing of anybody. Conditions assigned ``each_in_own_context`` are shown level by
level, each in a context of its own, so that no answer follows from another. What was shown is logged as seen, of kind
``stimulus``, and every turn's levels in the table of trials.

Source: survey experiments in the manner of Hewitt, Ashokkumar, Ghezae & Willer (2024), "Predicting Results of Social Science
Experiments Using Large Language Models".
"""

from __future__ import annotations

from socsim.activation import Turn
from socsim.interactions.base import Shown
from socsim.interactions.survey import Survey
from socsim.observation import Seen
from socsim.prompts import one_line
from socsim.view import View

__all__ = ["Exposure"]


class Exposure(Survey):
    """See `socsim.interactions.exposure`."""

    kind = "exposure"

    def observe(self, turn: Turn, view: View) -> Shown:
        """The text of the level."""
        del view
        trials, condition = self.setup.setting.trials, self.spec.show or ""
        level = trials.of(turn.agent, turn.part.round).level(condition)
        text = trials.texts[condition][level] if level is not None else ""
        if not text.strip():
            return Shown(scene=self.words("nothing"))
        shown = "\n".join(line for line in map(one_line, text.splitlines()) if line)
        return Shown((Seen(-1, turn.step, shown, "stimulus", level or ""),), self.words("stimulus", text=shown))
