"""Decisions to adopt by how many neighbours had adopted, from runs."""

from __future__ import annotations

import pandas as pd

from socsim_analysis.designs.of_runs._rows import KEYS, worlds
from socsim_analysis.frames import RunLike

__all__ = ["decisions"]

_PLACE = [*KEYS, "step", "turn"]


def decisions(run: RunLike) -> pd.DataFrame | None:
    """Every decision whether to adopt: columns ``world, arm, person, exposed, adopted``; None where nobody decides on any.

    Choices that failed have no answer. Whether adopters keep to it is no decision to adopt.
    """
    actions = run.actions  # type: ignore[attr-defined]
    rows = actions[actions["kind"].isin(["adopt", "nothing", "choose"])] if len(actions) else actions
    numbers = run.numbers  # type: ignore[attr-defined]
    exposed = numbers[numbers["name"] == "exposed"] if len(numbers) else numbers
    if rows.empty or exposed.empty:
        return None
    made = rows[[*_PLACE, "kind", "status"]].merge(exposed[[*_PLACE, "value"]], on=_PLACE)
    adopted = (made["kind"] == "adopt").astype(float).where(made["status"] == "done")
    return pd.DataFrame(
        {
            "world": worlds(made),
            "arm": made["arm"],
            "person": made["agent"].astype(str),
            "exposed": made["value"].astype(int),
            "adopted": adopted,
        }
    )
