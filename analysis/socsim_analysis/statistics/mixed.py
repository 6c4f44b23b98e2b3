"""Outcome by arm where people are nested in worlds, and perhaps in groups within them: a linear mixed model.

x = a + b_arm + u_world + v_group + e with independent normal u, v and e, fitted by restricted maximum likelihood (statsmodels'
MixedLM, by Powell's method, which also finds its way where a variance is zero). The effect of an arm is its b against the
reference. Its ends are ± t(1 - α, W - L) standard errors, with W worlds and L arms, which is the degrees of freedom of arms
that are assigned to whole worlds and careful where arms share worlds. Where the variance over worlds is estimated as zero,
worlds look independent of their people; with few worlds that is weak evidence, and the fit says so. A fit that fails is refused
in words and gives no number.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.stats
from numpy.typing import ArrayLike, NDArray

from socsim_analysis.statistics.intervals import LEAST_UNITS, checked_level, units_differ
from socsim_analysis.statistics.units import unit_numbers

__all__ = ["MixedEffect", "MixedFit", "mixed_effects"]


@dataclass(frozen=True)
class MixedEffect:
    """Effect of one arm against the reference, with its interval."""

    arm: Hashable
    reference: Hashable
    estimate: float
    error: float
    low: float
    high: float


@dataclass(frozen=True)
class MixedFit:
    """A fit, or why there is none.

    ``effects`` is empty where ``refusal`` is not. Standard deviations are those of u, v and e; ``sd_group`` is NaN without
    groups. ``note`` says what to keep in mind.
    """

    effects: tuple[MixedEffect, ...]
    level: float
    worlds: int
    groups: int
    n: int
    sd_world: float = math.nan
    sd_group: float = math.nan
    sd_residual: float = math.nan
    refusal: str = ""
    note: str = ""


def mixed_effects(
    outcome: ArrayLike,
    arms: Sequence[Hashable],
    worlds: Sequence[Hashable],
    groups: Sequence[Hashable] | None = None,
    *,
    reference: Hashable | None = None,
    level: float = 0.95,
) -> MixedFit:
    """Fit the model; rows with a missing outcome (NaN) are left out.

    Args:
        outcome: one number per person.
        arms: arm of each.
        worlds: world of each; worlds that share people or random numbers are one (the replicate).
        groups: group of each within its world, where people met in groups.
        reference: arm that others are held against; the first named where not given.
        level: of the intervals.

    Raises:
        ValueError: lengths differ, an outcome is infinite, or the reference is no arm.

    Example:
        >>> people, worlds = [1, 2, 2, 3, 1, 3, 4, 5, 5, 5, 4, 6], [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
        >>> round(mixed_effects(people, ["a"] * 6 + ["b"] * 6, worlds).effects[0].estimate, 3)
        2.833
    """
    checked_level(level)
    frame = _frame(outcome, arms, worlds, groups)
    names = list(dict.fromkeys(frame["arm"]))
    base = names[0] if reference is None and names else reference
    if names and base not in names:
        raise ValueError(f"the reference {base!r} is none of the arms {names}")
    counts = (int(frame["world"].nunique()), int(frame["group"].nunique()) if groups is not None else 0, len(frame))
    levels = [base, *(name for name in names if name != base)]
    if reason := _impossible(frame, counts, len(levels)):
        return MixedFit((), level, *counts, refusal=reason)
    return _fitted(frame, levels, counts, level)


def _frame(
    outcome: ArrayLike, arms: Sequence[Hashable], worlds: Sequence[Hashable], groups: Sequence[Hashable] | None
) -> pd.DataFrame:
    x = np.asarray(outcome, dtype=float).ravel()
    inside = [0] * x.size if groups is None else list(groups)
    if not x.size == len(arms) == len(worlds) == len(inside):
        raise ValueError(f"{x.size} outcomes, {len(arms)} arms, {len(worlds)} worlds and {len(inside)} groups")
    if np.isinf(x).any():
        raise ValueError("an outcome is infinite; give finite numbers, and NaN for missing ones")
    nested = unit_numbers(zip(worlds, inside, strict=True))
    frame = pd.DataFrame({"x": x, "arm": pd.Series(list(arms), dtype=object), "world": unit_numbers(worlds), "group": nested})
    return frame[frame["x"].notna()].reset_index(drop=True)


def _impossible(frame: pd.DataFrame, counts: tuple[int, int, int], arms: int) -> str:
    """Why the model cannot be fitted, or an empty string."""
    worlds, groups, n = counts
    if arms < 2:
        return "there is one arm only, and nothing to hold it against"
    if worlds < LEAST_UNITS or worlds <= arms:
        return f"{worlds} worlds are too few for {arms} arms; at least {max(LEAST_UNITS, arms + 1)} are needed"
    if not units_differ(frame["x"].to_numpy(dtype=float)):
        return "everybody has the same outcome"
    if n == worlds:
        return "every world has one row: its variance is not told from that of people; compare means of worlds instead"
    inside = frame["x"] - frame.groupby("world")["x"].transform("mean")
    if float(inside.std()) < 1e-3 * float(frame["x"].std()):
        return "people of one world hardly differ: nothing is left of them beside their worlds; compare means of worlds instead"
    if groups in (worlds, n):
        what = "world has one group" if groups == worlds else "group has one row"
        return f"every {what}: the variance of groups is not told from another; leave groups out"
    return ""


def _fitted(frame: pd.DataFrame, levels: list[Hashable], counts: tuple[int, int, int], level: float) -> MixedFit:
    from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

    codes = frame["arm"].map({name: number for number, name in enumerate(levels)}).to_numpy(dtype=int)
    design = np.column_stack([np.ones(len(frame)), *(codes == number for number in range(1, len(levels)))]).astype(float)
    parts = VCSpec(["group"], *_group_parts(frame)) if counts[1] else None
    centre, scale = float(frame["x"].mean()), float(frame["x"].std())  # the optimiser's steps suit a spread of about 1
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            x, ones = (frame["x"].to_numpy() - centre) / scale, np.ones((len(frame), 1))
            model = MixedLM(x, design, frame["world"].to_numpy(), ones, exog_vc=parts)
            fit = model.fit(reml=True, method=["powell"])
            found, errors = np.asarray(fit.fe_params) * scale, np.asarray(fit.bse_fe) * scale
    except (np.linalg.LinAlgError, ValueError) as error:
        return MixedFit((), level, *counts, refusal=f"the model could not be fitted: {error}")
    if not fit.converged or not np.isfinite(errors).all() or not (errors > 0.0).all():
        why = "; ".join(dict.fromkeys(str(one.message).strip().rstrip(".") for one in said)) or "no standard errors"
        return MixedFit((), level, *counts, refusal=f"the fit did not converge ({why})")
    half = float(scipy.stats.t.ppf(0.5 + level / 2.0, counts[0] - len(levels)))
    rows = zip(levels[1:], found[1:].tolist(), errors[1:].tolist(), strict=True)
    effects = tuple(MixedEffect(arm, levels[0], b, se, b - half * se, b + half * se) for arm, b, se in rows)
    residual = math.sqrt(float(fit.scale)) * scale
    world = math.sqrt(max(float(np.asarray(fit.cov_re)[0, 0]), 0.0)) * scale
    group = math.sqrt(max(float(np.asarray(fit.vcomp)[0]), 0.0)) * scale if counts[1] else math.nan
    note = "worlds were estimated not to vary beyond their people" if world < 1e-3 * residual else ""
    return MixedFit(effects, level, *counts, world, group, residual, note=note)


def _group_parts(frame: pd.DataFrame) -> tuple[list[list[list[str]]], list[list[NDArray[np.float64]]]]:
    """Of every world, in the order in which statsmodels takes them: names of its groups, and who is in which."""
    names, parts = [], []
    for world in np.unique(frame["world"].to_numpy()):
        inside = frame.loc[frame["world"] == world, "group"].to_numpy()
        found = np.unique(inside)
        names.append([str(one) for one in found])
        parts.append((inside[:, None] == found).astype(float))
    return [names], [parts]
