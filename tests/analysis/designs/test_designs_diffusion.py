"""Diffusion, by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from socsim_analysis.designs import diffusion
from socsim_analysis.designs.tables import TableError


def adoptions() -> pd.DataFrame:
    """A seed and four others in two pairs of networks."""
    made = {
        (1, "clustered"): [1, 2, 5, 7],
        (1, "random"): [1, None, None, None],
        (2, "clustered"): [3, 3, None, None],
        (2, "random"): [2, 4, 4, None],
    }
    rows = [(*key, person, at, False) for key, times in made.items() for person, at in enumerate(times)]
    rows += [(*key, 99, 0, True) for key in made]
    return pd.DataFrame(rows, columns=["world", "arm", "person", "adopted", "seed"])


def test_how_far_and_how_fast() -> None:
    assert diffusion.reach(adoptions(), arm="clustered").values.to_dict() == {1: 1.0, 2: 0.5}
    assert diffusion.time_to_half(adoptions(), arm="clustered").values.to_dict() == {1: 2.0, 2: 3.0}
    found = diffusion.time_to_half(adoptions(), arm="random")
    assert found.values.to_dict() == {2: 4.0}
    assert found.left_out == {"networks that were not half reached": 0.5}


def test_pairs_of_networks_are_compared_within_the_pair() -> None:
    found = diffusion.reach_difference(adoptions(), "clustered", "random")
    assert found.values.to_dict() == {1: 0.75, 2: -0.25}
    frame = adoptions()
    frame.loc[frame["arm"] == "random", "world"] += 10
    apart = diffusion.reach_difference(frame, "clustered", "random")
    assert apart.against is not None
    assert apart.estimate == found.estimate == 0.25


def test_adopters_by_round() -> None:
    found = diffusion.adopters_by_round(adoptions(), arm="random")
    assert found["round"].tolist() == [0, 1, 2, 3, 4] * 2
    assert found["share"].tolist() == [0, 0.25, 0.25, 0.25, 0.25, 0, 0, 0.25, 0.25, 0.75]
    nobody = adoptions().assign(adopted=math.nan)
    assert diffusion.adopters_by_round(nobody, arm="random")["share"].tolist() == [0.0, 0.0]


def test_arms_must_be_named() -> None:
    with pytest.raises(TableError, match="column 'arm' holds several arms"):
        diffusion.reach(adoptions())
