"""Tables pass with documented columns of their kind, and fail with an error that names the column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from socsim_analysis.designs.tables import Column, Table, TableError, constant_within, in_arm, one_of

PLAY = Table(
    "play",
    "one move",
    (
        Column("world", "label", "the group"),
        Column("arm", "label", "the condition", optional=True),
        Column("round", "whole", "the round", low=1, high=9),
        Column("amount", "number", "what was given", low=0, gaps=True),
        Column("last", "flag", "whether it is the last", optional=True),
        Column("won", "flag", "whether it was won", optional=True, gaps=True),
    ),
    key=("world", "round"),
)


def play(**changes: Any) -> pd.DataFrame:
    columns: dict[str, Any] = {"world": ["a", "a", "b"], "round": [1, 2, 1], "amount": [0.5, None, 3], "extra": [7, 8, 9]}
    return pd.DataFrame({**columns, **changes}, index=[5, 6, 7])


def test_a_table_that_passes_has_the_documented_columns_only_each_of_its_kind() -> None:
    checked = PLAY.check(play(won=[True, None, False]))
    assert list(checked) == ["world", "arm", "round", "amount", "last", "won"] == PLAY.names
    assert list(checked.index) == [0, 1, 2]
    assert {name: str(kind) for name, kind in checked.dtypes.items() if name not in ("world", "arm")} == {
        "round": "int64", "amount": "float64", "last": "bool", "won": "float64",
    }  # fmt: skip
    assert list(checked["arm"]) == ["", "", ""]
    assert not checked["last"].any()
    assert checked["won"].tolist()[::2] == [1.0, 0.0]
    assert np.isnan(checked["won"][1])
    assert np.isnan(checked["amount"][1])


def test_checking_leaves_the_frame_as_it_was_and_checks_again() -> None:
    frame = play(last=[0, 1, 0])
    before = frame.copy()
    once = PLAY.check(frame)
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(PLAY.check(once), once)


def test_a_table_without_rows_passes() -> None:
    assert PLAY.check(pd.DataFrame(columns=PLAY.names)).empty
    assert PLAY.check(play().iloc[:0]).empty


def test_columns_of_pandas_own_kinds_with_gaps_pass() -> None:
    frame = play(
        round=pd.array([1, 2, 1], dtype="Int64"),
        amount=pd.array([1, None, 2], dtype="Int64"),
        won=pd.array([True, None, False], dtype="boolean"),
        last=np.array([True, False, True]),
    )
    checked = PLAY.check(frame)
    assert checked["amount"].isna().tolist() == [False, True, False]
    assert checked["won"].isna().tolist() == [False, True, False]
    assert checked["last"].tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"world": ["a", None, "b"]}, r"column 'world' \(the group\) has no value \(row 1\)"),
        ({"round": [1, 2, None]}, r"column 'round' .* has no value \(row 2\)"),
        ({"round": [1, 2.5, 1]}, r"column 'round' .* holds .*2\.5.*; it must be whole and finite, between 1 and 9 \(row 1\)"),
        ({"round": [0, 1, 1]}, r"column 'round' .* between 1 and 9 \(row 0\)"),
        ({"round": ["1", "2", "1"]}, r"column 'round' .* holds '1' where a whole number belongs \(row 0\)"),
        ({"amount": [1.0, -2.0, 3.0]}, r"column 'amount' .*-2.*; it must be finite, 0 or more \(row 1\)"),
        ({"amount": [1.0, np.inf, 3.0]}, r"column 'amount' .*inf.*; it must be finite"),
        ({"amount": ["1", "about two", None]}, r"column 'amount' .* holds '1' where a number belongs \(row 0\)"),
        ({"amount": [True, False, True]}, r"column 'amount' .* where a number belongs"),
        ({"last": ["yes", "no", "no"]}, r"column 'last' .* holds 'yes' where true or false belongs"),
        ({"last": [0, 1, 2]}, r"column 'last' .*; it must be true or false \(row 2\)"),
        ({"won": [0, 0.5, None]}, r"column 'won' .*0\.5.*; it must be true or false \(row 1\)"),
        ({"last": [True, None, False]}, r"column 'last' .* has no value \(row 1\)"),
        ({"world": ["a", "b", "b"], "round": [1, 1, 1]}, r"columns world, round must name a row.*'b'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_column(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(TableError, match=f"table play: {said}"):
        PLAY.check(play(**changes))


def test_missing_columns_are_named_with_those_there_are() -> None:
    with pytest.raises(TableError, match=r"column 'round', 'amount' is missing; its columns are world, extra"):
        PLAY.check(play().drop(columns=["round", "amount"]))


def test_the_first_of_several_tables_that_fits_is_taken() -> None:
    other = Table("other", "one thing", (Column("thing", "label", "a thing"),))
    table, checked = one_of(pd.DataFrame({"thing": ["x"], "world": ["a"]}), (PLAY, other))
    assert table is other
    assert list(checked) == ["thing"]
    with pytest.raises(TableError, match=r"those of no table that fits; needed are play: world, round, amount; or other: thing"):
        one_of(pd.DataFrame({"word": [1]}), (PLAY, other))
    with pytest.raises(TableError, match="column 'thing' is missing"):
        one_of(pd.DataFrame({"word": [1]}), (other,))


def test_an_arm_must_be_named_where_there_are_several() -> None:
    frame = PLAY.check(play(arm=["x", "x", "y"]))
    assert len(in_arm(frame, "x")) == 2
    assert len(in_arm(frame[frame["arm"] == "y"])) == 1
    with pytest.raises(TableError, match="column 'arm' holds several arms"):
        in_arm(frame)
    with pytest.raises(TableError, match="column 'arm' has no 'z'; it has 'x', 'y'"):
        in_arm(frame, "z")


def test_what_must_be_the_same_within_a_group_is_checked() -> None:
    frame = pd.DataFrame({"task": ["p", "p", "q"], "truth": [1.0, 1.0, 2.0]})
    assert constant_within(frame, "truth", ["task"]).to_dict() == {"p": 1.0, "q": 2.0}
    with pytest.raises(TableError, match="column 'truth' has several values within task = p"):
        constant_within(frame.assign(truth=[1.0, 3.0, 2.0]), "truth", ["task"])
