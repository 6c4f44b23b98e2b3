"""Which answers were given at each step: shares of options, or the spread of numbers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from socsim_analysis.figures import SHARE_COLOURS, arm_panels, label, labels, styled
from socsim_analysis.frames import item_spec
from socsim_analysis.markup import Html, count, element, section
from socsim_analysis.page import MOST_ITEMS, Page
from socsim_analysis.scales import few_steps, scale_words

__all__ = ["distribution_section"]

Reals = NDArray[np.float64]
_MOST_NUMBERS = 8
_MOST_TEXTS = 10
_LONGEST_TEXT = 400
_WORDS = {
    "sample": "shares of the answers that the model wrote",
    "verbalized": "mean over people of the percentages that the model states, before any drawing",
    "verbalized_sampling": "mean over people of the probabilities that the model states, before any drawing",
    "expert": "mean of the percentages that the model forecasts for people like each one, before any drawing",
}
"""What the shares of a closed item are, by how it was read; of the other methods they are the model's own probabilities."""


def distribution_section(page: Page) -> Html | None:
    """A figure per item; None without any answer. Items held against people at a single step are shown there."""
    parts: list[Html] = []
    for item in [item for item in page.asked if item not in page.compared][:MOST_ITEMS]:
        rows = page.run.responses
        rows = rows[(rows["item"] == item) & (rows["status"] != "failed")]
        arms = [arm for arm in page.arms if (rows["arm"] == arm).any()]
        if not arms:
            continue
        options = _options(page, item)
        if not options and rows["value"].isna().all():
            figure = _texts(page, item, rows, arms)
        elif not options:
            figure = _numbers(page, item, rows, arms)
        elif rows["step"].nunique() == 1:
            figure = _bars(page, item, rows, arms, options)
        else:
            figure = _shares(page, item, rows, arms, options)
        parts += [element("h3", item), figure]
    return section("distribution", "Distribution of answers", *parts) if parts else None


def _options(page: Page, item: str) -> tuple[str, ...]:
    spec = item_spec(page.run, item)
    return (*spec.options, *spec.non_answers) if spec is not None else ()


def _probabilities(rows: pd.DataFrame, size: int) -> Reals:
    """Mean distribution of the answers in ``rows``; all NaN without one."""
    whole = [list(row) for row in rows["probabilities"] if row is not None and len(row) == size]
    return np.asarray(whole, dtype=float).mean(axis=0) if whole else np.full(size, np.nan)


def _drawn(rows: pd.DataFrame, size: int) -> Reals:
    chosen = rows["choice"].dropna().astype(int)
    return np.bincount(chosen, minlength=size)[:size] / len(chosen) if len(chosen) else np.full(size, np.nan)


def _sizes(rows: pd.DataFrame, arms: list[str]) -> str:
    """How many answers each column stands for."""
    sizes = rows[rows["arm"].isin(arms)].groupby(["arm", "step"]).size()
    low, high = int(sizes.min()), int(sizes.max())
    return f"n = {count(low)}" if low == high else f"n = {count(low)} to {count(high)}"


def _method_words(page: Page, item: str) -> str:
    spec = item_spec(page.run, item)
    method = spec.readout.method if spec is not None else ""
    return _WORDS.get(method, "mean over people of the probabilities that the model gives the options, before any drawing")


def _texts(page: Page, item: str, rows: pd.DataFrame, arms: list[str]) -> Html:
    """Some of the answers in words, evenly spaced over people and steps."""
    rows = rows[rows["arm"].isin(arms)]
    shown = rows.iloc[np.unique(np.linspace(0, len(rows) - 1, min(_MOST_TEXTS, len(rows))).astype(int))]
    cells: list[list[str | Html]] = [
        [
            label(str(row["arm"])),
            count(row["step"]),
            count(row["agent"]),
            element("span", _shortened(str(row["option"])), dir="auto"),
        ]
        for row in shown.to_dict("records")
    ]
    caption = (
        f"{item}: {count(len(shown))} of {count(len(rows))} answers in words ({count(rows['option'].nunique())} different ones), "
        "evenly spaced over arms, steps and people. The table “responses” holds all."
    )
    return page.table(caption, ["arm", "step", "person", "answer"], cells, words=4)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + " …"


def _shares(page: Page, item: str, rows: pd.DataFrame, arms: list[str], options: tuple[str, ...]) -> Html:
    figure, places = arm_panels(arms)
    names = labels(options, 24, 2)
    greatest = 0.0
    for arm, (row, column) in zip(arms, places, strict=True):
        ours = rows[rows["arm"] == arm]
        steps = sorted(int(step) for step in ours["step"].unique())
        shares = np.stack([_probabilities(ours[ours["step"] == step], len(options)) for step in steps], axis=1) * 100
        greatest = max(greatest, float(np.nanmax(shares, initial=0.0)))
        figure.add_trace(_heatmap(shares, [str(step) for step in steps], names, few=len(steps) <= _MOST_NUMBERS), row, column)
    bar = {"title": {"text": "share"}, "ticksuffix": " %", "thickness": 14, "outlinewidth": 0}
    height = 100 + (60 + 30 * len(options)) * places[-1][0]
    figure.update_xaxes(type="category", nticks=10)
    figure.update_xaxes(title_text="step", row=places[-1][0])
    figure.update_yaxes(type="category")
    coloraxis = {"colorscale": SHARE_COLOURS, "cmin": 0, "cmax": greatest, "colorbar": bar}
    styled(figure, height, coloraxis=coloraxis, margin={"l": 56, "r": 16, "t": 48, "b": 48})
    caption = (
        f"{item}: {_method_words(page, item)}, by arm and step ({_sizes(rows, arms)} answers per arm and step). Failed "
        "answers are left out."
    )
    return page.figure(figure, caption, f"Shares of the options of {item} by step, a panel per arm.")


def _heatmap(shares: Reals, steps: list[str], options: list[str], *, few: bool) -> go.Heatmap:
    z = [[None if math.isnan(value) else float(value) for value in row] for row in shares]
    written = {"texttemplate": "%{z:.0f}", "textfont": {"size": 12}} if few else {}
    hover = "step %{x}, %{y}: %{z:.1f} %<extra></extra>"
    return go.Heatmap(x=steps, y=options, z=z, coloraxis="coloraxis", hovertemplate=hover, xgap=1, ygap=1, **written)


def _bars(page: Page, item: str, rows: pd.DataFrame, arms: list[str], options: tuple[str, ...]) -> Html:
    figure = go.Figure()
    names = labels(options, 24, 2)
    for arm in arms:
        ours = rows[rows["arm"] == arm]
        for share, kind in ((_probabilities(ours, len(options)), "probabilities"), (_drawn(ours, len(options)), "drawn answers")):
            pattern = {} if kind == "probabilities" else {"pattern": {"shape": "/", "fillmode": "replace", "size": 6}}
            figure.add_bar(
                x=[None if math.isnan(value) else float(value) * 100 for value in share],
                y=names,
                orientation="h",
                name=f"{label(arm)}: {kind}" if len(arms) > 1 else kind,
                marker={"color": page.colours[arm], **pattern},
                hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
            )
    figure.update_xaxes(title_text="share of answers (%)", rangemode="tozero")
    figure.update_yaxes(type="category")
    height = 120 + len(options) * max(30, 14 * 2 * len(arms))
    styled(figure, height, barmode="group", bargap=0.25, legend={"traceorder": "normal"})
    caption = (
        f"{item}: {_method_words(page, item)}, beside the answers drawn from them ({_sizes(rows, arms)} answers). "
        f"{scale_words(page.run, item)}"
    )
    return page.figure(figure, caption, f"Shares of the options of {item}.")


def _numbers(page: Page, item: str, rows: pd.DataFrame, arms: list[str]) -> Html:
    answered = rows[rows["value"].notna()]
    steps = few_steps(sorted(int(step) for step in answered["step"].unique()), 12)
    figure = go.Figure()
    for arm in arms:
        ours = answered[answered["arm"] == arm]
        columns = [(s, x) for s in steps if len(x := ours.loc[ours["step"] == s, "value"].to_numpy(dtype=float))]
        quantiles = np.asarray([np.quantile(x, [0.0, 0.25, 0.5, 0.75, 1.0]) for _, x in columns]).reshape(-1, 5)
        names = ("lowerfence", "q1", "median", "q3", "upperfence")
        boxes = {name: quantiles[:, k].tolist() for k, name in enumerate(names)}
        figure.add_box(x=[str(s) for s, _ in columns], **boxes, name=label(arm), marker={"color": page.colours[arm]})
    spec = item_spec(page.run, item)
    figure.update_xaxes(title_text="step", type="category", categoryorder="array", categoryarray=[str(step) for step in steps])
    figure.update_yaxes(title_text=label(spec.unit) if spec is not None and spec.unit else "answer")
    styled(figure, 380, boxmode="group")
    truth = (
        f" The true value is {spec.truth:,g}; the model was not told it." if spec is not None and spec.truth is not None else ""
    )
    caption = (
        f"{item}: median, middle half, least and greatest answer by arm and step ({_sizes(answered, arms)} answers each).{truth}"
    )
    return page.figure(figure, caption, f"Answers to {item} by step.")
