"""The signal check: what moves answers, people and messages or only the way the question is put."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from socsim_analysis.figures import GREY, INK, styled
from socsim_analysis.frames import item_spec
from socsim_analysis.markup import Html, count, element, numeral, paragraph, percent, section
from socsim_analysis.page import Page
from socsim_analysis.signal import Movement, Signal, verdict

__all__ = ["reaction_section"]

_INTRO = (
    "An answer that moves no further with the person or with what was read than with the order of the options says nothing "
    "about people. So four movements are put side by side, all as mean absolute differences of expected values: between two "
    "people at the first step; for the same person and step with and without messages of others; and for the same answer "
    "read with the options in another order, or with other labels (letters, digits) or another sentence."
)
_LOW_MASS = 0.5


def reaction_section(page: Page) -> Html | None:
    """Verdict, figure and table per item; None without numeric answers."""
    if not page.items:
        return None
    parts: list[Html] = [paragraph(_INTRO)]
    for item, signal in zip(page.items, page.signals, strict=True):
        first, *others = verdict(signal)
        parts += [element("h3", item), paragraph(first, class_="verdict"), *(paragraph(text) for text in others)]
        parts += _notes(page, signal)
        if signal.persona.known or signal.messages.known:
            parts += [_figure(page, signal), _table(page, signal)]
    return section("signal", "Signal check: does the model react?", *parts)


def _movements(signal: Signal) -> Sequence[tuple[str, Movement, str]]:
    return (
        ("person", signal.persona, "people at the first step"),
        ("messages read", signal.messages, "pairs, same person and step"),
        ("order of options", signal.order, "pairs of readings of one answer"),
        ("labels or sentence", signal.labels, "pairs of readings of one answer"),
    )


def _notes(page: Page, signal: Signal) -> list[Html]:
    spec = item_spec(page.run, signal.item)
    if spec is None or spec.readout.method not in ("logprob", "cloze"):
        return [paragraph("Replies to this item are drawn by the model, so movements also hold the noise of drawing.")]
    if signal.mass == signal.mass:
        words = f"The model put {percent(signal.mass)} of its probability on the options; the rest went to other words."
        low = " With less than half, answers rest on a small part of what the model would say." if signal.mass < _LOW_MASS else ""
        return [paragraph(words + low)]
    return []


def _figure(page: Page, signal: Signal) -> Html:
    known = [(name, part) for name, part, _ in _movements(signal) if part.known][::-1]
    colours = ["#0072B2" if name in ("person", "messages read") else GREY for name, _ in known]
    figure = go.Figure(
        go.Bar(
            x=[part.size for _, part in known],
            y=[f"{name}  <b>{part.size:.2f}</b>" for name, part in known],
            orientation="h",
            width=0.6,
            marker={"color": colours},
            hovertemplate="%{y}: %{x:.3f} scale points<extra></extra>",
        )
    )
    if signal.wording == signal.wording:
        figure.add_vline(x=signal.wording, line={"color": INK, "width": 1.5, "dash": "dash"})
    figure.update_xaxes(title_text="mean absolute difference (scale points)", rangemode="tozero")
    figure.update_yaxes(type="category")
    styled(figure, 110 + 42 * len(known), margin={"l": 56, "r": 24, "t": 16, "b": 48}, showlegend=False)
    caption = (
        f"{signal.item}: how far answers move. Blue: with the person and with messages; grey: with the way the question is "
        "put. A blue bar that ends left of the dashed line is not told apart from the question’s form."
    )
    return page.figure(figure, caption, f"Bars of movements of the answers to {signal.item}.")


def _table(page: Page, signal: Signal) -> Html:
    rows: list[list[str | Html]] = [
        [name, what, numeral(part.size, 3), numeral(part.sd, 3), count(part.n)] for name, part, what in _movements(signal)
    ]
    caption = (
        f"{signal.item}: movements in scale points. SD: between people (first row), of the signed differences (second), of "
        "the absolute differences (others). “Missing”: the run holds nothing to compare."
    )
    return page.table(caption, ["moves with", "n counts", "mean difference", "SD", "n"], rows, words=2)
