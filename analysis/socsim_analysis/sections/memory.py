"""What people remembered: how much was brought up, of what kind, and a sample to read."""

from __future__ import annotations

import pandas as pd

from socsim.seeding import stream
from socsim_analysis.markup import Html, count, element, numeral, paragraph, percent, section
from socsim_analysis.page import Page

__all__ = ["memory_section"]

_SHOWN = 4
_LONGEST = 300


def memory_section(page: Page) -> Html | None:
    """Table and sample; None where nothing was ever brought up."""
    recalled = page.run.recalled
    if not len(recalled):
        return None
    return section("memory", "What they remembered", _table(page, recalled), *_sample(page, recalled))


def _table(page: Page, recalled: pd.DataFrame) -> Html:
    events = page.run.events
    rows: list[list[str | Html]] = []
    for arm, found in recalled.groupby("arm", sort=True):
        places = found.groupby(["replicate", "step", "agent", "turn"]).size()
        kinds = ", ".join(f"{kind} {count(number)}" for kind, number in found["kind"].value_counts().sort_index().items())
        length = numeral(float(found["text"].str.len().mean()))
        rows.append(
            [str(arm), percent(len(places) / len(events[events["arm"] == arm])), numeral(float(places.mean())), length, kinds]
        )
    caption = (
        "Share of turns whose prompt held something remembered, and, of those, the mean number of things; their mean length in "
        "characters; and how many there were of each kind."
    )
    return page.table(caption, ["arm", "turns", "things", "length", "kinds"], rows)


def _sample(page: Page, recalled: pd.DataFrame) -> list[Html]:
    places = list(recalled.groupby(["arm", "replicate", "step", "agent", "turn"], sort=True))
    drawn = stream(int(page.run.manifest.get("seed") or 0), "memories shown").permutation(len(places))[:_SHOWN]
    parts = [element("h3", "A sample to read")]
    for index in sorted(drawn):
        (arm, _, step, agent, _), found = places[index]
        lines = [
            element("blockquote", element("b", str(row.kind)), " ", _short(str(row.text)), dir="auto")
            for row in found.itertuples()
        ]
        where = paragraph(element("b", f"{arm}, step {step}, agent {agent}"), class_="soft")
        parts.append(element("div", where, *lines, class_="message"))
    return parts


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST].rstrip() + " …"
