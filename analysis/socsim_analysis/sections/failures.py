"""Failures by kind and by group."""

from __future__ import annotations

import pandas as pd

from socsim_analysis.failures import call_failures, failures_by_group, failures_by_kind
from socsim_analysis.markup import Html, count, element, numeral, paragraph, percent, section
from socsim_analysis.page import Page

__all__ = ["failures_section"]

_WHAT = {"responses": "answers", "messages": "messages"}


def failures_section(page: Page) -> Html | None:
    """Tables of failures, or one sentence where nothing failed; None where nothing was asked yet."""
    asked = [f"{count(len(frame))} {_WHAT[name]}" for name in _WHAT if len(frame := getattr(page.run, name))]
    if not asked:
        return None
    kinds, calls = failures_by_kind(page.run), call_failures(page.run)
    not_answered = page.run.responses["status"].eq("non_answer").sum() if len(page.run.responses) else 0
    parts: list[Html] = []
    if not_answered:
        text = f"{count(not_answered)} answers were valid non-answers such as “don't know”; they are no failures."
        parts.append(paragraph(text))
    responses = page.run.responses
    repaired = int((responses["repaired"] > 0).sum()) if "repaired" in responses else 0
    if repaired:
        text = f"{count(repaired)} answers could be read only after the model was shown its reply and what was wrong with it."
        parts.append(paragraph(text))
    if kinds.empty:
        parts.append(paragraph(f"None of the {' and '.join(asked)} failed or was empty."))
    else:
        parts += [_kinds(page, kinds), _groups(page)]
    if len(calls):
        parts.append(_calls(page, calls))
    return section("failures", "Failures", *parts)


def _kinds(page: Page, kinds: pd.DataFrame) -> Html:
    rows = [
        [_WHAT[row["table"]], row["kind"].replace("_", " "), count(row["count"]), count(row["asked"]), percent(row["share"])]
        for row in kinds.to_dict("records")
    ]
    caption = "Answers and messages that failed, by kind: all arms and worlds. They are missing everywhere on this page."
    return page.table(caption, ["what", "kind", "failed", "asked for", "share"], rows, words=2)


def _groups(page: Page) -> Html:
    """Answers and messages beside each other, a row per group."""
    table = failures_by_group(page.run)
    rows: list[list[str | Html]] = []
    tables = [name for name in _WHAT if (table["table"] == name).any()]
    for (group, value), part in table.groupby(["group", "value"], sort=False):
        by_name = {
            str(row["table"]): [count(row["count"]), count(row["asked"]), percent(row["share"])]
            for row in part.to_dict("records")
        }
        cells: list[str | Html] = []
        for name in tables:
            cells += by_name.get(name, ["–", "–", "–"])
        rows.append([str(group), str(value), *cells])
    headers = [f"{_WHAT[name]}: {what}" for name in tables for what in ("failed", "asked for", "share")]
    caption = (
        "The same by group: by arm, phase, item and fact of the person. Groups that fail more often than others are "
        "under-represented in all numbers above."
    )
    whole = page.table(caption, ["group", "value", *headers], rows, words=2)
    return (
        element("details", element("summary", f"Failures by group ({numeral(len(rows), 0)} rows)"), whole, open="")
        if rows
        else Html("")
    )


def _calls(page: Page, calls: pd.DataFrame) -> Html:
    rows = [
        [str(row["kind"]), str(row["failure"]).replace("_", " "), count(row["count"]), count(row["calls"])]
        for row in calls.to_dict("records")
    ]
    caption = "Calls of the model without a reply after all attempts, by kind of call."
    return page.table(caption, ["kind of call", "failure", "failed", "calls of this kind"], rows, words=2)
