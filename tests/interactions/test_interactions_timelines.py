from __future__ import annotations

import pytest

from socsim.interactions.timelines import Post, Reaction, Reader, ranked, tally
from socsim.scenario.options_feed import FeedOptions

PARTY = {0: "red", 1: "red", 2: "blue", 3: "blue", 4: "red"}
AGE = {0: 30, 1: 30, 2: 30, 3: 60, 4: 60}
POSTS = [Post(str(author), author, author, f"by {author}") for author in (1, 2, 3, 4)]
REACTIONS = [
    Reaction("like", "1", 2), Reaction("like", "1", 3), Reaction("repost", "2", 4),
    Reaction("like", "3", 1), Reaction("like", "3", 2), Reaction("like", "3", 4),
]  # fmt: skip


def fact(agent: int, name: str) -> str | int:
    return PARTY[agent] if name == "party" else AGE[agent]


READER = Reader(7, 0, 5, fact)


def order(ranking: str, **options: object) -> list[str]:
    declared = FeedOptions.model_validate({"ranking": ranking, **options})
    return [post.id for post in ranked(POSTS, REACTIONS, declared, READER, ranking)]


def test_the_newest_come_first() -> None:
    assert order("chronological") == ["4", "3", "2", "1"]


def test_what_many_reacted_to_comes_first_and_of_equal_ones_the_newest() -> None:
    assert order("popularity") == ["3", "1", "2", "4"]


def test_bridging_wants_likes_of_both_sides() -> None:
    assert order("bridging", group="party") == ["3", "4", "2", "1"]


def test_similar_authors_come_first() -> None:
    assert order("similarity", similar_on=("party", "age")) == ["1", "4", "2", "3"]


def test_the_other_side_comes_first() -> None:
    assert set(order("out_group", group="party")[:2]) == {"2", "3"}


def test_random_is_drawn_anew_for_every_reader_and_step_and_is_always_the_same() -> None:
    orders = {
        tuple(post.id for post in ranked(POSTS, [], FeedOptions(ranking="random"), Reader(7, agent, step, fact), "random"))
        for agent in range(4)
        for step in range(4)
    }
    assert len(orders) > 6
    assert order("random") == order("random")


def test_reactions_are_tallied_by_kind() -> None:
    assert tally(REACTIONS, "like") == {"1": [2, 3], "3": [1, 2, 4]}


@pytest.mark.parametrize("ranking", ["bridging", "out_group", "similarity"])
def test_rankings_by_facts_need_them(ranking: str) -> None:
    with pytest.raises(ValueError, match="needs the fact"):
        FeedOptions.model_validate({"ranking": ranking})
