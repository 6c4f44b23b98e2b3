"""What happens when: phases, interactions and what agents write, as declared."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from socsim.scenario.base import BY_KIND, Spec

__all__ = ["ForEachItemSpec", "InteractionSpec", "PhaseSpec", "SaySpec", "ScheduleEntry"]

Memory = Literal["own_last_message", "own_last_answer"]
Activation = Literal["simultaneous", "random_sequential", "dyad", "dyads", "groups", "poisson", "hourly", "schedule", "events"]
Kind = Literal[
    "none",
    "neighbours",
    "survey",
    "exposure",
    "dyads",
    "groups",
    "estimates",
    "conventions",
    "votes",
    "adoption",
    "feed",
    "games",
]


class SaySpec(Spec):
    """A public message."""

    max_tokens: int = Field(default=40, ge=1)
    topic: str | None = None
    """What to write about; the text of the phase's first item where not given."""
    stop: tuple[str, ...] = ("\n",)
    end: Literal["as_is", "last_sentence"] = "last_sentence"
    """``last_sentence``: a message that ran out of tokens is cut back to its last whole sentence, if it has one; either way
    it is marked as cut off."""


class InteractionSpec(Spec):
    """Who sees what of whom, and when."""

    kind: Kind
    see: Literal["messages", "answers"] = "messages"
    source: Literal["previous_step"] = Field(default="previous_step", alias="from")
    of: Literal["neighbours", "all"] = "neighbours"
    at_most: int | None = Field(default=None, ge=1)
    """Largest number of neighbours seen; which ones is drawn anew at each step, the same in every arm with the same ties."""
    summary: Literal["each", "mean", "none"] | None = None
    show: str | None = None
    """``exposure``: the condition whose text is shown."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Parameters of interactions that have more of them (groups, games, feeds …)."""


class PhaseSpec(Spec):
    """One entry of the schedule; each repetition is one step."""

    phase: str
    repeat: int = Field(default=1, ge=1, le=100_000)
    activation: Annotated[Annotated[Activation, Tag("<text>")] | Annotated[dict[str, Any], Tag("<mapping>")], BY_KIND] = (
        "simultaneous"
    )
    interaction: Annotated[Annotated[InteractionSpec, Tag("<mapping>")] | Annotated[Literal["none"], Tag("<text>")], BY_KIND] = (
        "none"
    )
    remember: tuple[Memory, ...] = ()
    ask: tuple[str, ...] = ()
    say: SaySpec | None = None
    interventions: tuple[dict[str, Any], ...] = ()


class ForEachItemSpec(Spec):
    """Phases gone through once for every item."""

    for_each_item: dict[Literal["order"], Literal["random_per_world", "as_given"]]
    phases: tuple[PhaseSpec, ...] = Field(min_length=1)


def _entry_kind(value: Any) -> str:
    rounds = "for_each_item" in value if isinstance(value, dict) else isinstance(value, ForEachItemSpec)
    return "<rounds>" if rounds else "<phase>"


ScheduleEntry = Annotated[
    Annotated[PhaseSpec, Tag("<phase>")] | Annotated[ForEachItemSpec, Tag("<rounds>")], Discriminator(_entry_kind)
]
