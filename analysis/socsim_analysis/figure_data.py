"""What a figure draws, as a tidy table: one row for every point, bar or cell, with all digits."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

__all__ = ["COLUMNS", "drawn_table"]

COLUMNS = ("panel", "series", "mark", "x", "y", "value", "low", "high", "label")
"""Panel (title or number), series, kind of mark, place, colour or cell value, ends of the interval, text."""

_TAG = re.compile(r"<[^>]*>")


def drawn_table(figure: go.Figure) -> pd.DataFrame:
    """Everything that a figure draws, in the columns `COLUMNS`; breaks in lines have no row, and bands are named by their series.

    ``low`` and ``high`` are ends of error bars, along the axis that has them.
    """
    rows = [row for trace in figure.data for row in _rows(trace, _panel(figure, trace))]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _panel(figure: go.Figure, trace: Any) -> str:
    axis = str(getattr(trace, "xaxis", None) or "x")
    number = int(axis.removeprefix("x") or 1)
    panels = {str(getattr(one, "xaxis", None) or "x") for one in figure.data}
    titles = [_words(one.text) for one in figure.layout.annotations if one.text]
    if len(panels) < 2 and not titles:
        return ""
    return titles[number - 1] if len(titles) >= number else str(number)


def _words(text: object) -> str:
    return html.unescape(_TAG.sub(" ", str(text))).strip() if text is not None else ""


def _rows(trace: Any, panel: str) -> Iterator[tuple[Any, ...]]:
    series, mark = _words(trace.name), str(trace.type)
    if mark == "heatmap":
        for y, line in zip(trace.y, trace.z, strict=True):
            for x, value in zip(trace.x, line, strict=True):
                yield panel, series, mark, _cell(x), _cell(y), _number(value), None, None, ""
        return
    xs, ys = _list(trace.x), _list(trace.y)
    colours = getattr(trace.marker, "color", None) if hasattr(trace, "marker") and trace.marker is not None else None
    values = _list(colours) if not isinstance(colours, str) else []
    texts = _list(trace.text) if not isinstance(trace.text, str) else []
    for number, (x, y) in enumerate(zip(xs, ys, strict=True)):
        if x is None or y is None:
            continue
        value = _number(values[number]) if number < len(values) else None
        label = _words(texts[number]) if number < len(texts) else ""
        yield panel, series, _mark(trace, mark), _cell(x), _cell(y), value, *_ends(trace, number, x, y), label


def _mark(trace: Any, kind: str) -> str:
    if kind != "scatter":
        return kind
    return "band" if trace.fill else str(trace.mode or "lines").replace("lines+markers", "line").replace("lines", "line")


def _ends(trace: Any, number: int, x: Any, y: Any) -> tuple[float | None, float | None]:
    for bars, at in ((getattr(trace, "error_x", None), x), (getattr(trace, "error_y", None), y)):
        up = _list(getattr(bars, "array", None)) if bars is not None else []
        if number < len(up) and _number(at) is not None:
            down = _list(bars.arrayminus) or up  # type: ignore[union-attr]
            above, below = _number(up[number]), _number(down[number])
            if above and below is not None:
                return float(at) - below, float(at) + above
    return None, None


def _list(values: Any) -> Sequence[Any]:
    return list(values) if values is not None else []


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return None if math.isnan(number) else number


def _cell(value: Any) -> Any:
    return _words(value) if isinstance(value, str) else value.item() if hasattr(value, "item") else value
