"""Contrasts of arms: description below five worlds, t interval from five on."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from fake_run import Recipe, fake_run
from socsim_analysis.contrasts import (
    LEAST_WORLDS,
    arm_contrasts,
    contrast_table,
    counts_times_asked,
    interval_over_worlds,
    quantity_table,
)
from socsim_analysis.frames import snapshot


def test_contrast_is_the_difference_of_changes() -> None:
    run = fake_run(Recipe(failing=frozenset()))
    x = run.responses.pivot(index=["arm", "agent"], columns="step", values="expected")
    change = {arm: x.loc[arm][4].std() - x.loc[arm][0].std() for arm in ("treatment", "alone")}
    table = arm_contrasts(run, "services").set_index(["quantity", "control", "step"])
    row = table.loc[("spread", "alone", 4)]
    assert row["difference"] == pytest.approx(change["treatment"] - change["alone"])
    assert row["difference"] < -0.1
    assert (row["n_treatment"], row["n_control"], row["worlds"]) == (34, 34, 1)
    assert math.isnan(row["low"])
    assert ("neighbour_correlation", "shuffled", 4) in table.index
    assert 0 not in table.index.get_level_values("step")


def test_people_without_an_answer_are_in_neither_side_of_their_change() -> None:
    run = fake_run(Recipe(drift=0.1, weight=0.0, failing=frozenset({("treatment", 0, 3), ("treatment", 2, 5)})))
    table = quantity_table(run, "services")
    row = table[(table["quantity"] == "mean") & (table["arm"] == "treatment") & (table["step"] == 2)].iloc[0]
    assert row["n"] == 32
    assert row["change"] == pytest.approx(0.2, abs=0.02)


def test_interval_appears_with_the_fifth_world() -> None:
    values = [0.2, -0.1, 0.4, 0.3, 0.1]
    assert math.isnan(interval_over_worlds(values[: LEAST_WORLDS - 1]).low)
    low, high = scipy.stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    interval = interval_over_worlds(values)
    assert (interval.low, interval.high) == pytest.approx((low, high))
    assert interval_over_worlds([*values, math.nan]).worlds == 5
    assert interval_over_worlds([]).worlds == 0


def test_copies_of_one_world_have_no_interval() -> None:
    interval = interval_over_worlds([0.3] * 8)
    assert (interval.worlds, interval.mean) == (8, 0.3)
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)


def test_worlds_are_the_unit() -> None:
    run = fake_run(Recipe(replicates=5, steps=3, noise=0.1))
    table = arm_contrasts(run, "services")
    by_world = contrast_table(run, "services")
    row = table[(table["quantity"] == "mean") & (table["control"] == "alone") & (table["step"] == 2)].iloc[0]
    worlds = by_world[(by_world["quantity"] == "mean") & (by_world["control"] == "alone") & (by_world["step"] == 2)]
    assert len(worlds) == row["worlds"] == 5
    assert row["difference"] == pytest.approx(np.mean(worlds["difference"]))
    assert row["low"] < row["difference"] < row["high"]


def test_run_with_one_arm_has_no_contrast() -> None:
    assert arm_contrasts(fake_run(Recipe(arms=("treatment",))), "services").empty


def test_worlds_asked_in_other_orders_are_held_against_each_other_by_times_asked() -> None:
    run = fake_run(Recipe(replicates=5, steps=3, noise=0.1))
    moved = run.responses.copy()
    late = moved["replicate"] >= 3
    moved.loc[late, "step"] += 3
    later = replace(snapshot(run), responses=moved)
    assert not counts_times_asked(run, "services")
    assert counts_times_asked(later, "services")
    pd.testing.assert_frame_equal(arm_contrasts(run, "services"), arm_contrasts(later, "services"))


def test_worlds_of_other_lengths_keep_their_steps() -> None:
    run = fake_run(Recipe(replicates=2, steps=3))
    shorter = run.responses[(run.responses["replicate"] == 0) | (run.responses["step"] < 2)]
    assert not counts_times_asked(replace(snapshot(run), responses=shorter), "services")
