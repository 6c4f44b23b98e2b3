"""Labels of groups as numbers."""

from __future__ import annotations

import math

import numpy as np

from socsim.measures import group_codes


def test_labels_of_any_kind_are_numbered_as_they_occur() -> None:
    assert group_codes(["b", "a", "b"]).tolist() == [0, 1, 0]
    assert group_codes([3.0, math.nan, 1.0, 3.0]).tolist() == [0, -1, 1, 0]
    assert group_codes(np.array([7, 7, 2])).tolist() == [0, 0, 1]
    assert group_codes([("x", 1), None, ("x", 1)]).tolist() == [0, -1, 0]
    assert group_codes(np.array(["a", None, float("nan")], dtype=object)).tolist() == [0, -1, -1]
    assert group_codes([]).size == 0
