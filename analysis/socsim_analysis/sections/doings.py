"""What people did besides answering and writing: actions, what they might have seen, numbers that the model keeps, and ties."""

from __future__ import annotations

import pandas as pd

from socsim_analysis.markup import Html, count, numeral, percent, section
from socsim_analysis.page import Page

__all__ = ["doings_section"]

_MOST_NUMBERS = 8


def doings_section(page: Page) -> Html | None:
    """Tables of what was done; None where nobody did anything."""
    parts: list[Html] = []
    if len(page.run.actions):
        parts.append(_actions(page, page.run.actions))
    if len(page.run.actions) and len(page.run.exposures) and page.run.exposures["potential"].sum():
        parts.append(_exposures(page, page.run.exposures))
    if len(page.run.numbers):
        parts.append(_numbers(page, page.run.numbers))
    if len(page.run.tie_changes):
        parts.append(_ties(page, page.run.tie_changes))
    return section("doings", "What people did", *parts) if parts else None


def _actions(page: Page, actions: pd.DataFrame) -> Html:
    rows: list[list[str | Html]] = []
    for (arm, kind), found in actions.groupby(["arm", "kind"], sort=True):
        failed = int((found["status"] == "failed").sum())
        amounts = found.loc[found["status"] == "done", "amount"].dropna()
        mean = numeral(float(amounts.mean())) if len(amounts) else ""
        share = len(found) / len(actions[actions["arm"] == arm])
        rows.append([str(arm), str(kind), count(len(found)), percent(share), mean, count(failed)])
    caption = (
        "Actions by arm and kind, summed over worlds and steps, with their share of the arm’s actions and the mean amount "
        "where there is one. “nothing”: somebody chose to do nothing; “void”: the model settled nothing, as a move was missing. "
        "Failed: the reply was no choice, and nothing was done."
    )
    return page.table(caption, ["arm", "action", "times", "share", "mean amount", "failed"], rows)


def _exposures(page: Page, exposures: pd.DataFrame) -> Html:
    rows: list[list[str | Html]] = []
    for arm, found in exposures.groupby("arm", sort=True):
        shown = int(found["shown"].sum())
        means = [numeral(float(found[name].mean())) for name in ("potential", "shown", "engaged")]
        rows.append([str(arm), count(len(found)), *means, percent(int(found["engaged"].sum()) / shown) if shown else ""])
    caption = (
        "How much there was to see at a turn, how much of it was shown, and to how many of the things shown somebody reacted: "
        "means over turns, and things reacted to as a share of those shown."
    )
    return page.table(caption, ["arm", "turns", "might have seen", "was shown", "reacted to", "share"], rows)


def _numbers(page: Page, numbers: pd.DataFrame) -> Html:
    names = list(dict.fromkeys(numbers["name"]))[:_MOST_NUMBERS]
    rows: list[list[str | Html]] = []
    for arm in page.arms:
        for name in names:
            found = numbers[(numbers["arm"] == arm) & (numbers["name"] == name)]
            if found.empty:
                continue
            first, last = found["step"].min(), found["step"].max()
            means = [numeral(float(found.loc[found["step"] == step, "value"].mean())) for step in (first, last)]
            rows.append([arm, str(name), count(len(found)), f"{first}", means[0], f"{last}", means[1]])
    caption = (
        "Numbers that the model keeps about people: means over people and worlds at the first and the last step that has them."
    )
    return page.table(caption, ["arm", "number", "n", "first step", "mean", "last step", "mean"], rows)


def _ties(page: Page, changes: pd.DataFrame) -> Html:
    rows: list[list[str | Html]] = []
    for (arm, kind, cause), found in changes.groupby(["arm", "kind", "cause"], sort=True):
        rows.append([str(arm), str(kind), str(cause), count(len(found)), count(found["reader"].nunique())])
    caption = (
        "Ties that began (follow) or ended, one row of the table tie_changes each; in a network without direction a change "
        "counts at both ends. The figures of the network show the ties at the start."
    )
    return page.table(caption, ["arm", "change", "cause", "times", "readers"], rows)
