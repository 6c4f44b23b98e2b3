"""How figures look, and how they are put into a page.

Colours are those of Okabe & Ito (told apart by colour-blind readers), ``Cividis`` for shares, and purple to orange for opinions.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from socsim_analysis.markup import Html, element, printable

__all__ = [
    "GREY",
    "INK",
    "OPINION_COLOURS",
    "SHARE_COLOURS",
    "arm_colours",
    "arm_panels",
    "clear_colour",
    "dashes",
    "embedded_figure",
    "label",
    "labels",
    "script_json",
    "styled",
    "symbols",
]

_ARMS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
INK = "#1f2430"
GREY = "#9aa0aa"
_AXIS = "#c4c8d0"
OPINION_COLOURS = [[0.0, "#2d0f52"], [0.25, "#6a4c93"], [0.5, "#b07f93"], [0.75, "#e6ab5e"], [1.0, "#fce9b8"]]
"""From dark purple to pale orange: lighter throughout, so that the order is seen in grey, too."""
SHARE_COLOURS = "Cividis"
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_FONT = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"


def arm_colours(arms: Sequence[str]) -> Mapping[str, str]:
    """One colour per arm; they repeat after six."""
    return {arm: _ARMS[number % len(_ARMS)] for number, arm in enumerate(arms)}


def label(text: str, width: int = 26, lines: int = 2) -> str:
    """``text`` as a label in a figure: escaped (labels read a subset of HTML), broken into lines, shortened."""
    broken = textwrap.wrap(" ".join(printable(text).split()), width) or [""]
    kept = broken[:lines]
    if len(broken) > lines:
        kept[-1] = kept[-1][: width - 1].rstrip() + "…"
    return "<br>".join(html.escape(line, quote=False) for line in kept)


def styled(figure: go.Figure, height: int, **layout: object) -> go.Figure:
    """The look that all figures share.

    Args:
        figure: changed in place.
        height: in pixels; the width is the page's.
        layout: further settings of the layout.
    """
    axis = {
        "gridcolor": "#e6e8ec",
        "zerolinecolor": _AXIS,
        "linecolor": _AXIS,
        "ticks": "outside",
        "tickcolor": _AXIS,
        "title_font_size": 13,
    }
    figure.update_xaxes(automargin=True, **axis)
    figure.update_yaxes(automargin=True, **axis)
    figure.update_annotations(font_size=13)
    figure.update_layout(
        height=height,
        font={"family": _FONT, "size": 13, "color": INK},
        paper_bgcolor="white",
        plot_bgcolor="white",
        margin={"l": 56, "r": 16, "t": 40, "b": 48},
        legend={"orientation": "h", "x": 0.0, "y": 1.02, "xanchor": "left", "yanchor": "bottom"},
        hoverlabel={"bgcolor": "white", "font_size": 13, "align": "left"},
    )
    figure.update_layout(**layout)
    figure.update_coloraxes(colorbar_title_font_size=13)
    return figure


def labels(texts: Sequence[str], width: int = 26, lines: int = 2) -> list[str]:
    """`label` of each text; those that would read the same are numbered, since equal labels are one place on an axis."""
    short = [label(text, width, lines) for text in texts]
    return [f"{text} ({number})" if short.count(text) > 1 else text for number, text in enumerate(short, start=1)]


def symbols(names: Sequence[str]) -> Mapping[str, str]:
    """One shape of points for each name, so that a figure in grey can be read; they repeat after six."""
    return {name: _SYMBOLS[number % len(_SYMBOLS)] for number, name in enumerate(names)}


def dashes(names: Sequence[str]) -> Mapping[str, str]:
    """One kind of line for each name; they repeat after six."""
    return {name: _DASHES[number % len(_DASHES)] for number, name in enumerate(names)}


def clear_colour(colour: str, opacity: float = 0.2) -> str:
    """A colour ``#rrggbb`` that lets through what lies below it."""
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def arm_panels(arms: Sequence[str], per_row: int = 3) -> tuple[go.Figure, list[tuple[int, int]]]:
    """An empty figure with one titled panel per arm, all with the same axes, and the row and column of each.

    Args:
        arms: names of the arms, in order.
        per_row: most panels beside each other.
    """
    columns = max(1, min(per_row, len(arms)))
    rows = max(1, -(-len(arms) // columns))
    figure = make_subplots(
        rows=rows,
        cols=columns,
        shared_xaxes=True,
        shared_yaxes=True,
        horizontal_spacing=0.03,
        vertical_spacing=0.3 / rows,
        subplot_titles=[label(arm) for arm in arms],
    )
    return figure, [(number // columns + 1, number % columns + 1) for number in range(len(arms))]


def script_json(text: str) -> Html:
    """JSON that can stand inside a ``<script>`` element: it can neither end the element nor begin a comment."""
    table = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
    return Html("".join(table.get(letter, letter) for letter in text))


def embedded_figure(figure: go.Figure, number: int, caption: str | Html, description: str) -> Html:
    """A figure with its data and caption; the page's script draws it.

    Args:
        figure: what to draw.
        number: its number on the page.
        caption: what it shows, with n and units.
        description: the same for those who cannot see it.
    """
    name = f"figure-{number}"
    template = figure.layout.template
    figure.layout.template = None
    data = script_json(figure.to_json())
    figure.layout.template = template
    return element(
        "figure",
        element("div", class_="plot", id=name, role="img", aria_label=description, style=f"min-height:{figure.layout.height}px"),
        element("script", data, type="application/json", id=f"{name}-data"),
        element("figcaption", element("b", f"Figure {number}. "), caption),
    )
