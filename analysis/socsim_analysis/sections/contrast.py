"""The contrast of arms: figure and table."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from socsim_analysis.contrasts import LEAST_WORLDS, QUANTITIES, arm_contrasts, counts_times_asked
from socsim_analysis.figures import label, styled
from socsim_analysis.markup import Html, count, element, interval_text, paragraph, section, signed
from socsim_analysis.page import Page

__all__ = ["contrast_section"]


def contrast_section(page: Page) -> Html | None:
    """Differences of change between the treatment arm and the others; None with one arm or one step."""
    parts: list[Html] = []
    for item in page.items:
        table = arm_contrasts(page.run, item)
        if len(table):
            parts += [element("h3", item), _figure(page, item, table), _table(page, item, table)]
    if not parts:
        return None
    intro = paragraph(
        "What is social is the difference between arms. For each quantity, the figure shows how much more it changed since the "
        f"first step in “{page.treatment}” than in each other arm. Zero means: no more than in that arm. Opinions are expected "
        "values of the private answers, in the item’s units."
    )
    return section("contrast", "Contrast of arms", intro, *parts)


def _figure(page: Page, item: str, table: pd.DataFrame) -> Html:
    shown = [name for name in QUANTITIES if table.loc[table["quantity"] == name, "difference"].notna().any()]
    figure = make_subplots(rows=1, cols=max(1, len(shown)), subplot_titles=[QUANTITIES[name] for name in shown])
    for column, name in enumerate(shown, start=1):
        for control in dict.fromkeys(table["control"]):
            rows = table[(table["quantity"] == name) & (table["control"] == control)]
            figure.add_trace(_line(page, rows, str(control), first=column == 1), row=1, col=column)
        figure.add_hline(y=0, line={"color": "#5b6270", "width": 1, "dash": "dot"}, row=1, col=column)
    own_time = counts_times_asked(page.run, item)
    figure.update_xaxes(title_text="times asked before" if own_time else "step", dtick=max(1, round(len(page.steps) / 8)))
    figure.update_yaxes(title_text="difference of change", row=1, col=1)
    styled(figure, 340, margin={"l": 56, "r": 16, "t": 76, "b": 48}, legend={"y": 1.14})
    words = _interval_words(page)
    when = "how often it had been asked before, as worlds were asked in other orders" if own_time else "step"
    caption = f"{item}: change since the first step in “{page.treatment}” minus change in the other arm, by {when}. {words}"
    return page.figure(figure, caption, f"Lines over steps: differences of change between arms for {', '.join(shown)}.")


def _line(page: Page, rows: pd.DataFrame, control: str, *, first: bool) -> go.Scatter:
    bars = None
    if rows["low"].notna().any():
        bars = {"type": "data", "array": (rows["high"] - rows["difference"]).tolist(), "thickness": 1.2, "width": 4}
    return go.Scatter(
        x=rows["step"].tolist(),
        y=[None if math.isnan(value) else value for value in rows["difference"]],
        error_y=bars,
        mode="lines+markers",
        name=f"{label(page.treatment)} − {label(control)}",
        legendgroup=label(control),
        showlegend=first,
        line={"color": page.colours[control], "width": 2},
        marker={"size": 8},
        hovertemplate="step %{x}: %{y:+.3f}<extra></extra>",
    )


def _interval_words(page: Page) -> str:
    if page.worlds < LEAST_WORLDS:
        return f"n = {page.worlds} world{'' if page.worlds == 1 else 's'} per arm: no interval."
    return f"Means over {page.worlds} worlds with 95 % t intervals."


def _table(page: Page, item: str, table: pd.DataFrame) -> Html:
    last = table[table["step"] == table.groupby(["quantity", "control"])["step"].transform("max")]
    rows = []
    for row in last.to_dict("records"):
        cells = [QUANTITIES[row["quantity"]], f"{page.treatment} − {row['control']}", str(row["step"])]
        cells += [signed(row["change_treatment"], 3), signed(row["change_control"], 3), signed(row["difference"], 3)]
        if page.worlds >= LEAST_WORLDS:
            cells.append(interval_text(row["low"], row["high"]))
        rows.append([*cells, f"{count(row['n_treatment'])} / {count(row['n_control'])}", count(row["worlds"])])
    interval = ["95 % interval"] if page.worlds >= LEAST_WORLDS else []
    headers = ["quantity", "arms", "last step", "change here", "change there", "difference", *interval, "people", "worlds"]
    caption = (
        f"{item}: changes from the first to the last step, in {page.unit(item)} (correlations without unit). People: those who "
        "answered at both steps, here / there, summed over worlds. “Missing” means that the quantity is not defined, as "
        "where all opinions are equal."
    )
    return page.table(caption, headers, rows, words=2)
