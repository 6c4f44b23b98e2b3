"""Options and wording of ``groups`` (discussions with a transcript) and of ``dyads`` (one speaks, the other listens)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from socsim.scenario.base import Spec

__all__ = ["WORDING_DYADS", "WORDING_GROUPS", "DyadsOptions", "GroupsOptions"]


class GroupsOptions(Spec):
    """Options of ``groups``. How many speak in which order belongs to the activation."""

    recall: Literal["this_step", "all_steps"] = "this_step"
    """Whether the transcript begins with the step, or holds what the members said in earlier steps, too."""
    ask: Literal["before", "after", "both", "each", "none"] = "after"
    """When the phase's items are asked, privately: by everybody before the first or after the last has spoken, or of each
    speaker before it speaks."""
    least_urge: float | None = None
    """``raise_hand``: expected value of the urge item below which nobody speaks; whoever wants to most speaks where not given."""


class DyadsOptions(Spec):
    """Options of ``dyads``."""

    both: bool = False
    """Whether the listener speaks after it has listened, and the first speaker listens then."""
    speaker_asks: bool = False
    """Whether the items are asked of the speaker, too, before it speaks."""


WORDING_GROUPS: Mapping[str, str] = {
    "transcript": "You are in a discussion with {others} other people. This was said so far:\n{lines}\n",
    "nothing_said": "You are in a discussion with {others} other people. Nobody has spoken yet.\n",
    "line": '{speaker}: "{text}"',
    "person": "Person {number}",
    "you": "You",
}
"""``transcript`` shows the ``lines`` in the order in which they were said; ``line`` is one of them."""

WORDING_DYADS: Mapping[str, str] = {
    "heard": 'You talk with somebody. {speaker} says to you: "{text}"\n',
    "opening": "You talk with somebody who listens to you.\n",
    "person": "Person {number}",
}
"""``heard`` is shown to the listener, ``opening`` to whoever speaks first."""
