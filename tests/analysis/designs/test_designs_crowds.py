"""Statistics of crowds, by hand."""

from __future__ import annotations

import math
from statistics import fmean, stdev
from typing import Any

import pandas as pd
import pytest
from socsim_analysis.designs import crowds
from socsim_analysis.designs.tables import TableError


def made_trials(**changes: Any) -> pd.DataFrame:
    """World 1 has two tasks, world 2 one."""
    columns: dict[str, Any] = {
        "world": [1, 1, 2],
        "task": ["a", "b", "a"],
        "n": 20,
        "individual_error_first": [1.0, 3.0, 6.0],
        "individual_error_last": [0.5, 1.5, 6.0],
        "mean_error_first": [0.4, 0.8, 0.2],
        "mean_error_last": [0.3, 0.5, 0.6],
        "median_error_first": [0.5, 0.7, 0.2],
        "median_error_last": [0.1, 0.3, 0.0],
        "sd_first": [1.0, 2.0, 1.0],
        "sd_last": [0.5, 0.5, 1.5],
        "hub_toward": [1, 0, 1],
    }
    return pd.DataFrame({**columns, **changes})


def test_the_relative_change_of_individual_errors_is_a_ratio_of_means_over_groups() -> None:
    found = crowds.individual_error_change(made_trials())
    assert found.values.to_dict() == {1: pytest.approx(-0.5), 2: pytest.approx(0.0)}
    assert found.estimate == pytest.approx((1.0 + 6.0) / (2.0 + 6.0) - 1.0)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("mean_error_first", [0.6, 0.2]),
        ("mean_error_last", [0.4, 0.6]),
        ("mean_error_change", [-0.2, 0.4]),
        ("median_error_first", [0.6, 0.2]),
        ("median_error_last", [0.2, 0.0]),
        ("median_error_change", [-0.4, -0.2]),
        ("sd_ratio", [0.375, 1.5]),
        ("hub_toward_change", [-0.1, 0.4]),
        ("hub_away_change", [-0.3]),
    ],
)
def test_groups_are_means_over_tasks_and_count_alike(name: str, values: list[float]) -> None:
    found = getattr(crowds, name)(made_trials())
    assert found.values.tolist() == pytest.approx(values)
    assert found.estimate == pytest.approx(fmean(values))
    assert found.name == f"crowds.{name}"


def test_tasks_without_a_value_before_or_after_do_not_enter_a_change() -> None:
    found = crowds.mean_error_change(made_trials(mean_error_last=[0.3, math.nan, 0.6]))
    assert found.values.tolist() == pytest.approx([-0.1, 0.4])


def test_a_spread_of_nothing_has_no_ratio() -> None:
    found = crowds.sd_ratio(made_trials(sd_first=[1.0, 0.0, 0.0]))
    assert found.values.to_dict() == {1: 0.5}
    assert found.left_out == {"tasks without a first spread": pytest.approx(2 / 3), "units without a value": 0.5}


def test_arms_are_kept_apart() -> None:
    frame = made_trials(arm=["x", "x", "y"])
    assert crowds.mean_error_first(frame, arm="y").estimate == pytest.approx(0.2)
    with pytest.raises(TableError, match="column 'arm' holds several arms"):
        crowds.mean_error_first(frame)


def test_weights_outside_zero_to_one_are_left_out_and_noted() -> None:
    frame = pd.DataFrame({"world": [1, 1, 1, 1, 2], "task": "t", "person": [1, 2, 3, 4, 1], "weight": [0.0, 1.0, -0.2, 1.2, 0.8]})
    found = crowds.weight_on_peers(frame)
    assert found.values.to_dict() == {1: 0.5, 2: 0.8}
    assert found.estimate == pytest.approx((0.0 + 1.0 + 0.8) / 3)
    assert found.left_out == {"moved away from others": pytest.approx(0.2), "went beyond others": pytest.approx(0.2)}


def judged() -> pd.DataFrame:
    """Two worlds of three people; one first estimate is exactly true, one is 0."""
    return pd.DataFrame(
        {
            "world": [1] * 6 + [2] * 6,
            "task": "t",
            "person": [1, 2, 3] * 4,
            "round": ([1] * 3 + [2] * 3) * 2,
            "estimate": [10, 100, 1000, 50, 100, 200, 0, 20, 80, 10, 20, None],
            "truth": 100,
        }
    )


def test_diversity_is_the_standard_deviation_of_logarithms() -> None:
    logs = {
        (1, 1): [10, 100, 1000],
        (1, 2): [50, 100, 200],
        (2, 1): [20, 80],
        (2, 2): [10, 20],
    }
    sd = {key: stdev(math.log(x) for x in values) for key, values in logs.items()}
    by_round = crowds.diversity_by_round(judged()).set_index(["world", "round"])["sd_log"]
    assert by_round.to_dict() == pytest.approx(sd)
    first = crowds.diversity(judged())
    assert first.estimate == pytest.approx((sd[1, 1] + sd[2, 1]) / 2)
    assert first.left_out == {"estimates of 0 or less": pytest.approx(1 / 6)}
    ratio = crowds.diversity_ratio(judged())
    assert ratio.values.to_dict() == pytest.approx({1: sd[1, 2] / sd[1, 1], 2: sd[2, 2] / sd[2, 1]})
    assert crowds.diversity(judged(), at_round=2).estimate == pytest.approx((sd[1, 2] + sd[2, 2]) / 2)


def test_exact_answers_are_counted_over_all_answers_of_the_round() -> None:
    found = crowds.exact_share(judged())
    assert found.values.to_dict() == pytest.approx({1: 1 / 3, 2: 0.0})
    assert found.estimate == pytest.approx(1 / 6)
    assert crowds.exact_share(judged(), at_round=2).estimate == pytest.approx(1 / 5)


def test_an_arm_that_saw_nothing_has_no_weights_but_one_that_never_was_is_an_error() -> None:
    frame = judged().assign(arm=["solo"] * 6 + ["ring"] * 6, shown=[None] * 9 + [40.0, 40.0, 40.0])
    assert math.isnan(crowds.weight_on_peers(frame, arm="solo").estimate)
    assert crowds.weight_on_peers(frame, arm="ring").values.to_dict() == {2: pytest.approx((10 / 40 + 0 / 20) / 2)}
    with pytest.raises(TableError, match="column 'arm' has no 'star'; it has 'solo', 'ring'"):
        crowds.weight_on_peers(frame, arm="star")
