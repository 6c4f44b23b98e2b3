"""Estimates of quantities with a known truth, from runs."""

from __future__ import annotations

import pandas as pd

from socsim_analysis.designs.of_runs._rows import rounds, worlds
from socsim_analysis.frames import RunLike, item_spec

__all__ = ["estimates"]


def estimates(run: RunLike) -> pd.DataFrame | None:
    rows = run.responses
    truths = {item: spec.truth for item in rows["item"].unique() if (spec := item_spec(run, item)) and spec.truth is not None}
    rows = rows[rows["item"].isin(list(truths))]
    if rows.empty:
        return None
    rows = rows.assign(round=rounds(rows, ["item"]))
    if rows["round"].max() < 2:
        return None
    made = pd.DataFrame(
        {
            "world": worlds(rows),
            "arm": rows["arm"],
            "task": rows["item"],
            "person": rows["agent"].astype(str),
            "round": rows["round"],
            "estimate": rows["value"],
            "truth": rows["item"].map(truths).astype(float),
        }
    )
    seen = run.seen
    if len(seen):
        shown = seen[(seen["author"] < 0) & seen["kind"].isin(["mean", "median", "signal"])]
        numbers = pd.to_numeric(shown["text"].str.replace(",", ""), errors="coerce")
        by_turn = numbers.groupby([shown["arm"], shown["replicate"], shown["step"], shown["agent"]]).last()
        index = pd.MultiIndex.from_frame(rows[["arm", "replicate", "step", "agent"]])
        made["shown"] = by_turn.reindex(index).to_numpy()
    hubs = _hubs(run)
    made["hub"] = [key in hubs for key in zip(rows["arm"], rows["replicate"], rows["agent"], strict=True)]
    return made


def _hubs(run: RunLike) -> frozenset[tuple[str, int, int]]:
    """Those whom everybody else reads, and who alone are read by everybody else."""
    found = []
    for (arm, replicate), ties in run.ties.groupby(["arm", "replicate"]) if len(run.ties) else ():
        readers = ties.groupby("author")["reader"].nunique()
        n = int(((run.agents["arm"] == arm) & (run.agents["replicate"] == replicate)).sum())
        if len(ties) == 2 * (n - 1) and (readers == n - 1).sum() == 1 and n > 2:
            found.append((str(arm), int(str(replicate)), int(str(readers.idxmax()))))
    return frozenset(found)
