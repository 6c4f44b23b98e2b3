"""Answers of a run beside those of people: choices among options, and errors, as histograms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from socsim_analysis.figures.style import INK, arm_colours, label, labels, styled
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
    inner = [f"{low:g} to {high:g}" for low, high in pairwise(ends.tolist())]
    names = [f"below {ends[1]:g}", *inner[1:-1], f"{ends[-2]:g} or more"] if len(inner) > 1 else ["all"]
    n = int(x.size)
    shares = [count / n if n else math.nan for count in counts.tolist()]
    return _histogram(source, names, shares, n, people=people)


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
    return _bars(frame, unit, gap=0.2)


def error_figure(frame: pd.DataFrame, *, unit: str = "error") -> go.Figure:
    """Shares of errors within ranges by source, beside each other: people in black, runs in colours and hatchings.

    Args:
        frame: a table like `HISTOGRAMS`; bins in order of first appearance.
        unit: what the ranges are of, with its unit, for the axis.

    Raises:
        TableError: the table is not like `HISTOGRAMS`.
    """
    return _bars(frame, unit, gap=0.08)


def _bars(frame: pd.DataFrame, unit: str, *, gap: float) -> go.Figure:
    rows = HISTOGRAMS.check(frame)
    bins = [str(one) for one in pd.unique(rows["bin"])]
    shown = dict(zip(bins, labels(bins, 18, 2), strict=True))
    sources = sorted(pd.unique(rows["source"]), key=lambda name: not rows.loc[rows["source"] == name, "people"].iloc[0])
    runs = [str(one) for one in sources if not rows.loc[rows["source"] == one, "people"].iloc[0]]
    colours, figure = arm_colours(runs), go.Figure()
    for source in sources:
        ours = rows[rows["source"] == source].set_index("bin")["share"].reindex(bins)
        n = int(rows.loc[rows["source"] == source, "n"].iloc[0])
        number = runs.index(str(source)) if str(source) in runs else -1
        pattern = {"shape": _PATTERNS[number % len(_PATTERNS)] if number >= 0 else "", "fillmode": "replace", "size": 6}
        figure.add_bar(
            x=[shown[one] for one in bins],
            y=[None if math.isnan(share) else 100.0 * share for share in ours],
            name=f"{label(str(source), 34, 2)} (n = {n:,})",
            marker={"color": INK if number < 0 else colours[str(source)], "pattern": pattern},
            hovertemplate=f"{label(str(source), 34, 1)}, %{{x}}: %{{y:.1f}} %<extra></extra>",
        )
    figure.update_xaxes(type="category", title_text=unit)
    figure.update_yaxes(title_text="share of answers (%)", rangemode="tozero")
    return styled(figure, 400, barmode="group", bargap=gap, margin={"l": 60, "r": 16, "t": 64, "b": 56})
