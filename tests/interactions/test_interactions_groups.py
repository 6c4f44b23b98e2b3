from __future__ import annotations

from typing import Any

from crowds import Played, play, same_under_every_execution, scenario

from socsim.events import EventRow, MessageRow, ResponseRow
from socsim.runner import open_scenario
from socsim.scenario import Scenario

ITEMS = {
    "x": {"type": "nominal", "text": "Well?", "options": ["yes", "no"], "readout": {"method": "sample"}},
    "urge": {
        "type": "ordinal",
        "text": "How much do you want to speak?",
        "options": ["1", "2", "3", "4"],
        "readout": {"method": "sample", "draw": "fresh"},
    },
}


def talk(arms: list[Any] | None = None, repeat: int = 1, at_most: int | None = None, **parts: Any) -> Scenario:
    activation = {"kind": "groups", "size": 4, "members": "fixed", **parts.pop("activation", {})}
    phase = {
        "phase": "talk",
        "repeat": repeat,
        "activation": activation,
        "interaction": {"kind": "groups", "at_most": at_most, "options": parts.pop("options", {})},
        "ask": parts.pop("ask", []),
        "say": {"topic": "it"},
    }
    return scenario([phase], 8, items=ITEMS, **({"arms": arms} if arms else {}))


def reply(agent: int, text: str) -> str:
    if "want to speak" in text:
        return str(agent % 4 + 1)
    return "yes" if "Answer with" in text else f"I am {agent}."


def spoke(played: Played) -> list[tuple[int, int, int]]:
    """(step, agent, turn) of every message."""
    return [(row.step, row.agent, row.turn) for row in played.rows if isinstance(row, MessageRow)]


def authors_seen(played: Played, step: int, agent: int) -> list[int]:
    return [author for at, reader, author, *_ in played.seen() if (at, reader) == (step, agent)]


def test_each_speaker_sees_what_was_said_in_its_group_before_it() -> None:
    played = play(talk(), reply)
    lengths = sorted(len(authors_seen(played, 0, agent)) for agent in range(8))
    assert lengths == [0, 0, 1, 1, 2, 2, 3, 3]
    last = [agent for agent in range(8) if len(authors_seen(played, 0, agent)) == 3]
    groups = [{agent, *authors_seen(played, 0, agent)} for agent in last]
    assert groups[0] | groups[1] == set(range(8))
    for agent in range(8):
        (group,) = [group for group in groups if agent in group]
        assert set(authors_seen(played, 0, agent)) < group
    scene = played.scenes[0, last[0]]
    lines = [f'Person {author + 1}: "I am {author}."' for author in authors_seen(played, 0, last[0])]
    assert scene == "You are in a discussion with 3 other people. This was said so far:\n" + "\n".join(lines) + "\n"


def test_earlier_steps_are_recalled_if_declared_with_own_words_as_you() -> None:
    forgetting, recalling = play(talk(repeat=2), reply), play(talk(repeat=2, options={"recall": "all_steps"}), reply)
    assert max(len(authors_seen(forgetting, 1, agent)) for agent in range(8)) == 3
    assert max(len(authors_seen(recalling, 1, agent)) for agent in range(8)) == 7
    assert all(f'You: "I am {agent}."' in recalling.scenes[1, agent] for agent in range(8))


def test_a_transcript_is_bounded_from_its_end() -> None:
    played = play(talk(repeat=2, at_most=2, options={"recall": "all_steps"}), reply)
    assert max(len(authors_seen(played, 1, agent)) for agent in range(8)) == 2


def test_together_nobody_sees_the_round_that_it_speaks_in() -> None:
    played = play(talk(activation={"order": "together", "rounds": 2}), reply)
    seen = {agent: authors_seen(played, 0, agent) for agent in range(8)}
    assert all(len(authors) == 4 for authors in seen.values())  # the whole first round, in the second
    assert len(spoke(played)) == 16


def test_whoever_wants_to_most_speaks_and_may_speak_again() -> None:
    played = play(talk(activation={"order": "raise_hand", "urge": "urge"}), reply)
    assert len(spoke(played)) == 8
    speakers = {agent for _, agent, _ in spoke(played)}
    urges = [row for row in played.rows if isinstance(row, ResponseRow) and row.item == "urge"]
    assert len(urges) == 2 * 4 * 4
    for _, agent, turn in spoke(played):
        (own,) = [row for row in urges if (row.agent, row.turn) == (agent, turn - 1)]
        rivals = [row.expected or 0.0 for row in urges if row.agent in group_of(played, agent)]
        assert own.expected == max(rivals)
    assert {agent % 4 for agent in speakers} <= {2, 3}


def group_of(played: Played, agent: int) -> set[int]:
    """All who have seen an agent's words, and the agent."""
    return {reader for _, reader, author, *_ in played.seen() if author == agent} | {agent}


def test_nobody_speaks_where_no_urge_is_large_enough() -> None:
    played = play(talk(activation={"order": "raise_hand", "urge": "urge"}, options={"least_urge": 9.0}), reply)
    assert spoke(played) == []
    assert any(isinstance(row, EventRow) for row in played.rows)


def test_items_are_asked_privately_when_declared() -> None:
    def asked(when: str) -> tuple[int, int]:
        played = play(talk(ask=["x"], options={"ask": when}), reply)
        return sum(isinstance(row, ResponseRow) for row in played.rows), len(spoke(played))

    assert [asked(when) for when in ("after", "before", "both", "each", "none")] == [(8, 8), (8, 8), (16, 8), (8, 8), (0, 8)]
    after = play(talk(ask=["x"], options={"ask": "after"}), reply)
    asked_with = [text for text in after.prompts if "Well?" in text]
    assert len(asked_with) == 8
    assert all("I am " in text for text in asked_with)
    assert not any("yes" in text for text in after.prompts if "Well?" not in text)


def test_alone_people_see_themselves_only() -> None:
    played = play(talk(arms=["treatment", "alone"], activation={"rounds": 2}), reply, arm=1)
    assert len(spoke(played)) == 16
    assert {(reader, author) for _, reader, author, *_ in played.seen()} == {(agent, agent) for agent in range(8)}


def test_it_is_the_same_under_every_execution() -> None:
    raising = talk(activation={"order": "raise_hand", "urge": "urge"}, ask=["x"], repeat=2, options={"ask": "both"})
    assert same_under_every_execution(raising, reply)
    assert same_under_every_execution(talk(activation={"order": "random", "rounds": 2}, repeat=2), reply)


def test_the_examples_are_valid() -> None:
    open_scenario("scenarios/examples/group_discussion.yaml")
    open_scenario("scenarios/group_discussion.yaml")
