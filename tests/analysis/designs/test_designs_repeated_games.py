"""Repeated games, by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from socsim_analysis.designs import repeated_games
from socsim_analysis.designs.tables import TableError

MOVES = pd.DataFrame(
    {
        "world": [1, 1, 1, 1, 2, 2, 2, 2],
        "person": ["a", "b", "a", "b"] * 2,
        "round": [1, 1, 2, 2] * 2,
        "cooperated": [1, 1, 1, 0, 1, 0, 0, None],
    }
)


def test_cooperation_overall_and_by_round() -> None:
    found = repeated_games.cooperation(MOVES)
    assert found.values.to_dict() == {1: 0.75, 2: pytest.approx(1 / 3)}
    assert found.estimate == pytest.approx(4 / 7)
    assert repeated_games.cooperation_in_round(MOVES).estimate == 0.75
    assert repeated_games.cooperation_in_round(MOVES, at_round=2, unit="person").values.tolist() == [1.0, 0.0, 0.0]
    assert repeated_games.cooperation_by_round(MOVES).to_dict("list") == {
        "round": [1, 2],
        "n": [4, 3],
        "share": [0.75, pytest.approx(1 / 3)],
    }


def test_a_move_is_one_thing() -> None:
    with pytest.raises(TableError, match="must name a row"):
        repeated_games.cooperation(MOVES.assign(round=1))
    with pytest.raises(TableError, match=r"column 'cooperated' .* true or false"):
        repeated_games.cooperation(MOVES.assign(cooperated=2))
