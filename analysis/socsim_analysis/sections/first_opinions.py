"""First opinions: their spread, and whether they go with what is known of the people."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from socsim.seeding import stream
from socsim_analysis.figures import INK, label, labels, styled
from socsim_analysis.frames import in_several_contexts, opinions
from socsim_analysis.known_groups import KnownGroup, known_groups
from socsim_analysis.markup import Html, count, numeral, paragraph, section
from socsim_analysis.page import Page
from socsim_analysis.scales import spreads

__all__ = ["first_section"]

_MOST_PANELS = 3


def first_section(page: Page) -> Html | None:
    """Spread of every item and the known-groups check where variables were held back; None without numeric answers."""
    if not page.items:
        return None
    checked = [(item, known_groups(page.run, item, page.replicate)) for item in page.items]
    parts = [_spread_table(page)]
    held_back = any(groups for _, groups in checked)
    if held_back:
        parts.append(
            paragraph(
                "Known-groups check: some real variables of the people were held back from the model. If first opinions "
                "stand for these people, they should go with them as they do among people. No association means that the "
                "persona text did not carry it; an association alone is no proof that answers are right."
            )
        )
    for item, groups in checked:
        shown_facts = known_groups(page.run, item, page.replicate, prefix="fact_") if held_back else ()
        figures = [_figure(page, item, groups[:_MOST_PANELS])] if groups else []
        parts += [*figures, _table(page, item, groups, shown_facts)] if groups else []
    title = "First opinions and what is known of the people" if held_back else "First opinions and their spread"
    return section("first", title, *parts)


def _first_rows(page: Page, item: str) -> pd.DataFrame:
    rows = page.run.responses
    rows = rows[(rows["item"] == item) & (rows["arm"] == page.treatment) & (rows["replicate"] == page.replicate)]
    first: pd.DataFrame = rows[rows["step"] == rows["step"].min()]
    return first


def _spread_table(page: Page) -> Html:
    rows: list[list[str | Html]] = []
    for item in page.items:
        asked = _first_rows(page, item)
        found = spreads(page.run, item, asked)
        missing = count(len(asked) - found.n)
        numbers = [numeral(found.mean), numeral(found.between), numeral(found.within)]
        rows.append([item, count(found.n), missing, *numbers, count(found.different)])
    caption = (
        f"Opinions at the first step in arm “{page.treatment}”, replicate {page.replicate}, in scale points. SD between "
        "people: of their expected values. SD within an answer: typical width of the probabilities behind one answer. Where "
        "the second is much larger, drawn answers differ mostly by chance, not by person."
    )
    if in_several_contexts(page.run):
        caption += " Here n counts answers, several of each person, and the first SD also holds what differs between contexts."
    headers = ["item", "n", "missing", "mean", "SD between people", "SD within an answer", "different opinions"]
    return page.table(caption, headers, rows)


def _figure(page: Page, item: str, groups: tuple[KnownGroup, ...]) -> Html:
    titles = [label(group.variable, 30) for group in groups]
    figure = make_subplots(rows=1, cols=len(groups), subplot_titles=titles, shared_yaxes=True, horizontal_spacing=0.05)
    frame = opinions(page.run, item)
    frame = frame[(frame["arm"] == page.treatment) & (frame["replicate"] == page.replicate)]
    first = frame[frame["step"] == frame["step"].min()][["agent", "x"]]
    people = page.run.agents
    people = people[(people["arm"] == page.treatment) & (people["replicate"] == page.replicate)]
    for column, group in enumerate(groups, start=1):
        if group.association is None:
            names = labels([part.category for part in group.groups], 14, 2)
            figure.update_xaxes(tickvals=list(range(len(names))), ticktext=names, row=1, col=column)
        rows = people[["agent", f"reference_{group.variable}"]].merge(first, on="agent").dropna()
        for trace in _panel(group, rows[f"reference_{group.variable}"], rows["x"].to_numpy(dtype=float), first=column == 1):
            figure.add_trace(trace, row=1, col=column)
    figure.update_yaxes(title_text="first opinion", col=1)
    styled(figure, 380, margin={"l": 56, "r": 16, "t": 76, "b": 48}, legend={"y": 1.12})
    n = max((group.association.n if group.association else sum(part.n for part in group.groups)) for group in groups)
    caption = (
        f"{item}: first opinions against variables that the model was never shown, n = {count(n)} people. Dots: people, "
        "spread a little sideways where values coincide; lines: group means."
    )
    return page.figure(figure, caption, f"First opinions on {item} against held-back variables.")


def _panel(group: KnownGroup, variable: pd.Series[str], x: np.ndarray, *, first: bool) -> list[go.Scatter]:
    names = [part.category for part in group.groups]
    if group.association is not None:
        place = pd.to_numeric(variable).to_numpy(dtype=float)
        ticks = {name: float(name) for name in names}
        gap = float(np.min(np.diff(sorted(ticks.values())))) if len(ticks) > 1 else 1.0
    else:
        ticks, gap = {name: float(number) for number, name in enumerate(names)}, 1.0
        place = variable.astype(str).map(ticks).to_numpy(dtype=float)
    jitter = stream(1, "sideways").uniform(-0.14, 0.14, len(place)) * gap if ticks else np.zeros(len(place))
    dots = go.Scatter(
        x=(place + jitter).tolist(),
        y=x.tolist(),
        text=[label(str(value)) for value in variable],
        mode="markers",
        name="person",
        legendgroup="person",
        showlegend=first,
        marker={"size": 8, "color": "rgba(0,114,178,0.45)"},
        hovertemplate="%{text}: %{y:.2f}<extra></extra>",
    )
    return [dots, _means(group, ticks, gap, first=first)] if ticks else [dots]


def _means(group: KnownGroup, ticks: dict[str, float], gap: float, *, first: bool) -> go.Scatter:
    xs: list[float | None] = []
    ys: list[float | None] = []
    for part in group.groups:
        xs += [ticks[part.category] - 0.3 * gap, ticks[part.category] + 0.3 * gap, None]
        ys += [part.mean, part.mean, None]
    line = {"color": INK, "width": 3}
    names = {"name": "group mean", "legendgroup": "group mean", "showlegend": first}
    return go.Scatter(x=xs, y=ys, mode="lines", line=line, hovertemplate="mean %{y:.2f}<extra></extra>", **names)


def _table(page: Page, item: str, held_back: tuple[KnownGroup, ...], shown: tuple[KnownGroup, ...]) -> Html:
    rows: list[list[str | Html]] = []
    told = page.run.scenario.population.persona.facts
    for held, groups in ((True, held_back), (False, shown)):
        for group in groups:
            words = "held back" if held else "in the persona" if told is None or group.variable in told else "not in the persona"
            found = group.association
            n = found.n if found is not None else sum(part.n for part in group.groups)
            pearson, spearman = (numeral(found.pearson), numeral(found.spearman)) if found is not None else ("–", "–")
            eta = numeral(group.between_share) if group.groups else "–"
            chance = numeral(group.chance_share) if group.groups else "–"
            rows.append([group.variable, words, count(n), pearson, spearman, eta, chance])
    caption = (
        f"{item}: first opinions (expected values) against variables of the people. r and ρ: correlations of Pearson and "
        "Spearman, for numeric variables. η²: share of the variance that lies between groups, beside the share expected by "
        "chance alone; for up to twelve groups. For comparison also the facts that the model was told. “Missing”: one of "
        "both does not vary."
    )
    headers = ["variable", "shown to the model", "n", "r", "ρ", "η²", "η² by chance"]
    return page.table(caption, headers, rows, words=2)
