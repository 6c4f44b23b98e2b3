"""The page that sections are written on: the run, numbers of figures and tables, and the frame around all of it.

One file without any outside reference. A content security policy allows exactly the scripts written here and no connection, so
that a text that slipped through the escaping could still do nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources

import plotly.graph_objects as go
import plotly.offline

from socsim_analysis.figures import arm_colours, embedded_figure
from socsim_analysis.frames import Snapshot, arm_names, opinion_items, phase_of_step, replicates, treatment_arm
from socsim_analysis.markup import Html, element, escaped, join, rows_table
from socsim_analysis.signal import Signal, signal_check

__all__ = ["MOST_ITEMS", "Page", "whole_page"]

MOST_ITEMS = 6
"""Items that get figures of their own; the tables of the run hold all."""


@dataclass
class Page:
    """A page being written: what all sections share, and how many figures and tables there are so far."""

    run: Snapshot
    figures: int = field(default=0, init=False)
    tables: int = field(default=0, init=False)

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
    def items(self) -> tuple[str, ...]:
        """Items with numeric answers that get figures."""
        return opinion_items(self.run)[:MOST_ITEMS]

    @cached_property
    def steps(self) -> Mapping[int, str]:
        """Phase of each step."""
        return phase_of_step(self.run)

    @cached_property
    def colours(self) -> Mapping[str, str]:
        """Colour of each arm."""
        return arm_colours(self.arms)

    @cached_property
    def signals(self) -> tuple[Signal, ...]:
        """The signal check of each item."""
        return tuple(signal_check(self.run, item) for item in self.items)

    def figure(self, figure: go.Figure, caption: str | Html, description: str) -> Html:
        """The next figure."""
        self.figures += 1
        return embedded_figure(figure, self.figures, caption, description)

    def table(
        self, caption: str | Html, headers: Sequence[str], rows: Sequence[Sequence[str | Html]], words: int = 1
    ) -> Html:
        """The next table; see `socsim_analysis.markup.rows_table`."""
        self.tables += 1
        return rows_table(join([element("b", f"Table {self.tables}. "), caption]), headers, rows, words)


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
    body = element("body", element("main", *content), *(element("script", Html(script)) for script in scripts))
    return f'<!DOCTYPE html>\n<html lang="en">\n{element("head", *head)}\n{escaped(body)}\n</html>\n'


def _script_hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
