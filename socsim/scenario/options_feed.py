"""Options and wording of ``feed``: posts and what people do with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from socsim.scenario.asking import ItemSpec, ReadoutSpec
from socsim.scenario.base import Spec

__all__ = ["CHANGING", "WORDING_FEED", "FeedOptions", "MixSpec", "action_ballot"]

Action = Literal["post", "repost", "comment", "like", "follow", "unfollow", "block"]
CHANGING = frozenset({"follow", "unfollow", "block"})
"""Actions that change ties."""


class MixSpec(Spec):
    """A timeline of two parts, each ranked by itself, shown in this order."""

    followed: int = Field(ge=0, le=100)
    """Posts of those whom the agent reads."""
    others: int = Field(ge=0, le=100)
    """Posts of everybody else."""

    @model_validator(mode="after")
    def _something(self) -> MixSpec:
        if self.followed + self.others == 0:
            raise ValueError("a timeline of no posts shows nothing; give at least one")
        return self


class FeedOptions(Spec):
    """Options of ``feed``."""

    ranking: Literal["chronological", "popularity", "similarity", "bridging", "random", "out_group"] = "chronological"
    """``chronological``: newest first; ``popularity``: likes and reposts; ``similarity``: authors with the most equal facts of
    ``similar_on``; ``bridging``: the smaller of the numbers of likes from the reader's own group and from others; ``random``;
    ``out_group``: authors of other groups first, in random order. Equal ones: newest first."""
    size: int = Field(default=10, ge=1, le=100)
    """Posts shown at a turn, unless a ``mix`` says how many of whom."""
    mix: MixSpec | None = None
    rank_followed: Literal["as_others", "chronological"] = "as_others"
    """How the followed part of a mix is ranked."""
    group: str | None = None
    """``bridging`` and ``out_group``: the fact that says to which group somebody belongs."""
    similar_on: tuple[str, ...] = ()
    """``similarity``: facts that are compared."""
    again: bool = False
    """Whether posts that have been shown to somebody may be shown to it again."""
    actions: tuple[Action, ...] = Field(default=("post", "repost", "comment", "like", "follow"), min_length=1)
    """What people may do besides nothing."""
    most_actions: int = Field(default=1, ge=1, le=20)
    """Actions at one turn; a turn ends earlier when nothing is done."""
    news: str | None = None
    """Name of a table with a column ``text``: one of its rows, drawn for each turn, is shown as a headline."""
    readout: ReadoutSpec = ReadoutSpec(orders="shuffled", labels=("letters",))
    """How choices are read."""

    @model_validator(mode="after")
    def _needs(self) -> FeedOptions:
        if self.ranking in ("bridging", "out_group") and self.group is None:
            raise ValueError(f"the ranking {self.ranking} needs the fact by which people belong to a `group`")
        if self.ranking == "similarity" and not self.similar_on:
            raise ValueError("the ranking similarity needs the facts that are compared: `similar_on`")
        return self


WORDING_FEED: Mapping[str, str] = {
    "news": "A headline of today: {headline}\n",
    "timeline": "You look at your timeline:\n{posts}\n",
    "empty": "You look at your timeline. There is nothing new.\n",
    "post": '{number}. {author}: "{text}" ({likes} likes, {reposts} reposts)',
    "repost": '{number}. {author} shared {original}: "{text}" ({likes} likes, {reposts} reposts)',
    "comment": '{number}. {author} answered {original}: "{text}" ({likes} likes, {reposts} reposts)',
    "person": "Person {number}",
    "question": "What do you do?",
    "which": "Which post do you {action}?",
    "which_follow": "The author of which post do you {action}?",
    "the_post": "post {number}",
    "do_post": "write a post of your own",
    "do_repost": "share one of these posts",
    "do_comment": "answer one of these posts",
    "do_like": "like one of these posts",
    "do_follow": "follow the author of one of these posts",
    "do_unfollow": "no longer follow the author of one of these posts",
    "do_block": "block the author of one of these posts",
    "do_nothing": "do nothing and scroll on",
    "write_post": "Write your post, in one or two sentences.",
    "write_comment": 'Write your answer to this post, in one or two sentences: "{text}"',
}
"""What people see and are asked."""


def action_ballot(options: FeedOptions, question: str, choices: tuple[str, ...]) -> ItemSpec:
    """The choice between some things to do, or between posts."""
    return ItemSpec(type="nominal", text=question, options=choices, readout=options.readout)
