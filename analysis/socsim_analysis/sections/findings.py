"""The run held against the findings that the scenario names: one sentence, one figure and one table for each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from socsim_analysis.against_people import AgainstPeople, NotComparable
from socsim_analysis.declared import compare_declared
from socsim_analysis.figures import GREY, INK, label, labels, styled
from socsim_analysis.markup import Html, bullets, element, numeral, paragraph, section
from socsim_analysis.page import Page
from socsim_analysis.reference_rows.values import Role

__all__ = ["INTRODUCTION", "compared_parts", "findings_section"]

_COLOURS: Mapping[Role, str] = {
    "people": INK,
    "noise floor": "#6b7280",
    "run": "#0072B2",
    "single agent": "#CC79A7",
    "classical": "#009E73",
    "uniform": GREY,
    "control": "#E69F00",
    "arm": "#56B4E9",
}
"""Of the rows of a figure, by what they are there for."""


def findings_section(page: Page) -> Html | None:
    """A part for every finding of the registry that ``compare`` names; None where it names none."""
    found = compare_declared(page.run)
    if not found:
        return None
    return section("findings", "Held against findings about people", paragraph(INTRODUCTION), *compared_parts(page, found))


INTRODUCTION = (
    "Each finding is held against the run by the same rule, world by world. A verdict is about these agents in this design, "
    "not about the model everywhere. Mean, spread and rule of decision are findings of their own and are not added up."
)


def compared_parts(page: Page, found: Sequence[AgainstPeople | NotComparable]) -> list[Html]:
    """What single agents foretell, then a part for every finding: sentence, figure, table and what it rests on."""
    foretold = dict.fromkeys(one.single_agent for one in found if not isinstance(one, NotComparable) and one.single_agent)
    parts = [paragraph(one) for one in foretold]
    for one in found:
        if isinstance(one, NotComparable):
            parts.append(paragraph(f"Not assessed: {one}."))
            continue
        arms = f"{label(one.arm)} less {label(one.against)}" if one.against else label(one.arm)
        parts.append(element("h3", f"{one.finding.title} (arm {arms})" if one.arm else one.finding.title))
        parts += _compared(page, one)
    return parts


def _compared(page: Page, found: AgainstPeople) -> list[Html]:
    finding = found.finding
    people = f"{finding.claim} ({finding.population})"
    beside = [one for one in (found.effect_words, found.power.sentence if found.power is not None else "") if one]
    notes = [row.note for row in found.rows if row.note]
    said, rule, words = found.sentence.partition("Rule: ")
    return [
        paragraph(said.rstrip(), class_="verdict"),
        *([paragraph(" ".join(beside))] if beside else []),
        *([paragraph(rule + words, class_="soft")] if rule else []),
        _figure(page, found),
        _table(page, found),
        bullets([people, *(f"Design of the source: {one}" for one in finding.design), *_checks(found), *notes]),
        paragraph(finding.cite(), class_="soft"),
    ]


def _checks(found: AgainstPeople) -> list[str]:
    said = [f"Precondition {'holds' if one.holds else 'fails'}: {one.words}." for one in found.measured]
    said += [f"Left out: {what}, {share:.1%}." for what, share in found.values.left_out.items()]
    return said + [f"Known of language models: {one}" for one in found.finding.known_failures]


def _figure(page: Page, found: AgainstPeople) -> Html:
    """Estimates with intervals below one another; the margin around that of people is shaded."""
    figure = go.Figure()
    rows = [row for row in reversed(found.rows) if not math.isnan(row.estimate)]
    for row, name in zip(rows, labels([row.name for row in rows], 28), strict=True):
        known = not math.isnan(row.low)
        colour = _COLOURS[row.role]
        arrays = {"array": [row.high - row.estimate], "arrayminus": [row.estimate - row.low]} if known else {"array": [0.0]}
        figure.add_scatter(
            x=[row.estimate],
            y=[name],
            mode="markers",
            marker={"color": colour, "size": 9},
            error_x={"type": "data", "symmetric": False, "color": colour, **arrays},
            hovertemplate=f"%{{y}}: %{{x:.3f}} ({label(row.over, 60)})<extra></extra>",
            showlegend=False,
        )
    human, margin = found.finding.estimate, found.finding.margin
    if human is not None and margin is not None:
        figure.add_vrect(human.value - margin.value, human.value + margin.value, fillcolor=GREY, opacity=0.15, line_width=0)
    figure.update_xaxes(title_text=found.finding.statistic.unit)
    figure.update_yaxes(type="category")
    styled(figure, 90 + 42 * max(len(rows), 1), margin={"l": 190, "r": 16, "t": 16, "b": 48})
    shaded = "; the shaded band is the margin around people" if margin is not None else ""
    caption = (
        f"{found.finding.title}: estimates with 95 % intervals over worlds; for simulated or drawn sets, where 95 % of "
        f"these lie{shaded}."
    )
    return page.figure(figure, caption, f"Estimates of people and of the run for {found.finding.finding}.")


def _table(page: Page, found: AgainstPeople) -> Html:
    def ends(low: float, high: float) -> str:
        return "none" if math.isnan(low) else f"{numeral(low, 3)} to {numeral(high, 3)}"

    rows: list[list[str | Html]] = [[row.name, numeral(row.estimate, 3), ends(row.low, row.high), row.over] for row in found.rows]
    caption = f"{found.finding.finding}, in {found.finding.statistic.unit}: {found.values.how}."
    return page.table(caption, ["", "estimate", "95 % interval", "over"], rows, words=1)
