"""The head of the page: what was asked, what was run, whether it is complete, and what may be concluded."""

from __future__ import annotations

from socsim_analysis.contrasts import LEAST_WORLDS, arm_contrasts
from socsim_analysis.frames import control_of
from socsim_analysis.markup import Html, count, element, join, paragraph, percent, signed
from socsim_analysis.page import Page
from socsim_analysis.signal import verdict

__all__ = ["STRONGER_MODELS", "summary_section"]

STRONGER_MODELS = (
    "Stronger open models in GGUF form that may react: Qwen2.5-0.5B-Instruct (about 0.5 GB), Qwen2.5-1.5B-Instruct (about "
    "1.1 GB) and Qwen2.5-7B-Instruct (about 4.7 GB), each 4-bit. Give the file as inference.model; "
    "“socsim models list” names what can be pulled by name."
)
"""Advice where the model does not react."""

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


def _plural(number: int, word: str) -> str:
    return f"{count(number)} {word}{'' if number == 1 else 's'}"


def _what_was_run(page: Page) -> str:
    run = page.run
    people = run.agents.groupby(["arm", "replicate"]).size() if len(run.agents) else []
    size = f"{min(people)} to {max(people)}" if len(people) and min(people) != max(people) else count(max(people, default=0))
    items = _plural(int(run.responses["item"].nunique()), "item") if len(run.responses) else "no item"
    arms = f"in each of {len(page.arms)} arms ({', '.join(page.arms)})" if len(page.arms) > 1 else "in one arm"
    model = str(run.manifest.get("engine", {}).get("model", "an unnamed model"))
    steps = _plural(len(page.steps), "step")
    worlds = "1 world" if page.worlds == 1 else f"{page.worlds} worlds"
    return f"{size} simulated people {arms} were asked {items} over {steps}, in {worlds} per arm. The model was {model}."


def _how_it_ended(page: Page) -> str:
    run = page.run
    parts = []
    for name, frame in (("answers", run.responses), ("messages", run.messages)):
        if len(frame):
            failed = int(frame["status"].isin(["failed", "empty"]).sum())
            parts.append(f"{count(failed)} of {count(len(frame))} {name} failed or were empty ({percent(failed / len(frame))})")
    tail = f" {'; '.join(parts)}. They are missing in everything below, not filled in." if parts else ""
    return f"{_STATUS.get(run.status, f'Status: {run.status}')}.{tail}"


def _what_was_found(page: Page) -> list[str]:
    texts = []
    for item, signal in zip(page.items, page.signals, strict=True):
        table = arm_contrasts(page.run, item)
        alone = [arm for arm in page.arms if control_of(page.run, arm) == "alone"]
        rows = table[(table["quantity"] == "spread") & table["control"].isin(alone)]
        if len(rows):
            last = rows.iloc[-1]
            texts.append(
                f"{item}: to step {last['step']}, the spread of opinions changed by {signed(last['change_treatment'])} scale points in "
                f"“{page.treatment}” and by {signed(last['change_control'])} in “{last['control']}”: a contrast of {signed(last['difference'])}."
            )
        sentences = verdict(signal)
        if "does not react" in sentences[0]:
            texts.append(f"{item}: {sentences[0]} Its movements below are movements of the question's form, not of opinions.")
    if any("does not react" in text for text in texts):
        texts.append(STRONGER_MODELS)
    return texts


def _what_it_allows(page: Page) -> Html:
    if page.worlds < LEAST_WORLDS:
        worlds = "With one world" if page.worlds == 1 else f"With {page.worlds} worlds"
        text = f"{worlds} per arm, this page describes what happened there. It draws no conclusion."
    else:
        text = f"Intervals below are 95 % t intervals over {page.worlds} worlds per arm; they cover other people, ties and draws where these differ between worlds, not other models or wordings."
    return join([element("b", "What may be concluded. "), text])
