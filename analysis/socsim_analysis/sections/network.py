"""The network at the start and at the end, coloured by opinion."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from socsim.measures import neighbour_correlation
from socsim_analysis.figures import GREY, OPINION_COLOURS, label, styled
from socsim_analysis.frames import Opinions, item_values, opinions, world_opinions
from socsim_analysis.markup import Html, numeral, section
from socsim_analysis.page import Page

__all__ = ["network_section"]

_MOST_PEOPLE = 600
_MOST_TIES = 6000
Reals = NDArray[np.float64]


def network_section(page: Page) -> Html | None:
    """One figure per item; None without ties."""
    ties = page.run.ties
    ties = ties[(ties["arm"] == page.treatment) & (ties["replicate"] == page.replicate)]
    if ties.empty or not page.items:
        return None
    pairs = list(zip(ties["author"].tolist(), ties["reader"].tolist(), strict=True))
    people = page.run.agents
    size = int(((people["arm"] == page.treatment) & (people["replicate"] == page.replicate)).sum())
    if size > _MOST_PEOPLE or len(pairs) > _MOST_TIES:
        note = f"The network has {size:,} people and {len(pairs):,} ties, too many to be read as a drawing; it is left out."
        return section("network", "Network", note)
    places = _layout(size, pairs)
    parts = []
    for item in page.items:
        world = world_opinions(page.run, opinions(page.run, item), page.treatment, page.replicate)
        if world.steps:
            parts.append(_figure(page, item, world, pairs, places))
    return section("network", "Network, coloured by opinion", *parts) if parts else None


def _layout(size: int, pairs: list[tuple[int, int]]) -> Reals:
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(size))
    graph.add_edges_from(sorted({(min(pair), max(pair)) for pair in pairs}))
    places = nx.spring_layout(graph, seed=1, iterations=100 if size <= 200 else 40, k=1.6 / math.sqrt(max(size, 1)))
    return np.asarray([places[node] for node in range(size)], dtype=float)


def _figure(page: Page, item: str, world: Opinions, pairs: list[tuple[int, int]], places: Reals) -> Html:
    steps = list(dict.fromkeys([world.steps[0], world.steps[-1]]))
    low, high, words = _colour_range(page, item, world, steps)
    figure = make_subplots(rows=1, cols=len(steps), subplot_titles=[f"step {s} ({label(page.steps.get(s, ''))})" for s in steps])
    for column, step in enumerate(steps, start=1):
        x = world.at(step)
        figure.add_trace(_lines(pairs, places), row=1, col=column)
        for trace in _people(page, x, places):
            figure.add_trace(trace, row=1, col=column)
    figure.update_xaxes(visible=False)
    styled(figure, 440, margin={"l": 8, "r": 8, "t": 56, "b": 24})
    figure.update_yaxes(visible=False)
    bar = {"title": {"text": "opinion"}, "thickness": 14, "len": 0.8, "outlinewidth": 0}
    figure.update_layout(
        coloraxis={"colorscale": OPINION_COLOURS, "cmin": low, "cmax": high, "colorbar": bar}, legend={"y": -0.06}
    )
    authors, readers = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    alike = [f"{numeral(neighbour_correlation(world.at(step), authors, readers))} at step {step}" for step in steps]
    caption = (
        f"{item}, arm “{page.treatment}”, replicate {page.replicate}: n = {len(places)} people, {len(pairs)} readings of one "
        f"by another. Same places in both drawings. {words} Correlation of neighbours: {', '.join(alike)}."
    )
    return page.figure(figure, caption, f"Network drawing of {len(places)} people coloured by opinion at steps {steps}.")


def _colour_range(page: Page, item: str, world: Opinions, steps: list[int]) -> tuple[float, float, str]:
    """The scale's ends, unless all opinions lie in less than a third of it: then their own range, and the caption says so."""
    shown = np.concatenate([world.at(step) for step in steps])
    least, most = float(np.nanmin(shown)), float(np.nanmax(shown))
    values = item_values(page.run, item)
    if values is None:
        return least, most, "Colours span the opinions shown."
    low, high = min(values), max(values)
    if (most - least) < (high - low) / 3 and most - least > 1e-6:
        words = (
            f"Colours span the opinions shown, {numeral(least)} to {numeral(most)}, a small part of the scale from {low:g} to "
            f"{high:g}."
        )
        return least, most, words
    return low, high, f"Colours span the whole scale, {low:g} to {high:g}."


def _lines(pairs: list[tuple[int, int]], places: Reals) -> go.Scatter:
    xs: list[float | None] = []
    ys: list[float | None] = []
    for a, b in sorted({(min(pair), max(pair)) for pair in pairs}):
        xs += [float(places[a, 0]), float(places[b, 0]), None]
        ys += [float(places[a, 1]), float(places[b, 1]), None]
    line = {"color": "#c9cdd5", "width": 1}
    return go.Scatter(x=xs, y=ys, mode="lines", line=line, hoverinfo="skip", showlegend=False)


def _people(page: Page, x: Reals, places: Reals) -> list[go.Scatter]:
    people = page.run.agents
    people = people[(people["arm"] == page.treatment) & (people["replicate"] == page.replicate)].sort_values("agent")
    texts = [
        f"agent {agent}<br>{label(str(text), 44, 4)}" for agent, text in zip(people["agent"], people["persona"], strict=True)
    ]
    known = ~np.isnan(x)
    size = 16 if len(x) <= 60 else 10 if len(x) <= 200 else 6
    marker = {"size": size, "color": x[known].tolist(), "coloraxis": "coloraxis", "line": {"color": "#5b6270", "width": 1}}
    hover = "%{text}<br>opinion %{marker.color:.2f}<extra></extra>"
    traces = [_dots(places[known], [t for t, k in zip(texts, known, strict=True) if k], marker, hover, name="opinion")]
    if not known.all():
        cross = {"size": size, "color": GREY, "symbol": "x"}
        gone = [t for t, k in zip(texts, known, strict=True) if not k]
        traces.append(_dots(places[~known], gone, cross, "%{text}<br>opinion missing<extra></extra>", name="answer missing"))
        traces[-1].showlegend = True
    return traces


def _dots(places: Reals, texts: list[str], marker: dict[str, object], hover: str, *, name: str) -> go.Scatter:
    return go.Scatter(
        x=places[:, 0].tolist(), y=places[:, 1].tolist(), text=texts, mode="markers", marker=marker, hovertemplate=hover,
        name=name, showlegend=False,
    )  # fmt: skip
