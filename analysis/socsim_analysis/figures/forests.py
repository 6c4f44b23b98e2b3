"""Estimates with their intervals below one another."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from socsim_analysis.figures.style import GREY, INK, label, labels, styled
from socsim_analysis.figures.tables import EFFECTS

__all__ = ["effect_figure", "forest_figure"]

_MODEL = "#0072B2"


def forest_figure(frame: pd.DataFrame, unit: str, *, reference: float | None = 0.0, margin: float | None = None) -> go.Figure:
    """A forest plot: one point for each estimate, with its interval where there is one, from top to bottom.

    Estimates of people are black diamonds, others blue circles; those without an interval are hollow. A missing estimate keeps
    its line, on which "missing" stands.

    Args:
        frame: a table like `EFFECTS`; groups stand together, in order of appearance.
        unit: of the estimates, for the axis.
        reference: where a dotted line stands, such as no effect; None for none.
        margin: half the width of a shaded band around the reference; None for none.

    Raises:
        TableError: the table is not like `EFFECTS`.
    """
    rows = EFFECTS.check(frame)
    grouped = rows["group"].ne("").any()
    names = [f"{row['group']}: {row['name']}" if row["group"] else str(row["name"]) for row in rows.to_dict("records")]
    lines = labels(names if grouped else rows["name"].astype(str).tolist(), 38)
    figure = go.Figure()
    for line, row in reversed(list(zip(lines, rows.to_dict("records"), strict=True))):
        figure.add_trace(_point(line, row))
    if reference is not None and margin is not None:
        figure.add_vrect(reference - margin, reference + margin, fillcolor=GREY, opacity=0.15, line_width=0)
    if reference is not None:
        figure.add_vline(x=reference, line={"color": INK, "width": 1, "dash": "dot"})
    figure.update_xaxes(title_text=label(unit, 80, 1))
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=lines[::-1])
    return styled(figure, 110 + 34 * max(len(rows), 1), showlegend=False)


def _point(line: str, row: dict[str, object]) -> go.Scatter:
    estimate, low, high = (float(str(row[name])) for name in ("estimate", "low", "high"))
    colour = INK if row["people"] else _MODEL
    over = f" ({label(str(row['n']), 60, 1)})" if row["n"] else ""
    if math.isnan(estimate):
        return go.Scatter(x=[0.0], y=[line], mode="text", text=["missing"], textfont={"color": GREY}, hoverinfo="skip")
    known = not (math.isnan(low) or math.isnan(high))
    bars = {"array": [high - estimate], "arrayminus": [estimate - low]} if known else {"array": [0.0]}
    symbol = ("diamond" if row["people"] else "circle") + ("" if known else "-open")
    said = f", {low:+.3f} to {high:+.3f}" if known else ", no interval"
    return go.Scatter(
        x=[estimate],
        y=[line],
        mode="markers",
        marker={"size": 10, "color": colour, "symbol": symbol},
        error_x={"type": "data", "symmetric": False, "thickness": 1.6, "color": colour, **bars},
        hovertemplate=f"%{{y}}: %{{x:+.3f}}{said}{over}<extra></extra>",
    )


def effect_figure(names: Sequence[str], effects: pd.DataFrame, unit: str) -> go.Figure:
    """A `forest_figure` of effects of conditions, as differences to the reference level.

    Args:
        names: of the effects, in order.
        effects: columns ``effect``, ``low`` and ``high``; the latter NaN where there is no interval.
        unit: of the effects.
    """
    table = pd.DataFrame({"name": list(names), "estimate": effects["effect"].to_numpy(dtype=float)})
    for end in ("low", "high"):
        table[end] = effects[end].to_numpy(dtype=float)
    return forest_figure(table, f"difference to the reference level ({unit})")
