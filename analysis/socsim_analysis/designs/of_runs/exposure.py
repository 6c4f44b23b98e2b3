"""Opinions before and after something was shown to people drawn by lot, from runs."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from socsim.interactions import spec_of
from socsim.scenario.schedule import InteractionSpec
from socsim.scenario.schedule_checks import phases
from socsim_analysis.designs.of_runs._rows import KEYS, worlds
from socsim_analysis.frames import RunLike, opinion_items, opinions

__all__ = ["changes"]

_WORLD = ["arm", "replicate"]


def changes(run: RunLike) -> pd.DataFrame | None:
    """Everybody's mean answer before and after the first exposure: columns ``world, arm, person, treated, before, after``.

    Items count that were asked before the first phase with ``interaction: {kind: exposure}`` and in it or later, each with a
    person's last number of either time; the mean is over items to which the person gave both. The reference level of the
    condition (that of ``analysis.effects``, else the first) is not treated.

    ``arm`` is the arm for all people; ``ARM: LEVEL`` has those at a level beside those at the reference level, and ``ARM: LEVEL,
    KIND``, where the condition is blocked by a fact, those of one kind. None where nobody is shown anything, or everybody
    everything.
    """
    show = next((spec.show for spec in _interactions(run) if spec.kind == "exposure" and spec.show), None)
    trials = run.trials[run.trials["name"] == show] if len(run.trials) else run.trials
    levels = trials.groupby(KEYS)["level"].agg(["first", "nunique"]) if len(trials) else None
    if show is None or levels is None or (levels["nunique"] > 1).any():
        return None
    means = _means(run, trials)
    if means is None:
        return None
    made = means.join(levels["first"].rename("level")).reset_index()
    reference = _reference(run, show, made["level"])
    made["treated"] = made["level"] != reference
    block = run.scenario.conditions[show].block_by
    made["kind"] = _kinds(run, block, made) if block is not None else ""
    parts = [made, *_parts(made)]
    whole = pd.concat(parts, ignore_index=True)
    whole = whole.assign(world=worlds(whole), person=whole["agent"].astype(str))
    return whole[["world", "arm", "person", "treated", "before", "after"]]


def _interactions(run: RunLike) -> Iterator[InteractionSpec]:
    return (spec_of(phase) for _, phase, _ in phases(run.scenario))


def _means(run: RunLike, trials: pd.DataFrame) -> pd.DataFrame | None:
    """Columns ``before, after`` by person of a world; missing where no item has both."""
    starts = trials[trials["phase"].isin(_showing(run))].groupby(_WORLD)["step"].min().rename("start")
    rows = []
    for item in opinion_items(run):
        given = opinions(run, item, "value").merge(starts.reset_index(), on=_WORLD).sort_values("step")
        later = given["step"] >= given["start"]
        ends = {name: part.groupby(KEYS)["x"].last() for name, part in (("before", given[~later]), ("after", given[later]))}
        rows.append(pd.DataFrame(ends).dropna())
    both = pd.concat(rows) if rows else pd.DataFrame()
    if both.empty:
        return None
    people = pd.MultiIndex.from_frame(run.agents[KEYS].drop_duplicates())
    return both.groupby(level=KEYS).mean().reindex(people)


def _showing(run: RunLike) -> list[str]:
    return [phase.phase for _, phase, _ in phases(run.scenario) if spec_of(phase).kind == "exposure"]


def _reference(run: RunLike, condition: str, levels: pd.Series) -> str:
    declared = run.scenario.analysis.effects.reference
    if declared is not None and (levels == declared).any():
        return declared
    given = run.scenario.conditions[condition].levels
    names = list(given) if not isinstance(given, dict) or "table" not in given else sorted(levels.unique())
    return str(names[0])


def _kinds(run: RunLike, fact: str, made: pd.DataFrame) -> list[str]:
    people = run.agents.drop_duplicates(KEYS).set_index(KEYS)
    column = f"fact_{fact}" if f"fact_{fact}" in people.columns else f"reference_{fact}"
    return [str(one) for one in people[column].reindex(pd.MultiIndex.from_frame(made[KEYS]))]


def _parts(made: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """People of one level beside those of the reference level, and of these those of one kind."""
    for level in sorted(made.loc[made["treated"], "level"].unique()):
        part = made[~made["treated"] | (made["level"] == level)]
        yield part.assign(arm=part["arm"] + f": {level}")
        for kind in sorted(part["kind"].unique()) if (part["kind"] != "").any() else ():
            own = part[part["kind"] == kind]
            yield own.assign(arm=own["arm"] + f": {level}, {kind}")
