"""Answers after confederates, from runs."""

from __future__ import annotations

import pandas as pd

from socsim_analysis.designs.of_runs._rows import KEYS, worlds
from socsim_analysis.frames import RunLike, item_spec

__all__ = ["answers"]


def answers(run: RunLike) -> pd.DataFrame | None:
    """Answers after others: items say which option is ``right``, and confederates are the others.

    Trials on which the others do not all say the same are neither critical nor neutral, and are left out.
    """
    rows = run.responses
    right = {item: spec.right for item in rows["item"].unique() if (spec := item_spec(run, item)) and spec.right is not None}
    rows = rows[rows["item"].isin(list(right))]
    follows_script = _confederates(run, rows)
    others = rows[follows_script]
    if others.empty or not len(rows):
        return None
    said = others.groupby(["arm", "replicate", "item"])["option"].agg(_agreed)
    own = rows[~follows_script]
    last = own.groupby(["arm", "replicate", "item"])["step"].transform("max") == own["step"]
    own = own[last]
    theirs = said.reindex(pd.MultiIndex.from_frame(own[["arm", "replicate", "item"]])).fillna("").to_numpy()
    own, theirs = own[theirs != ""], theirs[theirs != ""]
    answered = own["status"] == "answered"
    best = own["item"].map(right)
    return pd.DataFrame(
        {
            "world": worlds(own),
            "arm": own["arm"],
            "person": own["agent"].astype(str),
            "trial": own["item"],
            "critical": theirs != best.to_numpy(),
            "erred": (own["option"] != best).astype(float).where(answered),
        }
    )


def _confederates(run: RunLike, rows: pd.DataFrame) -> pd.Series:
    """Which rows are of people who follow a script: those named by number, else those who never ask a model."""
    named = [one.who.agents for one in run.scenario.population.confederates]
    if named and all(named):
        return rows["agent"].isin([agent for agents in named for agent in agents])
    return (rows["method"] == "scripted").groupby([rows[key] for key in KEYS]).transform("all")


def _agreed(given: pd.Series) -> str:
    """What all say; empty where they do not say the same."""
    return str(given.iloc[0]) if given.nunique() == 1 else ""
