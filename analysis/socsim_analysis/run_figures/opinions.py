"""Figures of opinions: over steps, over a network, among those read, and how far they have come together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from socsim.measures import neighbour_correlation
from socsim_analysis.contrasts import LEAST_WORLDS
from socsim_analysis.figure_tables import density_table, opinion_table, places_table
from socsim_analysis.figures import (
    MOST_LINES,
    arm_colours,
    convergence_figure,
    convergence_table,
    density_figure,
    network_figure,
    trajectory_figure,
)
from socsim_analysis.frames import (
    Snapshot,
    arm_names,
    item_spec,
    item_values,
    opinion_items,
    phase_of_step,
    replicates,
    treatment_arm,
)
from socsim_analysis.markup import count, numeral, plural
from socsim_analysis.run_figures.value import RunFigure, file_name
from socsim_analysis.scales import scale_words, shown_range

__all__ = ["convergences", "densities", "networks", "too_large", "trajectories", "unit_of"]

_MOST_PEOPLE, _MOST_TIES = 600, 6000


def _chosen(run: Snapshot, items: Sequence[str] | None) -> Sequence[str]:
    return opinion_items(run) if items is None else items


def unit_of(run: Snapshot, item: str) -> str:
    """In what answers to an item are measured."""
    spec = item_spec(run, item)
    if spec is None or spec.type != "number":
        return "scale points"
    return spec.unit or "units of the item"


def trajectories(run: Snapshot, items: Sequence[str] | None = None) -> Iterator[RunFigure]:
    """A figure for every item with numeric answers at more than one step."""
    for item in _chosen(run, items):
        table = opinion_table(run, item)
        if table.loc[table["opinion"].notna(), "step"].nunique() < 2:
            continue
        shown = shown_range(run, item, table["opinion"].to_numpy(dtype=float))
        replicate = next(iter(replicates(run)), 0)
        figure = trajectory_figure(
            table,
            low=shown.low,
            high=shown.high,
            unit=f"opinion ({unit_of(run, item)})",
            colours=arm_colours(arm_names(run)),
            replicate=replicate,
        )
        caption = trajectory_caption(run, item, table, replicate, whole=shown.whole)
        name = file_name("trajectories", item)
        yield RunFigure(name, "trajectories", f"Opinions over time: {item}", caption, figure, {name: table})


def trajectory_caption(run: Snapshot, item: str, table: pd.DataFrame, replicate: int, *, whole: bool) -> str:
    """What a figure of trajectories shows, with n."""
    people = int(table.loc[table["replicate"] == replicate].groupby("arm")["person"].nunique().max())
    worlds = table["replicate"].nunique()
    lines = (
        f"{MOST_LINES} of {count(people)} people, drawn at random" if people > MOST_LINES else plural(people, "person", "people")
    )
    others = f" Dashed: means of the other {worlds - 1} worlds." if worlds > 1 else ""
    zoom = "" if whole else " The vertical axis spans the opinions shown, not the whole scale."
    missing = int(table["opinion"].isna().sum())
    gone = f" Missing: {count(missing)} of {count(len(table))} answers." if missing else ""
    return (
        f"{item}: expected value of each person’s private answer. Thin lines: {lines} of replicate {replicate} in each arm; a "
        f"gap is a missing answer. Thick line: mean; band: mean ± 1 SD between people.{others}"
        f"{_led(scale_words(run, item))}{zoom}{gone}"
    )


def _led(words: str) -> str:
    """With a blank in front, where there is something."""
    return f" {words}" if words else ""


def networks(run: Snapshot, items: Sequence[str] | None = None) -> Iterator[RunFigure]:
    """A figure for every item, of the treatment arm; none where there are too many people or ties for a drawing."""
    arm, replicate = treatment_arm(run), next(iter(replicates(run)), 0)
    if too_large(run, arm, replicate) is not None:
        return
    for item in _chosen(run, items):
        found = places_table(run, item, arm, replicate)
        if found is not None:
            yield _network(run, item, arm, replicate, *found)


def too_large(run: Snapshot, arm: str, replicate: int) -> tuple[int, int] | None:
    """People and ties of a world, where these are too many to be read as a drawing; else None."""
    ties = int(((run.ties["arm"] == arm) & (run.ties["replicate"] == replicate)).sum())
    people = int(((run.agents["arm"] == arm) & (run.agents["replicate"] == replicate)).sum())
    return (people, ties) if people > _MOST_PEOPLE or ties > _MOST_TIES else None


def _network(run: Snapshot, item: str, arm: str, replicate: int, places: pd.DataFrame, ties: pd.DataFrame) -> RunFigure:
    low, high, words = _colour_range(run, item, places["opinion"].to_numpy(dtype=float))
    steps, phases = [int(step) for step in pd.unique(places["step"])], phase_of_step(run)
    titles = [f"step {step} ({phases.get(step, '')})" for step in steps]
    figure = network_figure(places, ties, low=low, high=high, titles=titles)
    alike = [f"{numeral(_correlation(places[places['step'] == step], ties))} at step {step}" for step in steps]
    people = places["person"].nunique()
    same = " Same places in both drawings." if len(steps) > 1 else ""
    caption = (
        f"{item}, arm “{arm}”, replicate {replicate}: n = {people} people, {len(ties)} readings of one by another."
        f"{same} {words} Correlation of neighbours: {', '.join(alike)}."
    )
    name = file_name("network", item)
    tables = {name: places.drop(columns="text"), f"{name}_ties": ties}
    return RunFigure(name, "networks", f"Network, coloured by opinion: {item}", caption, figure, tables)


def _correlation(there: pd.DataFrame, ties: pd.DataFrame) -> float:
    x = there.sort_values("person")["opinion"].to_numpy(dtype=float)
    return neighbour_correlation(x, ties["author"].to_numpy(dtype=int), ties["reader"].to_numpy(dtype=int))


def _colour_range(run: Snapshot, item: str, shown: np.ndarray) -> tuple[float, float, str]:
    """The scale's ends, unless all opinions lie in less than a third of it: then their own range, and the caption says so."""
    least, most = float(np.nanmin(shown)), float(np.nanmax(shown))
    values = item_values(run, item)
    if values is None:
        return least, most, "Colours span the opinions shown."
    low, high = min(values), max(values)
    if 1e-6 < most - least < (high - low) / 3:
        words = (
            f"Colours span the opinions shown, {numeral(least)} to {numeral(most)}, a small part of the scale from {low:g} to "
            f"{high:g}."
        )
        return least, most, words
    return low, high, f"Colours span the whole scale, {low:g} to {high:g}."


def densities(run: Snapshot, items: Sequence[str] | None = None) -> Iterator[RunFigure]:
    """A figure for every item with numeric answers, where there are ties."""
    for item in _chosen(run, items):
        shown = shown_range(run, item, opinion_table(run, item)["opinion"].to_numpy(dtype=float))
        table = density_table(run, item, shown.low, shown.high)
        if table is None:
            continue
        figure = density_figure(table, low=shown.low, high=shown.high)
        zoom = "" if shown.whole else " The axes span the opinions shown, a part of the scale."
        worlds = len(replicates(run))
        pooled = f" People of {worlds} worlds are put together." if worlds > 1 else ""
        caption = (
            f"{item}: own opinion (expected value of the private answer) beside the mean opinion of those whom one reads, at "
            f"the first and the last step; ties are those at the start. r: their correlation.{pooled} People near the dotted "
            f"line think as those they read; both its ends filled would be echo chambers. Alikeness is no proof of influence."
            f"{_led(scale_words(run, item))}{zoom}"
        )
        name = file_name("density", item)
        yield RunFigure(name, "densities", f"Own opinions and those read: {item}", caption, figure, {name: table})


def convergences(run: Snapshot, items: Sequence[str] | None = None) -> Iterator[RunFigure]:
    """A figure for every item with numeric answers at more than one step."""
    for item in _chosen(run, items):
        opinions = opinion_table(run, item)
        if opinions.loc[opinions["opinion"].notna(), "step"].nunique() < 2:
            continue
        table = convergence_table(opinions)
        if table.loc[table["step"] > table["step"].min(), "ratio"].isna().all():
            continue
        worlds = table["replicate"].nunique()
        band = (
            f"Thick: mean over {worlds} worlds, with 95 % t intervals. Thin: worlds."
            if worlds >= LEAST_WORLDS
            else (
                "n = 1 world per arm, no interval."
                if worlds == 1
                else f"Thick: mean over {worlds} worlds, too few for an interval."
            )
        )
        low, high = int(table["n"].min()), int(table["n"].max())
        people = f"{count(low)} to {count(high)}" if low != high else count(low)
        caption = (
            f"{item}: share of the variance between people that has gone since the first step, (Var₀ − Varₜ) / Var₀, of those "
            f"who answered at both steps ({people} people per world). 0 % is no change, 100 % agreement of all, below 0 "
            f"people moved apart. {band} Answers given again regress to the mean, only the difference to an arm without talk is "
            "social."
        )
        name = file_name("convergence", item)
        yield RunFigure(
            name,
            "convergence",
            f"Convergence: {item}",
            caption,
            convergence_figure(table, colours=arm_colours(arm_names(run))),
            {name: table},
        )
