"""The effects of randomised conditions: figure, table, and how much the way of asking moves answers."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from socsim.scenario.asking import AnyOf
from socsim_analysis.effects import LEAST_UNITS, way_table
from socsim_analysis.figures import INK, label, styled
from socsim_analysis.markup import Html, count, element, numeral, paragraph, plural, section, signed
from socsim_analysis.page import Page

__all__ = ["effects_section"]

_LONGEST = 60
"""Characters of a wording that are shown."""


def effects_section(page: Page) -> Html | None:
    """Effects on every item; None where no condition is randomised or nobody has answered."""
    parts: list[Html] = []
    for item, table in page.effects.items():
        parts += [element("h3", item), _figure(page, item, table), _table(page, item, table), *_ways(page, item)]
    return section("effects", "Effects of conditions", paragraph(_intro(page)), *parts) if parts else None


def _intro(page: Page) -> str:
    effects = page.run.scenario.analysis.effects
    within = " Differences are taken within the same wording and rendering of the persona." if effects.centre_within else ""
    random = (
        " The reference is drawn at random, and the effect is the mean over the draws." if effects.reference == "random" else ""
    )
    return (
        "How answers at each level of a condition differ on average from those at the reference level, in the item’s units; an "
        "answer is its expected value given an answer, where the readout has one. Levels were assigned by lot, or everybody "
        f"went through all of them, so differences are effects on the simulated answers.{within}{random} "
        "Every condition is taken by itself; combinations of conditions are not estimated. Many effects without correction "
        "for their number: a single interval without zero is weak evidence."
    )


def _names(table: pd.DataFrame) -> list[str]:
    several = {name: table[name].nunique() > 1 for name in ("arm", "step", "condition")}
    return [
        ", ".join(
            [
                f"{row['level']}",
                *(f"{name} {row[name]}" if name == "step" else str(row[name]) for name in several if several[name]),
            ]
        )
        for row in table.to_dict("records")
    ]


def _figure(page: Page, item: str, table: pd.DataFrame) -> Html:
    known = table["low"].notna()
    figure = go.Figure(
        go.Scatter(
            x=table["effect"].tolist()[::-1],
            y=[label(name, 34) for name in _names(table)][::-1],
            error_x={
                "type": "data",
                "array": (table["high"] - table["effect"]).where(known, 0.0).tolist()[::-1],
                "thickness": 1.4,
            },
            mode="markers",
            marker={"size": 9, "color": "#0072B2"},
            hovertemplate="%{y}: %{x:+.3f}<extra></extra>",
        )
    )
    figure.add_vline(x=0, line={"color": INK, "width": 1, "dash": "dot"})
    figure.update_xaxes(title_text=f"difference to the reference level ({page.unit(item)})")
    figure.update_yaxes(type="category")
    styled(figure, 110 + 34 * len(table), showlegend=False)
    references = ", ".join(f"{row.condition}: {row.reference}" for row in table.drop_duplicates("condition").itertuples())
    caption = f"{item}: effects with {_interval_words(table)} Reference: {references}."
    return page.figure(figure, caption, f"Effects of levels on {item} with intervals.")


def _interval_words(table: pd.DataFrame) -> str:
    unit, units = str(table["unit"].iloc[0]), int(table["units"].min())
    people = {"person": "people", "community": "communities", "world": "worlds"}[unit]
    if table["low"].isna().all():
        return f"{plural(units, unit, people)}: no interval, which needs {LEAST_UNITS}."
    return f"95 % intervals over {count(units)} {people}, whose answers go together."


def _table(page: Page, item: str, table: pd.DataFrame) -> Html:
    several = [name for name in ("arm", "step") if table[name].nunique() > 1]
    rows: list[list[str | Html]] = []
    for row in table.to_dict("records"):
        interval = "none" if pd.isna(row["low"]) else f"{numeral(row['low'], 3)} to {numeral(row['high'], 3)}"
        cells = [*(str(row[name]) for name in several), str(row["condition"]), str(row["level"]), str(row["reference"])]
        cells += [signed(row["effect"], 3), interval, numeral(row["mean"], 3), numeral(row["mean_reference"], 3)]
        rows.append([*cells, f"{count(row['n'])} / {count(row['n_reference'])}", count(row["units"])])
    named = {"person": "people", "community": "communities", "world": "worlds"}
    units = named[str(table["unit"].iloc[0])] if table["unit"].nunique() == 1 else "units"
    headers = [
        *several,
        "condition",
        "level",
        "reference",
        "effect",
        "95 % interval",
        "mean",
        "mean at reference",
        "answers",
        units,
    ]
    caption = f"{item}: effects in {page.unit(item)}, plain means, and numbers of answers at the level / at the reference."
    status = page.run.responses.loc[page.run.responses["item"] == item, "status"]
    if status.eq("non_answer").any():
        drawn = f"{count(status.eq('non_answer').sum())} of {plural(len(status), 'drawn answer')}"
        caption += f" {drawn} were valid non-answers; the expected values behind them count."
    return page.table(caption, headers, rows, words=len(several) + 3)


def _ways(page: Page, item: str) -> list[Html]:
    """Means by wording and rendering, as a yardstick for effects."""
    table = way_table(page.run, item)
    if table.empty:
        return []
    rows: list[list[str | Html]] = [
        [row["name"], _described(page, row["name"], str(row["level"])), numeral(row["mean"], 3), count(row["n"])]
        for row in table.to_dict("records")
    ]
    caption = (
        f"{item}: mean answer by wording and rendering, over all levels, as a yardstick for effects. Where not everybody was "
        "asked in all wordings, these means are also of different people."
    )
    return [page.table(caption, ["varied", "way", "mean", "answers"], rows, words=2)]


def _described(page: Page, name: str, level: str) -> str:
    """A wording in its first words."""
    given = getattr(page.run.scenario.prompts, name.removeprefix("prompts."), None) if name.startswith("prompts.") else None
    if not isinstance(given, AnyOf):
        return level
    text = " ".join(str(given.any_of[int(level)]).split())
    return f"{level}: {text if len(text) <= _LONGEST else text[: _LONGEST - 1] + '…'}"
