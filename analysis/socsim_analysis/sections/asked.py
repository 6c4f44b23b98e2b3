"""What was asked, word for word."""

from __future__ import annotations

from socsim.scenario.asking import ItemSpec
from socsim_analysis.frames import item_spec, item_values
from socsim_analysis.markup import Html, definitions, element, paragraph, section
from socsim_analysis.page import Page

__all__ = ["asked_section"]

_LONGEST = 12_000
_METHODS = {
    "logprob": "probabilities of the options, read from the model",
    "cloze": "probabilities of the options as ends of an unfinished sentence",
    "sample": "written by the model and parsed",
    "verbalized": "percentages that the model states for all options",
    "verbalized_sampling": "several answers that the model states, each with its probability",
    "expert": "percentages that the model forecasts for people like this one",
    "number": "a number that the model writes in a fixed form",
    "text": "written by the model in its own words",
}


def asked_section(page: Page) -> Html | None:
    """The wording of every item and one exact exchange; None where nothing was asked yet."""
    parts: list[Html] = []
    for item in page.asked:
        spec = item_spec(page.run, item)
        if spec is not None:
            parts += [element("h3", item), _wording(page, item, spec)]
    if page.example:
        text = page.example if len(page.example) <= _LONGEST else page.example[:_LONGEST] + "\n…"
        summary = element("summary", "One exact exchange with the model")
        note = paragraph("“socsim show RUN --agent A --step S” prints any other.", class_="soft")
        parts.append(element("details", summary, note, element("pre", text), class_="long"))
    return section("asked", "What was asked", *parts) if parts else None


def _wording(page: Page, item: str, spec: ItemSpec) -> Html:
    text = spec.text or (f"(in the file {spec.text_file})" if spec.text_file else "")
    pairs: list[tuple[str, str | Html]] = [("text", element("span", text, dir="auto"))] if text else []
    values = item_values(page.run, item)
    if spec.options:
        numbers = values or (None,) * len(spec.options)
        named = [
            option if value is None or option == f"{value:g}" else f"{value:g} = {option}"
            for option, value in zip(spec.options, numbers, strict=True)
        ]
        shown = " (only the two ends were shown)" if spec.end_points_only else ""
        pairs.append((f"options{' in order' if values else ''}", "; ".join(named) + shown))
    if spec.non_answers:
        pairs.append(("valid non-answers", "; ".join(spec.non_answers)))
    if spec.type == "number":
        low, high = spec.range or (float("-inf"), float("inf"))
        pairs.append(("number", f"from {low:g} to {high:g} {spec.unit or ''}".replace("inf", "∞").strip()))
    pairs.append(("how it was read", f"{_METHODS.get(spec.readout.method, spec.readout.method)}; {_ways(page, item)}"))
    noted = _noted(page, item)
    if noted:
        pairs.append(("done otherwise", "; ".join(noted)))
    return definitions(pairs)


def _noted(page: Page, item: str) -> list[str]:
    """What was done otherwise than plainly in the readings of an item, in words; those with numbers of their own are left out."""
    readings = page.run.readings
    if "how" not in readings or readings.empty:
        return []
    words = "; ".join(dict.fromkeys(readings.loc[readings["item"] == item, "how"])).split("; ")
    return [one for one in dict.fromkeys(words) if one and not one.startswith("normalised from")]


def _ways(page: Page, item: str) -> str:
    """In how many ways one answer was read, and which."""
    readings = page.run.readings
    ways = readings.loc[readings["item"] == item, ["order", "labels"]].drop_duplicates() if len(readings) else readings
    if len(ways) < 2:
        return "in one way"
    spec = item_spec(page.run, item)
    if spec is not None and spec.readout.orders == "shuffled":
        return "with the options in an order drawn anew for every person and step"
    listed = "; ".join(f"{order}, {labels}" for order, labels in zip(ways["order"], ways["labels"], strict=True))
    return f"mean of {len(ways)} ways of putting the question (order of options, labels): {listed}"
