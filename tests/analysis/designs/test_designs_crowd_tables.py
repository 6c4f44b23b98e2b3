"""From estimates to trials and weights on others, against plain loops."""

from __future__ import annotations

import math
from statistics import fmean, median, stdev
from typing import Any

import numpy as np
import pandas as pd
import pytest
from socsim_analysis.designs.crowd_tables import peer_weights, trials, trials_in
from socsim_analysis.designs.tables import TableError


def estimates(seed: int = 1, hub: bool = True) -> pd.DataFrame:
    """Two arms of two worlds, six people, two tasks, three rounds; some answers are missing."""
    rng = np.random.default_rng(seed)
    rows = [
        {
            "world": world,
            "arm": arm,
            "task": task,
            "person": person,
            "round": turn,
            "estimate": math.nan if rng.random() < 0.1 else float(rng.lognormal(math.log(truth), 0.6)),
            "truth": truth,
            "shown": float(rng.lognormal(math.log(truth), 0.3)) if turn > 1 else math.nan,
            "hub": hub and arm == "star" and person == 0,
        }
        for arm in ("star", "ring")
        for world in (1, 2)
        for task, truth in (("bones", 206.0), ("miles", 5400.0))
        for person in range(6)
        for turn in (1, 2, 3)
    ]
    return pd.DataFrame(rows).sample(frac=1.0, random_state=seed)


def small(**changes: Any) -> pd.DataFrame:
    """One world and task; first estimates 8, 10, 12 (standard deviation 2), last 11, 11, 14; the truth is 13, the hub says 12."""
    columns: dict[str, Any] = {
        "world": "w",
        "task": "t",
        "person": [1, 2, 3] * 2,
        "round": [1] * 3 + [2] * 3,
        "estimate": [8, 10, 12, 11, 11, 14],
        "truth": 13,
        "hub": [False, False, True] * 2,
    }
    return pd.DataFrame({**columns, **changes})


def test_a_trial_by_hand() -> None:
    row = trials(small()).iloc[0]
    assert row["n"] == 3
    assert row["individual_error_first"] == pytest.approx((5 + 3 + 1) / 3 / 2)
    assert row["individual_error_last"] == pytest.approx((2 + 2 + 1) / 3 / 2)
    assert (row["mean_error_first"], row["mean_error_last"]) == (pytest.approx(1.5), pytest.approx(0.5))
    assert (row["median_error_first"], row["median_error_last"]) == (pytest.approx(1.5), pytest.approx(1.0))
    assert (row["sd_first"], row["sd_last"]) == (pytest.approx(1.0), pytest.approx(math.sqrt(3) / 2))
    assert row["hub_toward"] == 1.0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"hub": [True, False, False] * 2}, 0.0),
        ({"hub": [False, True, False] * 2}, math.nan),
        ({"truth": 10}, math.nan),
        ({"hub": False}, math.nan),
    ],
    ids=["away", "hub at the mean", "truth at the mean", "no hub"],
)
def test_the_side_of_the_hub(changes: dict[str, Any], expected: float) -> None:
    assert trials(small(**changes))["hub_toward"].tolist() == pytest.approx([expected], nan_ok=True)


def test_trials_are_those_of_a_plain_loop() -> None:
    frame = estimates()
    found = trials(frame).set_index(["arm", "world", "task"])
    assert len(found) == 8
    for (arm, world, task), row in found.iterrows():
        of_task = frame[frame["task"] == task]
        unit = stdev(of_task.loc[(of_task["round"] == 1) & of_task["estimate"].notna(), "estimate"])
        truth = of_task["truth"].iloc[0]
        group = of_task[(of_task["arm"] == arm) & (of_task["world"] == world)]
        by_person = {who: dict(zip(part["round"], part["estimate"], strict=True)) for who, part in group.groupby("person")}
        pairs = [(one[1], one[3]) for one in by_person.values() if not math.isnan(one[1]) and not math.isnan(one[3])]
        assert row["n"] == len(pairs)
        for when, values in zip(("first", "last"), zip(*pairs, strict=True), strict=True):
            assert row[f"individual_error_{when}"] == pytest.approx(fmean(abs(x - truth) for x in values) / unit)
            assert row[f"mean_error_{when}"] == pytest.approx(abs(fmean(values) - truth) / unit)
            assert row[f"median_error_{when}"] == pytest.approx(abs(median(values) - truth) / unit)
            assert row[f"sd_{when}"] == pytest.approx(stdev(values) / unit)
        assert math.isnan(row["hub_toward"]) == (arm == "ring" or math.isnan(by_person[0][1]) or math.isnan(by_person[0][3]))


def test_other_rounds_can_be_compared() -> None:
    frame = estimates()
    only = frame[frame["round"] < 3]
    pd.testing.assert_frame_equal(trials(frame, last=2), trials(only))
    with pytest.raises(TableError, match=r"column 'round' must hold two rounds.*; asked for 1 and 4, it has \[1, 2, 3\]"):
        trials(frame, last=4)
    with pytest.raises(TableError, match="column 'round'"):
        trials(frame[frame["round"] == 1])


def test_a_task_on_which_all_agree_has_no_unit_of_errors() -> None:
    row = trials(small(estimate=[9, 9, 9, 10, 11, 12])).iloc[0]
    assert math.isnan(row["mean_error_first"])
    assert math.isnan(row["sd_last"])


def test_a_task_with_two_truths_is_refused() -> None:
    with pytest.raises(TableError, match="column 'truth' has several values within task"):
        trials(small(truth=[13, 13, 13, 13, 13, 14]))


def test_trials_in_takes_both_tables_and_the_unit_of_errors_from_all_arms() -> None:
    frame = estimates()
    whole = trials(frame)
    pd.testing.assert_frame_equal(trials_in(frame, "ring"), trials_in(whole, "ring"))
    assert not np.allclose(
        trials_in(frame, "ring")["mean_error_first"], trials(frame[frame["arm"] == "ring"])["mean_error_first"]
    )


def test_weights_on_others_are_those_of_a_plain_loop() -> None:
    frame = estimates()
    expected = []
    for _, person in frame.groupby(["arm", "world", "task", "person"]):
        at = person.set_index("round")
        x1, x2, seen, truth = at["estimate"][1], at["estimate"][2], at["shown"][2], at["truth"][1]
        if not math.isnan(x1) and not math.isnan(x2) and abs(seen - x1) > 0.02 * truth:
            expected.append((x2 - x1) / (seen - x1))
    found = peer_weights(frame)
    assert 20 < len(found) < 48
    assert sorted(found["weight"]) == pytest.approx(sorted(expected))


def test_weights_by_hand_and_the_least_distance() -> None:
    frame = pd.DataFrame(
        {
            "world": "w",
            "task": "t",
            "person": [1, 2, 3] * 2,
            "round": [1] * 3 + [2] * 3,
            "estimate": [100, 100, 100, 150, 100, 101],
            "truth": 100,
            "shown": [None] * 3 + [200, 50, 101],
        }
    )
    assert peer_weights(frame)["weight"].tolist() == [0.5, 0.0]
    assert peer_weights(frame, least=0.001)["weight"].tolist() == [0.5, 0.0, 1.0]
    with pytest.raises(TableError, match="column 'shown' is missing"):
        peer_weights(frame.drop(columns="shown"))
