"""What was varied in a sweep, and how outcomes go with it."""

from __future__ import annotations

import pandas as pd

from socsim_analysis.contrasts import LEAST_WORLDS, QUANTITIES
from socsim_analysis.figures import effect_figure
from socsim_analysis.markup import Html, count, element, interval_text, numeral, paragraph, plural, section, signed
from socsim_analysis.page import MOST_ARMS, Page
from socsim_analysis.sweeps import factor_in_words, factors_of, sweep_table

__all__ = ["sweep_section"]

_MOST_LEVELS = 8
"""Levels of a factor that are listed; a Latin hypercube has as many as points."""


def sweep_section(page: Page) -> Html | None:
    """The factors, and their effects on every item; None where the run is no sweep."""
    factors = factors_of(page.run)
    if not factors:
        return None
    parts: list[Html] = [paragraph(_intro(page)), _factors(page, factors)]
    for item in page.items:
        table = sweep_table(page.run, item)
        if len(table):
            parts += [element("h3", item), _figure(page, item, table[table["quantity"] == "mean"]), _table(page, item, table)]
    return section("sweep", "Sweep", *parts)


def _intro(page: Page) -> str:
    points = len(page.run.scenario.arms)
    texts = [
        f"{plural(points, 'variant')} of the world in {plural(page.worlds, 'replicate')} each.",
        "Variants of one replicate share people, ties and random numbers as far as these are not varied, so they are compared "
        "within replicates, and intervals are over these.",
    ]
    if not page.run.scenario.population.per_world:
        texts.append("People are the same in all replicates, so intervals say nothing of other people.")
    if page.worlds < LEAST_WORLDS:
        texts.append(f"With fewer than {LEAST_WORLDS} replicates there is no interval.")
    texts.append("Where an effect is the same in all replicates there is none either: nothing was drawn, and they are copies.")
    if points > MOST_ARMS:
        texts.append(f"Other parts of this page show the first {MOST_ARMS} variants.")
    texts.append("Many effects without correction for their number: a single interval without zero is weak evidence.")
    return " ".join(texts)


def _factors(page: Page, factors: dict[str, list[object]]) -> Html:
    rows: list[list[str | Html]] = []
    for factor, levels in factors.items():
        shown = ", ".join(str(level) for level in levels[:_MOST_LEVELS])
        rows.append([factor, count(len(levels)), shown + (", …" if len(levels) > _MOST_LEVELS else "")])
    return page.table("What was varied; the first level is the reference.", ["factor", "levels", "which"], rows, words=3)


def _names(table: pd.DataFrame) -> list[str]:
    return [f"{factor_in_words(str(row['factor']))}: {row['level']}" for row in table.to_dict("records")]


def _figure(page: Page, item: str, table: pd.DataFrame) -> Html:
    interval = "95 % intervals over replicates" if table["low"].notna().any() else "without intervals"
    caption = (
        f"{item}: how the mean of a world at the last step goes with each factor, {interval}. For two factors: how much more."
    )
    figure = effect_figure(_names(table), table, page.unit(item))
    return page.figure(figure, caption, f"Effects of the factors on the mean of {item}.")


def _table(page: Page, item: str, table: pd.DataFrame) -> Html:
    rows: list[list[str | Html]] = []
    for row in table.to_dict("records"):
        interval = interval_text(row["low"], row["high"])
        against = f"{row['level']} against {row['reference']}"
        cells = [QUANTITIES[row["quantity"]], factor_in_words(str(row["factor"])), against, signed(row["effect"], 3), interval]
        rows.append([*cells, numeral(row["sd"], 3), count(row["pairs"]) if row["pairs"] else "slope", count(row["replicates"])])
    headers = ["quantity", "factor", "levels", "effect", "95 % interval", "SD over replicates", "pairs in each", "replicates"]
    caption = (
        f"{item}: effects on quantities of worlds at the last step. Pairs: points of one replicate that differ in this factor "
        "alone (for two factors: squares of points); slope: a plane through all points, over the factor’s range."
    )
    return page.table(caption, headers, rows, words=3)
