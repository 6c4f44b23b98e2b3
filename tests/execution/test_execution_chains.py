from __future__ import annotations

from socsim.activation import Meeting, Part, Turn
from socsim.cells import Cell, message_of
from socsim.execution.chains import chain_ranks


def turn(step: int, wave: int, agent: int) -> Turn:
    return Turn(step, wave, agent, 0, Part(agent), Meeting((agent,)))


def ranks(*turns: tuple[Turn, list[Cell], list[Cell]]) -> dict[tuple[int, int, int], int]:
    return {key[:3]: rank for key, rank in chain_ranks(turns).items()}


def test_where_all_act_at_once_the_rank_is_the_step() -> None:
    ring = [
        (turn(step, 0, agent), [message_of((agent + 1) % 3), message_of(agent)], [message_of(agent)])
        for step in range(4)
        for agent in range(3)
    ]
    assert ranks(*ring) == {(step, 0, agent): step for step in range(4) for agent in range(3)}


def test_one_whom_a_long_chain_waits_for_goes_before_one_whom_nobody_waits_for() -> None:
    found = ranks(
        (turn(0, 0, 0), [], [message_of(0)]),
        (turn(0, 1, 9), [], [message_of(9)]),
        (turn(0, 2, 1), [message_of(0)], [message_of(1)]),
        (turn(0, 3, 2), [message_of(1)], [message_of(2)]),
    )
    assert found == {(0, 0, 0): 0, (0, 2, 1): 1, (0, 1, 9): 2, (0, 3, 2): 2}


def test_turns_of_one_wave_do_not_wait_for_each_other() -> None:
    both = [message_of(0), message_of(1)]
    assert ranks((turn(0, 0, 0), both, [message_of(0)]), (turn(0, 0, 1), both, [message_of(1)])) == {(0, 0, 0): 0, (0, 0, 1): 0}


def test_nothing_has_no_ranks() -> None:
    assert chain_ranks([]) == {}
