"""Own opinions beside those of the people who are read: the joint density of both."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from socsim_analysis.figures.style import INK, SHARE_COLOURS, arm_panels, label, styled
from socsim_analysis.figures.tables import DENSITIES
from socsim_analysis.markup import numeral

__all__ = ["density_figure"]


def density_figure(frame: pd.DataFrame, *, low: float, high: float, unit: str = "opinion") -> go.Figure:
    """How many people hold which opinion among people of which mean opinion, a panel per arm and step.

    Cells on the dotted diagonal are people who think as those they read on average. Both ends of the diagonal filled is the
    picture of echo chambers, one blob in the middle that of none (Cinelli et al. 2021, *PNAS* 118(9)). Empty cells are white.

    Args:
        frame: a table like `DENSITIES`.
        low: low end of the scale.
        high: high end of the scale.
        unit: of the opinions, for the axes.

    Raises:
        TableError: the table is not like `DENSITIES`.
    """
    rows = DENSITIES.check(frame)
    panels = list(rows.groupby(["arm", "step"], sort=False))
    steps = rows["step"].nunique()
    figure, places = arm_panels([f"{arm}, step {step}" if steps > 1 else str(arm) for (arm, step), _ in panels], max(2, steps))
    for title, (_, cells) in zip(figure.layout.annotations, panels, strict=True):
        title.text = f"{title.text}<br>{_words(cells)}"
    for (_, cells), (row, column) in zip(panels, places, strict=True):
        figure.add_trace(_heatmap(cells), row=row, col=column)
        figure.add_trace(_diagonal(low, high), row=row, col=column)
    lowest = places[-1][0] if places else 1
    figure.update_xaxes(range=[low, high], constrain="domain")
    figure.update_yaxes(range=[low, high], constrain="domain")
    figure.update_xaxes(title_text=f"own {label(unit, 30, 1)}", row=lowest)
    figure.update_yaxes(title_text=f"mean {label(unit, 30, 1)}<br>of those read", col=1)
    bar = {"title": {"text": "people"}, "thickness": 14, "outlinewidth": 0}
    colours = {"colorscale": SHARE_COLOURS, "reversescale": True, "cmin": 0, "colorbar": bar}
    return styled(figure, 90 + 240 * lowest, coloraxis=colours, margin={"l": 72, "r": 16, "t": 60, "b": 52}, showlegend=False)


def _words(cells: pd.DataFrame) -> str:
    n, r = int(cells["n"].iloc[0]), float(cells["correlation"].iloc[0])
    return f"n = {n:,}, r {'missing' if math.isnan(r) else f'= {numeral(r)}'}"


def _heatmap(cells: pd.DataFrame) -> go.Heatmap:
    wide = cells.pivot(index="read", columns="own", values="people").sort_index().sort_index(axis=1)
    z = [[None if value == 0 or np.isnan(value) else float(value) for value in row] for row in wide.to_numpy(dtype=float)]
    hover = "own %{x:.2f}, read %{y:.2f}: %{z:.0f} people<extra></extra>"
    return go.Heatmap(
        x=[float(x) for x in wide.columns], y=[float(y) for y in wide.index], z=z, coloraxis="coloraxis", hovertemplate=hover
    )


def _diagonal(low: float, high: float) -> go.Scatter:
    return go.Scatter(
        x=[low, high], y=[low, high], mode="lines", line={"color": INK, "width": 1, "dash": "dot"}, hoverinfo="skip"
    )
