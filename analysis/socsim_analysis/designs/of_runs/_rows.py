"""What readers of runs share: keys of a person in a world, names of worlds and rounds."""

from __future__ import annotations

import pandas as pd

__all__ = ["KEYS", "rounds", "worlds"]

KEYS = ["arm", "replicate", "agent"]
"""A person in a world."""


def worlds(frame: pd.DataFrame) -> pd.Series:
    """The name of each row's world within its arm: its replicate."""
    return "replicate " + frame["replicate"].astype(str)


def rounds(rows: pd.DataFrame, within: list[str]) -> pd.Series:
    """The rank of each step among those of its world and ``within``, from 1."""
    return rows.groupby([*within, "arm", "replicate"])["step"].rank(method="dense").astype(int)
