"""Options and wording of ``adoption``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from socsim.scenario.asking import ItemSpec, ReadoutSpec
from socsim.scenario.base import Spec

__all__ = ["WORDING_ADOPTION", "AdoptionOptions", "SeedsSpec", "adoption_ballot"]


class SeedsSpec(Spec):
    """Who has adopted from the beginning; drawn from the seed of the replicate where not named."""

    share: float | None = Field(default=None, gt=0.0, le=1.0)
    """Of all people, rounded to whole ones (halves up)."""
    count: int | None = Field(default=None, ge=1)
    """Their number."""
    agents: tuple[int, ...] = ()
    """Their numbers, from 0."""

    @model_validator(mode="after")
    def _one_way(self) -> SeedsSpec:
        if sum((self.share is not None, self.count is not None, bool(self.agents))) != 1:
            raise ValueError("give one of `share`, `count` and `agents`")
        return self

    def number_of(self, people: int) -> int:
        """How many of a number of people are seeds."""
        return self.count if self.count is not None else int((self.share or 0.0) * people + 0.5)


class AdoptionOptions(Spec):
    """Options of ``adoption``."""

    what: str
    """What may be adopted, in words, such as "the new messenger"."""
    cost: str = ""
    """What adopting costs, in words; nothing is said of it where it is empty."""
    seeds: SeedsSpec
    show: Literal["number", "who"] = "number"
    """Whether people are told how many of those they know have adopted, or which."""
    absorbing: bool = True
    """Whether those who have adopted stay with it and are not asked again."""
    readout: ReadoutSpec = ReadoutSpec(labels=("letters",))
    """How the choice is read."""


WORDING_ADOPTION: Mapping[str, str] = {
    "number": "{adopted} of the {known} people you know use {what}.\n",
    "who": "Of the people you know, {people} use {what}; {others} do not.\n",
    "nobody": "None of the {known} people you know uses {what}.\n",
    "cost": "{cost}\n",
    "own": "You use {what} now.\n",
    "question": "What do you do about {what}?",
    "adopt": "start to use it",
    "keep": "go on using it",
    "nothing": "do nothing for now",
    "give_up": "stop using it",
    "person": "Person {number}",
}
"""What people are told and asked. Who has not adopted chooses between ``adopt`` and ``nothing``, others between ``keep`` and
``give_up``."""


def adoption_ballot(options: AdoptionOptions, question: str, choices: tuple[str, str]) -> ItemSpec:
    """The choice between two things."""
    return ItemSpec(type="nominal", text=question, options=choices, readout=options.readout)
