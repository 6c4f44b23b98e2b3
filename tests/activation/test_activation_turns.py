from __future__ import annotations

from collections.abc import Sequence

from socsim.activation import Meeting, Part, lay_out_turns


def both(meeting: Meeting) -> Sequence[Part]:
    """The first speaks, the second answers, and the model settles."""
    first, second = meeting.members
    return [Part(first, 0, "speaker"), Part(second, 1, "listener"), Part(first, 2, silent=True)]


def test_meetings_of_one_place_share_waves_and_later_places_follow() -> None:
    turns = lay_out_turns(3, [Meeting((0, 1)), Meeting((2, 3), 0, 1), Meeting((1, 0), 1, 2)], both)
    assert [(turn.wave, turn.agent) for turn in turns] == [
        (0, 0), (0, 2), (1, 1), (1, 3), (2, 0), (2, 2), (3, 1), (4, 0), (5, 1)
    ]  # fmt: skip
    assert {turn.step for turn in turns} == {3}
    assert [turn.key for turn in turns] == sorted(turn.key for turn in turns)


def test_turns_of_one_agent_are_counted() -> None:
    turns = lay_out_turns(0, [Meeting((0, 1)), Meeting((1, 0), 1, 1)], both)
    assert [turn.nth for turn in turns if turn.agent == 0] == [0, 1, 2]
    assert [turn.nth for turn in turns if turn.agent == 1] == [0, 1, 2]
    assert turns[0].others == (1,)
    assert turns[0].at == (0, 0)


def test_a_step_without_meetings_has_no_turns() -> None:
    assert lay_out_turns(0, [], both) == ()
