"""Whom people follow at the start and at the end, by leaning and side, from runs."""

from __future__ import annotations

import pandas as pd

from socsim.interactions import spec_of
from socsim.scenario.options_feed import FeedOptions
from socsim.scenario.schedule_checks import phases
from socsim.scenario.ways_of_meeting import options_of
from socsim_analysis.designs.of_runs._rows import KEYS, worlds
from socsim_analysis.frames import RunLike

__all__ = ["LEANING", "followers"]

LEANING = "leaning"
"""Name of the fact, or of the reference variable, that says how far to which side somebody leans."""

_TIE = ["arm", "replicate", "reader", "author"]


def followers(run: RunLike) -> pd.DataFrame | None:
    """Everybody with its ties at the end: columns ``world, arm, person, leaning, leaning_followed, followed_own, followed_other,
    followers``; further arms called ``ARM: at the start`` have those of the start.

    Sides are those of the feed's ``group``; leanings the numbers of the variable `LEANING`. None where a run has no feed with a
    group, or no leanings.
    """
    feeds = [options_of(spec_of(phase)) for _, phase, _ in phases(run.scenario)]
    group = next((one.group for one in feeds if isinstance(one, FeedOptions) and one.group), None)
    column = next((name for name in (f"fact_{LEANING}", f"reference_{LEANING}") if name in run.agents.columns), None)
    if group is None or column is None:
        return None
    people = run.agents[[*KEYS, column, f"fact_{group}"]].set_axis([*KEYS, "leaning", "side"], axis=1)
    people = people.assign(leaning=pd.to_numeric(people["leaning"], errors="coerce"))
    ties = run.ties[_TIE].drop_duplicates()
    made = [_counted(people, ties, ": at the start"), _counted(people, _at_the_end(run, ties), "")]
    return pd.concat(made, ignore_index=True)


def _at_the_end(run: RunLike, ties: pd.DataFrame) -> pd.DataFrame:
    changes: pd.DataFrame = run.tie_changes  # type: ignore[attr-defined]
    if changes.empty:
        return ties
    ordered = changes.sort_values(["step", "wave", "turn", "position"], kind="stable")
    last = ordered.drop_duplicates(_TIE, keep="last")
    both = pd.concat([ties.assign(kind="follow"), last[[*_TIE, "kind"]]]).drop_duplicates(_TIE, keep="last")
    return both[both["kind"] == "follow"][_TIE]


def _counted(people: pd.DataFrame, ties: pd.DataFrame, when: str) -> pd.DataFrame:
    ends = people.rename(columns={"agent": "author"})
    joined = ties.merge(ends, on=["arm", "replicate", "author"])
    reading = people.rename(columns={"agent": "reader"})[["arm", "replicate", "reader", "side"]]
    joined = joined.merge(reading, on=["arm", "replicate", "reader"], suffixes=("", "_own"))
    own = joined["side"] == joined["side_own"]
    by_reader = ["arm", "replicate", "reader"]
    counts = {
        "leaning_followed": joined.groupby(by_reader)["leaning"].mean(),
        "followed_own": joined[own].groupby(by_reader).size(),
        "followed_other": joined[~own].groupby(by_reader).size(),
        "followers": ties.groupby(["arm", "replicate", "author"]).size(),
    }
    index = pd.MultiIndex.from_frame(people[KEYS])
    made = {name: values.reindex(index).to_numpy() for name, values in counts.items()}
    table = pd.DataFrame({"world": worlds(people), "arm": people["arm"] + when, "person": people["agent"].astype(str),
                          "leaning": people["leaning"], **made})  # fmt: skip
    return table.fillna(dict.fromkeys(("followed_own", "followed_other", "followers"), 0))
