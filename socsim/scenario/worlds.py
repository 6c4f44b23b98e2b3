"""Variants of the world and what is made of them: conditions, arms, comparison and failures, as declared."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Tag

from socsim.scenario.base import BY_KIND, Spec

__all__ = [
    "AnalysisSpec",
    "ArmSpec",
    "Baseline",
    "BranchSpec",
    "CompareSpec",
    "ConditionSpec",
    "FailuresSpec",
]

Control = Literal["alone", "yoked", "shuffled"]
Baseline = Literal[
    "no_change",
    "drift_only",
    "degroot",
    "friedkin_johnsen",
    "hegselmann_krause",
    "deffuant_weisbuch",
    "voter",
    "linear_threshold",
]


class ConditionSpec(Spec):
    """A factor randomised among agents inside one world."""

    levels: Annotated[Annotated[tuple[str, ...], Tag("<list>")] | Annotated[dict[str, Any], Tag("<mapping>")], BY_KIND]
    """Names, names with texts, or ``{table: …, column: …}``."""
    assign: Literal["complete", "blocked", "factorial", "each_in_own_context"] = "complete"
    block_by: str | None = None


class ArmSpec(Spec):
    """A variant of the whole world: a ready-made control, or a patch of named parts."""

    name: str
    control: Control | None = None
    shuffle: Literal["permute_people", "rewire"] | None = None
    """``shuffled`` only."""
    yoke: dict[Literal["world", "messages"], str] | None = None
    """``yoked`` only: ``{world: other_replicate}`` shows the messages of the same node in another replicate;
    ``{messages: FILE}`` shows messages on another topic from a text file, one a line."""
    patch: dict[str, Any] = Field(default_factory=dict)
    """Parts that differ: ``network``, ``population``, ``prompts``, ``items``, and ``phases`` by phase name."""


class BranchSpec(Spec):
    """Where a run leaves another one: everything before a step is as it was there, phases are otherwise from then on."""

    at: int = Field(ge=0)
    """The first step that is otherwise."""
    phases: dict[str, Any] = Field(min_length=1)
    """Changes by phase name, as in an arm's patch."""


class CompareSpec(Spec):
    """A finding the run is held against."""

    finding: str
    distances: tuple[Literal["tv", "w1", "js"], ...] = ()
    floor: Literal["human_sampling"] | None = None
    filter: str | None = None


class AnalysisSpec(Spec):
    """How effects of conditions are estimated."""

    effects: dict[str, Any] = Field(default_factory=dict)
    human: str | None = None


class FailuresSpec(Spec):
    """What happens when a reply is not an answer."""

    retry: int = Field(default=1, ge=0, le=20)
    """Fresh draws after a reply that could not be read (texts only: a score does not change when asked again)."""
    repair: int = Field(default=0, ge=0, le=5)
    """Times the model is shown its reply and asked to answer in the stated form."""
    then: Literal["exclude", "stop"] = "exclude"
    """``exclude``: the answer is missing from then on, and neighbours see nothing of it; ``stop``: the run ends."""
    complete_below: float = Field(default=0.05, ge=0.0, le=1.0)
    """Largest share of failed answers at which the run may be called complete."""
