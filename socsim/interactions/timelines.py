"""Timelines: posts, reactions to them, and the order in which somebody is shown them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from socsim.scenario.options_feed import FeedOptions
from socsim.seeding import uniform

__all__ = ["Post", "Reaction", "Reader", "ranked", "tally"]

Value = str | float | int | None


@dataclass(frozen=True, slots=True)
class Post:
    """A post. ``id`` is its place: step, wave, agent and number; ``about`` the post that it shares or answers, "" for one of its
    own; ``original`` is whose that was."""

    id: str
    author: int
    step: int
    text: str
    kind: Literal["post", "repost", "comment"] = "post"
    about: str = ""
    original: int | None = None


@dataclass(frozen=True, slots=True)
class Reaction:
    """A like or a share of a post."""

    kind: Literal["like", "repost"]
    about: str
    agent: int


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose timeline it is: its number, its place in the schedule, and how to look up facts of people."""

    seed: int
    agent: int
    step: int
    fact: Callable[[int, str], Value]


def tally(reactions: Sequence[Reaction], kind: str) -> Mapping[str, list[int]]:
    """Who reacted in a way, by post."""
    found: dict[str, list[int]] = {}
    for reaction in reactions:
        if reaction.kind == kind:
            found.setdefault(reaction.about, []).append(reaction.agent)
    return found


def ranked(
    posts: Sequence[Post], reactions: Sequence[Reaction], options: FeedOptions, reader: Reader, ranking: str
) -> list[Post]:
    """Posts in the order in which they are shown, best first.

    Args:
        posts: in the order in which they were written.
        reactions: all reactions so far.
        options: the feed's options.
        reader: whose timeline.
        ranking: one of the rankings of `FeedOptions`.
    """
    score = _SCORES[ranking](posts, reactions, options, reader)
    places = {post.id: place for place, post in enumerate(posts)}
    return sorted(posts, key=lambda post: (-score(post), -places[post.id]))


Score = Callable[[Post], float]


def _chronological(posts: Sequence[Post], reactions: Sequence[Reaction], options: FeedOptions, reader: Reader) -> Score:
    del posts, reactions, options, reader
    return lambda _: 0.0


def _popularity(posts: Sequence[Post], reactions: Sequence[Reaction], options: FeedOptions, reader: Reader) -> Score:
    del posts, options, reader
    counts = Counter(reaction.about for reaction in reactions)
    return lambda post: counts[post.id]


def _similarity(posts: Sequence[Post], reactions: Sequence[Reaction], options: FeedOptions, reader: Reader) -> Score:
    del posts, reactions
    own = {name: reader.fact(reader.agent, name) for name in options.similar_on}
    return lambda post: sum(reader.fact(post.author, name) == value for name, value in own.items())


def _bridging(posts: Sequence[Post], reactions: Sequence[Reaction], options: FeedOptions, reader: Reader) -> Score:
    del posts
    group = options.group or ""
    likes = tally(reactions, "like")
    own = reader.fact(reader.agent, group)

    def score(post: Post) -> float:
        same = sum(reader.fact(agent, group) == own for agent in likes.get(post.id, ()))
        return min(same, len(likes.get(post.id, ())) - same)

    return score


def _random(posts: Sequence[Post], reactions: Sequence[Reaction], options: FeedOptions, reader: Reader) -> Score:
    del posts, reactions, options
    return lambda post: uniform(reader.seed, "timeline", reader.agent, reader.step, post.id)


def _out_group(posts: Sequence[Post], reactions: Sequence[Reaction], options: FeedOptions, reader: Reader) -> Score:
    group = options.group or ""
    own, drawn = reader.fact(reader.agent, group), _random(posts, reactions, options, reader)
    return lambda post: (reader.fact(post.author, group) != own) + 0.5 * drawn(post)


_SCORES: Mapping[str, Callable[[Sequence[Post], Sequence[Reaction], FeedOptions, Reader], Score]] = {
    "chronological": _chronological,
    "popularity": _popularity,
    "similarity": _similarity,
    "bridging": _bridging,
    "random": _random,
    "out_group": _out_group,
}
