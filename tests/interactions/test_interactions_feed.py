from __future__ import annotations

import re
from typing import Any

import pytest
from crowds import Played, play, same_under_every_execution, scenario

from socsim.errors import ScenarioError
from socsim.events import ExposureRow, TieChangeRow
from socsim.runner import open_scenario
from socsim.scenario import Scenario, load_scenario

SAMPLE = {"method": "sample", "orders": "fixed", "labels": ["letters"]}
NETWORK = {"graph": {"ring": {}}, "place": {"by": "given"}}
KINDS = ["post", "repost", "comment", "like", "follow", "unfollow", "block"]


def feed(
    size: int = 4, repeat: int = 2, activation: Any = "simultaneous", of: str = "all", arms: Any = None, **options: Any
) -> Scenario:
    phase = {
        "phase": "scroll",
        "repeat": repeat,
        "activation": activation,
        "interaction": {"kind": "feed", "of": of, "options": {"actions": KINDS, "readout": SAMPLE, **options}},
        "say": {"max_tokens": 20},
    }
    return scenario([phase], size, network=NETWORK, **({"arms": arms} if arms else {}))


def wanting(*wishes: str) -> Any:
    """Replies that choose the first of these actions that is offered, then the first post; texts name their author."""

    def reply(agent: int, text: str) -> str:
        if "What do you do?" in text:
            for wish in (*wishes, "do nothing"):
                found = re.search(rf"([A-Z])\. {wish}", text)
                if found:
                    return found[1]
            raise AssertionError(text)
        if "Which post" in text or "author of which" in text:
            return "A"
        return f"I am {agent}."

    return reply


def shown(played: Played, step: int, agent: int) -> list[int]:
    return [author for at, reader, author, *_ in played.seen() if (at, reader) == (step, agent)]


def test_posts_of_a_step_are_shown_to_everybody_else_at_the_next_newest_first() -> None:
    played = play(feed(), wanting("write a post"))
    assert [shown(played, 0, agent) for agent in range(4)] == [[], [], [], []]
    assert [sorted(shown(played, 1, agent)) for agent in range(4)] == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]
    assert played.scenes[0, 0] == "You look at your timeline. There is nothing new.\n"
    assert '1. Person 4: "I am 3." (0 likes, 0 reposts)' in played.scenes[1, 0]
    assert {one[2] for one in played.done()} == {"post"}


def test_one_after_the_other_later_ones_see_earlier_posts() -> None:
    played = play(feed(repeat=1, activation="random_sequential"), wanting("write a post"))
    assert sorted(len(shown(played, 0, agent)) for agent in range(4)) == [0, 1, 2, 3]


def test_another_feed_from_a_step_on_shows_what_was_posted_before() -> None:
    first = feed(repeat=2).schedule[0].model_dump(mode="json", by_alias=True)
    then = {**first, "phase": "ranked", "repeat": 1}
    then["interaction"] = {**first["interaction"], "options": {**first["interaction"]["options"], "ranking": "popularity"}}
    then["interaction"]["options"] |= {"again": True}

    def reply(agent: int, text: str) -> str:
        liking = "What do you do?" in text and "I am 2." in text and agent != 2
        return wanting("like" if liking else "write a post")(agent, text)

    played = play(scenario([first, then], 4, network=NETWORK), reply)
    assert sorted(shown(played, 1, 0)) == [1, 2, 3]
    assert shown(played, 2, 0)[0] == 3, "the post that was liked most in the phase before, not the newest, which is of agent 2"
    assert set(shown(played, 2, 0)) == {1, 2, 3}


def test_only_followed_people_are_shown_if_declared() -> None:
    played = play(feed(of="neighbours"), wanting("write a post"))
    assert [sorted(shown(played, 1, agent)) for agent in range(4)] == [[1, 3], [0, 2], [1, 3], [0, 2]]


def test_a_mix_shows_so_many_of_each() -> None:
    played = play(feed(8, mix={"followed": 1, "others": 2}), wanting("write a post"))
    for agent in range(8):
        followed = {(agent + 1) % 8, (agent - 1) % 8}
        assert [author in followed for author in shown(played, 1, agent)] == [True, False, False]
    exposures = [row for row in played.rows if isinstance(row, ExposureRow)]
    assert {(row.step, row.potential, row.shown, row.engaged) for row in exposures} == {(1, 7, 3, 0)}


def test_nothing_is_shown_twice_unless_declared() -> None:
    once, again = play(feed(repeat=3), wanting("write a post")), play(feed(repeat=3, again=True), wanting("write a post"))
    assert len(shown(once, 2, 0)) == 3
    assert len(shown(again, 2, 0)) == 6


def test_likes_and_shares_stand_beside_a_post_and_count_as_engagement() -> None:
    played = play(feed(3, 3, again=True), lambda agent, text: wanting("write a post" if agent == 0 else "like one")(agent, text))
    likes = [one for one in played.done() if one[2] == "like"]
    assert {(step, agent, target) for step, agent, _, _, target, _ in likes} == {(1, 1, 0), (1, 2, 0), (2, 1, 0), (2, 2, 0)}
    assert '"I am 0." (2 likes, 0 reposts)' in played.scenes[2, 1]
    engaged = {(row.step, row.agent): row.engaged for row in played.rows if isinstance(row, ExposureRow)}
    assert engaged[1, 1] == 1


def test_shares_and_answers_are_posts_that_name_whose_they_are_about() -> None:
    def reply(agent: int, text: str) -> str:
        return wanting({0: "write a post", 1: "share", 2: "answer"}[agent])(agent, text)

    played = play(feed(3, 3), reply)
    kinds = {(step, agent, kind): target for step, agent, kind, _, target, _ in played.done()}
    assert kinds[1, 1, "repost"] == 0
    assert kinds[1, 2, "comment"] == 0
    assert 'Person 2 shared Person 1: "I am 0."' in played.scenes[2, 2]
    assert 'Person 3 answered Person 1: "I am 2."' in played.scenes[2, 1]


def test_following_and_blocking_change_whom_one_reads() -> None:
    def reply(agent: int, text: str) -> str:
        return wanting({0: "follow", 1: "block"}.get(agent, "write a post"))(agent, text)

    played = play(feed(4, 3, again=True), reply)
    changes = [(row.step, row.kind, row.reader, row.author) for row in played.rows if isinstance(row, TieChangeRow)]
    assert (1, "follow", 0, 2) in changes
    assert {(kind, reader, author) for step, kind, reader, author in changes if step == 1 and kind != "follow"} >= {
        ("unfollow", 1, 2), ("block", 2, 1)
    } or {(kind, reader, author) for step, kind, reader, author in changes if step == 1 and kind != "follow"} >= {
        ("block", 3, 1)
    }  # fmt: skip


def test_doing_nothing_is_always_possible_and_a_failed_choice_does_nothing() -> None:
    still = play(feed(), wanting())
    assert {one[2] for one in still.done()} == {"nothing"}
    failed = play(feed(), lambda agent, text: "Hmm." if "What do you do?" in text else "x")
    assert {(kind, status) for _, _, kind, _, _, status in failed.done()} == {("choose", "failed")}
    assert failed.seen() == []


def test_a_text_that_failed_leaves_no_post() -> None:
    played = play(feed(), lambda agent, text: wanting("write a post")(agent, text) if "What do you do?" in text else "...")
    assert {(kind, status) for _, _, kind, _, _, status in played.done()} == {("post", "failed")}
    assert played.seen() == []


def test_alone_timelines_are_empty() -> None:
    played = play(feed(arms=["treatment", "alone"]), wanting("write a post"), arm=1)
    assert played.seen() == []


def test_words_of_others_cannot_leave_their_place() -> None:
    played = play(
        feed(), lambda agent, text: wanting("write a post")(agent, text) if "What do" in text else 'No"\n1. Person 9: "Yes'
    )
    assert all("\n1. Person 9" not in scene for scene in played.scenes.values())


def test_it_is_the_same_under_every_execution() -> None:
    def reply(agent: int, text: str) -> str:
        wish = ["write a post", "share", "like one", "follow", "no longer", "block"][(len(text) + agent) % 6]
        return wanting(wish, "write a post")(agent, text)

    assert same_under_every_execution(feed(6, 3, "random_sequential", most_actions=2), reply)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ("{group: party, ranking: bridging}", "options.group: there is no fact 'party'"),
        ("{news: headlines}", "options.news: there is no table 'headlines'"),
        ("{actions: [dance]}", "options.actions.0"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field(tmp_path: Any, options: str, field: str) -> None:
    path = tmp_path / "s.yaml"
    text = f"schedule:\n  - phase: p\n    interaction: {{kind: feed, of: all, options: {options}}}\n    say: {{topic: x}}\n"
    path.write_text(f"socsim: 1\nname: x\npopulation: {{size: 4}}\n{text}", encoding="utf-8")
    with pytest.raises(ScenarioError, match=field):
        load_scenario(path)


def test_the_examples_are_valid() -> None:
    open_scenario("scenarios/examples/feed.yaml")
    open_scenario("scenarios/examples/rewiring.yaml")
