"""Values by unit and their estimates."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from socsim_analysis.designs.tables import TableError
from socsim_analysis.designs.units import by_unit, contrast, estimate_of, summarised, unit_means

ROWS = pd.DataFrame(
    {"world": ["a", "a", "a", "b"], "person": [1, 1, 2, 1], "x": [1.0, 3.0, 8.0, 4.0]},
)


def series(**values: float) -> pd.Series:
    return pd.Series(values)


@pytest.mark.parametrize(
    ("summary", "expected"), [("mean", 4.0), ("median", 2.0), ("largest", 9.0), ("smallest", 1.0)]
)  # fmt: skip
def test_the_estimate_is_the_summary_of_the_values(summary: str, expected: float) -> None:
    assert estimate_of(series(a=1, b=2, c=9), summary=summary) == expected  # type: ignore[arg-type]


def test_a_weighted_mean_is_a_ratio_of_sums_and_undefined_without_any_weight() -> None:
    first, last = series(a=2.0, b=8.0), series(a=1.0, b=2.0)
    assert estimate_of(last / first, first) == pytest.approx(3.0 / 10.0)
    assert math.isnan(estimate_of(series(a=1.0), series(a=0.0)))
    assert math.isnan(estimate_of(pd.Series(dtype=float)))


def test_units_without_a_finite_value_are_left_out_and_noted() -> None:
    found = summarised("s", series(a=1.0, b=math.nan, c=math.inf, d=3.0), "mean", weights=series(a=1, b=9, c=9, d=3))
    assert found.values.to_dict() == {"a": 1.0, "d": 3.0}
    assert found.weights is not None
    assert found.weights.to_dict() == {"a": 1.0, "d": 3.0}
    assert found.estimate == 2.5
    assert found.left_out == {"units without a value": 0.5}


def test_the_unit_changes_what_is_independent_but_not_the_estimate() -> None:
    people, worlds = by_unit("s", ROWS, "x", "person", ""), by_unit("s", ROWS, "x", "world", "")
    assert people.estimate == worlds.estimate == ROWS["x"].mean() == 4.0
    assert people.values.tolist() == [2.0, 8.0, 4.0]
    assert list(people.values.index) == [("a", 1), ("a", 2), ("b", 1)]
    assert worlds.values.to_dict() == {"a": 4.0, "b": 4.0}


def test_a_unit_that_the_table_does_not_have_is_refused() -> None:
    with pytest.raises(TableError, match="unit 'group' is none that this table has; it has world, person"):
        by_unit("s", ROWS, "x", "group", "")
    with pytest.raises(TableError, match="unit 'person'"):
        unit_means(ROWS.drop(columns="person"), "x", "person")


def test_missing_values_do_not_count() -> None:
    rows = ROWS.assign(x=[1.0, np.nan, 8.0, np.nan])
    assert unit_means(rows, "x", "world").to_dict() == {"a": 4.5}


def test_a_contrast_is_within_units_where_there_are_any_with_both() -> None:
    found = contrast("s", series(a=3.0, b=5.0, c=100.0), series(a=1.0, b=1.0, d=-100.0), "up less none")
    assert found.values.to_dict() == {"a": 2.0, "b": 4.0}
    assert found.estimate == 3.0
    assert found.against is None
    assert found.left_out == {"units with one side only": 0.5}


def test_a_contrast_between_different_units_keeps_both_sides() -> None:
    found = contrast("s", series(a=3.0, b=5.0), series(c=1.0), "up less none")
    assert found.against is not None
    assert found.estimate == 3.0 == found.values.mean() - found.against.mean()
