"""What happens when: phases, interactions and what agents write, as declared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args

from pydantic import Discriminator, Field, Tag, model_validator

from socsim.scenario.asking import ReadoutSpec
from socsim.scenario.base import BY_KIND, Spec
from socsim.scenario.happenings import InterventionSpec

__all__ = [
    "Activation",
    "ActivationSpec",
    "ForEachItemSpec",
    "InteractionSpec",
    "PhaseSpec",
    "RoundsSpec",
    "SaySpec",
    "ScheduleEntry",
]

Memory = Literal["own_last_message", "own_last_answer", "memory"]
Activation = Literal["simultaneous", "random_sequential", "dyad", "dyads", "groups", "poisson", "hourly", "schedule", "events"]
Kind = Literal[
    "none",
    "neighbours",
    "survey",
    "exposure",
    "staged",
    "dyads",
    "groups",
    "estimates",
    "conventions",
    "votes",
    "adoption",
    "feed",
    "games",
    "custom",
]


class ActivationSpec(Spec):
    """Who acts when. Written as one word where the word is enough: ``activation: random_sequential``.

    - ``simultaneous``: everybody, and nobody sees anything of the same step.
    - ``random_sequential``: everybody once, in an order drawn for each step; each sees what earlier ones did in it.
    - ``dyad``: one ordered pair a step. ``dyads``: disjoint ordered pairs; an odd one out does not act.
    - ``groups``: groups of ``size``, or one for every value of the fact ``by``.
    - ``poisson``: each acts with probability 1 − exp(−rate) at a step, in the order of the drawn times.
    - ``hourly``: the same with rate times the share of the hour in ``curve``; step 0 is the first hour.
    - ``schedule``: as a table says, with columns ``step`` and ``agent`` and, where the order matters, ``order``.
    - ``events``: whoever has been mentioned, or has a neighbour whose answer (in ``adoption`` without items: whose adoption)
      changed, since the previous step began.
    """

    kind: Activation
    size: int | None = Field(default=None, ge=2)
    """``groups``: members of each group; those left over make a smaller one."""
    members: Literal["fixed", "random"] = "random"
    """``groups`` and ``dyads``: whether the same meet in every step of a world, or others each time."""
    by: str | None = None
    """``groups``: a fact of the people; everybody with the same value is in one group."""
    order: Literal["round_robin", "random", "raise_hand", "together"] = "round_robin"
    """``groups``: who speaks when: in turn, in an order drawn for each round, whoever wants to most, or all at once."""
    rounds: int = Field(default=1, ge=1, le=1000)
    """``groups``: how often each may speak in one step."""
    urge: str | None = None
    """``raise_hand``: the item whose expected value says how much somebody wants to speak."""
    among: Literal["all", "ties"] = "all"
    """``dyad`` and ``dyads``: whether any two may meet, or only who is tied."""
    rate: float | str | None = None
    """``poisson`` and ``hourly``: actions per step, or the name of a fact that holds them."""
    curve: tuple[float, ...] | None = None
    """``hourly``: 24 relative activities, one for each hour."""
    table: str | None = None
    """``schedule``: the name of a table."""
    on: Literal["mention", "neighbour_change"] | None = None
    """``events``: what somebody reacts to."""
    first: Literal["all", "none"] = "all"
    """``events``: who acts at the first step of the phase, when nothing has happened yet."""

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        """``{poisson: {rate: 1}}`` is ``{kind: poisson, rate: 1}``."""
        if isinstance(value, dict) and len(value) == 1:
            ((name, body),) = value.items()
            if name in get_args(Activation) and (body is None or isinstance(body, dict)):
                return {"kind": name, **(body or {})}
        return value


class SaySpec(Spec):
    """A public message."""

    max_tokens: int = Field(default=40, ge=1)
    topic: str | None = None
    """What to write about; the text of the phase's first item where not given."""
    stop: tuple[str, ...] = ("\n",)
    end: Literal["as_is", "last_sentence"] = "last_sentence"
    """``last_sentence``: a message that ran out of tokens is cut back to its last whole sentence, if it has one; either way
    it is marked as cut off."""
    silence: ReadoutSpec | None = None
    """Where given, people may keep silent: each is first asked whether it writes anything (``prompts.speak``), and this says how
    that choice is read. Whoever keeps silent does the action ``nothing``, others ``speak``."""


class InteractionSpec(Spec):
    """Who sees what of whom, and when."""

    kind: Kind
    name: str | None = None
    """``custom``: the name under which the class is given to `socsim.run`."""
    see: Literal["messages", "answers"] = "messages"
    source: Literal["previous_step"] = Field(default="previous_step", alias="from")
    of: Literal["neighbours", "all"] = "neighbours"
    at_most: int | None = Field(default=None, ge=1)
    """Largest number of neighbours seen; which ones is drawn anew at each step, the same in every arm with the same ties."""
    summary: Literal["each", "mean", "median", "none"] | None = None
    """``estimates``: all numbers, their average, the one in their middle, or none."""
    show: str | None = None
    """``exposure``: the condition whose text is shown."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Parameters of interactions that have more of them (groups, games, feeds …)."""
    wording: dict[str, str] = Field(default_factory=dict)
    """Own templates instead of the interaction's, by name; each may use the slots of the one that it replaces."""


class PhaseSpec(Spec):
    """One entry of the schedule; each repetition is one step."""

    phase: str
    repeat: int = Field(default=1, ge=1, le=100_000)
    activation: Annotated[Annotated[Activation, Tag("<text>")] | Annotated[ActivationSpec, Tag("<mapping>")], BY_KIND] = (
        "simultaneous"
    )
    interaction: Annotated[Annotated[InteractionSpec, Tag("<mapping>")] | Annotated[Literal["none"], Tag("<text>")], BY_KIND] = (
        "none"
    )
    remember: tuple[Memory, ...] = ()
    ask: tuple[str, ...] = ()
    say: SaySpec | None = None
    interventions: tuple[InterventionSpec, ...] = ()

    @property
    def activating(self) -> ActivationSpec:
        """The activation in full, however it was written."""
        return self.activation if isinstance(self.activation, ActivationSpec) else ActivationSpec(kind=self.activation)


class RoundsSpec(Spec):
    """Which items rounds are about, and in which order."""

    order: Literal["random_per_world", "as_given"] | None = None
    leave_out: tuple[str, ...] = ()
    """Items that have no round, such as those asked once at the end."""


class ForEachItemSpec(Spec):
    """Phases gone through once for every item."""

    for_each_item: RoundsSpec
    phases: tuple[PhaseSpec, ...] = Field(min_length=1)

    def rounds(self, items: Iterable[str]) -> list[str]:
        """Those of the declared items that have a round, in the order declared."""
        return [item for item in items if item not in self.for_each_item.leave_out]


def _entry_kind(value: Any) -> str:
    rounds = "for_each_item" in value if isinstance(value, dict) else isinstance(value, ForEachItemSpec)
    return "<rounds>" if rounds else "<phase>"


ScheduleEntry = Annotated[
    Annotated[PhaseSpec, Tag("<phase>")] | Annotated[ForEachItemSpec, Tag("<rounds>")], Discriminator(_entry_kind)
]
