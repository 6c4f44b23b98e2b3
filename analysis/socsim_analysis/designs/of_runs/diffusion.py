"""Adoptions, from runs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from socsim_analysis.designs.of_runs._rows import KEYS, worlds
from socsim_analysis.frames import RunLike

__all__ = ["adoptions"]


def adoptions(run: RunLike) -> pd.DataFrame | None:
    actions = run.actions  # type: ignore[attr-defined]
    rows = actions[actions["kind"].isin(["adopt", "seed"]) & (actions["status"] == "done")] if len(actions) else actions
    if rows.empty:
        return None
    first = rows.groupby(KEYS)["step"].min()
    seeds = set(rows.loc[rows["kind"] == "seed", KEYS].itertuples(index=False, name=None))
    people = run.agents[KEYS]
    keys = list(people.itertuples(index=False, name=None))
    return pd.DataFrame(
        {
            "world": worlds(people),
            "arm": people["arm"],
            "person": people["agent"].astype(str),
            "adopted": [float(first.get(key, np.nan)) for key in keys],
            "seed": [key in seeds for key in keys],
        }
    )
