"""The page that sections are written on: the run, numbers of figures and tables, and the frame around all of it.

One file without any outside reference. A content security policy allows exactly the scripts written here and no connection, so
that a text that slipped through the escaping could still do nothing.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import plotly.offline

from socsim.scenario.worlds import CompareSpec
from socsim_analysis.comparing import DistributionComparison, compare_distribution
from socsim_analysis.distances import DISTANCES, Distance
from socsim_analysis.effects import effect_table
from socsim_analysis.figures import arm_colours, embedded_figure
from socsim_analysis.findings import known_findings, load_finding
from socsim_analysis.frames import Snapshot, arm_names, item_spec, opinion_items, phase_of_step, replicates, treatment_arm
from socsim_analysis.markup import Html, element, escaped, join, rows_table
from socsim_analysis.run_figures import RunFigure, figures_of
from socsim_analysis.signal import Signal, signal_check

__all__ = ["MOST_ARMS", "MOST_ITEMS", "Drawn", "Held", "Page", "whole_page", "write_whole"]

_NO_SCRIPT = element("noscript", element("p", "The figures need JavaScript; the tables hold the same numbers without it."))

MOST_ARMS = 8
"""Arms that are shown side by side; a sweep has a part of its own for all."""
MOST_ITEMS = 6
"""Items that get figures of their own; the tables of the run hold all."""


@dataclass(frozen=True)
class Held:
    """A finding, the distances asked for, and the comparison with it, or why there is none."""

    finding: str
    kinds: tuple[Distance, ...]
    comparison: DistributionComparison | None
    reason: str = ""


@dataclass(frozen=True)
class Drawn:
    """A figure on the page and the tidy tables behind it; none where only what it draws is known."""

    number: int
    figure: go.Figure
    description: str
    """What it shows, for those who cannot see it."""
    tables: Mapping[str, pd.DataFrame]


@dataclass
class Page:
    """A page being written: what all sections share, and how many figures and tables there are so far."""

    run: Snapshot
    example: str = ""
    """One exact exchange with the model, as text."""
    figures: int = field(default=0, init=False)
    tables: int = field(default=0, init=False)
    drawn: list[Drawn] = field(default_factory=list)
    """All figures so far."""

    @cached_property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms."""
        return arm_names(self.run)

    @cached_property
    def treatment(self) -> str:
        """The arm the others are held against."""
        return treatment_arm(self.run)

    @cached_property
    def worlds(self) -> int:
        """Worlds per arm."""
        return len(replicates(self.run))

    @cached_property
    def replicate(self) -> int:
        """The replicate that is shown where only one can be."""
        return next(iter(replicates(self.run)), 0)

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """All items that were asked, in the order of the scenario."""
        found = set(self.run.responses["item"]) if len(self.run.responses) else set()
        declared = list(self.run.scenario.items) if isinstance(self.run.scenario.items, dict) else []
        return tuple(item for item in [*declared, *sorted(found - set(declared))] if item in found)

    @cached_property
    def items(self) -> tuple[str, ...]:
        """Items with numeric answers that get figures."""
        return opinion_items(self.run)[:MOST_ITEMS]

    def unit(self, item: str) -> str:
        """In what answers to an item are measured."""
        spec = item_spec(self.run, item)
        if spec is None or spec.type != "number":
            return "scale points"
        return spec.unit or "units of the item"

    @cached_property
    def scripted(self) -> bool:
        """Whether a script replied instead of a model."""
        return (self.run.manifest.get("engine") or {}).get("engine") == "scripted"

    @cached_property
    def people(self) -> int:
        """People in the world that is shown where only one can be."""
        people = self.run.agents
        return int(((people["arm"] == self.treatment) & (people["replicate"] == self.replicate)).sum()) if len(people) else 0

    @cached_property
    def steps(self) -> Mapping[int, str]:
        """Phase of each step."""
        return phase_of_step(self.run)

    @cached_property
    def effects(self) -> Mapping[str, pd.DataFrame]:
        """Effects of conditions on the items that get figures; without those on which there are none."""
        tables = ((item, effect_table(self.run, item)) for item in self.items)
        return {item: table for item, table in tables if len(table)}

    @cached_property
    def infers_over_people(self) -> bool:
        """Whether there are effects with intervals over people, and no more than one world."""
        found = (bool(((table["unit"] == "person") & table["low"].notna()).any()) for table in self.effects.values())
        return self.worlds <= 1 and any(found)

    @cached_property
    def colours(self) -> Mapping[str, str]:
        """Colour of each arm."""
        return arm_colours(self.arms)

    @cached_property
    def signals(self) -> tuple[Signal, ...]:
        """The signal check of each item."""
        return tuple(signal_check(self.run, item) for item in self.items)

    @cached_property
    def comparisons(self) -> tuple[Held, ...]:
        """What the scenario asks to be held against people, in its order."""
        return tuple(_held(self, entry) for entry in self.run.scenario.compare if entry.finding in known_findings())

    @cached_property
    def compared(self) -> frozenset[str]:
        """Items whose whole distribution stands beside that of people: asked at one step, in one arm, of one world."""
        if len(self.arms) > 1 or self.worlds > 1:
            return frozenset()
        items = {held.comparison.item for held in self.comparisons if held.comparison is not None}
        rows = self.run.responses
        return frozenset(item for item in items if rows.loc[rows["item"] == item, "step"].nunique() == 1)

    def figure(
        self, figure: go.Figure, caption: str | Html, description: str, tables: Mapping[str, pd.DataFrame] | None = None
    ) -> Html:
        """The next figure.

        Args:
            figure: what to draw.
            caption: what it shows, with n and units.
            description: the same for those who cannot see it.
            tables: the tidy tables that it was drawn from, by name.
        """
        self.figures += 1
        self.drawn.append(Drawn(self.figures, figure, description, tables or {}))
        return embedded_figure(figure, self.figures, caption, description)

    def figures_of(self, kind: str, *items: str) -> tuple[RunFigure, ...]:
        """Figures of a kind of `socsim_analysis.run_figures.FIGURES`, of these items, else of those that get figures."""
        return figures_of(self.run, kind, items=items or self.items)

    def run_figure(self, found: RunFigure) -> Html:
        """The next figure, from the place where files get theirs."""
        return self.figure(found.figure, found.caption, found.title, found.tables)

    def table(self, caption: str | Html, headers: Sequence[str], rows: Sequence[Sequence[str | Html]], words: int = 1) -> Html:
        """The next table; see `socsim_analysis.markup.rows_table`."""
        self.tables += 1
        return rows_table(join([element("b", f"Table {self.tables}. "), caption]), headers, rows, words)


def _held(page: Page, entry: CompareSpec) -> Held:
    kinds: tuple[Distance, ...] = entry.distances or tuple(DISTANCES)
    try:
        finding = load_finding(entry.finding)
        found = compare_distribution(page.run, finding, kinds, arm=page.treatment, replicate=page.replicate)
    except (KeyError, ValueError) as error:
        return Held(entry.finding, kinds, None, str(error.args[0] if error.args else error))
    return Held(entry.finding, kinds, found, "" if found else "no answer of this run can be compared")


def write_whole(path: Path, text: str) -> Path:
    """Write a page: whoever opens it meanwhile sees the old one or the new one, never a part; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def whole_page(title: str, content: Sequence[Html]) -> str:
    """A complete HTML document.

    Args:
        title: title of the document.
        content: what stands on it, in order.
    """
    folder = resources.files(__package__)
    style = folder.joinpath("page.css").read_text(encoding="utf-8")
    drawing = folder.joinpath("page.js").read_text(encoding="utf-8")
    scripts = [plotly.offline.get_plotlyjs(), drawing] if any('class="plot"' in part for part in content) else [drawing]
    allowed = " ".join(f"'{_script_hash(script)}'" for script in scripts)
    policy = f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
    head = (
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        element("title", title),
        element("style", Html(style)),
    )
    body = element("body", element("main", *content), _NO_SCRIPT, *(element("script", Html(script)) for script in scripts))
    return f'<!DOCTYPE html>\n<html lang="en">\n{element("head", *head)}\n{escaped(body)}\n</html>\n'


def _script_hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
