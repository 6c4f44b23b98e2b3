"""Dictator games, by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from socsim_analysis.designs import dictator
from socsim_analysis.designs.tables import TableError

GIVEN = pd.DataFrame(
    {
        "world": [1, 1, 1, 2, 3],
        "person": ["a", "a", "b", "a", "a"],
        "endowment": [10, 10, 10, 100, 100],
        "given": [0, 5, 5, 60, None],
    }
)


@pytest.mark.parametrize(
    ("name", "people", "expected"),
    [
        ("given_share", [0.25, 0.5, 0.6], (0.0 + 0.5 + 0.5 + 0.6) / 4),
        ("nothing_share", [0.5, 0.0, 0.0], 0.25),
        ("half_share", [0.5, 1.0, 0.0], 0.5),
        ("more_than_half_share", [0.0, 0.0, 1.0], 0.25),
    ],
)
def test_estimates_are_over_decisions_and_people_are_the_units(name: str, people: list[float], expected: float) -> None:
    found = getattr(dictator, name)(GIVEN)
    assert found.values.tolist() == pytest.approx(people)
    assert found.weights.tolist() == [2, 1, 1]
    assert found.estimate == pytest.approx(expected)


def test_half_is_half_also_where_it_is_no_binary_number() -> None:
    frame = pd.DataFrame({"world": 1, "person": 1, "endowment": [0.3, 0.6], "given": [0.15, 0.1 + 0.2]})
    assert dictator.half_share(frame).estimate == 1.0
    assert dictator.more_than_half_share(frame).estimate == 0.0


def test_amounts_that_cannot_be_are_refused() -> None:
    with pytest.raises(TableError, match="column 'given' is more than the endowment"):
        dictator.given_share(GIVEN.assign(endowment=4))
    with pytest.raises(TableError, match="column 'endowment' is 0"):
        dictator.given_share(GIVEN.assign(endowment=0, given=0))
    with pytest.raises(TableError, match=r"column 'given' .* 0 or more"):
        dictator.given_share(GIVEN.assign(given=-1))
