"""Options and wording of ``adoption``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from socsim.scenario.asking import ItemSpec, ReadoutSpec
from socsim.scenario.base import Spec

__all__ = ["CHOICE", "WORDING_ADOPTION", "AdoptionOptions", "SeedsSpec", "adoption_ballot"]


CHOICE = "adoption"
"""Under which choices are recorded among the answers."""


class SeedsSpec(Spec):
    """Who has adopted from the beginning; drawn from the seed of the replicate where not named."""

    share: float | None = Field(default=None, gt=0.0, le=1.0)
    """Of all people, rounded to whole ones (halves up), at least one."""
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
        return self.count if self.count is not None else max(1, int((self.share or 0.0) * people + 0.5))


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
    "number": "People you know who use {what}: {adopted} of {known}.\n",
    "who": "People you know who use {what}: {people}. Others whom you know: {others}.\n",
    "nobody": "People you know who use {what}: none of {known}.\n",
    "isolated": "You know nobody who could use {what}.\n",
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
