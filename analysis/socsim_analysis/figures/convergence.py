"""How far opinions have come together by each step."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from socsim.measures import convergence_ratio
from socsim_analysis.contrasts import interval_over_worlds
from socsim_analysis.figures.style import arm_colours, clear_colour, dashes, label, styled, symbols
from socsim_analysis.figures.tables import CONVERGENCE, OPINIONS

__all__ = ["convergence_figure", "convergence_table"]


def convergence_table(frame: pd.DataFrame) -> pd.DataFrame:
    """`socsim.measures.convergence_ratio` of every world at every step against its first, a table like `CONVERGENCE`.

    Args:
        frame: a table like `OPINIONS`. People without an answer at either step do not count at this step.

    Raises:
        TableError: the table is not like `OPINIONS`.
    """
    made = []
    for (arm, replicate), world in OPINIONS.check(frame).groupby(["arm", "replicate"], sort=False):
        wide = world.pivot(index="person", columns="step", values="opinion").sort_index(axis=1)
        first = wide[wide.columns[0]]
        for step in wide.columns:
            n = int((first.notna() & wide[step].notna()).sum())
            ratio = convergence_ratio(first.to_numpy(dtype=float), wide[step].to_numpy(dtype=float))
            made.append((arm, replicate, step, n, ratio))
    return CONVERGENCE.check(pd.DataFrame(made, columns=CONVERGENCE.names))


def convergence_figure(frame: pd.DataFrame, *, colours: Mapping[str, str] | None = None) -> go.Figure:
    """Share of the first variance that has gone by each step: a line per arm, the mean over worlds, with thin lines for worlds.

    0 is no change, 100 % is agreement of all, below 0 people moved apart. From five worlds on the band is the 95 % t interval
    of the mean.

    Args:
        frame: a table like `CONVERGENCE`.
        colours: of the arms; the usual ones where not given.

    Raises:
        TableError: the table is not like `CONVERGENCE`.
    """
    rows = CONVERGENCE.check(frame)
    arms = [str(arm) for arm in pd.unique(rows["arm"])]
    chosen, shapes, lines = colours or arm_colours(arms), symbols(arms), dashes(arms)
    figure = go.Figure()
    for arm in arms:
        ours = rows[rows["arm"] == arm]
        if ours["replicate"].nunique() > 1:
            figure.add_trace(_worlds(ours, chosen[arm]))
        steps = sorted(int(step) for step in ours["step"].unique())
        found = [interval_over_worlds(ours.loc[ours["step"] == step, "ratio"].tolist()) for step in steps]
        known = [(step, one.low, one.high) for step, one in zip(steps, found, strict=True) if not math.isnan(one.low)]
        if known:
            figure.add_trace(_band(known, chosen[arm]))
        figure.add_scatter(
            x=steps,
            y=[None if math.isnan(one.mean) else 100.0 * one.mean for one in found],
            mode="lines+markers",
            name=label(arm),
            line={"color": chosen[arm], "width": 2.5, "dash": lines[arm]},
            marker={"size": 9, "symbol": shapes[arm]},
            hovertemplate=f"{label(arm)}, step %{{x}}: %{{y:.1f}} %<extra></extra>",
        )
    figure.add_hline(y=0, line={"color": "#5b6270", "width": 1, "dash": "dot"})
    figure.update_xaxes(title_text="step", dtick=max(1, math.ceil(rows["step"].nunique() / 8)))
    figure.update_yaxes(title_text="variance gone since the first step (%)")
    return styled(figure, 380, margin={"l": 64, "r": 16, "t": 64, "b": 48})


def _worlds(rows: pd.DataFrame, colour: str) -> go.Scatter:
    xs: list[int | None] = []
    ys: list[float | None] = []
    for _, world in rows.groupby("replicate"):
        ordered = world.sort_values("step")
        xs += [*(int(step) for step in ordered["step"]), None]
        ys += [*(None if math.isnan(ratio) else 100.0 * ratio for ratio in ordered["ratio"]), None]
    line = {"color": clear_colour(colour, 0.4), "width": 1}
    return go.Scatter(x=xs, y=ys, mode="lines", line=line, hoverinfo="skip", showlegend=False)


def _band(known: list[tuple[int, float, float]], colour: str) -> go.Scatter:
    back = known[::-1]
    return go.Scatter(
        x=[step for step, _, _ in known] + [step for step, _, _ in back],
        y=[100.0 * high for _, _, high in known] + [100.0 * low for _, low, _ in back],
        fill="toself",
        fillcolor=clear_colour(colour),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
    )
