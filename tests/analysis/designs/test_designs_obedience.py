"""Obedience, by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from socsim_analysis.designs import obedience
from socsim_analysis.designs.tables import TableError

STOPS = pd.DataFrame({"world": range(5), "person": range(5), "last_level": [0, 2, 3, 3, None]})


def test_how_far_people_go() -> None:
    assert obedience.full_obedience(STOPS, levels=3).estimate == 0.5
    assert obedience.last_level(STOPS, levels=3).estimate == 2.0
    assert obedience.still_obeying(STOPS, levels=3).to_dict("list") == {
        "level": [1, 2, 3],
        "people": [3, 3, 2],
        "share": [0.75, 0.75, 0.5],
    }


def test_levels_above_the_ladder_are_refused() -> None:
    with pytest.raises(TableError, match="column 'last_level' goes up to 3, but there are 2 levels"):
        obedience.full_obedience(STOPS, levels=2)
