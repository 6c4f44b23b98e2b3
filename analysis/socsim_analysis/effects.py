"""Effects of randomised conditions: how answers at each level differ from those at a reference level.

For an item, an arm and a step, let x be the expected value given an answer (the drawn one where the readout has no distribution)
and D its level. An expected value counts also where the answer drawn is a valid non-answer such as "don't know", so that nobody
drops out by chance of the draw; failed answers are left out. The effects b minimise the sum of (x - a_w - b_D)², with b = 0 at
the reference. Where effects are centred within prompts there is one constant a_w for every way of asking w (the wordings and the
rendering of the persona); else there is one for all, and b is plainly the difference in means. With a reference drawn at
random, the effect of a level is the mean of its differences to the references drawn (those that are another level).

Unit of inference: the largest set of people who could see each other. That is the person as long as nobody has met anybody,
over all of its contexts and, where people are the same in all worlds, over all replicates (the community of one world, where
levels were assigned to these); else the world. Answers of one unit
go together, so the covariance of b is the sandwich with sums of scores over units,

    V = c (X'X)⁻¹ (Σ_g X_g'e_g e_g'X_g) (X'X)⁻¹,    c = G/(G - 1) · (N - 1)/(N - K)

(Liang & Zeger 1986; the factor as in Stata and statsmodels), with G units, N answers, and K constants and effects. Intervals are
b ± t(.975, G - 1) √V; with fewer than `LEAST_UNITS` units, or where all answer alike at each level, there is none. Conditions are
taken one by one: each effect is an average over the levels of the others, and combinations are not estimated.

Where several models answer, who is answered for by which was drawn, too: ``model`` is one more condition.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.stats
from numpy.typing import NDArray

from socsim.activation import plan_steps
from socsim.scenario import patched
from socsim.scenario.schedule import PhaseSpec
from socsim.scenario.schedule_checks import phases
from socsim.seeding import stream
from socsim_analysis.frames import RunLike

__all__ = ["COLUMNS", "LEAST_UNITS", "answers_at_levels", "effect_table", "models_chosen", "way_table"]

LEAST_UNITS = 5
"""Fewest people (or worlds) for an interval."""

COLUMNS = ["arm", "step", "item", "condition", "level", "reference", "unit", "units", "n", "n_reference", "mean",
           "mean_reference", "effect", "low", "high"]  # fmt: skip
"""Columns of `effect_table`."""

Reals = NDArray[np.float64]
Codes = NDArray[np.int64]
_KEYS = ["arm", "replicate", "step", "agent", "turn"]
_MODEL = "model"
_BY_THEMSELVES = ("none", "survey", "exposure")


@dataclass(frozen=True)
class Fit:
    """Effects of all levels against the first: ``effects[0]`` is 0; ``covariance`` is NaN where it cannot be estimated."""

    effects: Reals
    covariance: Reals
    units: int


def answers_at_levels(run: RunLike, item: str) -> pd.DataFrame:
    """Answers with their levels: ``arm, replicate, step, agent, turn, x, way``, and a column for every condition.

    ``way`` names wordings and rendering; it is empty where there is one for all. Empty where no condition is randomised.
    """
    conditions = _conditions(run)
    clusters = [f"{name}.cluster" for name in run.scenario.conditions if _by_cluster(run, name)]
    columns = [*_KEYS, "x", "way", *conditions, *clusters]
    if not conditions or run.trials.empty or run.responses.empty:
        return pd.DataFrame(columns=columns)
    rows = run.responses[(run.responses["item"] == item) & (run.responses["status"] != "failed")]
    frame = rows[_KEYS].copy()
    frame["x"] = rows["expected"].where(rows["expected"].notna(), rows["value"]).astype(float)
    frame = frame[frame["x"].notna()]
    wide = run.trials.pivot(index=_KEYS, columns="name", values="level")
    ways = [name for name in wide.columns if name == "persona" or str(name).startswith("prompts.")]
    wide["way"] = wide[ways].fillna("").astype(str).agg("\x1f".join, axis=1) if ways else ""
    found = [name for name in (*conditions, *clusters) if name in wide.columns]
    return frame.merge(wide[["way", *found]].reset_index(), on=_KEYS).reindex(columns=columns)


def effect_table(run: RunLike, item: str) -> pd.DataFrame:
    """Effects of every condition on an item, one row per arm, step, condition and level that is not the reference; see `COLUMNS`.

    ``unit`` is "person", "community" or "world", ``units`` their number, ``n`` and ``n_reference`` are answers; means are plain
    ones. With a random reference ``mean_reference`` is NaN. A condition has no rows where nobody answered at its reference level.
    """
    frame = answers_at_levels(run, item)
    rows = [
        (arm, step, item, condition, *row)
        for condition in _conditions(run)
        for arm, step in sorted(set(zip(frame["arm"], frame["step"], strict=True)))
        for answers in [frame[(frame["arm"] == arm) & (frame["step"] == step)]]
        for row in _effects(run, (arm, step), answers.dropna(subset=[condition]), condition)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _effects(run: RunLike, place: tuple[str, int], answers: pd.DataFrame, condition: str) -> Iterator[tuple[object, ...]]:
    declared = run.scenario.analysis.effects
    assigned = _levels(run, condition)
    levels = [level for level in assigned if level in set(answers[condition])]
    reference = declared.reference if declared.reference in ("random", *assigned) else assigned[0]
    if len(levels) < 2 or reference not in ("random", *levels):
        return
    unit = _unit(run, *place)
    unit = "community" if unit == "person" and _by_cluster(run, condition) else unit
    ways = _numbered(answers["way"] if declared.centre_within == "prompt" else [""] * len(answers))
    codes = np.asarray([levels.index(level) for level in answers[condition]], dtype=np.int64)
    fit = fitted(answers["x"].to_numpy(dtype=float), codes, ways, _units(run, answers, unit, condition), len(levels))
    means = answers.groupby(condition)["x"].mean()
    counts = answers[condition].value_counts()
    half = float(scipy.stats.t.ppf(0.975, fit.units - 1)) if fit.units >= LEAST_UNITS else math.nan
    for level, other, contrast in _contrasts(run, condition, levels, reference):
        effect = float(contrast @ fit.effects)
        error = half * float(np.sqrt(np.maximum(contrast @ fit.covariance @ contrast, 0.0)))
        if error <= 1e-12 * max(1.0, abs(effect)):
            error = math.nan  # units that answer all alike do not show how much units differ
        n = int(counts[level])
        n_other, mean_other = (int(counts[other]), float(means[other])) if other in levels else (len(answers) - n, math.nan)
        found = (unit, fit.units, n, n_other, float(means[level]), mean_other, effect, effect - error, effect + error)
        yield (level, other, *found)


def _conditions(run: RunLike) -> list[str]:
    """What was assigned by lot: the declared conditions, and the model where there are several."""
    return [*run.scenario.conditions, *([_MODEL] if len(run.scenario.inference.labels) > 1 else [])]


def models_chosen(run: RunLike) -> bool:
    """Whether an intervention gives another model to people who are not drawn, but named, at hubs, or have certain facts."""
    return any(
        one.kind == "model" and ((one.who.share is None and one.who.count is None) or bool(one.who.where))
        for _, phase, _ in phases(run.scenario)
        for one in phase.interventions
    )


def _levels(run: RunLike, condition: str) -> list[str]:
    """Levels that somebody was assigned: in declared order, or by name where they stand in a table."""
    if condition == _MODEL:
        return list(run.scenario.inference.labels)
    declared = run.scenario.conditions[condition].levels
    present = set(run.trials.loc[run.trials["name"] == condition, "level"])
    return sorted(present) if isinstance(declared, Mapping) and "table" in declared else [str(level) for level in declared]


def _contrasts(run: RunLike, condition: str, levels: Sequence[str], reference: str) -> Iterator[tuple[str, str, Reals]]:
    """(level, reference in words, weights on the effects of all levels)."""
    unity = np.eye(len(levels))
    if reference != "random":
        at = levels.index(reference)
        yield from ((level, reference, unity[i] - unity[at]) for i, level in enumerate(levels) if i != at)
        return
    repeats = run.scenario.analysis.effects.repeats
    drawn = stream(run.scenario.seed, "reference", condition).integers(len(levels), size=repeats)
    for i, level in enumerate(levels):
        others = [int(at) for at in drawn if at != i]
        if others:
            yield level, f"random ({len(others)} draws)", unity[i] - unity[others].mean(axis=0)


def _unit(run: RunLike, arm: str, step: int) -> str:
    """What a unit of inference is at a step: a person as long as nobody could see anybody."""
    declared = next((spec for spec in run.scenario.arms if spec.name == arm), None)
    world = run.scenario if declared is None else patched(run.scenario, declared)
    items = world.items if isinstance(world.items, dict) else {}
    steps = plan_steps(world.schedule, items, world.seed)
    return "world" if any(_meets(planned.phase) for planned in steps if planned.step <= step) else "person"


def _meets(phase: PhaseSpec) -> bool:
    return phase.interaction != "none" and phase.interaction.kind not in _BY_THEMSELVES


def _numbered(names: Iterable[Hashable]) -> Codes:
    """The same number for the same name, from 0."""
    numbers: dict[Hashable, int] = {}
    return np.asarray([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)


def _by_cluster(run: RunLike, condition: str) -> bool:
    declared = run.scenario.conditions.get(condition)
    return declared is not None and declared.assign == "clusters"


def _units(run: RunLike, answers: pd.DataFrame, unit: str, condition: str) -> Codes:
    """The number of everybody's unit."""
    if unit == "community":
        return _numbered(zip(answers["replicate"], answers[f"{condition}.cluster"], strict=True))
    if unit == "world":
        return _numbered(answers["replicate"])
    if not run.scenario.population.per_world:
        return _numbered(answers["agent"])
    return _numbered(zip(answers["replicate"], answers["agent"], strict=True))


def fitted(x: Reals, codes: Codes, ways: Codes, units: Codes, levels: int) -> Fit:
    """Least squares within ways of asking, with a covariance clustered by unit.

    Args:
        x: answers.
        codes: level of each, from 0.
        ways: way of asking of each, from 0.
        units: unit of each, from 0.
        levels: number of levels.
    """
    constants, groups = int(ways.max()) + 1, int(units.max()) + 1
    dummies = np.column_stack([np.eye(levels)[codes][:, 1:], x])
    sums = np.zeros((constants, levels))
    np.add.at(sums, ways, dummies)
    within = dummies - (sums / np.bincount(ways)[:, None])[ways]
    design, outcome = within[:, :-1], within[:, -1]
    gram = design.T @ design
    effects, covariance = np.full(levels, math.nan), np.full((levels, levels), math.nan)
    if np.linalg.matrix_rank(gram) < levels - 1:
        return Fit(effects, covariance, groups)
    inverse = np.linalg.inv(gram)
    slopes = inverse @ design.T @ outcome
    scores = np.zeros((groups, levels - 1))
    np.add.at(scores, units, design * (outcome - design @ slopes)[:, None])
    effects = np.concatenate([[0.0], slopes])
    n, k = len(x), constants + levels - 1
    if groups > 1 and n > k:
        factor = groups / (groups - 1) * (n - 1) / (n - k)
        covariance = np.zeros((levels, levels))
        covariance[1:, 1:] = factor * inverse @ (scores.T @ scores) @ inverse
    return Fit(effects, covariance, groups)


def way_table(run: RunLike, item: str) -> pd.DataFrame:
    """How answers go with the way of asking: ``name, level, n, mean``, over all levels of conditions."""
    frame = answers_at_levels(run, item)
    trials = run.trials[run.trials["name"].eq("persona") | run.trials["name"].astype(str).str.startswith("prompts.")]
    merged = frame.merge(trials[[*_KEYS, "name", "level"]], on=_KEYS)
    found = merged.groupby(["name", "level"])["x"].agg(["size", "mean"]).reset_index()
    return found.set_axis(["name", "level", "n", "mean"], axis=1)
