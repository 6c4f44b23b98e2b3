"""Staged choices: everybody is shown choices of others that nobody made, and chooses between the same two options.

Who sees what, when: at every repetition of the phase a person is shown ``others`` choices, so many of which (``chose_first``) are
the item's first option; which number comes when is drawn for every person and item, so that each meets all of them once. It sees
nothing of anybody in the world, in the arm ``alone`` no less. With ``show: each`` the choices are listed in an order drawn for
every person and step; with ``counts`` there are two numbers. How answers depend on the share shown is a response curve.

Logged as seen: every choice in the order shown (kind ``choice``, author -1), with ``counts``, too.

Sources: Asch (1955), Scientific American 193(5) (a majority that the experimenter made); Latané (1981), American Psychologist
36(4), 343-356 (influence by the number of others); De Marzo, Castellano & Garcia (2024), arXiv:2409.02822 (language models shown
lists of others' choices).
"""

from __future__ import annotations

from socsim.activation import Turn
from socsim.interactions.base import Interaction, Setup, Shown
from socsim.observation import Seen
from socsim.prompts import quotable
from socsim.scenario.options_staged import StagedOptions
from socsim.seeding import uniforms
from socsim.view import View

__all__ = ["Staged"]


class Staged(Interaction):
    """See `socsim.interactions.staged`."""

    kind = "staged"
    reach = 0

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        assert isinstance(setup.options, StagedOptions)
        self.options = setup.options

    def observe(self, turn: Turn, view: View) -> Shown:
        """The choices, or how many there are of each."""
        assert self.item is not None  # held by the checks of the scenario
        first, second = self.setup.items[self.item].spec.options
        chosen = [first] * self._count(turn, view)
        chosen += [second] * (self.options.others - len(chosen))
        listed = self._shuffled(turn, view, chosen)
        seen = tuple(Seen(-1, turn.step, option, "choice") for option in listed)
        count = chosen.count(first)
        if self.options.show == "counts":
            scene = self.words(
                "counts",
                others=str(self.options.others),
                first=quotable(first),
                second=quotable(second),
                count_first=str(count),
                count_second=str(self.options.others - count),
            )
        else:
            lines = "\n".join(self.words("choice", option=quotable(option)) for option in listed)
            scene = self.words("each", others=str(self.options.others), choices=lines)
        return Shown(seen, scene, potential=len(seen), facts=(("others", self.options.others), ("chose_first", count)))

    def _count(self, turn: Turn, view: View) -> int:
        """How many others chose the first option, of this repetition."""
        counts = self.options.counts
        draws = uniforms(view.seed, "staged", str(self.item), turn.agent, last=range(len(counts)))
        order = sorted(range(len(counts)), key=lambda index: draws[index])
        return counts[order[self.planned.repetition % len(counts)]]

    def _shuffled(self, turn: Turn, view: View, chosen: list[str]) -> list[str]:
        draws = uniforms(view.seed, "see", turn.agent, turn.step, last=range(len(chosen)))
        return [chosen[index] for index in sorted(range(len(chosen)), key=lambda index: draws[index])]
