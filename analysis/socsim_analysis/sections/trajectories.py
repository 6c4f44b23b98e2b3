"""Opinions over steps: every agent, their mean and their spread."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from socsim.measures import mean, spread
from socsim.seeding import stream
from socsim_analysis.figures import arm_panels, styled
from socsim_analysis.frames import Opinions, opinions, replicates, world_opinions
from socsim_analysis.markup import Html, count, element, join, numeral, plural, section
from socsim_analysis.page import Page
from socsim_analysis.scales import few_steps, scale_words, shown_range

__all__ = ["trajectories_section"]

_MOST_LINES = 200


def trajectories_section(page: Page) -> Html | None:
    """A figure and a table per item that was asked at more than one step; None without any."""
    parts: list[Html] = []
    for item in page.items:
        frame = opinions(page.run, item)
        if frame["step"].nunique() > 1:
            parts += [element("h3", item), _figure(page, item, frame), _table(page, item, frame)]
    return section("trajectories", "Opinions over time", *parts) if parts else None


def _figure(page: Page, item: str, frame: pd.DataFrame) -> Html:
    arms = [arm for arm in page.arms if (frame["arm"] == arm).any()]
    figure, places = arm_panels(arms)
    for arm, (row, column) in zip(arms, places, strict=True):
        worlds = [world_opinions(page.run, frame, arm, number) for number in replicates(page.run)]
        for trace in _panel(worlds, page.colours[arm], first=column == 1 and row == 1):
            figure.add_trace(trace, row=row, col=column)
    shown = shown_range(page.run, item, frame["x"].to_numpy(dtype=float))
    pad = 0.06 * (shown.high - shown.low or 1.0)
    figure.update_yaxes(range=[shown.low - pad, shown.high + pad])
    figure.update_yaxes(title_text="opinion", col=1)
    figure.update_xaxes(dtick=max(1, math.ceil(frame["step"].nunique() / 8)))
    figure.update_xaxes(title_text="step", row=places[-1][0])
    styled(figure, 90 + 290 * places[-1][0], margin={"l": 56, "r": 16, "t": 76, "b": 48}, legend={"y": 1.1})
    return page.figure(figure, _caption(page, item, whole=shown.whole), f"Opinions on {item} by step, a panel per arm.")


def _caption(page: Page, item: str, *, whole: bool) -> str:
    many = page.people > _MOST_LINES
    lines = f"{_MOST_LINES} of {count(page.people)} people, drawn at random" if many else plural(page.people, "person", "people")
    others = f" Dashed: means of the other {page.worlds - 1} worlds." if page.worlds > 1 else ""
    zoom = "" if whole else " The vertical axis spans the opinions shown, not the whole scale."
    return (
        f"{item}: expected value of each person’s private answer. Thin lines: {lines} of replicate {page.replicate} in each "
        f"arm; a gap is a missing answer. Thick line: mean; band: mean ± 1 SD between people.{others} "
        f"{scale_words(page.run, item)}{zoom}"
    )


def _panel(worlds: Sequence[Opinions], colour: str, *, first: bool) -> list[go.Scatter]:
    shown, *others = worlds
    traces = [_people(shown)] if shown.steps else []
    for number, world in enumerate(others):
        line = {"color": colour, "width": 1.2, "dash": "dash"}
        names = {"name": "mean of another world", "legendgroup": "others", "showlegend": first and number == 0}
        traces.append(go.Scatter(x=list(world.steps), y=_means(world), mode="lines", line=line, hoverinfo="skip", **names))
    if shown.steps:
        traces += [_band(shown, colour, first=first), _mean_line(shown, colour, first=first)]
    return traces


def _means(world: Opinions) -> list[float | None]:
    return [None if math.isnan(m) else m for m in (mean(world.at(step)) for step in world.steps)]


def _people(world: Opinions) -> go.Scatter:
    size = world.x.shape[0]
    chosen = sorted(stream(1, "lines shown").choice(size, min(size, _MOST_LINES), replace=False).tolist())
    xs: list[int | None] = []
    ys: list[float | None] = []
    names: list[str] = []
    for agent in chosen:
        xs += [*world.steps, None]
        ys += [*(None if math.isnan(value) else float(value) for value in world.x[agent]), None]
        names += [f"agent {agent}"] * (len(world.steps) + 1)
    return go.Scatter(
        x=xs,
        y=ys,
        text=names,
        mode="lines",
        line={"color": "rgba(110,116,128,0.28)", "width": 1},
        hovertemplate="%{text}, step %{x}: %{y:.2f}<extra></extra>",
        showlegend=False,
    )


def _band(world: Opinions, colour: str, *, first: bool) -> go.Scatter:
    rows = [(step, mean(world.at(step)), spread(world.at(step))) for step in world.steps]
    known = [(step, m - sd, m + sd) for step, m, sd in rows if not math.isnan(sd)]
    back = known[::-1]
    return go.Scatter(
        x=[step for step, _, _ in known] + [step for step, _, _ in back],
        y=[high for _, _, high in known] + [low for _, low, _ in back],
        fill="toself",
        fillcolor=_clear(colour),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        name="mean ± 1 SD",
        legendgroup="band",
        showlegend=first,
    )


def _clear(colour: str) -> str:
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.2)"


def _mean_line(world: Opinions, colour: str, *, first: bool) -> go.Scatter:
    return go.Scatter(
        x=list(world.steps),
        y=_means(world),
        mode="lines+markers",
        line={"color": colour, "width": 3},
        marker={"size": 7},
        name="mean",
        legendgroup="mean",
        showlegend=first,
        hovertemplate="mean at step %{x}: %{y:.2f}<extra></extra>",
    )


def _table(page: Page, item: str, frame: pd.DataFrame) -> Html:
    asked = page.run.responses[page.run.responses["item"] == item]
    rows: list[list[str | Html]] = []
    for arm in page.arms:
        ours, theirs = frame[frame["arm"] == arm], asked[asked["arm"] == arm]
        steps = sorted(int(step) for step in theirs["step"].unique())
        for step in few_steps(steps):
            worlds = [group["x"].to_numpy(dtype=float) for _, group in ours[ours["step"] == step].groupby("replicate")]
            n, total = sum(len(world) for world in worlds), int((theirs["step"] == step).sum())
            centre, sd = mean([mean(world) for world in worlds]), mean([spread(world) for world in worlds])
            rows.append([arm, f"{step} ({page.steps.get(step, '')})", count(n), count(total - n), numeral(centre), numeral(sd)])
    worlds_words = "" if page.worlds == 1 else f" Means over {page.worlds} worlds; n is summed over them."
    caption = join([f"{item}: mean and spread between people by arm and step, in {page.unit(item)}.", worlds_words])
    return page.table(caption, ["arm", "step", "n", "missing", "mean", "SD"], rows, words=2)
