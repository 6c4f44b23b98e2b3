"""Failures by kind and by group."""

from __future__ import annotations

import pytest
from fake_run import Recipe, fake_run, money_run
from socsim_analysis.failures import call_failures, failures_by_group, failures_by_kind

FAILING = frozenset({("treatment", 2, 5), ("treatment", 0, 6), ("alone", 1, 33)})


def test_kinds_are_counted_per_table() -> None:
    table = failures_by_kind(fake_run(Recipe(failing=FAILING))).set_index(["table", "kind"])
    assert table.loc[("responses", "no_match"), "count"] == 3
    assert table.loc[("messages", "timed_out"), "count"] == 2
    assert table.loc[("messages", "empty"), "count"] == 3
    assert table.loc[("responses", "no_match"), "share"] == pytest.approx(3 / (34 * 5 * 3))


def test_groups_add_up_to_all_that_was_asked() -> None:
    run = fake_run(Recipe(failing=FAILING))
    table = failures_by_group(run)
    for (name, _), group in table.groupby(["table", "group"]):
        assert group["asked"].sum() == len(getattr(run, str(name)))
        assert group["count"].sum() == (3 if name == "responses" else 5)
    answers = table[table["table"] == "responses"].set_index(["group", "value"])["count"]
    assert (answers["arm", "treatment"], answers["arm", "alone"], answers["phase", "before"]) == (2, 1, 1)
    assert answers["party"].sum() == 3
    assert len(answers["age"]) == 4


def test_calls_without_an_answer() -> None:
    table = call_failures(fake_run())
    assert table.to_dict("records") == [{"kind": "text", "failure": "timed_out", "count": 1, "calls": 1}]


def test_clean_run_has_no_kinds() -> None:
    assert failures_by_kind(money_run()).empty
    assert failures_by_group(money_run())["count"].sum() == 0
