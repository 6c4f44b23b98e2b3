"""What pattern the answers and choices make: who thinks as those it reads, convergence, response to others, cascades, errors."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from socsim_analysis.markup import Html, count, element, numeral, section
from socsim_analysis.page import Page
from socsim_analysis.run_figures import RunFigure

__all__ = ["patterns_section"]

_KINDS: Mapping[str, str] = {
    "densities": "Own opinions and those read",
    "convergence": "Convergence",
    "response_curves": "Response to the choices of others",
    "cascades": "Cascades",
    "errors": "Errors",
}
"""Kinds of figures in this part; the others stand where their subject does."""


def patterns_section(page: Page) -> Html | None:
    """A figure for everything of these kinds that the run holds; None where it holds nothing."""
    parts: list[Html] = []
    for kind, title in _KINDS.items():
        found = page.figures_of(kind)
        if found:
            parts.append(element("h3", title))
        for one in found:
            parts.append(page.run_figure(one))
            if kind == "response_curves":
                parts.append(_fits(page, one))
            if kind == "cascades":
                parts.append(_shapes(page, one.tables["cascades"]))
    return section("patterns", "Patterns", *parts) if parts else None


def _fits(page: Page, found: RunFigure) -> Html:
    rows: list[list[str | Html]] = []
    for row in found.tables[f"{found.name}_fit"].to_dict("records"):
        ends = [f"{numeral(row[f'{name}_low'])} to {numeral(row[f'{name}_high'])}" for name in ("beta", "h")]
        missing = bool(row["problem"])
        cells = [numeral(row["beta"]), "none" if missing else ends[0], numeral(row["h"]), "none" if missing else ends[1]]
        rows.append([str(row["arm"]), *(cell.replace("inf", "∞") for cell in cells), count(row["n"]), str(row["problem"]) or "–"])
    caption = (
        "Fit of P(m) = ½[1 + tanh β(m + h)], with 95 % profile intervals: β is the pull of the majority, h the bias in units of "
        "m. Decisions are taken as independent. Problem: why there is no finite fit."
    )
    return page.table(caption, ["arm", "β", "95 % interval", "h", "95 % interval", "n", "problem"], rows)


def _shapes(page: Page, shapes: pd.DataFrame) -> Html:
    rows: list[list[str | Html]] = []
    for arm, found in shapes.groupby("arm", sort=False):
        cells = [numeral(float(found[name].mean())) for name in ("size", "depth", "breadth", "structural_virality")]
        rows.append([str(arm), count(len(found)), *cells[:1], count(found["size"].max()), *cells[1:]])
    caption = (
        "Cascades by arm, worlds put together: means over cascades (structural virality over those of two or more), and the "
        "largest size."
    )
    headers = ["arm", "cascades", "size", "largest", "depth", "breadth", "structural virality"]
    return page.table(caption, headers, rows)
