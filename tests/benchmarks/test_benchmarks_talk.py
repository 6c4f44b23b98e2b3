"""The benchmark's requests: the same for the same seed, alike in an agent, different between steps."""

from __future__ import annotations

import itertools

from benchmarks.talk import endless_talk, requests_of, talk


def test_turns_are_reproducible_and_go_on_without_end() -> None:
    assert talk(3, 2) == talk(3, 2) == list(itertools.islice(endless_talk(3), 6))
    assert talk(3, 2, seed=2) != talk(3, 2)


def test_an_agent_keeps_its_persona_and_reads_something_new_in_each_step() -> None:
    turns = talk(4, 3)
    assert len({turn.system for turn in turns}) == 4
    assert len({turn.user for turn in turns}) == 12
    assert all(turns[n].system == turns[n + 4].system for n in range(8))


def test_requests_say_the_same_as_messages() -> None:
    (turn,) = talk(1, 1, reply_tokens=5)
    (request,) = requests_of([turn])
    assert [segment.text for segment in request.segments] == [message["content"] for message in turn.messages]
    assert request.sampling is not None
    assert request.sampling.max_tokens == 5
