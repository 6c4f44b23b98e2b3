"""Answers of a run beside those of people: choices among options, and errors, as histograms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from socsim_analysis.figures.style import INK, arm_colours, arm_panels, label, labels, styled
from socsim_analysis.figures.tables import HISTOGRAMS

__all__ = ["choice_figure", "choice_histogram", "error_figure", "error_histogram"]

_PATTERNS = ("", "/", "x", ".", "\\", "-")


def choice_histogram(choices: Sequence[object], options: Sequence[str], source: str, *, people: bool) -> pd.DataFrame:
    """Shares of options, a table like `HISTOGRAMS`; shares are missing where nothing was chosen.

    Args:
        choices: one per answer; missing ones are left out.
        options: all options in order, chosen or not.
        source: whose choices.
        people: whether these are people.

    Raises:
        ValueError: something was chosen that is no option.
    """
    given = [str(choice) for choice in choices if not pd.isna(choice)]  # type: ignore[call-overload]
    strange = sorted(set(given) - set(options))
    if strange:
        raise ValueError(f"{strange[0]!r} is none of the options {', '.join(map(repr, options))}")
    n = len(given)
    shares = [given.count(option) / n if n else math.nan for option in options]
    return _histogram(source, list(options), shares, n, people=people)


def error_histogram(errors: Sequence[float], edges: Sequence[float], source: str, *, people: bool) -> pd.DataFrame:
    """Shares of errors within ranges, a table like `HISTOGRAMS`; the ends of the outermost ranges are open.

    Ranges are closed at their low end. Missing errors are left out.

    Args:
        errors: one number per answer.
        edges: ends of the ranges, increasing.
        source: whose errors.
        people: whether these are people.

    Raises:
        ValueError: fewer than two ends, or ends that do not increase.
    """
    ends = np.asarray(edges, dtype=float)
    if ends.size < 2 or not (np.diff(ends) > 0).all():
        raise ValueError("a histogram needs two ends or more, each above the one before")
    x = np.asarray(errors, dtype=float)
    x = x[~np.isnan(x)]
    place = np.clip(np.searchsorted(ends, x, side="right") - 1, 0, ends.size - 2)
    counts = np.bincount(place, minlength=ends.size - 1)
    inner = [f"{_end(low)} to {_end(high)}" for low, high in pairwise(ends.tolist())]
    names = [f"below {_end(ends[1])}", *inner[1:-1], f"{_end(ends[-2])} or more"] if len(inner) > 1 else ["all"]
    n = int(x.size)
    shares = [count / n if n else math.nan for count in counts.tolist()]
    return _histogram(source, names, shares, n, people=people)


def _end(value: float) -> str:
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


def _histogram(source: str, bins: list[str], shares: list[float], n: int, *, people: bool) -> pd.DataFrame:
    return HISTOGRAMS.check(pd.DataFrame({"source": source, "people": people, "bin": bins, "share": shares, "n": n}))


def choice_figure(frame: pd.DataFrame, *, unit: str = "answer") -> go.Figure:
    """Shares of options by source, beside each other: people in black, runs in colours and hatchings.

    Args:
        frame: a table like `HISTOGRAMS`; bins in order of first appearance.
        unit: what the options are, for the axis.

    Raises:
        TableError: the table is not like `HISTOGRAMS`.
    """
    return _bars(frame, unit, "answers", gap=0.2)


def error_figure(frame: pd.DataFrame, *, unit: str = "error", counted: str = "answers") -> go.Figure:
    """Shares of errors within ranges by source, beside each other: people in black, runs in colours and hatchings.

    Args:
        frame: a table like `HISTOGRAMS`; bins in order of first appearance.
        unit: what the ranges are of, with its unit, for the axis.
        counted: what shares are of, such as subjects.

    Raises:
        TableError: the table is not like `HISTOGRAMS`.
    """
    return _bars(frame, unit, counted, gap=0.08)


def _bars(frame: pd.DataFrame, unit: str, counted: str, *, gap: float) -> go.Figure:
    rows = HISTOGRAMS.check(frame)
    panels = [str(panel) for panel in pd.unique(rows["panel"])]
    of_people = rows.groupby("source", sort=False)["people"].first()
    sources = [*of_people.index[of_people], *of_people.index[~of_people]]
    figure, places = arm_panels(panels)
    for panel, (row, column) in zip(panels, places, strict=True):
        there = rows[rows["panel"] == panel]
        for trace in _traces(there, sources, of_people, alone=len(panels) == 1, first=panel == panels[0]):
            figure.add_trace(trace, row=row, col=column)
    for title, panel in zip(figure.layout.annotations, panels, strict=False):
        title.text = f"{label(panel)}<br>{_sizes(rows[rows['panel'] == panel])}" if len(panels) > 1 else label(panel)
    lowest = places[-1][0] if places else 1
    figure.update_xaxes(type="category")
    figure.update_xaxes(title_text=label(unit, 60, 1), row=lowest)
    figure.update_yaxes(rangemode="tozero")
    figure.update_yaxes(title_text=f"share of {label(counted, 30, 1)} (%)", col=1)
    height = 400 if len(panels) < 2 else 130 + 270 * lowest
    top = 64 if len(panels) < 2 else 96
    return styled(figure, height, barmode="group", bargap=gap, margin={"l": 60, "r": 16, "t": top, "b": 56}, legend={"y": 1.08})


def _sizes(rows: pd.DataFrame) -> str:
    sizes = rows.groupby("source", sort=False)["n"].first()
    return f"n = {', '.join(dict.fromkeys(f'{n:,}' for n in sizes))}"


def _traces(rows: pd.DataFrame, sources: Sequence[str], of_people: pd.Series, *, alone: bool, first: bool) -> Iterator[go.Bar]:
    bins = [str(one) for one in pd.unique(rows["bin"])]
    shown = dict(zip(bins, labels(bins, 18, 2), strict=True))
    runs = [source for source in sources if not of_people[source]]
    colours = arm_colours(runs)
    for source in sources:
        ours = rows[rows["source"] == source].set_index("bin")
        if ours.empty:
            continue
        number = runs.index(source) if source in runs else -1
        pattern = {"shape": _PATTERNS[number % len(_PATTERNS)] if number >= 0 else "", "fillmode": "replace", "size": 6}
        size = f" (n = {int(ours['n'].iloc[0]):,})" if alone else ""
        yield go.Bar(
            x=[shown[one] for one in bins],
            y=[None if math.isnan(share) else 100.0 * share for share in ours["share"].reindex(bins)],
            name=f"{label(source, 34, 2)}{size}",
            legendgroup=label(source, 34, 2),
            showlegend=first,
            marker={"color": INK if number < 0 else colours[source], "pattern": pattern},
            hovertemplate=f"{label(source, 34, 1)}, %{{x}}: %{{y:.1f}} %<extra></extra>",
        )
