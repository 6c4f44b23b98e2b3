"""What is done to a world from outside: scheduled interventions, and agents who follow a script."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag, model_validator

from socsim.scenario.base import BY_KIND, Spec

__all__ = ["ConfederateSpec", "InterventionSpec", "WhoSpec"]

Word = Annotated[Annotated[str, Tag("<text>")] | Annotated[float, Tag("<number>")], BY_KIND]


class WhoSpec(Spec):
    """A choice of agents: one of these ways, among those of whom ``where`` holds."""

    share: float | None = Field(default=None, gt=0.0, le=1.0)
    """Of all, rounded to whole ones (halves up), drawn from the seed of the replicate."""
    count: int | None = Field(default=None, ge=1)
    """Their number, drawn likewise."""
    agents: tuple[int, ...] = ()
    """Their numbers, from 0."""
    hubs: int | None = Field(default=None, ge=1)
    """So many of those whom most others read at the start; the lower number first where these are equally many."""
    where: dict[str, Word] = Field(default_factory=dict)
    """Values of facts that they have."""

    @model_validator(mode="after")
    def _one_way(self) -> WhoSpec:
        ways = sum((self.share is not None, self.count is not None, bool(self.agents), self.hubs is not None))
        if ways > 1 or (ways == 0 and not self.where):
            raise ValueError("give one of `share`, `count`, `agents` and `hubs`, or facts that hold `where`")
        return self


class InterventionSpec(Spec):
    """Something that happens at the beginning of a step of a phase.

    - ``news``: those chosen are shown a ``text`` at that step, before anything else.
    - ``remove``: those chosen do not take part any more, and nobody reads them.
    - ``replace``: other people, drawn from the same population, take the places of those chosen; they remember nothing.
    - ``model``: those chosen are answered for by another ``model`` of those that ``inference.model`` lists.
    """

    kind: Literal["news", "remove", "replace", "model"]
    at: int = Field(default=0, ge=0)
    """Repetition of the phase, counted from 0."""
    who: WhoSpec
    text: str | None = None
    """``news`` only."""
    model: str | None = None
    """``model`` only: what it is called."""

    @model_validator(mode="after")
    def _text(self) -> InterventionSpec:
        if (self.kind == "news") != (self.text is not None and bool(self.text.strip())):
            raise ValueError("`kind: news` and a `text` go together")
        if (self.kind == "model") != (self.model is not None):
            raise ValueError("`kind: model` and a `model` go together")
        return self


class ConfederateSpec(Spec):
    """Agents who follow a script instead of the model; they make no calls, and their answers say so (method ``scripted``)."""

    who: WhoSpec
    answers: dict[str, Word] = Field(default_factory=dict)
    """What they always answer: for an item the option or number, for a choice of an interaction the words of an option."""
    says: tuple[str, ...] = ()
    """Their messages, one after another and then from the beginning; what they are asked to write otherwise is left to the
    model."""
