"""What people remember of what they have seen, said and answered, as declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from socsim.scenario.base import Spec

__all__ = ["WORDING_MEMORY", "BeliefSpec", "MemorySpec", "WeightsSpec"]

Thing = Literal["said", "seen", "answered", "did"]


class WeightsSpec(Spec):
    """How much recency, importance and relevance count in retrieval; each is scaled to 0 to 1 first."""

    recency: float = Field(default=1.0, ge=0.0)
    importance: float = Field(default=1.0, ge=0.0)
    relevance: float = Field(default=1.0, ge=0.0)


class BeliefSpec(Spec):
    """A belief that an agent states anew after each of its turns, and is reminded of."""

    type: Literal["number", "text"] = "text"
    text: str
    """What the belief is about, as it is asked."""


class MemorySpec(Spec):
    """How people remember. Phases whose ``remember`` holds ``memory`` bring it up.

    - ``last``: the last ``k`` things.
    - ``budget``: the latest things that fit into ``max_tokens``.
    - ``summary``: one text in the agent's own words, which the model writes anew after each turn from the old one and what
      has happened.
    - ``retrieval``: the ``k`` things with the highest sum of recency, importance and relevance (Park et al. 2023).
    """

    kind: Literal["last", "budget", "summary", "retrieval"]
    what: tuple[Thing, ...] = Field(default=("said", "seen", "answered"), min_length=1)
    """Which things are remembered."""
    k: int = Field(default=5, ge=1, le=1000)
    """``last`` and ``retrieval``: how many things are brought up."""
    max_tokens: int = Field(default=300, ge=10)
    """Most tokens that are brought up, and longest summary. Tokens are judged by length, one for every three characters, so that
    a replay, which has no tokenizer, brings up the same."""
    weights: WeightsSpec = WeightsSpec()
    """``retrieval`` only."""
    decay: float = Field(default=0.9, gt=0.0, le=1.0)
    """``retrieval``: recency is this to the power of the number of steps since."""
    importance: Literal["constant", "call"] = "constant"
    """``retrieval``: whether the model rates from 1 to 10 how much each thing matters, when it happens."""
    beliefs: dict[str, BeliefSpec] = Field(default_factory=dict)
    """Typed beliefs beside the text."""
    wording: dict[str, str] = Field(default_factory=dict)
    """Own templates instead of the defaults, by name."""

    @model_validator(mode="after")
    def _words(self) -> MemorySpec:
        for name in self.wording:
            if name not in WORDING_MEMORY:
                raise ValueError(f"there is no template {name!r}. Templates: {', '.join(WORDING_MEMORY)}")
        return self

    def words(self, name: str) -> str:
        """A template in force."""
        return self.wording.get(name, WORDING_MEMORY[name])


WORDING_MEMORY: Mapping[str, str] = {
    "said": 'You wrote: "{text}"',
    "seen": '{author} wrote: "{text}"',
    "shown": 'You read: "{text}"',
    "answered": 'You were asked "{item}" and answered: {option}',
    "did": "You did this: {action}",
    "person": "Person {number}",
    "summarise": (
        "Until now you remembered this: {summary}\nThis has happened since:\n{lines}\n"
        "Write in two or three sentences what you will remember of all this."
    ),
    "nothing_yet": "nothing yet",
    "rate": "How much does this matter to you?\n{text}",
    "beliefs": "What do you believe now?\n{questions}",
    "belief": "{name}: {value}",
}
"""How things are remembered, and what is asked for them."""
