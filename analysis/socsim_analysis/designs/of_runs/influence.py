"""Choices after those of others, things voted on, and opinions before and after a discussion, from runs."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx
import numpy as np
import pandas as pd

from socsim.interactions import spec_of
from socsim.interactions.votes import first_votes
from socsim.scenario.arms import patched
from socsim.scenario.options_votes import VOTE, VotesOptions, vote_name
from socsim.scenario.schedule_checks import phases
from socsim.scenario.ways_of_meeting import options_of
from socsim.seeding import replicate_seed
from socsim_analysis.designs.of_runs._rows import KEYS, worlds
from socsim_analysis.frames import RunLike, item_spec, item_values, opinions, replicates

__all__ = ["opinion_pairs", "scores", "seen_choices"]


def seen_choices(run: RunLike) -> pd.DataFrame | None:
    """Choices between two options by somebody who was shown which of them others chose; A is the option named first.

    Only turns count in which something was shown, and nothing but options of the item.
    """
    rows = run.responses
    pairs = {item: spec.options for item in rows["item"].unique() if (spec := item_spec(run, item)) and len(spec.options) == 2}
    rows = rows[rows["item"].isin(list(pairs)) & (rows["method"] != "scripted")]
    seen = run.seen
    if rows.empty or seen.empty:
        return None
    place = [*KEYS, "step", "turn"]
    joined = rows[[*place, "item"]].drop_duplicates(place).merge(seen[[*place, "text"]], on=place)
    first = joined["text"] == joined["item"].map(lambda item: pairs[item][0])
    second = joined["text"] == joined["item"].map(lambda item: pairs[item][1])
    tally = (
        joined.assign(m=first, known=first | second)
        .groupby(place)
        .agg(k=("text", "size"), m=("m", "sum"), known=("known", "all"))
    )
    rows = rows.merge(tally[tally["known"]].reset_index(), on=place)
    if rows.empty:
        return None
    chose = (rows["option"] == rows["item"].map(lambda item: pairs[item][0])).astype(float)
    return pd.DataFrame(
        {
            "world": worlds(rows),
            "arm": rows["arm"],
            "item": rows["item"],
            "person": rows["agent"].astype(str),
            "k": rows["k"],
            "m": rows["m"],
            "chose_a": chose.where(rows["status"] == "answered"),
        }
    )


def scores(run: RunLike) -> pd.DataFrame | None:
    """Scores of things voted on in the end, without the votes put there by lot; missing where a vote on the thing failed."""
    actions = run.actions  # type: ignore[attr-defined]
    rows = actions[actions["kind"].isin(["up", "down", "vote"]) & (actions["status"] == "done")] if len(actions) else actions
    worth = rows.assign(worth=np.where(rows["kind"] == "down", -1, 1)) if len(rows) else None
    found = []
    responses = run.responses
    lost = set(responses.loc[responses["status"] == "failed", ["arm", "replicate", "item"]].itertuples(index=False, name=None))
    for arm, options in _votes(run):
        for replicate in replicates(run):
            first = first_votes(options, replicate_seed(run.scenario.seed, replicate))
            mine = worth[(worth["arm"] == arm) & (worth["replicate"] == replicate)] if worth is not None else None
            sums = mine.groupby("about")["worth"].sum() if mine is not None else pd.Series(dtype=float)
            for thing in options.items:
                unknown = any((arm, replicate, vote) in lost for vote in (VOTE, vote_name(thing)))
                kind = {1: "up", -1: "down"}.get(first.get(thing, 0), "none")
                found.append((f"replicate {replicate}", arm, kind, thing, np.nan if unknown else float(sums.get(thing, 0))))
    return pd.DataFrame(found, columns=["world", "arm", "first_vote", "item", "score"]) if found else None


def _votes(run: RunLike) -> Iterator[tuple[str, VotesOptions]]:
    """The options of the votes of each arm that puts some by lot; of the first such phase."""
    for arm in run.scenario.arms:
        found = [options_of(spec_of(phase)) for _, phase, _ in phases(patched(run.scenario, arm))]
        votes = next((one for one in found if isinstance(one, VotesOptions) and one.seed_by_lot), None)
        if votes is not None:
            yield arm.name, votes


def opinion_pairs(run: RunLike) -> pd.DataFrame | None:
    """Opinions on ordinal items before and after a discussion: a person's first and last answer to each.

    The scale is put between -1 and 1, the midpoint is 0. A group are people who read one another, directly or through others, in
    any arm; ``group`` names it with the item, since each is a discussion of its own.
    """
    found = []
    for item in run.responses["item"].unique():
        values = item_values(run, item)
        if values is None:
            continue
        rows = opinions(run, item, "value").sort_values("step")
        ends = rows.groupby(KEYS).agg(before=("x", "first"), after=("x", "last"), asked=("x", "size")).reset_index()
        ends = ends[ends["asked"] > 1]
        low, high = min(values), max(values)
        for end in ("before", "after"):
            ends[end] = 2.0 * (ends[end] - low) / (high - low) - 1.0
        found.append(ends.assign(item=item))
    rows = pd.concat(found) if found else pd.DataFrame()
    group = _groups(run)
    if rows.empty or not group:
        return None
    number = [group.get((replicate, agent), -1) for replicate, agent in zip(rows["replicate"], rows["agent"], strict=True)]
    rows = rows.assign(group=number)
    rows = rows[rows["group"] >= 0]
    return pd.DataFrame(
        {
            "world": worlds(rows),
            "arm": rows["arm"],
            "group": rows["item"] + ", group " + rows["group"].astype(str),
            "person": rows["agent"].astype(str),
            "before": rows["before"],
            "after": rows["after"],
        }
    )


def _groups(run: RunLike) -> dict[tuple[int, int], int]:
    """The group of each (replicate, agent), numbered from its smallest member; who read nobody is in none."""
    seen = run.seen
    others = seen[seen["author"] >= 0] if len(seen) else seen
    found: dict[tuple[int, int], int] = {}
    for replicate, rows in others.groupby("replicate") if len(others) else ():
        graph: nx.Graph[int] = nx.Graph(list(rows[["agent", "author"]].drop_duplicates().itertuples(index=False, name=None)))
        for members in nx.connected_components(graph):
            found |= {(int(str(replicate)), int(member)): int(min(members)) for member in members if len(members) > 1}
    return found
