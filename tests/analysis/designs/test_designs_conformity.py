"""Conformity, by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from socsim_analysis.designs import conformity
from socsim_analysis.designs.tables import TableError


def answers() -> pd.DataFrame:
    """Four people in two worlds: 2 of 2, 1 of 2, 0 of 2 and 1 of 1 errors on critical trials; one on another trial."""
    made = {("a", 1): [1, 1, 0], ("a", 2): [1, 0, 0], ("b", 1): [0, 0, 1], ("b", 2): [1, None, 0]}
    return pd.DataFrame(
        [
            {"world": world, "person": person, "trial": trial, "critical": trial < 2, "erred": erred}
            for (world, person), given in made.items()
            for trial, erred in enumerate(given)
        ]
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("error_share", (1 + 0.5 + 0 + 1) / 4),
        ("control_error", 1 / 4),
        ("never_erred", 1 / 4),
        ("always_erred", 2 / 4),
        ("mostly_erred", 2 / 4),
    ],
)
def test_shares_are_over_people_whatever_the_unit(name: str, expected: float) -> None:
    function = getattr(conformity, name)
    people, worlds = function(answers()), function(answers(), unit="world")
    assert people.estimate == worlds.estimate == pytest.approx(expected)
    assert (len(people.values), len(worlds.values)) == (4, 2)


def test_errors_are_counted_by_people() -> None:
    found = conformity.errors_distribution(answers())
    assert found.to_dict("list") == {"errors": [0, 1, 2], "people": [1, 2, 1]}


def test_people_without_a_critical_trial_do_not_count() -> None:
    frame = answers()
    frame.loc[(frame["world"] == "b") & frame["critical"], "erred"] = None
    assert conformity.never_erred(frame).values.to_dict() == {("a", 1): 0.0, ("a", 2): 0.0}
    assert conformity.errors_distribution(frame.assign(erred=None)).empty


def test_two_answers_of_a_person_on_a_trial_are_refused() -> None:
    with pytest.raises(TableError, match="columns arm, world, person, trial must name a row"):
        conformity.error_share(answers().assign(trial=1))
    with pytest.raises(TableError, match="column 'critical'"):
        conformity.error_share(answers().drop(columns="critical"))
