"""Options and wording of ``staged``: choices that are shown as those of others, and that nobody made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from socsim.scenario.base import Spec

__all__ = ["WORDING_STAGED", "StagedOptions"]


class StagedOptions(Spec):
    """Options of ``staged``."""

    others: int = Field(default=10, ge=1, le=1000)
    """How many others are shown."""
    chose_first: tuple[int, ...] = ()
    """How many of them chose the item's first option: one number for each repetition of the phase, in an order drawn for every
    person and item. Left out, every number from 0 to ``others``."""
    show: Literal["each", "counts"] = "each"
    """``each``: a list of their choices, in an order drawn for every person and step; ``counts``: how many chose which."""

    @model_validator(mode="after")
    def _possible(self) -> StagedOptions:
        above = [count for count in self.chose_first if not 0 <= count <= self.others]
        if above:
            raise ValueError(
                f"chose_first has {above[0]}, but of {self.others} others between 0 and {self.others} can have chosen it"
            )
        return self

    @property
    def counts(self) -> tuple[int, ...]:
        """The numbers of others who chose the first option, by repetition before they are put in order."""
        return self.chose_first or tuple(range(self.others + 1))


WORDING_STAGED: Mapping[str, str] = {
    "each": "These are the choices of {others} other people:\n{choices}\n",
    "choice": '- "{option}"',
    "counts": 'Of {others} other people, {count_first} chose "{first}" and {count_second} chose "{second}".\n',
}
"""What people are shown of the choices."""
