"""A run held against a finding about people: the statistic by world, the verdict by the printed rule, and the rows beside it.

The verdict is that of `socsim_analysis.statistics.equivalence`; where a precondition fails it is *not assessed*, with the
value measured. Beside it stand its power, the ratio and sign of the effects, and the rows of `socsim_analysis.reference_rows`.
Mean, spread and rule of decision are findings of their own and are never put into one number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from socsim.measures import ResponseCurve
from socsim_analysis.designs import STATISTICS, UnitValues
from socsim_analysis.designs.of_runs import MADE_FROM, table_of
from socsim_analysis.findings.registry import Finding
from socsim_analysis.frames import RunLike, Snapshot, snapshot, treatment_arm
from socsim_analysis.preconditions import Measured, failed_words, measure_all
from socsim_analysis.reference_rows import NotComparable, Row, Sources, between_arms, reference_rows, values_of, weighed
from socsim_analysis.reference_rows.people import human_estimate
from socsim_analysis.reference_rows.single_agent import curve_of
from socsim_analysis.statistics.deciding import HumanEstimate
from socsim_analysis.statistics.equivalence import DirectionVerdict, Verdict, direction_verdict, verdict
from socsim_analysis.verdict_power import VerdictPower, power_of_direction, power_of_verdict

__all__ = ["AgainstPeople", "NotComparable", "Row", "compare_many", "compare_run", "compare_table", "read_curve", "read_people"]


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
    power: VerdictPower | None = None
    """What the verdict could have shown; None where there can be none."""
    single_agent: str = ""
    """What the response curve of single agents foretells of a binary run, in a sentence; empty where no curve is known."""

    @property
    def ratio(self) -> float:
        """The run's estimate over that of people; NaN where there is none or people's is 0."""
        human = self.finding.estimate
        return self.values.estimate / human.value if human is not None and human.value else math.nan

    @property
    def same_sign(self) -> bool | None:
        """Whether run and people have effects of the same sign; None where either has none."""
        human, own = self.finding.estimate, self.values.estimate
        theirs = human.value if human is not None else {"up": 1.0, "down": -1.0, None: 0.0}[self.finding.direction]
        return None if math.isnan(own) or own == 0.0 or theirs == 0.0 else (own > 0.0) == (theirs > 0.0)

    @property
    def effect_words(self) -> str:
        """Ratio and sign in one line; empty where there is neither."""
        sign = {True: "same sign", False: "opposite sign", None: ""}[self.same_sign]
        ratio = (
            ""
            if math.isnan(self.ratio)
            else f"run over {'people' if self.finding.of_people else 'the other simulation'} {self.ratio:.2f}"
        )
        said = ", ".join(part for part in (ratio, sign) if part)
        return f"Effect: {said}." if said else ""

    @property
    def sentence(self) -> str:
        """The outcome in words, with margin and rule."""
        return self.verdict.sentence if self.verdict is not None else f"Described only: {self.note}."


def compare_run(
    run: RunLike, finding: Finding, *, arm: str | None = None, against: str | None = None, curve: ResponseCurve | None = None
) -> AgainstPeople:
    """Hold an arm of a run against a finding.

    Args:
        run: the run.
        finding: the finding.
        arm: the arm; the treatment arm where not given.
        against: the other arm, for findings that are differences between arms.
        curve: the response curve of single agents, where another run measured it.

    Raises:
        NotComparable: the run does not hold what the finding is about; says what it would need.
    """
    (found,) = compare_many(run, [finding], arm=arm, against=against, curve=curve)
    if isinstance(found, NotComparable):
        raise found
    return found


def compare_many(
    run: RunLike,
    findings: Iterable[Finding],
    *,
    arm: str | None = None,
    against: str | None = None,
    curve: ResponseCurve | None = None,
) -> list[AgainstPeople | NotComparable]:
    """`compare_run` for several findings, in their order; why one cannot be compared stands in its place."""
    run = snapshot(run)
    known: dict[str, Sources | None] = {}
    found: list[AgainstPeople | NotComparable] = []
    for finding in findings:
        try:
            design = _design(finding)
            if design not in known:
                known[design] = _sources(run, table_of(run, design), curve)
            sources = known[design]
            if sources is None:
                need = MADE_FROM.get(design)
                tail = f"it needs {need}" if need else "no run of this version gives its table; hand one over as a file"
                raise NotComparable(f"{finding.finding}: the run does not hold it; {tail}")
            found.append(_compared(sources, finding, arm or treatment_arm(run), against))
        except NotComparable as error:
            found.append(error)
    return found


def compare_table(
    table: pd.DataFrame, finding: Finding, *, arm: str | None = None, against: str | None = None, run: RunLike | None = None
) -> AgainstPeople:
    """Hold a tidy table, of people or of a run, against a finding; see `compare_run`."""
    return _compared(Sources(_with_arms(table), snapshot(run) if run is not None else None), finding, arm, against)


def read_people(path: Path) -> pd.DataFrame:
    """A tidy table from a CSV or Parquet file.

    Raises:
        NotComparable: it cannot be read.
    """
    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise NotComparable(f"{path}: no table can be read from it: {error}") from error


def read_curve(run: RunLike) -> ResponseCurve:
    """The response curve of single agents that a run measured.

    Raises:
        NotComparable: it measured none.
    """
    curve = curve_of(snapshot(run))
    if curve is None:
        raise NotComparable(f"{run.path}: the run holds no response curve: choices between two answers of which others are shown")
    return curve


def _sources(run: Snapshot, table: pd.DataFrame | None, curve: ResponseCurve | None) -> Sources | None:
    return None if table is None else Sources(_with_arms(table), run, curve)


def _with_arms(table: pd.DataFrame) -> pd.DataFrame:
    """Rows numbered from 0, with arms as text; "" where a row has none."""
    arms = table["arm"].astype(object).where(table["arm"].notna(), "").astype(str) if "arm" in table else ""
    return table.assign(arm=arms).reset_index(drop=True)


def _design(finding: Finding) -> str:
    if not finding.statistic.name:
        raise NotComparable(f"{finding.finding}: this version does not compute its statistic ({finding.statistic.how})")
    return STATISTICS[finding.statistic.name].design


def _compared(sources: Sources, finding: Finding, arm: str | None, against: str | None) -> AgainstPeople:
    _design(finding)
    table = sources.table
    chosen = _chosen(table, finding, arm, against)
    other = against if between_arms(finding) else None
    values = values_of(sources.prepared, finding, chosen, other)
    measured = measure_all(finding, table, chosen, sources.run)
    decided, note = _decided(finding, values, failed_words(measured))
    rows = tuple(reference_rows(sources, finding, chosen, other, values))
    single = sources.single_agent(chosen)
    told = single if isinstance(single, str) else single[2].sentence
    power = _power(finding, values) if decided is not None else None
    return AgainstPeople(finding, chosen, against or "", values, decided, rows, measured, note, power, told)


def _chosen(table: pd.DataFrame, finding: Finding, arm: str | None, against: str | None) -> str:
    """The arm that is compared, of those that the table has."""
    arms = [str(one) for one in table["arm"].unique()]
    named = str(finding.statistic.options.get("arm", ""))  # as the table of the source calls it
    if arm is None and named not in arms and len(arms) > 1:
        raise NotComparable(f"{finding.finding}: name the arm to compare; there are {', '.join(map(repr, arms))}")
    chosen = arm if arm is not None else named if named in arms else arms[0] if arms else ""
    for one in (chosen, against):
        if one is not None and one not in arms:
            raise NotComparable(f"{finding.finding}: there is no arm {one!r}; there are {', '.join(map(repr, arms))}")
    if between_arms(finding) and against is None:
        raise NotComparable(f"{finding.finding} is a difference between two arms ({finding.statistic.how}); name the other one")
    return chosen


def _decided(finding: Finding, values: UnitValues, failed: str) -> tuple[Verdict | DirectionVerdict | None, str]:
    if values.summary != "mean":
        return None, "a largest or smallest value over worlds has no interval; the values stand in the table"
    if finding.direction is not None:
        human = HumanEstimate(1.0 if finding.direction == "up" else -1.0)
        return direction_verdict(values.values, human, failed=failed), ""
    estimate = human_estimate(finding)
    if not finding.of_people or estimate is None or finding.margin is None:
        return None, "the finding is about simulations, not people"
    return verdict(weighed(values), estimate, finding.margin.value, failed=failed), ""


def _power(finding: Finding, values: UnitValues) -> VerdictPower | None:
    human = human_estimate(finding)
    if human is None or finding.margin is None:
        return power_of_direction(values.values)
    return power_of_verdict(weighed(values), human, finding.margin.value)
