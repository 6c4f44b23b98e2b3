"""Every statistic can be named, says what it is, and agrees with its own units."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from socsim_analysis.designs import STATISTICS, Statistic, Table, find_statistic
from socsim_analysis.designs.units import estimate_of

NEEDS = {"diffusion.reach_difference": {"arm": "x", "against": "y"}}
"""Options of statistics that cannot do without."""


def sample(table: Table, rows: int = 40) -> pd.DataFrame:
    """A table that passes its check, of values drawn at random."""
    rng = np.random.default_rng(4)
    n = np.arange(rows)
    made: dict[str, object] = {}
    for column in table.columns:
        if column.kind == "label":
            made[column.name] = [f"{column.name}{i}" for i in n // 8]
        elif column.kind == "flag":
            made[column.name] = n % 2 == 0
        elif column.kind == "whole":
            made[column.name] = np.clip(rng.integers(1, 4, rows), max(column.low, 0), min(column.high, 99))
        else:
            made[column.name] = np.clip(rng.random(rows) * 5, max(column.low, 0.1), min(column.high, 9))
    made |= {name: n for name in ("person", "trial", "item", "song", "task") if name in table.names}
    made |= {name: 10.0 for name in ("endowment", "truth") if name in table.names}
    made |= {"round": n % 2 + 1, "k": 3, "arm": "", "alternative": "name", "request": n % 10 + 11}
    if "song" in made and "downloads" in table.names:
        made["song"] = n % 8
    if table.name == "estimates":
        made |= {"person": n // 2, "task": "t"}
    if table.name == "herding":
        made["first_vote"] = [("up", "down", "none")[i % 3] for i in n]
    if table.name == "adoptions":
        made |= {"arm": np.where(n % 2, "x", "y"), "seed": False}
    if table.name == "ultimatum responses":
        made["offer"] = n % 3 + 1.0
    if "committed" in table.names:
        made |= {"chosen": np.where(n % 3, "name", "other"), "committed": n % 7 == 0}
    if table.name == "convention groups":
        made |= {"world": n, "majority_round": 3.0}
    if table.name == "public goods":
        made |= {"person": n // 2}
    return table.check(pd.DataFrame({name: made[name] for name in table.names}))


def options(one: Statistic) -> dict[str, object]:
    return dict(NEEDS.get(one.name, {"arm": "x"} if one.design == "diffusion" else {}))


CASES = [(one, table) for one in STATISTICS.values() for table in one.tables]
IDS = [f"{one.name} of {table.name}" for one, table in CASES]


def test_names_and_descriptions() -> None:
    assert len(STATISTICS) > 50
    for name, one in STATISTICS.items():
        assert name == one.name == f"{one.design}.{one.function.__name__}"
        assert 20 < len(one.description) < 130
        assert one.description.endswith((".", ":"))
        assert one.tables
    assert find_statistic("market.inequality").design == "market"


def test_an_unknown_name_is_answered_with_those_of_its_design() -> None:
    with pytest.raises(KeyError, match=r"no statistic 'market.gini'; known are market.inequality, market.unpredictability"):
        find_statistic("market.gini")
    with pytest.raises(KeyError, match=r"no statistic 'gini'; known are conformity, conventions"):
        find_statistic("gini")


def test_tables_are_documented() -> None:
    for _, table in CASES:
        assert table.says
        assert all(column.says for column in table.columns)
        assert set(table.key) <= set(table.names)
        assert "world" in table.names
        assert len(set(table.names)) == len(table.names)


@pytest.mark.parametrize(("one", "table"), CASES, ids=IDS)
def test_estimates_follow_from_the_units_in_whatever_order_rows_come(one: Statistic, table: Table) -> None:
    frame = sample(table)
    found, other = (one(rows, **options(one)) for rows in (frame, frame.iloc[::-1]))
    pd.testing.assert_series_equal(found.values.sort_index(), other.values.sort_index(), check_names=False)
    assert found.name == one.name
    assert found.how
    assert found.values.index.is_unique
    assert np.isfinite(found.values).all()
    against = 0.0 if found.against is None else estimate_of(found.against)
    expected = estimate_of(found.values, found.weights, found.summary) - against
    assert found.estimate == pytest.approx(expected, nan_ok=True)
    assert all(0.0 < share <= 1.0 for share in found.left_out.values())
    assert found.values.index.names == {"world": ["world"], "group": ["world", "group"], "person": ["world", "person"]}[one.unit]
    assert len(found.values) > 1 or one.name.startswith(("crowds.hub", "crowds.diversity", "response_curve"))


@pytest.mark.parametrize(("one", "table"), CASES, ids=IDS)
def test_a_table_without_rows_has_no_units_and_no_estimate(one: Statistic, table: Table) -> None:
    if one.design == "diffusion":
        pytest.skip("an arm is named, which a table without rows does not have")
    found = one(pd.DataFrame(columns=table.names))
    assert found.values.empty
    assert math.isnan(found.estimate)
