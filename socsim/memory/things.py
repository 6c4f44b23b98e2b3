"""The things of which memories are made, and how many of them fit into a prompt. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from socsim.parsing import last_sentence
from socsim.scenario.remembering import BYTES_PER_TOKEN, tokens_of

__all__ = ["Thing", "fitting", "shortened", "whole_sentences"]

_CUT = "…"


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing remembered.

    Attributes:
        kind: said, seen, answered, did, summary or belief.
        step: when it happened.
        text: in which words.
        importance: from 1 to 10; None where it was to be rated and could not be.
        source: whose words of which step they are, where it was seen.
        name: of a belief.
        vector: its embedding as text (see `socsim.inference.vectors`); empty where there is none.
    """

    kind: str
    step: int
    text: str
    importance: float | None = 5.0
    source: tuple[int, int] | None = None
    name: str = ""
    vector: str = ""


def shortened(text: str, max_tokens: int) -> str:
    """A text as it is where it fits into a number of tokens, else its beginning and "…".

    Example:
        >>> shortened("a long way home", 3), shortened("near", 3)
        ('a long…', 'near')
    """
    if tokens_of(text) <= max_tokens:
        return text
    room = max_tokens * BYTES_PER_TOKEN - len(_CUT.encode())
    if room < 0:
        return ""
    kept = text.encode("utf-8", "replace")[:room].decode("utf-8", "ignore")
    return kept.rstrip() + _CUT


def whole_sentences(text: str, max_tokens: int) -> str:
    """A text cut back to the whole sentences that fit into a number of tokens; `shortened` where not even the first does."""
    if tokens_of(text) <= max_tokens:
        return text
    cut = shortened(text, max_tokens).removesuffix(_CUT)
    sentences = last_sentence(cut)
    return sentences if sentences != cut or cut.endswith((".", "!", "?")) else shortened(text, max_tokens)


def fitting(things: Sequence[Thing], max_tokens: int) -> list[Thing]:
    """The longest end of a list of things that fits into a number of tokens."""
    kept: list[Thing] = []
    left = max_tokens
    for thing in reversed(things):
        left -= tokens_of(thing.text)
        if left < 0:
            break
        kept.append(thing)
    return kept[::-1]


def tokens_in(things: Iterable[Thing]) -> int:
    """Tokens of several things together, each on a line of its own."""
    return sum(tokens_of(thing.text) for thing in things)
