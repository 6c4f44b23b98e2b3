"""Forest plots: effects of conditions, contrasts of arms, and estimates beside those of people."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from socsim_analysis.against_people import AgainstPeople
from socsim_analysis.contrasts import LEAST_WORLDS, QUANTITIES, arm_contrasts
from socsim_analysis.declared import compare_declared
from socsim_analysis.effects import effect_table
from socsim_analysis.figures import forest_figure
from socsim_analysis.figures.tables import EFFECTS
from socsim_analysis.frames import Snapshot, opinion_items, replicates, treatment_arm
from socsim_analysis.markup import count
from socsim_analysis.run_figures.opinions import unit_of
from socsim_analysis.run_figures.value import RunFigure, file_name

__all__ = ["contrasts", "effects", "findings"]

_IN_SCALE_POINTS = ("mean", "spread")
"""Quantities in units of the item, which may stand on one axis."""


def effects(run: Snapshot) -> Iterator[RunFigure]:
    """A figure for every item on which randomised conditions have effects."""
    for item in opinion_items(run):
        table = effect_table(run, item)
        if table.empty:
            continue
        several = [name for name in ("arm", "step", "condition") if table[name].nunique() > 1]
        names = [", ".join([str(row["level"]), *(f"{name} {row[name]}" for name in several)]) for row in table.to_dict("records")]
        n = [f"{count(row['units'])} {row['unit']} units, {count(row['n'])} answers" for row in table.to_dict("records")]
        frame = EFFECTS.check(
            pd.DataFrame({"name": names, "estimate": table["effect"], "low": table["low"], "high": table["high"], "n": n})
        )
        references = "; ".join(dict.fromkeys(f"{row['condition']}: {row['reference']}" for row in table.to_dict("records")))
        caption = (
            f"{item}: differences to the reference level ({references}), in {unit_of(run, item)}, with 95 % intervals where "
            "there are enough units; hollow points have none. Without correction for their number."
        )
        name = file_name("effects", item)
        figure = forest_figure(frame, f"difference to the reference level ({unit_of(run, item)})")
        yield RunFigure(name, "effects", f"Effects of conditions: {item}", caption, figure, {name: frame, f"{name}_full": table})


def contrasts(run: Snapshot) -> Iterator[RunFigure]:
    """A figure for every item: how much more mean and spread changed in the treatment arm than in the others."""
    for item in opinion_items(run):
        table = arm_contrasts(run, item)
        table = table[table["quantity"].isin(_IN_SCALE_POINTS)]
        if table.empty:
            continue
        last = table[table["step"] == table.groupby(["quantity", "control"])["step"].transform("max")]
        frame = EFFECTS.check(
            pd.DataFrame(
                {
                    "name": [f"{treatment_arm(run)} − {control}" for control in last["control"]],
                    "group": [QUANTITIES[name] for name in last["quantity"]],
                    "estimate": last["difference"],
                    "low": last["low"],
                    "high": last["high"],
                    "n": [f"{count(worlds)} worlds" for worlds in last["worlds"]],
                }
            )
        )
        worlds = len(replicates(run))
        over = (
            f"means over {worlds} worlds with 95 % t intervals"
            if worlds >= LEAST_WORLDS
            else f"n = {worlds} per arm, no interval"
        )
        caption = (
            f"{item}: change from the first to the last time asked in “{treatment_arm(run)}”, less that in the other arm, in "
            f"{unit_of(run, item)}; {over}."
        )
        name = file_name("contrasts", item)
        figure = forest_figure(frame, f"difference of change ({unit_of(run, item)})")
        yield RunFigure(name, "contrasts", f"Contrast of arms: {item}", caption, figure, {name: frame, f"{name}_full": table})


def findings(run: Snapshot) -> Iterator[RunFigure]:
    """A figure for every finding of the registry that the scenario names and the run holds."""
    for found in compare_declared(run):
        if isinstance(found, AgainstPeople):
            yield _finding(found)


def _finding(found: AgainstPeople) -> RunFigure:
    rows = found.rows
    frame = EFFECTS.check(
        pd.DataFrame(
            {
                "name": [row.name for row in rows],
                "estimate": [row.estimate for row in rows],
                "low": [row.low for row in rows],
                "high": [row.high for row in rows],
                "n": [row.over for row in rows],
                "people": [row.name == "people" for row in rows],
            }
        )
    )
    human, margin = found.finding.estimate, found.finding.margin
    shaded = "; shaded: the margin around people" if human is not None and margin is not None else ""
    said = f"{found.finding.title}: estimates with 95 % intervals where there are any{shaded}."
    caption = f"{said} {found.sentence} {found.finding.cite()}"
    figure = forest_figure(
        frame,
        found.finding.statistic.unit,
        reference=human.value if human is not None else None,
        margin=margin.value if margin is not None else None,
    )
    name = file_name("finding", found.finding.finding)
    return RunFigure(name, "findings", found.finding.title, caption, figure, {name: frame})
