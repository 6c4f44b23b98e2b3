"""Options and wording of ``conventions``: a naming game with payoffs."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, model_validator

from socsim.scenario.asking import ItemSpec, ReadoutSpec
from socsim.scenario.base import Spec

__all__ = ["CHOICE", "WORDING_CONVENTIONS", "CommittedSpec", "ConventionsOptions", "name_ballot"]

CHOICE = "choice"
"""Under which the choice of a name is recorded among the answers, where the names are not an item's."""


class CommittedSpec(Spec):
    """Agents who always choose the same name; who they are is drawn from the seed of the replicate."""

    share: float | None = Field(default=None, gt=0.0, le=1.0)
    """Of all people, rounded to whole ones (halves up)."""
    count: int | None = Field(default=None, ge=1)
    """Their number, instead of a share."""
    choice: str
    """The name that they choose."""
    from_step: int = Field(default=0, ge=0)
    """Step of the world, counted from 0, from which they do so; before it they choose like everybody."""

    @model_validator(mode="after")
    def _one_size(self) -> CommittedSpec:
        if (self.share is None) == (self.count is None):
            raise ValueError("give either `share` or `count` of the committed")
        return self

    def number_of(self, people: int) -> int:
        """How many of a number of people are committed."""
        return self.count if self.count is not None else int((self.share or 0.0) * people + 0.5)


class ConventionsOptions(Spec):
    """Options of ``conventions``."""

    names: tuple[str, ...] = ()
    """What is chosen from; else the options of the nominal item that the phase asks."""
    reward: float = Field(default=100.0, ge=0.0, allow_inf_nan=False)
    """Points that both win when they choose the same name."""
    penalty: float = Field(default=50.0, ge=0.0, allow_inf_nan=False)
    """Points that both lose when they do not."""
    memory: int = Field(default=5, ge=0, le=1000)
    """Own last plays that everybody remembers."""
    agreed: str | None = None
    """A name on which all agreed before: everybody remembers ``memory`` plays at the start in which both chose it."""
    committed: CommittedSpec | None = None
    nothing: str | None = None
    """The words for choosing no name, where people may; nothing is settled then. Left out, a name has to be chosen, as in the
    sources."""
    readout: ReadoutSpec = ReadoutSpec()
    """How the choice among ``names`` is read; an item brings its own."""


WORDING_CONVENTIONS: Mapping[str, str] = {
    "rules": (
        "You play a game with another person. Both of you choose a name at the same time and cannot talk. If both choose the "
        "same name, each of you wins {reward} points; if not, each of you loses {penalty} points. You want to win as many "
        "points as you can.\n"
    ),
    "past": "Your last rounds, the latest one at the end:\n{plays}\nYour score is now {score}.\n",
    "no_past": "",
    "won": '- You chose "{own}", the other person chose "{other}": you won {points} points. Your score was then {score}.',
    "lost": '- You chose "{own}", the other person chose "{other}": you lost {points} points. Your score was then {score}.',
    "question": "Which name do you choose now?",
}
"""What players are told."""


def name_ballot(options: ConventionsOptions, question: str) -> ItemSpec:
    """The closed question by which one of the ``names`` is chosen."""
    nothing = (options.nothing,) if options.nothing is not None else ()
    return ItemSpec(type="nominal", text=question, options=options.names, non_answers=nothing, readout=options.readout)
