"""Conventions, public goods and requests of money, from runs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from socsim.interactions import spec_of
from socsim.scenario.arms import patched
from socsim.scenario.options_games import GamesOptions
from socsim.scenario.schedule_checks import phases
from socsim.scenario.ways_of_meeting import options_of
from socsim_analysis.designs.of_runs._rows import KEYS, rounds, worlds
from socsim_analysis.frames import RunLike, item_spec

__all__ = ["choices", "contributions", "requests"]


def choices(run: RunLike) -> pd.DataFrame | None:
    actions = run.actions  # type: ignore[attr-defined]
    rows = actions[actions["kind"].isin(["choose", "committed"])] if len(actions) else actions
    if rows.empty:
        return None
    committed = rows[rows["kind"] == "committed"]
    names = committed.groupby(["arm", "replicate"])["about"].first()
    starts = committed.groupby(["arm", "replicate"])["step"].min()
    index = pd.MultiIndex.from_frame(rows[["arm", "replicate"]])
    begins = pd.Series(starts.reindex(index).to_numpy(), index=rows.index)
    kept = rows[begins.isna() | (rows["step"] >= begins)]
    index = pd.MultiIndex.from_frame(kept[["arm", "replicate"]])
    mine = pd.MultiIndex.from_frame(kept[KEYS])
    return pd.DataFrame(
        {
            "world": worlds(kept),
            "arm": kept["arm"],
            "round": rounds(kept, []),
            "person": kept["agent"].astype(str),
            "chosen": kept["about"].where(kept["status"] == "done", ""),
            "committed": mine.isin(pd.MultiIndex.from_frame(committed[KEYS])),
            "alternative": pd.Series(names.reindex(index).to_numpy(), index=kept.index).fillna(""),
        }
    )


def contributions(run: RunLike) -> pd.DataFrame | None:
    actions = run.actions  # type: ignore[attr-defined]
    rows = actions[actions["kind"] == "contribute"] if len(actions) else actions
    if rows.empty:
        return None
    endowments = {}
    for arm in run.scenario.arms:
        games = [options_of(spec_of(phase)) for _, phase, _ in phases(patched(run.scenario, arm))]
        endowments[arm.name] = next((float(one.endowment) for one in games if isinstance(one, GamesOptions)), np.nan)
    return pd.DataFrame(
        {
            "world": worlds(rows),
            "arm": rows["arm"],
            "person": rows["agent"].astype(str),
            "round": rounds(rows, []),
            "endowment": rows["arm"].map(endowments),
            "contribution": rows["amount"].where(rows["status"] == "done"),
        }
    )


def requests(run: RunLike) -> pd.DataFrame | None:
    wanted = tuple(str(number) for number in range(11, 21))
    items = [item for item in run.responses["item"].unique() if (spec := item_spec(run, item)) and spec.options == wanted]
    rows = run.responses[run.responses["item"].isin(items)]
    if rows.empty:
        return None
    given = pd.to_numeric(rows["option"], errors="coerce")
    return pd.DataFrame({"world": worlds(rows), "arm": rows["arm"], "person": rows["agent"].astype(str), "request": given})
