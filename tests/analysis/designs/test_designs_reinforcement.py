"""Reinforcement by a second neighbour: by hand, against pooled counts, and where a world has no ratio."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from socsim_analysis.designs import reinforcement


def decisions(worlds: list[list[tuple[int, int, int]]]) -> pd.DataFrame:
    """For every world (neighbours, decisions, how many of these to adopt)."""
    rows = [
        (f"w{world}", f"{k}-{i}", k, i < adopted)
        for world, kinds in enumerate(worlds)
        for k, n, adopted in kinds
        for i in range(n)
    ]
    return pd.DataFrame(rows, columns=["world", "person", "exposed", "adopted"])


def test_known_values() -> None:
    assert reinforcement.second_over_first(decisions([[(1, 10, 1), (2, 10, 3)]])).estimate == pytest.approx(2.0)
    found = reinforcement.second_over_first(decisions([[(1, 10, 1), (2, 10, 3)], [(1, 10, 3), (2, 10, 3), (3, 5, 5)]]))
    assert found.estimate == pytest.approx(0.6 / 0.4 - 1.0)
    assert found.values.mean() == pytest.approx(found.estimate)


def test_a_world_in_which_nobody_adopts_with_one_neighbour_still_counts() -> None:
    found = reinforcement.second_over_first(decisions([[(1, 10, 0), (2, 10, 4)], [(1, 10, 2), (2, 10, 4)]]))
    assert found.estimate == pytest.approx(0.8 / 0.2 - 1.0)
    assert len(found.values) == 2
    assert found.values["w0"] > found.values["w1"]


def test_worlds_without_both_kinds_of_decisions_are_left_out_and_no_adoption_at_all_has_no_ratio() -> None:
    found = reinforcement.second_over_first(decisions([[(1, 10, 5)], [(1, 10, 2), (2, 10, 4)]]))
    assert found.values.index.tolist() == ["w1"]
    assert math.isnan(reinforcement.second_over_first(decisions([[(1, 10, 0), (2, 10, 0)]])).estimate)
    assert math.isnan(reinforcement.second_over_first(decisions([[(1, 10, 3)]])).estimate)


def test_missing_answers_are_no_decisions_and_rates_are_those_of_the_counts() -> None:
    frame = decisions([[(1, 4, 1), (2, 4, 2), (0, 3, 0)]])
    frame["adopted"] = frame["adopted"].astype(object)
    frame.loc[0, "adopted"] = np.nan  # the one who adopted with one neighbour
    rates = reinforcement.rates_by_neighbours(frame).set_index("exposed")
    assert rates["decisions"].to_dict() == {0: 3, 1: 3, 2: 4}
    assert rates["rate"].to_dict() == {0: 0.0, 1: 0.0, 2: 0.5}


def test_the_interval_of_the_linearised_values_is_that_of_the_ratio_over_samples() -> None:
    """The standard error from one run against the standard deviation of the estimate over many."""
    rng = np.random.default_rng(5)

    def one_run() -> tuple[float, float]:
        level = rng.uniform(0.1, 0.4, 12)
        worlds = [[(1, 40, int(rng.binomial(40, p))), (2, 40, int(rng.binomial(40, 1.5 * p)))] for p in level]
        found = reinforcement.second_over_first(decisions(worlds))
        return found.estimate, float(found.values.std() / np.sqrt(12))

    runs = np.array([one_run() for _ in range(150)])
    assert runs[:, 1].mean() == pytest.approx(runs[:, 0].std(ddof=1), rel=0.25)
    assert runs[:, 0].mean() == pytest.approx(0.5, abs=0.05)
