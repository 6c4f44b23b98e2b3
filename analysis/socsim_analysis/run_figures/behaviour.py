"""Figures of what people do: choices after those of others, what spreads, and answers beside those of people."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from socsim_analysis.comparing import DistributionComparison, compare_distribution
from socsim_analysis.designs.conformity import ANSWERS, errors_distribution
from socsim_analysis.designs.crowd_tables import ESTIMATES
from socsim_analysis.designs.money_request import LEAST, MOST, REQUESTS
from socsim_analysis.designs.of_runs import table_of
from socsim_analysis.figure_tables import seen_choices
from socsim_analysis.figures import (
    arm_colours,
    cascade_figure,
    cascade_table,
    choice_figure,
    choice_histogram,
    error_figure,
    error_histogram,
    fit_table,
    response_curve_figure,
    response_table,
)
from socsim_analysis.figures.tables import HISTOGRAMS
from socsim_analysis.findings import known_findings, load_finding
from socsim_analysis.frames import Snapshot, arm_names, in_order_of_arms
from socsim_analysis.markup import count, numeral
from socsim_analysis.run_figures.value import RunFigure, file_name
from socsim_analysis.spreading import adopter_table

__all__ = ["cascade_shapes", "choices", "errors", "response_curves"]

_RATIOS = (-1.75, -1.25, -0.75, -0.25, 0.25, 0.75, 1.25, 1.75)
_MOST_PANELS = 6
_BY_LOT = "Nobody made the choices shown: which were shown when was drawn, so the curve is an effect of what was shown."
_NOT_BY_LOT = "That people who see many choose it choose it more often is no proof of influence: they may differ in other ways."
_NO_PEOPLE = " No answers of people stand beside them: hand over a tidy table of people (socsim figures --people)."


def response_curves(run: Snapshot) -> Iterator[RunFigure]:
    """A figure for every binary choice that was taken after choices of others had been seen."""
    for choice, table in seen_choices(run).items():
        shares, fits = response_table(table), fit_table(table)
        if shares.empty:
            continue
        name = file_name("response_curve", choice)
        out = int(table["chose_a"].isna().sum()) + int(((table["k"] == 0) & table["chose_a"].notna()).sum())
        said = [_fit_words(row) for row in fits.to_dict("records")]
        by_lot = choice != "adopt" and not (run.seen["author"] >= 0).any()
        left = f" {count(out)} decisions are left out: no answer, or nobody to be seen." if out else ""
        caption = (
            f"{choice}: share of decisions by the mean choice of those seen, with 95 % Wilson intervals, and the fit P(m) = "
            f"½[1 + tanh β(m + h)] by maximum likelihood ({'; '.join(said)}). Intervals take decisions as independent, which "
            f"those of one person or network are not.{left} {_BY_LOT if by_lot else _NOT_BY_LOT}"
        )
        figure = response_curve_figure(table, choice=choice, colours=arm_colours(arm_names(run)))
        tables = {name: shares, f"{name}_fit": fits, f"{name}_choices": table}
        yield RunFigure(name, "response_curves", f"Response curve: {choice}", caption, figure, tables)


def _fit_words(row: Mapping[Hashable, Any]) -> str:
    if row["problem"]:
        return f"{row['arm']}: no fit, {row['problem']}"
    ends = f"{_end(row['beta_low'])} to {_end(row['beta_high'])}"
    return f"{row['arm']}: β = {numeral(row['beta'])} ({ends}), n = {count(row['n'])}"


def _end(value: float) -> str:
    return numeral(value) if math.isfinite(value) else ("∞" if value > 0 else "−∞")


def cascade_shapes(run: Snapshot) -> Iterator[RunFigure]:
    """One figure, where something could be adopted or shared."""
    table = adopter_table(run)
    if table is None:
        return
    shapes = cascade_table(table)
    means = shapes.groupby("arm", sort=False)["size"].agg(["size", "mean", "max"])
    said = "; ".join(f"{arm}: {count(row['size'])}, mean size {numeral(row['mean'])}, largest {count(row['max'])}"
                     for arm, row in means.iterrows())  # fmt: skip
    whose = {
        "adopted": "An adopter has it from whoever of those it reads adopted last before it; who had seen nobody adopt begins a "
        "cascade.",
        "shared": "A share has it from the post or share that was shared; every post begins a cascade.",
    }
    rule = " ".join(words for thing, words in whose.items() if (table["thing"] == thing).any())
    caption = (
        f"Cascades by arm ({said}), worlds put together. {rule} Left: share of cascades of at least each size. Middle: depth. "
        "Right: structural virality, the mean number of ties between two of a cascade, from 2 − 2/n for a broadcast (dotted) "
        "to (n + 1)/3 for a chain. Larger points: more cascades in one place."
    )
    tables = {"cascades": shapes, "cascades_adopters": table}
    yield RunFigure(
        "cascades", "cascades", "Shapes of cascades", caption, cascade_figure(table, colours=arm_colours(arm_names(run))), tables
    )


def choices(run: Snapshot, people: pd.DataFrame | None = None) -> Iterator[RunFigure]:
    """Choices beside those of people: findings that the scenario names, and money requests beside a table of people."""
    for entry in run.scenario.compare:
        if entry.finding not in known_findings():
            continue
        try:
            found = compare_distribution(run, load_finding(entry.finding), ("tv",))
        except ValueError:  # no item, or several, have its options; the page says which
            continue
        if found is not None:
            yield _beside(entry.finding, found)
    if people is not None and REQUESTS.fits(people) and (table := table_of(run, "money_request")) is not None:
        options = [str(amount) for amount in range(LEAST, MOST + 1)]
        parts = [_requests(people, "people", options, people=True)]
        parts += [
            _requests(rows, str(arm), options, people=False)
            for arm, rows in in_order_of_arms(run, table).groupby("arm", sort=False)
        ]
        frame = pd.concat(parts)
        caption = f"Money requests: shares of people and of the run, by arm ({_sizes(frame)} answers); missing ones are left out."
        name = "choices_money_request"
        yield RunFigure(name, "choices", "Money requests", caption, choice_figure(frame, unit="request"), {name: frame})


def _beside(finding: str, found: DistributionComparison) -> RunFigure:
    options = list(found.finding.options)
    sources = [("people", True, found.finding.probabilities, found.finding.n)]
    if found.exact:
        sources.append(("model: probabilities", False, found.exact, found.n_drawn))
    sources.append(("model: drawn answers", False, found.drawn, found.n_drawn))
    parts = [
        pd.DataFrame({"source": source, "people": of_people, "bin": options, "share": shares, "n": n})
        for source, of_people, shares, n in sources
    ]
    frame = HISTOGRAMS.check(pd.concat(parts))
    gone = f" {count(found.missing)} answers are missing and left out." if found.missing else ""
    caption = (
        f"{found.item}, arm “{found.arm}”, replicate {found.replicate}, beside {found.finding.title} (n = "
        f"{count(found.finding.n)} people; {found.finding.source}): shares of answers.{gone} The numbers of people are public; "
        "closeness is no proof that a model reasons as they do."
    )
    name = file_name("choices", finding)
    figure = choice_figure(frame, unit=f"answer to {found.item}")
    return RunFigure(name, "choices", f"Choices beside people: {finding}", caption, figure, {name: frame})


def _requests(rows: pd.DataFrame, source: str, options: list[str], *, people: bool) -> pd.DataFrame:
    given = [str(int(amount)) for amount in rows["request"].dropna()]
    return choice_histogram(given, options, source, people=people)


def errors(run: Snapshot, people: pd.DataFrame | None = None) -> Iterator[RunFigure]:
    """Errors of judgment: wrong answers after a majority, and estimates beside the truth."""
    answers = table_of(run, "conformity")
    if answers is not None:
        answers = in_order_of_arms(run, answers)
        theirs = people if people is not None and ANSWERS.fits(people) else None
        yield from _conformity(answers, theirs)
    estimates = table_of(run, "crowds")
    if estimates is not None:
        estimates = in_order_of_arms(run, estimates)
        yield from _estimates(estimates, people if people is not None and ESTIMATES.fits(people) else None)


def _conformity(answers: pd.DataFrame, people: pd.DataFrame | None) -> Iterator[RunFigure]:
    tables = [("people", True, people)] if people is not None else []
    tables += [(str(arm), False, rows) for arm, rows in answers.groupby("arm", sort=False)]
    counted = [(source, who, errors_distribution(rows.assign(arm=""))) for source, who, rows in tables]
    most = max((int(found["errors"].max()) for _, _, found in counted if len(found)), default=-1)
    if most < 1:
        return
    options = [str(number) for number in range(most + 1)]
    parts = []
    for source, who, found in counted:
        made = [str(errors) for errors, n in zip(found["errors"], found["people"], strict=True) for _ in range(int(n))]
        parts.append(choice_histogram(made, options, source, people=who))
    frame = pd.concat(parts)
    caption = (
        f"Errors on critical trials, on which all others answered wrongly: how many subjects made how many ({_sizes(frame)} "
        "subjects). Subjects who answered fewer trials are counted with the errors they made."
        f"{'' if people is not None else _NO_PEOPLE}"
    )
    figure = error_figure(frame, unit="errors of a subject on critical trials", counted="subjects")
    yield RunFigure("errors_conformity", "errors", "Errors after a majority", caption, figure, {"errors_conformity": frame})


def _estimates(estimates: pd.DataFrame, people: pd.DataFrame | None) -> Iterator[RunFigure]:
    arms = [(str(arm), rows) for arm, rows in estimates.groupby("arm", sort=False)][:_MOST_PANELS]
    parts = []
    for arm, rows in arms:
        sources = [("people", True, people)] if people is not None else []
        for who, of_people, table in [*sources, ("run", False, rows)]:
            parts += [found.assign(panel=arm) for found in _rounds(table, who, people=of_people)]
    frame = pd.concat(parts)
    if not frame["n"].any():
        return
    bad = sum(int((rows["estimate"] <= 0).sum()) for _, rows in arms)
    gone = f" {count(bad)} estimates of 0 or less have no logarithm and are left out." if bad else ""
    left = estimates["arm"].nunique() - len(arms)
    more = f" {count(left)} further arms are not drawn." if left else ""
    caption = (
        f"Errors of estimates as ln(estimate / truth) in the first and the last round, a panel per arm, all tasks and worlds "
        f"together: 0 is right, 0.7 twice the truth, −0.7 half of it.{more}{gone}{'' if people is not None else _NO_PEOPLE}"
    )
    figure = error_figure(frame, unit="ln(estimate / truth)", counted="estimates")
    yield RunFigure("errors_estimates", "errors", "Errors of estimates", caption, figure, {"errors_estimates": frame})


def _rounds(rows: pd.DataFrame, who: str, *, people: bool) -> Iterator[pd.DataFrame]:
    ends = sorted(rows["round"].unique())
    for words, at in zip(("first", "last"), dict.fromkeys((ends[0], ends[-1])), strict=False):
        there = rows[(rows["round"] == at) & (rows["estimate"] > 0) & (rows["truth"] > 0)]
        ratios = np.log(there["estimate"] / there["truth"])
        yield error_histogram(ratios.tolist(), _RATIOS, f"{who}, {words} round", people=people)


def _sizes(frame: pd.DataFrame) -> str:
    sizes = frame.groupby("source", sort=False)["n"].first()
    return ", ".join(f"{source}: n = {count(n)}" for source, n in sizes.items())
