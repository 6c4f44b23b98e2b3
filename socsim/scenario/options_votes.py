"""Options and wording of ``votes``: things with scores that people see and add to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from socsim.scenario.asking import ItemSpec, ReadoutSpec
from socsim.scenario.base import Spec

__all__ = ["VOTE", "WORDING_VOTES", "VotesOptions", "vote_ballots", "vote_name"]

VOTE = "vote"
"""Under which a vote is recorded among the answers; behind it, where there are several, a dot and the thing."""


class VotesOptions(Spec):
    """Options of ``votes``."""

    items: Mapping[str, str] = {}
    """The things voted on: a list of texts, or a mapping from a short name to the text."""
    table: str | None = None
    """A table with columns ``id`` and ``text`` instead: a name declared under ``tables``, or a file."""
    vote: Literal["one", "up", "up_down"] = "one"
    """``one``: for one of them or none; ``up``: for each, or not; ``up_down``: for or against each, or neither."""
    visible: bool = True
    """Whether scores are shown; where they are not, people decide independently."""
    order: Literal["ranked", "random"] = "random"
    """How the list is ordered: the highest score first (equal ones in a random order), or at random for every agent and step."""
    seed_votes: Mapping[str, int] = {}
    """Votes that were not cast by anybody: ``{ITEM: 1}`` for one more at the start, ``-1`` for one against."""
    seed_by_lot: Mapping[Literal["up", "down"], Annotated[int, Field(ge=1)]] = {}
    """So many of the things, drawn from the seed of the replicate, begin with one vote for or against them."""
    board: str = "votes"
    """Phases with boards of the same name go on with the same scores."""
    readout: ReadoutSpec = ReadoutSpec()
    """How every vote is read."""

    @field_validator("items", mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        """A list of texts names each thing by its text."""
        if not isinstance(value, list | tuple):
            return value
        if not all(isinstance(text, str) for text in value):
            raise ValueError("the things voted on are texts; put quotation marks around them")
        if len(set(value)) < len(value):
            raise ValueError("a text stands twice")
        return {text: text for text in value}

    @model_validator(mode="after")
    def _consistent(self) -> VotesOptions:
        if bool(self.items) == (self.table is not None):
            raise ValueError("give the things voted on, either as `items` or as `table`")
        strange = [name for name in self.seed_votes if name not in self.items] if self.items else []
        if strange:
            raise ValueError(f"seed_votes name nothing that is voted on: {', '.join(map(repr, strange))}")
        if self.vote != "up_down" and any(votes < 0 for votes in self.seed_votes.values()):
            raise ValueError("seed_votes below 0 go with vote: up_down")
        if self.vote != "up_down" and "down" in self.seed_by_lot:
            raise ValueError("seed_by_lot has votes against something, which go with vote: up_down")
        if self.items and sum(self.seed_by_lot.values()) > len(self.items):
            raise ValueError(f"seed_by_lot names {sum(self.seed_by_lot.values())} of the {len(self.items)} things voted on")
        return self


WORDING_VOTES: Mapping[str, str] = {
    "scored_list": "This list shows how other people have voted so far:\n{items}\n",
    "plain_list": "This is the list:\n{items}\n",
    "scored_item": '- "{text}" (score: {score})',
    "plain_item": '- "{text}"',
    "one": "You have one vote. Which of them do you vote for?",
    "none": "none of them",
    "each": 'What do you do with "{text}"?',
    "up": "vote it up",
    "down": "vote it down",
    "nothing": "do not vote",
}
"""What voters are shown and asked. A score is the votes for a thing less those against it."""


def vote_name(thing: str) -> str:
    """Under which the vote on one thing is recorded."""
    return f"{VOTE}.{thing}"


def vote_ballots(options: VotesOptions, words: Mapping[str, str], texts: Mapping[str, str]) -> Mapping[str, ItemSpec]:
    """The closed questions of a voter, by the name under which each is recorded.

    Args:
        options: the options; the things must have been read from their table.
        words: the templates ``one``, ``none``, ``up``, ``down`` and ``nothing`` as they are used.
        texts: for every thing, the question about it (not used where one is voted for).
    """
    if options.vote == "one":
        choices = (*options.items.values(), words["none"])
        return {VOTE: ItemSpec(type="nominal", text=words["one"], options=choices, readout=options.readout)}
    choices = (words["up"], words["down"], words["nothing"]) if options.vote == "up_down" else (words["up"], words["nothing"])
    return {
        vote_name(thing): ItemSpec(type="nominal", text=texts[thing], options=choices, readout=options.readout)
        for thing in options.items
    }
