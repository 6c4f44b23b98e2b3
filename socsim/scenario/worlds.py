"""Variants of the world and what is made of them: conditions, arms, comparison and failures, as declared."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Tag, model_validator

from socsim.scenario.base import BY_KIND, Spec

__all__ = [
    "AnalysisSpec",
    "ArmSpec",
    "Baseline",
    "BranchSpec",
    "CompareSpec",
    "ConditionSpec",
    "EffectsSpec",
    "FailuresSpec",
    "Level",
    "SweepSpec",
]

Control = Literal["alone", "yoked", "shuffled"]
Level = str | bool | int | float
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
    """Names, names with texts (none for a level that shows nothing), or ``{table: …, column: …, text: …}``."""
    assign: Literal["complete", "simple", "blocked", "clusters", "factorial", "each_in_own_context"] = "complete"
    """How people come to their levels, drawn from the replicate's seed and the same in all arms:

    - ``complete``: levels have equally many people, but for one.
    - ``simple``: everybody's level is drawn by itself, so numbers differ by chance.
    - ``blocked``: complete within everybody who has the same value of the fact ``block_by``.
    - ``clusters``: complete over communities of the network, whose members all get the same level, so that most of what people
      hear comes from others at their own level (Ugander et al. 2013, KDD, 329-337).
    - ``factorial``: complete over all combinations of the conditions that say so.
    - ``each_in_own_context``: everybody goes through every level, each in a context of its own.
    """
    block_by: str | None = None
    """``blocked``: a fact of the people, shown or not."""


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
    """Parts that differ: ``network``, ``population``, ``prompts``, ``items``, ``memory``, and ``phases`` by phase name."""
    factors: dict[str, Level] = Field(default_factory=dict)
    """Set in runs of a sweep: the level of every factor at this point."""


class SweepSpec(Spec):
    """One study in many variants: every arm at every point of a design."""

    vary: dict[
        str, Annotated[Annotated[tuple[Any, ...], Tag("<list>")] | Annotated[dict[str, Any], Tag("<mapping>")], BY_KIND]
    ] = Field(min_length=1)
    """Factors. A name with dots is a field, as in an arm's patch (``population.size``, ``phases.talk.interaction.at_most``), with
    a list of values, or a range ``{from: 0.0, to: 1.0}`` (``integer: true`` for whole numbers, ``log: true`` for equal ratios).
    Any other name stands for levels that change several things: ``{LEVEL: patch, …}``."""
    design: Literal["grid", "one_at_a_time", "latin_hypercube"] = "grid"
    """- ``grid``: all combinations of levels.
    - ``one_at_a_time``: the first levels together, then every other level by itself.
    - ``latin_hypercube``: ``points`` points, for which every range is divided into so many strata that are each used once; levels
      of lists are used equally often, but for one. Drawn from ``seed``.
    """
    points: int | None = Field(default=None, ge=2, le=10_000)
    """``latin_hypercube`` only."""
    steps: int = Field(default=5, ge=2, le=100)
    """Values of a range in the other designs, equally spaced, both ends included."""

    @model_validator(mode="after")
    def _points(self) -> SweepSpec:
        if (self.design == "latin_hypercube") != (self.points is not None):
            raise ValueError("`design: latin_hypercube` and `points` go together")
        return self


class BranchSpec(Spec):
    """Where a run leaves another one: everything before a step is as it was there, phases are otherwise from then on."""

    at: int = Field(ge=0)
    """The first step that is otherwise."""
    phases: dict[str, Any] = Field(min_length=1)
    """Changes by phase name, as in an arm's patch."""


class CompareSpec(Spec):
    """A finding the run is held against."""

    finding: str
    arm: str | None = None
    """The arm that is held against it; the treatment arm, or the first that is no control, where not given."""
    against: str | None = None
    """The other arm, for findings that are differences between two."""
    distances: tuple[Literal["tv", "w1", "js"], ...] = ()
    floor: Literal["human_sampling"] | None = None
    filter: str | None = None
    accept_words: tuple[str, ...] = ()
    """Words that give the finding away and stand in prompts knowingly: no warning is given of them, the page still names them."""


class EffectsSpec(Spec):
    """How the effects of conditions are estimated."""

    reference: str | None = None
    """The level that the others are held against, or ``random``: one drawn anew for each of ``repeats``, and the mean of these.
    The first level of each condition where not given, and of conditions that have no level of this name."""
    centre_within: Literal["prompt"] | None = None
    """``prompt``: differences are taken within the same wordings and the same rendering of the persona."""
    repeats: int = Field(default=16, ge=1, le=10_000)
    """``reference: random``: how often a reference is drawn."""


class AnalysisSpec(Spec):
    """What is estimated from a finished run."""

    effects: EffectsSpec = EffectsSpec()
    human: str | None = None
    """A table of effects among people, to hold the estimates against."""


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
