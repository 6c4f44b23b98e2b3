"""Snapshots of a network, coloured by opinion."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from socsim_analysis.figures.style import GREY, OPINION_COLOURS, label, styled
from socsim_analysis.figures.tables import PLACES, TIES

__all__ = ["network_figure"]


def network_figure(
    places: pd.DataFrame, ties: pd.DataFrame, *, low: float, high: float, titles: Sequence[str] = (), unit: str = "opinion"
) -> go.Figure:
    """People and ties, a panel per step, with the same places in all; people are coloured by opinion.

    Somebody without an answer is a grey cross. Colours grow lighter from the low end to the high end, so that they can be read in
    grey.

    Args:
        places: a table like `PLACES`.
        ties: a table like `TIES`; direction is not drawn, and ties of people who have no place are left out.
        low: opinion at the low end of the colours.
        high: opinion at the high end.
        titles: of the panels; the steps where not given.
        unit: of the opinions, for the bar of colours.

    Raises:
        TableError: a table is not like `PLACES` or `TIES`.
    """
    people, pairs = PLACES.check(places), TIES.check(ties)
    steps = [int(step) for step in pd.unique(people["step"])]
    named = list(titles) or [f"step {step}" for step in steps]
    figure = make_subplots(rows=1, cols=max(1, len(steps)), subplot_titles=[label(one, 40) for one in named])
    for column, step in enumerate(steps, start=1):
        there = people[people["step"] == step].set_index("person")
        figure.add_trace(_lines(pairs, there), row=1, col=column)
        for trace in _people(there):
            figure.add_trace(trace, row=1, col=column)
    figure.update_xaxes(visible=False)
    styled(figure, 440, margin={"l": 8, "r": 8, "t": 56, "b": 24})
    figure.update_yaxes(visible=False)
    bar = {"title": {"text": label(unit, 20)}, "thickness": 14, "len": 0.8, "outlinewidth": 0}
    colours = {"colorscale": OPINION_COLOURS, "cmin": low, "cmax": high, "colorbar": bar}
    figure.update_layout(coloraxis=colours, legend={"y": -0.06})
    return figure


def _lines(pairs: pd.DataFrame, there: pd.DataFrame) -> go.Scatter:
    xs: list[float | None] = []
    ys: list[float | None] = []
    found = {(min(pair), max(pair)) for pair in zip(pairs["author"].tolist(), pairs["reader"].tolist(), strict=True)}
    x, y = there["x"].to_dict(), there["y"].to_dict()
    for a, b in sorted(pair for pair in found if pair[0] in x and pair[1] in x):
        xs += [x[a], x[b], None]
        ys += [y[a], y[b], None]
    line = {"color": "#c9cdd5", "width": 1}
    return go.Scatter(x=xs, y=ys, mode="lines", line=line, hoverinfo="skip", showlegend=False)


def _people(there: pd.DataFrame) -> list[go.Scatter]:
    size = 16 if len(there) <= 60 else 10 if len(there) <= 200 else 6
    known = there["opinion"].notna()
    marker = {
        "size": size,
        "color": there.loc[known, "opinion"].tolist(),
        "coloraxis": "coloraxis",
        "line": {"color": "#5b6270", "width": 1},
    }
    hover = "%{text}<br>opinion %{marker.color:.2f}<extra></extra>"
    traces = [_dots(there[known], marker, hover, name="opinion")]
    if not known.all():
        cross = {"size": size, "color": GREY, "symbol": "x"}
        traces.append(_dots(there[~known], cross, "%{text}<br>opinion missing<extra></extra>", name="answer missing"))
        traces[-1].showlegend = True
    return traces


def _dots(there: pd.DataFrame, marker: dict[str, object], hover: str, *, name: str) -> go.Scatter:
    texts = [f"agent {person}<br>{label(str(text), 44, 4)}" for person, text in zip(there.index, there["text"], strict=True)]
    return go.Scatter(
        x=there["x"].tolist(), y=there["y"].tolist(), text=texts, mode="markers", marker=marker, hovertemplate=hover,
        name=name, showlegend=False,
    )  # fmt: skip
