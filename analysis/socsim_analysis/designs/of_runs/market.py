"""Downloads of things that are voted for, from runs."""

from __future__ import annotations

import pandas as pd

from socsim.interactions import spec_of
from socsim.scenario import Scenario
from socsim.scenario.arms import patched
from socsim.scenario.options_votes import VotesOptions
from socsim.scenario.schedule_checks import phases
from socsim.scenario.ways_of_meeting import options_of
from socsim_analysis.designs.of_runs._rows import worlds
from socsim_analysis.frames import RunLike

__all__ = ["downloads"]


def downloads(run: RunLike) -> pd.DataFrame | None:
    """How often each thing was chosen in each world: columns ``world, arm, song, downloads``; None where nothing is voted for.

    Votes that people cast for a thing count (``vote`` and ``up``), those that failed, those against it and those that nobody
    cast (``seed_votes``) do not. Everything that an arm offers has a row in each of its worlds.
    """
    offered = {arm.name: _things(patched(run.scenario, arm)) for arm in run.scenario.arms}
    people = run.agents[["arm", "replicate"]].drop_duplicates()
    rows = people.assign(about=people["arm"].map(offered)).explode("about").dropna(subset=["about"])
    if rows.empty:
        return None
    actions = run.actions  # type: ignore[attr-defined]
    cast = actions[actions["kind"].isin(["vote", "up"]) & (actions["status"] == "done")]
    counts = cast.groupby(["arm", "replicate", "about"]).size()
    found = counts.reindex(pd.MultiIndex.from_frame(rows[["arm", "replicate", "about"]]), fill_value=0)
    return pd.DataFrame(
        {"world": worlds(rows), "arm": rows["arm"], "song": rows["about"], "downloads": found.to_numpy(dtype=int)}
    )


def _things(scenario: Scenario) -> list[str]:
    """Names of all that is voted on in any phase, in the order of the scenario."""
    votes = [options_of(spec_of(phase)) for _, phase, _ in phases(scenario)]
    return list(dict.fromkeys(thing for one in votes if isinstance(one, VotesOptions) for thing in one.items))
