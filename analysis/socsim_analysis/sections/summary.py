"""The head of the page: what was asked, what was run, whether it is complete, and what may be concluded."""

from __future__ import annotations

import math

import pandas as pd

from socsim_analysis.contrasts import LEAST_WORLDS, arm_contrasts, counts_times_asked
from socsim_analysis.distances import DISTANCES
from socsim_analysis.frames import control_of
from socsim_analysis.markup import Html, count, element, join, numeral, paragraph, percent, plural, signed
from socsim_analysis.page import MOST_ARMS, MOST_ITEMS, Held, Page
from socsim_analysis.signal import verdict

__all__ = ["STRONGER_MODELS", "summary_section"]

STRONGER_MODELS = (
    "Stronger open models in GGUF form that may react: Qwen2.5-0.5B-Instruct (about 0.7 GB), Qwen2.5-1.5B-Instruct (about "
    "1.1 GB) and Qwen2.5-7B-Instruct (about 4.7 GB). Give a name or the path of a file as inference.model; “socsim models list” "
    "shows what can be fetched by name."
)
"""Advice where the model does not react."""

_MOST_EFFECTS = 4
"""Effects of an item in the summary; all stand below."""

_STATUS = {
    "complete": "The run is complete",
    "incomplete": "The run is incomplete: more answers failed than the scenario allows",
    "running": "The run still goes on, so all numbers are provisional",
    "failed": "The run ended with an error, so what follows is a part of it",
    "interrupted": "The run was interrupted, so what follows is a part of it; “socsim resume” goes on",
}


def summary_section(page: Page) -> Html:
    """Title, question, source and the plain summary."""
    spec = page.run.scenario
    status = page.run.status
    badge = element("span", status, class_=f"badge {'good' if status == 'complete' else 'poor'}")
    head = [element("h1", spec.name.replace("_", " ").capitalize(), Html(" "), badge)]
    if spec.question:
        head.append(paragraph(spec.question, class_="question"))
    if spec.source:
        head.append(paragraph("Source: ", spec.source, class_="soft"))
    texts = [_what_was_run(page), _how_it_ended(page), *_what_was_found(page), _what_it_allows(page)]
    return element("header", *head, element("div", *(paragraph(text) for text in texts), class_="summary"))


def _what_was_run(page: Page) -> str:
    run = page.run
    sizes: list[int] = run.agents.groupby(["arm", "replicate"]).size().tolist() if len(run.agents) else []
    if not sizes:
        return f"Nothing has been asked yet. {_model(page)}"
    size = f"{count(min(sizes))} to {count(max(sizes))}" if min(sizes) != max(sizes) else count(sizes[0])
    who = "simulated people" if (run.agents["persona"] != "").any() else "agents without a persona"
    arms = f" in each of {len(page.arms)} arms" if len(page.arms) > 1 else ""
    arms += f" ({', '.join(page.arms)})" if 1 < len(page.arms) <= MOST_ARMS else ""
    items = plural(len(page.asked), "item") if page.asked else "no item"
    worlds = f"{plural(page.worlds, 'world')}{' per arm' if len(page.arms) > 1 else ''}"
    more = len(page.asked) > MOST_ITEMS
    left = f" Below, figures and tables show the first {MOST_ITEMS} of {len(page.asked)} items." if more else ""
    return f"{size} {who}{arms} were asked {items} at {plural(len(page.steps), 'step')}, in {worlds}. {_model(page)}{left}"


def _model(page: Page) -> str:
    if page.scripted:
        return (
            "No language model was asked: the replies come from a script, so nothing here says anything about models or people."
        )
    labels = page.run.scenario.inference.labels
    if len(labels) > 1:
        return f"People were answered for by {len(labels)} models: {', '.join(labels)}."
    return f"The model was {page.run.manifest.get('engine', {}).get('model', 'not named')}."


def _how_it_ended(page: Page) -> str:
    run = page.run
    parts = []
    for name, frame in (("answers", run.responses), ("messages", run.messages)):
        if len(frame):
            failed = int(frame["status"].isin(["failed", "empty"]).sum())
            share = f" ({percent(failed / len(frame))})" if failed else ""
            parts.append(f"{count(failed) if failed else 'none'} of {count(len(frame))} {name}{share}")
    tail = f" Failed or empty: {', '.join(parts)}." if parts else ""
    missing = " They are missing in everything below, not filled in." if any("%" in part for part in parts) else ""
    reason = f" ({run.manifest['reason']})" if run.manifest.get("reason") else ""
    return f"{_STATUS.get(run.status, f'Status: {run.status}')}{reason}.{tail}{missing}"


def _what_was_found(page: Page) -> list[str]:
    texts = [text for held in page.comparisons if held.comparison is not None for text in _beside_people(held)]
    texts += [_effects(item, table, page.unit(item)) for item, table in page.effects.items()]
    dead = False
    for item, signal in zip(page.items, page.signals, strict=True):
        texts += _contrast(page, item)
        sentence = verdict(signal)[0]
        if "does not react" in sentence:
            dead = True
            texts.append(f"{item}: {sentence} Its movements below are movements of the question’s form, not of opinions.")
    return [*texts, STRONGER_MODELS] if dead and not page.scripted else texts


def _beside_people(held: Held) -> list[str]:
    found, kind = held.comparison, held.kinds[0]
    if found is None or kind not in found.exact_distances:
        return []
    floor = found.one_sample[kind]
    return [
        f"{found.item}: the answers are {numeral(found.exact_distances[kind], 3)} away from those of {count(found.finding.n)} "
        f"people ({DISTANCES[kind]}; 0 = equal). Sampling so many people from one population gives {numeral(floor.mean, 3)} "
        "on average."
    ]


def _effects(item: str, table: pd.DataFrame, unit: str) -> str:
    """The first effects in words, with their intervals."""
    parts = []
    several = [name for name in ("arm", "step") if table[name].nunique() > 1]
    for row in table.head(_MOST_EFFECTS).to_dict("records"):
        place = ", ".join(f"step {row[name]}" if name == "step" else str(row[name]) for name in several)
        interval = "" if math.isnan(row["low"]) else f" (95 % interval {numeral(row['low'])} to {numeral(row['high'])})"
        parts.append(f"{row['level']}{f' ({place})' if place else ''} {signed(row['effect'])}{interval}")
    more = f"; {plural(len(table) - _MOST_EFFECTS, 'more', 'more')} below" if len(table) > _MOST_EFFECTS else ""
    return f"{item}: against {table['reference'].iloc[0]}, answers differ at {', '.join(parts)}{more}, in {unit}."


def _contrast(page: Page, item: str) -> list[str]:
    """The change of spread beside that in the arm without messages, or else in the first other arm."""
    table = arm_contrasts(page.run, item)
    rows = table[table["quantity"] == "spread"]
    controls = list(dict.fromkeys(rows["control"]))
    chosen = next((arm for arm in controls if control_of(page.run, arm) == "alone"), next(iter(controls), None))
    if chosen is None:
        return []
    last = rows[rows["control"] == chosen].iloc[-1]
    interval = "" if math.isnan(last["low"]) else f" (95 % interval {numeral(last['low'])} to {numeral(last['high'])})"
    when = "to the last time it was asked" if counts_times_asked(page.run, item) else f"to step {last['step']}"
    return [
        f"{item}: {when}, the spread of opinions changed by {signed(last['change_treatment'])} {page.unit(item)} "
        f"in “{page.treatment}” and by {signed(last['change_control'])} in “{chosen}”: a contrast of "
        f"{signed(last['difference'])}{interval}."
    ]


def _what_it_allows(page: Page) -> Html:
    if page.infers_over_people:
        text = (
            "The effects of conditions below carry intervals over people, who have not met. Whether real people would be moved "
            "alike is not known from it."
        )
    elif page.worlds < LEAST_WORLDS:
        worlds = "With one world" if page.worlds <= 1 else f"With {page.worlds} worlds"
        text = (
            f"{worlds}{' per arm' if len(page.arms) > 1 else ''}, this page describes what happened there. It draws no "
            "conclusion."
        )
    else:
        text = (
            f"Intervals below are 95 % t intervals over {page.worlds} worlds per arm; they cover other people, ties and draws "
            "where these differ between worlds, not other models or wordings."
        )
    return join([element("b", "What may be concluded. "), text])
