"""All reference rows of a comparison, in the order in which they are read, and the tables behind them, made once for a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from socsim.measures import ResponseCurve
from socsim_analysis.designs import STATISTICS, UnitValues
from socsim_analysis.findings.registry import Finding
from socsim_analysis.frames import Snapshot
from socsim_analysis.markup import plural
from socsim_analysis.reference_rows.arms import arm_name
from socsim_analysis.reference_rows.crowd_models import CrowdFit, best_crowd_fit, simulated_numbers
from socsim_analysis.reference_rows.crowd_worlds import crowd_worlds, with_numbers
from socsim_analysis.reference_rows.naming_models import NamingFit, best_naming_fit
from socsim_analysis.reference_rows.people import human_row, noise_floor, split_halves
from socsim_analysis.reference_rows.single_agent import (
    Course,
    Foretold,
    NoCourse,
    binary_course,
    curve_of,
    foretold,
    named_tables,
)
from socsim_analysis.reference_rows.uniform import tables_by_chance
from socsim_analysis.reference_rows.values import NotComparable, Prepared, Row, between_arms, row_of, row_of_sets, values_of

__all__ = ["Sources", "reference_rows"]


@dataclass
class Sources:
    """A table, the run that it is of (None for one of people), and what is made of both for every finding of its design."""

    table: pd.DataFrame
    run: Snapshot | None = None
    curve: ResponseCurve | None = None
    """A response curve measured in another run; else that of this run is taken, where it measured one."""
    _chance: dict[tuple[str, tuple[str, ...]], list[Prepared]] = field(default_factory=dict, init=False)
    _crowds: dict[str, tuple[CrowdFit, Prepared] | None] = field(default_factory=dict, init=False)
    _naming: dict[str, NamingFit | None] = field(default_factory=dict, init=False)
    _single: dict[str, tuple[Course, ResponseCurve, Foretold] | str] = field(default_factory=dict, init=False)

    @cached_property
    def prepared(self) -> Prepared:
        """The table, ready for several statistics."""
        return Prepared(self.table)

    def by_chance(self, design: str, arms: tuple[str, ...]) -> list[Prepared]:
        """Sets of uniform answers of some arms."""
        if (design, arms) not in self._chance:
            rows = self.table[self.table["arm"].isin(arms)].reset_index(drop=True)
            self._chance[design, arms] = [Prepared(one) for one in tables_by_chance(self.run, rows, design)]
        return self._chance[design, arms]

    def averaging(self, arm: str) -> tuple[CrowdFit, Prepared] | None:
        """The best averaging model of an estimation study, and the table that it makes."""
        if arm not in self._crowds:
            worlds = crowd_worlds(self.run, self.table, arm) if self.run is not None else []
            fit = best_crowd_fit(worlds)
            if fit is None:
                self._crowds[arm] = None
            else:
                made = with_numbers(self.table, worlds, simulated_numbers(worlds, fit))
                needed = (made["arm"] == arm) | (made["round"] == made["round"].min())  # first estimates of all give the unit
                self._crowds[arm] = (fit, Prepared(made[needed]))
        return self._crowds[arm]

    def naming(self, arm: str) -> NamingFit | None:
        """The best rule of a naming game."""
        if arm not in self._naming:
            self._naming[arm] = best_naming_fit(self.run, self.table, arm) if self.run is not None else None
        return self._naming[arm]

    def single_agent(self, arm: str) -> tuple[Course, ResponseCurve, Foretold] | str:
        """What the response curve foretells of an arm; why it foretells nothing, or nothing to say where no curve is known."""
        if arm not in self._single:
            self._single[arm] = self._foretold(arm)
        return self._single[arm]

    def _foretold(self, arm: str) -> tuple[Course, ResponseCurve, Foretold] | str:
        if self.run is None:
            return ""
        curve = self.curve if self.curve is not None else curve_of(self.run)
        if curve is None:
            return ""
        try:
            course = binary_course(self.run, arm)
            place = "this run" if self.curve is None else "another run"
            return course, curve, foretold(course, curve, self.run.scenario.seed, place)
        except NoCourse as reason:
            if self.curve is None:
                return ""  # the run measures a curve; nobody asked for more
            return f"The response curve foretells nothing of this run, which is not binary, memoryless and well mixed: {reason}."


def reference_rows(sources: Sources, finding: Finding, arm: str, against: str | None, values: UnitValues) -> Iterator[Row]:
    """Every row that there is: people, people drawn anew, the run, its single agents, a classical model, chance, other arms.

    Args:
        sources: the table and run.
        finding: the finding.
        arm: the arm that is compared.
        against: the other arm, for findings that are differences.
        values: the statistic of the arm, or of the difference.
    """
    run, table = sources.run, sources.table
    human = human_row(finding)
    if human is not None:
        yield human
    halves = split_halves(sources.prepared, finding, arm, against, values.estimate) if run is None else None
    floor = noise_floor(finding, table, arm, against) if run is not None else None
    yield from (row for row in (floor, halves) if row is not None)
    yield row_of(("this run" if run is not None else "this table") + (f": {arm}" if arm else ""), values, "run")
    for row in (_single(sources, finding, arm), _classical(sources, finding, arm), _uniform(sources, finding, arm, against)):
        if row is not None:
            yield row
    if not between_arms(finding):
        yield from _arms(sources, finding, arm)


def _design(finding: Finding) -> str:
    return STATISTICS[finding.statistic.name].design


def _estimates(
    tables: Sequence[pd.DataFrame | Prepared], finding: Finding, arm: str, against: str | None = None
) -> Iterator[float]:
    for one in tables:
        try:
            yield values_of(one, finding, arm, against).estimate
        except NotComparable:
            continue


def _uniform(sources: Sources, finding: Finding, arm: str, against: str | None) -> Row | None:
    arms = tuple(one for one in (arm, against) if one is not None)
    tables = sources.by_chance(_design(finding), arms)
    estimates = list(_estimates(tables, finding, arm, against))
    return row_of_sets("uniform answers", estimates, "uniform", over=f"{len(tables)} sets of answers by chance")


def _classical(sources: Sources, finding: Finding, arm: str) -> Row | None:
    if sources.run is None or between_arms(finding):
        return None
    if _design(finding) == "crowds":
        return _averaging(sources, finding, arm)
    return _naming(sources, finding, arm) if _design(finding) == "conventions" else None


def _averaging(sources: Sources, finding: Finding, arm: str) -> Row | None:
    found = sources.averaging(arm)
    if found is None:
        return None
    fit, table = found
    errors = ", ".join(f"{model} {error:.3g}" for model, error in fit.errors.items())
    note = (
        f"Best fitted classical model: {fit.model}{f' ({fit.words})' if fit.words else ''}, stepped without chance from the "
        f"run's own first answers over its own ties. It is the simplest within one standard error of the best by the one-step "
        f"error in worlds left out one at a time (in SD of first estimates: {errors}), where it accounts for "
        f"{fit.explained:.0%} of the squared change."
    )
    over = f"{plural(fit.worlds, 'world')}, simulated"
    return row_of(f"classical model: {fit.model}", values_of(table, finding, arm), "classical", over=over, note=note)


def _naming(sources: Sources, finding: Finding, arm: str) -> Row | None:
    fit = sources.naming(arm)
    if fit is None:
        return None
    scores = ", ".join(f"{model} {score:.3g}" for model, score in fit.scores.items())
    alike = f"; within one standard error of it: {', '.join(fit.alike)}" if fit.alike else ""
    note = (
        f"Best classical model: {fit.model}, from the first names, meetings and committed people of the run; it foretells the "
        f"shares of names by round best (energy score, smaller is better: {scores}{alike}). No rule has a parameter, so no world "
        f"was fitted to."
    )
    over = f"{len(fit.tables)} sets of {plural(fit.worlds, 'world')}, simulated"
    return row_of_sets(
        f"classical model: {fit.model}", list(_estimates(fit.tables, finding, arm)), "classical", over=over, note=note
    )


def _single(sources: Sources, finding: Finding, arm: str) -> Row | None:
    if _design(finding) != "conventions" or between_arms(finding):
        return None
    found = sources.single_agent(arm)
    if isinstance(found, str) or sources.run is None:
        return None
    tables = named_tables(found[0], found[1], sources.table, arm, sources.run.scenario.seed)
    over = f"{len(tables)} sets of {plural(len(found[0].start), 'world')}, simulated"
    return row_of_sets("single agents' response curve", list(_estimates(tables, finding, arm)), "single agent", over=over)


def _arms(sources: Sources, finding: Finding, arm: str) -> Iterator[Row]:
    """Controls first, then the others, each by what it is."""
    others = [str(one) for one in sources.table["arm"].unique() if one != arm]
    named = [(one, *arm_name(sources.run, one, arm)) for one in others]
    for other, name, control in sorted(named, key=lambda one: not one[2]):
        try:
            yield row_of(name, values_of(sources.prepared, finding, other), "control" if control else "arm")
        except NotComparable:
            continue
