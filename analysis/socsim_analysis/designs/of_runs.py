"""Tables of designs from runs: the same columns as tables of people, so that the same statistics are computed from both.

A world is one replicate of an arm. What a run does not hold gives no table: `table_of` returns None, and says in `MADE_FROM` what
a run needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from socsim.interactions import spec_of
from socsim.scenario.arms import patched
from socsim.scenario.options_games import GamesOptions
from socsim.scenario.schedule_checks import phases
from socsim.scenario.ways_of_meeting import options_of
from socsim_analysis.frames import RunLike, item_spec

__all__ = ["MADE_FROM", "table_of"]

_KEYS = ["arm", "replicate", "agent"]


def _worlds(frame: pd.DataFrame) -> pd.Series:
    return "replicate " + frame["replicate"].astype(str)


def _rounds(rows: pd.DataFrame, within: list[str]) -> pd.Series:
    """The rank of each step among those of its world and ``within``, from 1."""
    return rows.groupby([*within, "arm", "replicate"])["step"].rank(method="dense").astype(int)


def _estimates(run: RunLike) -> pd.DataFrame | None:
    rows = run.responses
    truths = {item: spec.truth for item in rows["item"].unique() if (spec := item_spec(run, item)) and spec.truth is not None}
    rows = rows[rows["item"].isin(list(truths))]
    if rows.empty:
        return None
    rows = rows.assign(round=_rounds(rows, ["item"]))
    if rows["round"].max() < 2:
        return None
    made = pd.DataFrame(
        {
            "world": _worlds(rows),
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
        shown = seen[(seen["author"] < 0) & (seen["kind"] == "mean")]
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


def _choices(run: RunLike) -> pd.DataFrame | None:
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
    mine = pd.MultiIndex.from_frame(kept[_KEYS])
    return pd.DataFrame(
        {
            "world": _worlds(kept),
            "arm": kept["arm"],
            "round": _rounds(kept, []),
            "person": kept["agent"].astype(str),
            "chosen": kept["about"].where(kept["status"] == "done", ""),
            "committed": mine.isin(pd.MultiIndex.from_frame(committed[_KEYS])),
            "alternative": pd.Series(names.reindex(index).to_numpy(), index=kept.index).fillna(""),
        }
    )


def _contributions(run: RunLike) -> pd.DataFrame | None:
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
            "world": _worlds(rows),
            "arm": rows["arm"],
            "person": rows["agent"].astype(str),
            "round": _rounds(rows, []),
            "endowment": rows["arm"].map(endowments),
            "contribution": rows["amount"].where(rows["status"] == "done"),
        }
    )


def _requests(run: RunLike) -> pd.DataFrame | None:
    wanted = tuple(str(number) for number in range(11, 21))
    items = [item for item in run.responses["item"].unique() if (spec := item_spec(run, item)) and spec.options == wanted]
    rows = run.responses[run.responses["item"].isin(items)]
    if rows.empty:
        return None
    given = pd.to_numeric(rows["option"], errors="coerce")
    return pd.DataFrame({"world": _worlds(rows), "arm": rows["arm"], "person": rows["agent"].astype(str), "request": given})


def _adoptions(run: RunLike) -> pd.DataFrame | None:
    actions = run.actions  # type: ignore[attr-defined]
    rows = actions[actions["kind"].isin(["adopt", "seed"]) & (actions["status"] == "done")] if len(actions) else actions
    if rows.empty:
        return None
    first = rows.groupby(_KEYS)["step"].min()
    seeds = set(rows.loc[rows["kind"] == "seed", _KEYS].itertuples(index=False, name=None))
    people = run.agents[_KEYS]
    keys = list(people.itertuples(index=False, name=None))
    return pd.DataFrame(
        {
            "world": _worlds(people),
            "arm": people["arm"],
            "person": people["agent"].astype(str),
            "adopted": [float(first.get(key, np.nan)) for key in keys],
            "seed": [key in seeds for key in keys],
        }
    )


def _answers(run: RunLike) -> pd.DataFrame | None:
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
            "world": _worlds(own),
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
    return (rows["method"] == "scripted").groupby([rows[key] for key in _KEYS]).transform("all")


def _agreed(given: pd.Series) -> str:
    """What all say; empty where they do not say the same."""
    return str(given.iloc[0]) if given.nunique() == 1 else ""


_READERS: Mapping[str, Callable[[RunLike], pd.DataFrame | None]] = {
    "crowds": _estimates,
    "conformity": _answers,
    "conventions": _choices,
    "public_goods": _contributions,
    "money_request": _requests,
    "diffusion": _adoptions,
}

MADE_FROM: Mapping[str, str] = {
    "crowds": "number items with a `truth`, asked in two rounds or more",
    "conformity": "items that say which option is `right`, answered by confederates and by others",
    "conventions": "an interaction of the kind conventions",
    "public_goods": "a game of public goods",
    "money_request": "an item with the options 11 to 20",
    "diffusion": "an interaction of the kind adoption",
}
"""For every design that runs give a table of, what a run needs."""


def table_of(run: RunLike, design: str) -> pd.DataFrame | None:
    """The table of a design; None where the run does not hold it, or no run of this version does."""
    reader = _READERS.get(design)
    if reader is None or run.responses.empty:
        return None
    made = reader(run)
    return None if made is None else made.reset_index(drop=True)
