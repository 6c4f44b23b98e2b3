"""Which model answered for whom, and how each of several models behaved."""

from __future__ import annotations

import pandas as pd

from socsim_analysis.effects import models_chosen
from socsim_analysis.markup import Html, count, numeral, paragraph, percent, plural, section
from socsim_analysis.page import Page

__all__ = ["models_section"]

_KEYS = ["arm", "replicate", "step", "agent", "turn"]


def models_section(page: Page) -> Html | None:
    """A table by model; None where one model answered for all."""
    labels = page.run.scenario.inference.labels
    if len(labels) < 2 or page.run.trials.empty:
        return None
    turns = page.run.trials[page.run.trials["name"] == "model"]
    return section("models", "Models", paragraph(_intro(page)), _table(page, labels, turns))


def _intro(page: Page) -> str:
    turns = page.run.trials[page.run.trials["name"] == "model"]
    moved = int(turns.groupby(["arm", "replicate", "agent"])["level"].nunique().gt(1).sum())
    parts = ["Who begins with which model was drawn anew in each replicate, in the declared shares, and is the same in all arms."]
    if moved:
        parts.append(
            f"{plural(moved, 'person', 'people')} (over all arms and replicates) changed to another model on the way"
            f"{', not all of them chosen by lot' if models_chosen(page.run) else ', all of them chosen by lot'}."
        )
    if page.effects:
        parts.append("How answers differ, with intervals, stands under “Effects of conditions”, where the condition is `model`.")
    parts.append("All models were asked in the same manner, which is the one that each of them can be asked in.")
    return " ".join(parts)


def _table(page: Page, labels: tuple[str, ...], turns: pd.DataFrame) -> Html:
    answers = page.run.responses.merge(turns[[*_KEYS, "level"]], on=_KEYS)
    messages = page.run.messages.merge(turns[[*_KEYS, "level"]], on=_KEYS)
    several = len(page.arms) > 1
    rows: list[list[str | Html]] = []
    for arm in page.arms:
        for label in labels:
            taken = turns[(turns["arm"] == arm) & (turns["level"] == label)]
            said = messages[(messages["arm"] == arm) & (messages["level"] == label)]
            told = answers[(answers["arm"] == arm) & (answers["level"] == label)]
            people = len(taken[["replicate", "agent"]].drop_duplicates())
            cells = [label, count(people), count(len(taken)), *_answers(told), *_messages(said)]
            rows.append([arm, *cells] if several else list(cells))
    caption = (
        "What each model did: people it answered for, turns, answers with the shares that failed or were valid non-answers, the "
        "mean entropy of answers (nats; 0: always sure), messages with the share that is empty or failed, and words per message."
    )
    headers = [
        "model", "people", "turns", "answers", "failed", "non-answers", "entropy", "messages", "empty or failed", "words",
    ]  # fmt: skip
    return page.table(caption, [*(["arm"] if several else []), *headers], rows, words=2 if several else 1)


def _answers(told: pd.DataFrame) -> list[str]:
    if told.empty:
        return ["0", "", "", ""]
    shares = [percent(float((told["status"] == status).mean())) for status in ("failed", "non_answer")]
    entropy = told["entropy"].dropna()
    return [count(len(told)), *shares, numeral(float(entropy.mean())) if len(entropy) else ""]


def _messages(said: pd.DataFrame) -> list[str]:
    if said.empty:
        return ["0", "", ""]
    lengths = [len(str(text).split()) for text in said.loc[said["status"] == "ok", "text"]]
    words = numeral(sum(lengths) / len(lengths), 1) if lengths else ""
    return [count(len(said)), percent(float((said["status"] != "ok").mean())), words]
