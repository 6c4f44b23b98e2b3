"""Known-groups check: do first answers go with what is known of the people but was never shown to the model?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.stats

from socsim.measures import mean, spread
from socsim_analysis.frames import RunLike, opinions, treatment_arm

__all__ = ["Association", "GroupMean", "KnownGroup", "known_groups"]

_MOST_CATEGORIES = 12


@dataclass(frozen=True)
class Association:
    """Correlation with a numeric variable over ``n`` people; NaN where either does not vary."""

    pearson: float
    spearman: float
    n: int


@dataclass(frozen=True)
class GroupMean:
    """First opinions of the people in one category; the SD is NaN for one person."""

    category: str
    mean: float
    sd: float
    n: int


@dataclass(frozen=True)
class KnownGroup:
    """One held-back variable against the first opinions on one item, in one replicate of the treatment arm.

    ``association`` is None where the variable is not numeric, ``groups`` is empty where it has too many categories.
    """

    variable: str
    association: Association | None
    groups: tuple[GroupMean, ...]

    @property
    def between_share(self) -> float:
        """η²: sum of squares between groups over the total, 0 to 1; NaN with fewer than two groups or equal opinions."""
        n = sum(group.n for group in self.groups)
        if len(self.groups) < 2 or n <= len(self.groups):
            return math.nan
        centre = sum(group.n * group.mean for group in self.groups) / n
        between = sum(group.n * (group.mean - centre) ** 2 for group in self.groups)
        within = sum((group.n - 1) * group.sd**2 for group in self.groups if group.n > 1)
        return between / (between + within) if between + within > 1e-18 * max(1.0, centre**2) * n else math.nan

    @property
    def chance_share(self) -> float:
        """The η² expected if group and opinion had nothing to do with each other: (k - 1) / (n - 1)."""
        n = sum(group.n for group in self.groups)
        return (len(self.groups) - 1) / (n - 1) if len(self.groups) > 1 and n > 1 else math.nan


def known_groups(run: RunLike, item: str, replicate: int = 0, prefix: str = "reference_") -> tuple[KnownGroup, ...]:
    """Every held-back variable (or, with ``prefix="fact_"``, every fact) against the opinions at the first step.

    Expected values are used. People without an answer or without the variable are left out.
    """
    arm = treatment_arm(run)
    frame = opinions(run, item, "expected")
    frame = frame[(frame["arm"] == arm) & (frame["replicate"] == replicate)]
    first = frame[frame["step"] == frame["step"].min()][["agent", "x"]]
    people = run.agents[(run.agents["arm"] == arm) & (run.agents["replicate"] == replicate)]
    columns = [column for column in people.columns if column.startswith(prefix)]
    return tuple(
        _known_group(column.removeprefix(prefix), people[["agent", column]].merge(first, on="agent"), column)
        for column in columns
    )


def _known_group(name: str, rows: pd.DataFrame, column: str) -> KnownGroup:
    rows = rows[rows[column].notna()]
    numbers = pd.to_numeric(rows[column], errors="coerce")
    numeric = bool(len(rows)) and bool(numbers.notna().all())
    association = _association(numbers.to_numpy(dtype=float), rows["x"].to_numpy(dtype=float)) if numeric else None
    ordered = rows.assign(category=numbers if numeric else rows[column].astype(str))
    if ordered["category"].nunique() > _MOST_CATEGORIES:
        return KnownGroup(name, association, ())
    groups = tuple(
        GroupMean(f"{category:g}" if numeric else str(category), mean(group["x"]), spread(group["x"]), len(group))
        for category, group in ordered.groupby("category", sort=True)
    )
    return KnownGroup(name, association, groups)


def _association(
    variable: np.ndarray[tuple[int], np.dtype[np.float64]], x: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> Association:
    n = int(x.size)
    if n < 3 or np.ptp(variable) == 0.0 or np.ptp(x) <= 1e-9 * max(1.0, float(np.abs(x).max())):
        return Association(math.nan, math.nan, n)
    pearson = float(scipy.stats.pearsonr(variable, x).statistic)
    spearman = float(scipy.stats.spearmanr(variable, x).statistic)
    return Association(pearson, spearman, n)
