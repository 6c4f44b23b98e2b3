"""Opinions over steps, a panel per arm."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from socsim.measures import mean, spread
from socsim.seeding import stream
from socsim_analysis.figures.style import arm_colours, arm_panels, clear_colour, label, styled
from socsim_analysis.figures.tables import OPINIONS

__all__ = ["MOST_LINES", "trajectory_figure"]

MOST_LINES = 200
"""People who are drawn one by one; of more, so many drawn at random."""


def trajectory_figure(
    frame: pd.DataFrame,
    *,
    low: float,
    high: float,
    unit: str = "opinion",
    replicate: int = 0,
    colours: Mapping[str, str] | None = None,
) -> go.Figure:
    """Every person's opinion by step (thin), their mean (thick), and mean ± 1 SD between people (band), a panel per arm.

    People are of one replicate; means of the others are dashed. A gap in a line is a missing answer; steps at which nobody
    answered have no mean, and those with fewer than two answers no band.

    Args:
        frame: a table like `OPINIONS`.
        low: low end of the axis, in units of the opinions.
        high: high end of the axis.
        unit: of the opinions, for the axis.
        replicate: whose people are drawn.
        colours: of the arms; the usual ones where not given.

    Raises:
        TableError: the table is not like `OPINIONS`.
    """
    rows = OPINIONS.check(frame)
    arms = [str(arm) for arm in pd.unique(rows["arm"])]
    chosen = colours if colours is not None else arm_colours(arms)
    figure, places = arm_panels(arms)
    for number, (arm, (row, column)) in enumerate(zip(arms, places, strict=True)):
        for trace in _panel(rows[rows["arm"] == arm], replicate, chosen[arm], first=number == 0):
            figure.add_trace(trace, row=row, col=column)
    pad = 0.06 * (high - low or 1.0)
    figure.update_yaxes(range=[low - pad, high + pad])
    figure.update_yaxes(title_text=label(unit, 30), col=1)
    figure.update_xaxes(dtick=max(1, math.ceil(rows["step"].nunique() / 8)))
    lowest = places[-1][0] if places else 1
    figure.update_xaxes(title_text="step", row=lowest)
    return styled(figure, 90 + 290 * lowest, margin={"l": 56, "r": 16, "t": 76, "b": 48}, legend={"y": 1.1})


def _panel(rows: pd.DataFrame, replicate: int, colour: str, *, first: bool) -> Sequence[go.Scatter]:
    wide = {int(str(number)): _wide(world) for number, world in rows.groupby("replicate", sort=True)}
    shown = wide.pop(replicate, None)
    traces = [_people(shown)] if shown is not None else []
    for number, world in enumerate(wide.values()):
        line = {"color": colour, "width": 1.2, "dash": "dash"}
        names = {"name": "mean of another world", "legendgroup": "others", "showlegend": first and number == 0}
        steps = [int(step) for step in world.columns]
        traces.append(go.Scatter(x=steps, y=_means(world), mode="lines", line=line, hoverinfo="skip", **names))
    if shown is not None:
        traces += [_band(shown, colour, first=first), _mean_line(shown, colour, first=first)]
    return traces


def _wide(world: pd.DataFrame) -> pd.DataFrame:
    """People × steps, NaN where missing."""
    return world.pivot(index="person", columns="step", values="opinion").sort_index(axis=1)


def _means(world: pd.DataFrame) -> list[float | None]:
    means = (mean(world[step].to_numpy(dtype=float)) for step in world.columns)
    return [None if math.isnan(value) else value for value in means]


def _people(world: pd.DataFrame) -> go.Scatter:
    size = len(world)
    chosen = sorted(stream(1, "lines shown").choice(size, min(size, MOST_LINES), replace=False).tolist())
    steps = [int(step) for step in world.columns]
    xs: list[int | None] = []
    ys: list[float | None] = []
    names: list[str] = []
    for place in chosen:
        values = world.iloc[place].to_numpy(dtype=float)
        xs += [*steps, None]
        ys += [*(None if math.isnan(value) else float(value) for value in values), None]
        names += [f"agent {label(str(world.index[place]), 30, 1)}"] * (len(steps) + 1)
    return go.Scatter(
        x=xs,
        y=ys,
        text=names,
        mode="lines",
        line={"color": "rgba(110,116,128,0.28)", "width": 1},
        hovertemplate="%{text}, step %{x}: %{y:.2f}<extra></extra>",
        showlegend=False,
    )


def _band(world: pd.DataFrame, colour: str, *, first: bool) -> go.Scatter:
    columns = [(int(step), np.asarray(world[step], dtype=float)) for step in world.columns]
    rows = [(step, mean(x), spread(x)) for step, x in columns]
    known = [(step, m - sd, m + sd) for step, m, sd in rows if not math.isnan(sd)]
    back = known[::-1]
    return go.Scatter(
        x=[step for step, _, _ in known] + [step for step, _, _ in back],
        y=[top for _, _, top in known] + [bottom for _, bottom, _ in back],
        fill="toself",
        fillcolor=clear_colour(colour),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        name="mean ± 1 SD",
        legendgroup="band",
        showlegend=first,
    )


def _mean_line(world: pd.DataFrame, colour: str, *, first: bool) -> go.Scatter:
    return go.Scatter(
        x=[int(step) for step in world.columns],
        y=_means(world),
        mode="lines+markers",
        line={"color": colour, "width": 3},
        marker={"size": 7},
        name="mean",
        legendgroup="mean",
        showlegend=first,
        hovertemplate="mean at step %{x}: %{y:.2f}<extra></extra>",
    )
