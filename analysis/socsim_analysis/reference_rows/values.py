"""The statistic of a finding in one arm, or of two, and the row that it makes: what all reference rows are computed by."""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from socsim_analysis.designs import STATISTICS, Statistic, TableError, UnitValues
from socsim_analysis.designs.convention_tables import CHOICES, WORLDS, worlds
from socsim_analysis.designs.crowd_tables import ESTIMATES, TRIALS, trials
from socsim_analysis.findings.registry import Finding
from socsim_analysis.markup import plural
from socsim_analysis.statistics.intervals import LEAST_UNITS, interval_over_units, units_differ

__all__ = ["NotComparable", "Prepared", "Role", "Row", "between_arms", "row_of", "row_of_sets", "values_of", "weighed"]

Role = Literal["people", "noise floor", "run", "single agent", "classical", "uniform", "control", "arm"]
"""What a row is there for: people; people drawn anew; the arm that is compared; what its own response curve, a classical model or
chance would give; an arm that is a control; any other arm."""


class NotComparable(ValueError):
    """A run or table does not hold what a finding is about; the message says what it would need."""


@dataclass(frozen=True)
class Row:
    """One line beside the verdict: a name, an estimate with its 95 % interval (NaN where there is none), and what it is over.

    ``note`` says in a sentence or two how the row was made, where its name does not.
    """

    name: str
    estimate: float
    low: float = math.nan
    high: float = math.nan
    over: str = ""
    role: Role = "arm"
    note: str = ""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A table, and what several statistics of its design are made of, which is made once."""

    frame: pd.DataFrame

    @cached_property
    def trials(self) -> pd.DataFrame:
        """Groups on tasks, of all arms; the table must be one of estimates."""
        return trials(self.frame)

    @cached_property
    def _groups(self) -> dict[str, pd.DataFrame | None]:
        return {}

    def groups(self, arm: str) -> pd.DataFrame | None:
        """Groups of a naming game in an arm with a committed minority; None where the table holds no choices, or names none."""
        if arm not in self._groups:
            rows = self.frame[self.frame["arm"] == arm]
            choices = CHOICES.fits(rows) and not WORLDS.fits(rows)
            named = choices and "alternative" in rows and bool((rows["alternative"] != "").all())
            self._groups[arm] = worlds(rows) if named else None
        return self._groups[arm]

    def shortest(self, statistic: Statistic) -> pd.DataFrame:
        """The table that the statistic is made from with least work: groups on tasks instead of estimates, where these do."""
        if TRIALS in statistic.tables and not TRIALS.fits(self.frame) and ESTIMATES.fits(self.frame):
            return self.trials
        return self.frame


def between_arms(finding: Finding) -> bool:
    """Whether the finding's number is a difference between two arms, of which the second has to be named."""
    name = finding.statistic.name
    return finding.statistic.contrast or (bool(name) and "against" in inspect.signature(STATISTICS[name].function).parameters)


def values_of(table: pd.DataFrame | Prepared, finding: Finding, arm: str, against: str | None = None) -> UnitValues:
    """The statistic of an arm, world by world; of a difference between arms, that in ``arm`` less that in ``against``.

    Raises:
        NotComparable: the table is not one of the finding's design; names the column.
    """
    if against is None or not finding.statistic.contrast:
        return _of_arm(table, finding, arm, against)
    own, other = _of_arm(table, finding, arm), _of_arm(table, finding, against)
    shared = own.values.index.intersection(other.values.index)
    differences = own.values.loc[shared] - other.values.loc[shared]
    estimate = float(differences.mean()) if len(differences) else math.nan
    return UnitValues(own.name, differences, estimate, f"“{arm}” less “{against}”, by world")


def _of_arm(table: pd.DataFrame | Prepared, finding: Finding, arm: str, against: str | None = None) -> UnitValues:
    statistic = STATISTICS[finding.statistic.name]
    options: dict[str, Any] = {key: value for key, value in finding.statistic.options.items() if key != "arm"}
    accepted = inspect.signature(statistic.function).parameters
    if "unit" in accepted:
        options["unit"] = "world"
    if "arm" in accepted:
        options["arm"] = arm
    if "against" in accepted:
        options["against"] = against
    made = table if isinstance(table, Prepared) else Prepared(table)
    try:
        by_group = made.groups(arm) if WORLDS in statistic.tables and "window" not in options else None
        rows = by_group if by_group is not None else made.shortest(statistic)
        whole = statistic.design == "crowds" or "against" in accepted  # all arms give the unit of errors
        return statistic(rows if whole else rows[rows["arm"] == arm], **options)
    except TableError as error:
        raise NotComparable(f"{finding.finding}: {error}") from error


def weighed(values: UnitValues) -> pd.Series:
    """Values whose plain mean is the estimate: a ratio of means is linearised by its weights."""
    if values.weights is None:
        return values.values
    relative = values.weights / values.weights.mean()
    return values.estimate + (values.values - values.estimate) * relative


def row_of(name: str, values: UnitValues, role: Role, *, over: str = "", note: str = "") -> Row:
    """A row with its interval over worlds; without one where it is no mean, or worlds are few or all the same."""
    spread = weighed(values)
    over = over or plural(len(values.values), "world")
    if values.summary != "mean" or len(spread) < LEAST_UNITS or not units_differ(spread.to_numpy(dtype=float)):
        return Row(name, values.estimate, over=over, role=role, note=note)
    interval = interval_over_units(spread, 0.95, method="wider of both")  # that of the verdict
    return Row(name, values.estimate, interval.low, interval.high, over, role, note)


def row_of_sets(name: str, estimates: Sequence[float], role: Role, *, over: str, note: str = "") -> Row | None:
    """The mean over sets of simulated worlds, each as many as the run has, and where 95 % of such sets lie.

    The ends are those of mean ± 1.96 SD, or the 2.5 % and 97.5 % points where these are farther out, as they are where sets are
    skewed. None where fewer than half of the sets have a value.
    """
    known = np.asarray([one for one in estimates if math.isfinite(one)], dtype=float)
    if known.size < max(2, len(estimates) / 2):
        return None
    centre, half = float(known.mean()), 1.96 * float(known.std(ddof=1))
    if not units_differ(known):
        return Row(name, centre, over=over, role=role, note=note)
    low, high = (float(one) for one in np.quantile(known, [0.025, 0.975]))
    return Row(name, centre, min(low, centre - half), max(high, centre + half), over, role, note)
