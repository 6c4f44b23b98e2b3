"""A run held against a finding about people: the statistic by world, the verdict by the printed rule, and the rows beside it.

The verdict is that of `socsim_analysis.statistics.equivalence`; where a precondition fails it is *not assessed*, with the value
measured. Beside it stand the other arms of the run, what uniform answers would give where answers are chosen from options, and
what people gave with its interval. Mean, spread and rule of decision are findings of their own and are never put into one number.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from socsim_analysis.designs import STATISTICS, TableError, UnitValues
from socsim_analysis.designs.of_runs import MADE_FROM, table_of
from socsim_analysis.findings.registry import Finding
from socsim_analysis.frames import RunLike, Snapshot, item_spec, snapshot, treatment_arm
from socsim_analysis.preconditions import Measured, failed_words, measure_all
from socsim_analysis.statistics.deciding import HumanEstimate
from socsim_analysis.statistics.equivalence import DirectionVerdict, Verdict, direction_verdict, verdict
from socsim_analysis.statistics.intervals import interval_over_units

__all__ = ["AgainstPeople", "NotComparable", "Row", "compare_many", "compare_run", "compare_table", "read_people"]

_DRAWS = 20
"""Sets of uniform answers behind their row."""


class NotComparable(ValueError):
    """A run or table does not hold what a finding is about; the message says what it would need."""


@dataclass(frozen=True)
class Row:
    """One line beside the verdict: a name, an estimate with its 95 % interval (NaN where there is none), and what it is over."""

    name: str
    estimate: float
    low: float = math.nan
    high: float = math.nan
    over: str = ""


@dataclass(frozen=True)
class AgainstPeople:
    """A finding, the arm that is held against it, the verdict (None where only described) and everything beside it."""

    finding: Finding
    arm: str
    against: str
    values: UnitValues
    verdict: Verdict | DirectionVerdict | None
    rows: tuple[Row, ...]
    measured: tuple[Measured, ...]
    note: str = ""

    @property
    def ratio(self) -> float:
        """The run's estimate over that of people; NaN where there is none or people's is 0."""
        human = self.finding.estimate
        return self.values.estimate / human.value if human is not None and human.value else math.nan

    @property
    def sentence(self) -> str:
        """The outcome in words, with margin and rule."""
        return self.verdict.sentence if self.verdict is not None else f"Described only: {self.note}."


def compare_run(run: RunLike, finding: Finding, *, arm: str | None = None, against: str | None = None) -> AgainstPeople:
    """Hold an arm of a run against a finding.

    Args:
        run: the run.
        finding: the finding.
        arm: the arm; the treatment arm where not given.
        against: the other arm, for findings that are differences between arms.

    Raises:
        NotComparable: the run does not hold what the finding is about; says what it would need.
    """
    (found,) = compare_many(run, [finding], arm=arm, against=against)
    if isinstance(found, NotComparable):
        raise found
    return found


def compare_many(
    run: RunLike, findings: Iterable[Finding], *, arm: str | None = None, against: str | None = None
) -> list[AgainstPeople | NotComparable]:
    """`compare_run` for several findings, in their order; why one cannot be compared stands in its place."""
    run = snapshot(run)
    tables: dict[str, pd.DataFrame | None] = {}
    found: list[AgainstPeople | NotComparable] = []
    for finding in findings:
        try:
            design = _design(finding)
            if design not in tables:
                tables[design] = table_of(run, design)
            found.append(_compared(run, tables[design], finding, arm or treatment_arm(run), against))
        except NotComparable as error:
            found.append(error)
    return found


def _compared(run: Snapshot, table: pd.DataFrame | None, finding: Finding, arm: str, against: str | None) -> AgainstPeople:
    if table is None:
        need = MADE_FROM.get(_design(finding))
        tail = f"it needs {need}" if need else "no run of this version gives its table; hand one over as a file"
        raise NotComparable(f"{finding.finding}: the run does not hold it; {tail}")
    found = compare_table(table, finding, arm=arm, against=against, run=run)
    uniform = _uniform(run, table, finding, found.arm) if not finding.statistic.contrast else None
    return replace(found, rows=(*found.rows, uniform)) if uniform is not None else found


def compare_table(
    table: pd.DataFrame, finding: Finding, *, arm: str | None = None, against: str | None = None, run: RunLike | None = None
) -> AgainstPeople:
    """Hold a tidy table, of people or of a run, against a finding; see `compare_run`."""
    table = table.assign(arm=table["arm"].astype(object).where(table["arm"].notna(), "").astype(str) if "arm" in table else "")
    arms = [str(one) for one in table["arm"].unique()]
    named = str(finding.statistic.options.get("arm", ""))  # as the table of the source calls it
    if arm is None and named not in arms and len(arms) > 1:
        raise NotComparable(f"{finding.finding}: name the arm to compare; there are {', '.join(map(repr, arms))}")
    chosen = arm if arm is not None else named if named in arms else arms[0]
    for one in (chosen, against):
        if one is not None and one not in arms:
            raise NotComparable(f"{finding.finding}: there is no arm {one!r}; there are {', '.join(map(repr, arms))}")
    if finding.statistic.contrast and against is None:
        raise NotComparable(f"{finding.finding} is a difference between two arms ({finding.statistic.how}); name the other one")
    values = _values(table, finding, chosen, against if finding.statistic.contrast else None)
    measured = measure_all(finding, table, chosen, run)
    decided, note = _decided(finding, values, failed_words(measured))
    own = ("this run" if run is not None else "this table") + (f": {chosen}" if chosen else "")
    rows = tuple(_rows(table, finding, chosen, arms, _row(own, values)))
    return AgainstPeople(finding, chosen, against or "", values, decided, rows, measured, note)


def read_people(path: Path) -> pd.DataFrame:
    """A tidy table from a CSV or Parquet file.

    Raises:
        NotComparable: it cannot be read.
    """
    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise NotComparable(f"{path}: no table can be read from it: {error}") from error


def _design(finding: Finding) -> str:
    if not finding.statistic.name:
        raise NotComparable(f"{finding.finding}: this version does not compute its statistic ({finding.statistic.how})")
    return STATISTICS[finding.statistic.name].design


def _values(table: pd.DataFrame, finding: Finding, arm: str, against: str | None) -> UnitValues:
    own = _statistic(table, finding, arm)
    if against is None:
        return own
    other = _statistic(table, finding, against)
    shared = own.values.index.intersection(other.values.index)
    differences = own.values.loc[shared] - other.values.loc[shared]
    estimate = float(differences.mean()) if len(differences) else math.nan
    return UnitValues(own.name, differences, estimate, f"“{arm}” less “{against}”, by world")


def _statistic(table: pd.DataFrame, finding: Finding, arm: str) -> UnitValues:
    statistic = STATISTICS[finding.statistic.name]
    options: dict[str, Any] = {key: value for key, value in finding.statistic.options.items() if key != "arm"}
    accepted = inspect.signature(statistic.function).parameters
    if "unit" in accepted:
        options["unit"] = "world"
    if "arm" in accepted:
        options["arm"] = arm
    rows = table if finding.statistic.name.startswith("crowds.") else table[table["arm"] == arm]
    try:
        return statistic(rows, **options)
    except TableError as error:
        raise NotComparable(f"{finding.finding}: {error}") from error


def _decided(finding: Finding, values: UnitValues, failed: str) -> tuple[Verdict | DirectionVerdict | None, str]:
    if values.summary != "mean":
        return None, "a largest or smallest value over worlds has no interval; the values stand in the table"
    if finding.direction is not None:
        human = HumanEstimate(1.0 if finding.direction == "up" else -1.0)
        return direction_verdict(values.values, human, failed=failed), ""
    estimate = finding.estimate
    if not finding.of_people or estimate is None or finding.margin is None:
        return None, "the finding is about simulations, not people"
    human = (
        HumanEstimate(estimate.value)
        if estimate.low is None or estimate.high is None or estimate.level is None
        else HumanEstimate(estimate.value, estimate.low, estimate.high, estimate.level)
    )
    return verdict(_weighed(values), human, finding.margin.value, failed=failed), ""


def _weighed(values: UnitValues) -> pd.Series:
    """Values whose plain mean is the estimate: a ratio of means is linearised by its weights."""
    if values.weights is None:
        return values.values
    relative = values.weights / values.weights.mean()
    return values.estimate + (values.values - values.estimate) * relative


def _rows(table: pd.DataFrame, finding: Finding, arm: str, arms: list[str], own: Row) -> Iterator[Row]:
    human = finding.estimate
    if human is not None:
        ends = (math.nan, math.nan) if human.low is None or human.high is None else (human.low, human.high)
        who = "people" if finding.of_people else "another simulation (no people)"
        yield Row(who, human.value, *ends, f"{human.n:,} {human.units}" if human.n else human.interval)
    yield own
    for other in arms:
        if other != arm and not finding.statistic.contrast:
            try:
                yield _row(f"other arm: {other}", _statistic(table, finding, other))
            except NotComparable:
                continue


def _row(name: str, values: UnitValues) -> Row:
    spread = _weighed(values)
    worlds = f"{len(values.values)} worlds"
    if values.summary != "mean" or len(spread) < 5 or float(np.ptp(spread)) == 0.0:
        return Row(name, values.estimate, over=worlds)
    interval = interval_over_units(spread, 0.95)
    return Row(name, values.estimate, interval.low, interval.high, worlds)


def _uniform(run: Snapshot, table: pd.DataFrame, finding: Finding, arm: str) -> Row | None:
    """What the statistic would be if everybody chose among the options by chance; None where answers are no choice of options."""
    by_chance = _BY_CHANCE.get(_design(finding))
    if by_chance is None:
        return None
    rng = np.random.default_rng(run.scenario.seed)
    found = [_statistic(by_chance(run, table, rng), finding, arm).estimate for _ in range(_DRAWS)]
    return Row("uniform answers", float(np.mean(found)), over=f"{_DRAWS} sets of answers by chance")


def _any_line(run: Snapshot, table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    options = {item: len(spec.options) if (spec := item_spec(run, item)) is not None else 1 for item in table["trial"].unique()}
    wrong = 1.0 - 1.0 / table["trial"].map(options).to_numpy(dtype=float)
    return table.assign(erred=(rng.random(len(table)) < wrong).astype(float))


def _any_amount(run: Snapshot, table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    del run
    return table.assign(request=rng.integers(11, 21, len(table)))


_BY_CHANCE = {"conformity": _any_line, "money_request": _any_amount}
"""Designs whose statistics are of options chosen, with a table of answers by chance."""
