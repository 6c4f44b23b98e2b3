"""The effects of randomised conditions: figure, table, and how much the way of asking moves answers."""

from __future__ import annotations

import pandas as pd

from socsim.scenario.asking import AnyOf
from socsim_analysis.effects import LEAST_UNITS, models_chosen, way_table
from socsim_analysis.figures import effect_figure
from socsim_analysis.markup import Html, count, element, interval_text, numeral, paragraph, plural, section, signed
from socsim_analysis.page import Page

__all__ = ["effects_section"]

_UNITS = {"person": "people", "community": "communities", "world": "worlds"}
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
        f"went through all of them, so differences are effects on the simulated answers.{_not_by_lot(page)}{within}{random} "
        "Every condition is taken by itself; combinations of conditions are not estimated. Many effects without correction "
        "for their number: a single interval without zero is weak evidence."
    )


def _not_by_lot(page: Page) -> str:
    if not models_chosen(page.run):
        return ""
    return (
        " This does not hold of `model` from the step on at which an intervention gave another model to people whom it names, or "
        "who stand at hubs or have certain facts: there the difference is also one between people."
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
    references = ", ".join(f"{row.condition}: {row.reference}" for row in table.drop_duplicates("condition").itertuples())
    caption = f"{item}: effects with {_interval_words(table)} Reference: {references}."
    figure = effect_figure(_names(table), table, page.unit(item))
    return page.figure(figure, caption, f"Effects of levels on {item} with intervals.")


def _interval_words(table: pd.DataFrame) -> str:
    """Over which units intervals are, and where there are too few; a later step may have other units than an early one."""
    texts: list[str] = []
    for unit, rows in table.groupby("unit", sort=False):
        units = int(rows["units"].min())
        words = plural(units, str(unit), _UNITS[str(unit)])
        if not rows["low"].isna().all():
            texts.append(f"95 % intervals over {words}, whose answers go together.")
        elif units < LEAST_UNITS:
            texts.append(f"{words}: no interval, which needs {LEAST_UNITS}.")
        else:
            texts.append(f"{words}: no interval, as they answer alike.")
    return " ".join(texts)


def _table(page: Page, item: str, table: pd.DataFrame) -> Html:
    several = [name for name in ("arm", "step") if table[name].nunique() > 1]
    rows: list[list[str | Html]] = []
    for row in table.to_dict("records"):
        interval = interval_text(row["low"], row["high"])
        cells = [*(str(row[name]) for name in several), str(row["condition"]), str(row["level"]), str(row["reference"])]
        cells += [signed(row["effect"], 3), interval, numeral(row["mean"], 3), numeral(row["mean_reference"], 3)]
        rows.append([*cells, f"{count(row['n'])} / {count(row['n_reference'])}", count(row["units"])])
    units = _UNITS[str(table["unit"].iloc[0])] if table["unit"].nunique() == 1 else "units"
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
