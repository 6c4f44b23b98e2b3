"""What people remember of what they have seen, said and answered, as declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from socsim.scenario.base import Spec

__all__ = ["BYTES_PER_TOKEN", "LONGEST_NUMBER", "WORDING_MEMORY", "BeliefSpec", "MemorySpec", "WeightsSpec", "tokens_of"]

BYTES_PER_TOKEN = 3
LONGEST_NUMBER = 24
"""Characters of the longest number of eight bytes, written out."""

Thing = Literal["said", "seen", "answered", "did"]


def tokens_of(text: str) -> int:
    """Tokens of a text, judged by its length: one for every three bytes of UTF-8, rounded up.

    English has four to five bytes a token in most vocabularies, so this is more than there will be; a replay has no tokenizer.

    Example:
        >>> tokens_of("Well, no."), tokens_of("")
        (3, 0)
    """
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


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

    - ``none``: nothing but beliefs, if there are any.
    - ``last``: the last ``k`` things.
    - ``budget``: the latest things that fit into ``max_tokens``.
    - ``summary``: one text in the agent's own words, which the model writes anew after each turn from the old one and what
      has happened.
    - ``retrieval``: the ``k`` things with the highest sum of recency, importance and relevance (Park et al. 2023).
    """

    kind: Literal["none", "last", "budget", "summary", "retrieval"]
    what: tuple[Thing, ...] = Field(default=("said", "seen", "answered"), min_length=1)
    """Which things are remembered."""
    k: int = Field(default=5, ge=1, le=1000)
    """``last`` and ``retrieval``: how many things are brought up."""
    max_tokens: int = Field(default=300, ge=10)
    """Most tokens that are brought up. Tokens are judged by length, one for every three bytes of UTF-8, so that a replay, which
    has no tokenizer, brings up the same. With beliefs, half of them are for these; what is longer than the rest is shortened."""
    weights: WeightsSpec = WeightsSpec()
    """``retrieval`` only."""
    decay: float = Field(default=0.9, gt=0.0, le=1.0)
    """``retrieval``: recency is this to the power of the number of steps since."""
    importance: Literal["constant", "call"] = "constant"
    """``retrieval``: whether the model rates from 1 to 10 how much each thing matters, when it happens."""
    relevance: Literal["words", "embeddings"] = "words"
    """``retrieval``: whether likeness to what a turn is about is judged by words (TF-IDF) or by the engine's embeddings."""
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

    @model_validator(mode="after")
    def _room_for_beliefs(self) -> MemorySpec:
        needed = 2 * self.beliefs_take
        if needed > self.max_tokens:
            raise ValueError(f"the beliefs do not fit into half of max_tokens: {self.max_tokens}. Give at least {needed}")
        return self

    @property
    def remembers(self) -> bool:
        """Whether anything is ever kept."""
        return self.kind != "none" or bool(self.beliefs)

    @property
    def wants_vectors(self) -> bool:
        """Whether embeddings are asked for."""
        return self.kind == "retrieval" and self.relevance == "embeddings"

    @property
    def room(self) -> int:
        """Most tokens of one thing, and of a summary."""
        return self.max_tokens - self.max_tokens // 2 if self.beliefs else self.max_tokens

    @property
    def beliefs_take(self) -> int:
        """Tokens of all beliefs, each with a value as long as the longest number."""
        template = self.words("belief").replace("{value}", "9" * LONGEST_NUMBER)
        return sum(tokens_of(template.replace("{name}", name)) for name in self.beliefs)

    def words(self, name: str) -> str:
        """A template in force."""
        return self.wording.get(name, WORDING_MEMORY[name])


WORDING_MEMORY: Mapping[str, str] = {
    "said": 'You wrote: "{text}"',
    "seen": '{author} wrote: "{text}"',
    "noticed": "{author}: {text}",
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
