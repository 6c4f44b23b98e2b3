"""Opinions over steps: every agent, their mean and their spread."""

from __future__ import annotations

import pandas as pd

from socsim.measures import mean, spread
from socsim_analysis.frames import opinions
from socsim_analysis.markup import Html, count, element, join, numeral, section
from socsim_analysis.page import Page
from socsim_analysis.scales import few_steps

__all__ = ["trajectories_section"]


def trajectories_section(page: Page) -> Html | None:
    """A figure and a table per item that was asked at more than one step; None without any."""
    parts: list[Html] = []
    for item in page.items:
        frame = opinions(page.run, item)
        for found in page.figures_of("trajectories", item):
            parts += [element("h3", item), page.run_figure(found), _table(page, item, frame)]
    return section("trajectories", "Opinions over time", *parts) if parts else None


def _table(page: Page, item: str, frame: pd.DataFrame) -> Html:
    asked = page.run.responses[page.run.responses["item"] == item]
    rows: list[list[str | Html]] = []
    for arm in page.arms:
        ours, theirs = frame[frame["arm"] == arm], asked[asked["arm"] == arm]
        steps = sorted(int(step) for step in theirs["step"].unique())
        for step in few_steps(steps):
            worlds = [group["x"].to_numpy(dtype=float) for _, group in ours[ours["step"] == step].groupby("replicate")]
            n, total = sum(len(world) for world in worlds), int((theirs["step"] == step).sum())
            centre, sd = mean([mean(world) for world in worlds]), mean([spread(world) for world in worlds])
            rows.append([arm, f"{step} ({page.steps.get(step, '')})", count(n), count(total - n), numeral(centre), numeral(sd)])
    worlds_words = "" if page.worlds == 1 else f" Means over {page.worlds} worlds; n is summed over them."
    caption = join([f"{item}: mean and spread between people by arm and step, in {page.unit(item)}.", worlds_words])
    return page.table(caption, ["arm", "step", "n", "missing", "mean", "SD"], rows, words=2)
