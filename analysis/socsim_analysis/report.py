"""The report of a run: one self-contained page that says what happened, and what may be concluded from it.

Works from a file, without a network; every text of the run is data on it, never markup. Knows which parts stand on the page and
in which order; what each part says is its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from socsim.errors import SocsimError
from socsim_analysis.frames import RunLike, Snapshot, of_arms, snapshot
from socsim_analysis.markup import Html, element, join
from socsim_analysis.page import MOST_ARMS, Drawn, Page, whole_page, write_whole
from socsim_analysis.sections.asked import asked_section
from socsim_analysis.sections.contrast import contrast_section
from socsim_analysis.sections.distribution import distribution_section
from socsim_analysis.sections.doings import doings_section
from socsim_analysis.sections.effects import effects_section
from socsim_analysis.sections.failures import failures_section
from socsim_analysis.sections.findings import findings_section
from socsim_analysis.sections.first_opinions import first_section
from socsim_analysis.sections.forecast import forecast_section
from socsim_analysis.sections.held_out import held_out_section
from socsim_analysis.sections.human import human_section
from socsim_analysis.sections.influence import influence_section
from socsim_analysis.sections.limits import limits_section
from socsim_analysis.sections.memory import memory_section
from socsim_analysis.sections.messages import messages_section
from socsim_analysis.sections.models import models_section
from socsim_analysis.sections.network import network_section
from socsim_analysis.sections.patterns import patterns_section
from socsim_analysis.sections.reaction import reaction_section
from socsim_analysis.sections.running import running_section
from socsim_analysis.sections.summary import summary_section
from socsim_analysis.sections.sweep import sweep_section
from socsim_analysis.sections.trajectories import trajectories_section

__all__ = ["REPORT_NAME", "SECTIONS", "Written", "render_report", "write_page", "write_report"]

REPORT_NAME = "report.html"
"""Name of the page inside a run folder."""

SECTIONS: Mapping[str, tuple[str, Callable[[Page], Html | None]]] = {
    "asked": ("What was asked", asked_section),
    "network": ("Network", network_section),
    "sweep": ("Sweep", sweep_section),
    "contrast": ("Contrast of arms", contrast_section),
    "effects": ("Effects", effects_section),
    "models": ("Models", models_section),
    "people": ("Beside people", human_section),
    "findings": ("Findings about people", findings_section),
    "trajectories": ("Over time", trajectories_section),
    "distribution": ("Distribution", distribution_section),
    "patterns": ("Patterns", patterns_section),
    "influence": ("Neighbours and models", influence_section),
    "heldout": ("Models on held-out steps", held_out_section),
    "signal": ("Signal check", reaction_section),
    "first": ("First opinions", first_section),
    "doings": ("What people did", doings_section),
    "messages": ("Messages", messages_section),
    "memory": ("Memory", memory_section),
    "failures": ("Failures", failures_section),
    "run": ("Calls and seeds", running_section),
    "forecast": ("Forecast", forecast_section),
    "limits": ("Limits", limits_section),
}
"""Parts below the summary, in order: their anchor, their name in the list of contents, and who writes them."""


_OF_ALL = frozenset({"asked", "sweep", "failures", "run", "forecast", "limits"})
"""Parts that tell of all arms, however many; the others show the first `MOST_ARMS`."""


def write_report(run: RunLike, path: Path | str | None = None) -> Path:
    """Write the page of a run; whoever opens it meanwhile sees the old page or the new one, never a part.

    Args:
        run: a finished run, or one that still goes on.
        path: where to write it; ``report.html`` in the run folder where not given.

    Returns:
        The path of the page.
    """
    return write_whole(Path(path) if path is not None else run.path / REPORT_NAME, render_report(run))


@dataclass(frozen=True)
class Written:
    """What stands on the page, before the frame around it: every other form of the report is made of this."""

    run: Snapshot
    summary: Html
    parts: Mapping[str, Html]
    """Parts below the summary by anchor, in order."""
    drawn: tuple[Drawn, ...]
    """All figures, by number."""


def render_report(run: RunLike) -> str:
    """The page of a run as text."""
    written = write_page(run)
    links = [element("a", SECTIONS[anchor][0], href=f"#{anchor}") for anchor in written.parts]
    contents = element("nav", join(links, " "), aria_label="contents")
    return whole_page(f"{written.run.scenario.name} – socsim", [written.summary, contents, *written.parts.values()])


def write_page(run: RunLike) -> Written:
    """Everything that stands on the page of a run."""
    whole = snapshot(run)
    page = Page(whole, _example(run, whole))
    narrow = page if len(page.arms) <= MOST_ARMS else Page(of_arms(whole, page.arms[:MOST_ARMS]), page.example, page.drawn)
    summary = summary_section(page)
    parts: dict[str, Html] = {}
    for anchor, (_, write) in SECTIONS.items():
        written = page if anchor in _OF_ALL else narrow
        written.figures, written.tables = max(page.figures, narrow.figures), max(page.tables, narrow.tables)
        part = write(written)
        if part is not None:
            parts[anchor] = part
    return Written(whole, summary, parts, tuple(page.drawn))


def _example(run: RunLike, whole: Snapshot) -> str:
    """What one person read and answered at the last step, where the run can tell."""
    show = getattr(run, "show", None)
    events = whole.events
    if show is None or events.empty:
        return ""
    last = events[events["step"] == events["step"].max()].iloc[0]
    with suppress(SocsimError):
        place = (int(last["agent"]), int(last["step"]), str(last["arm"]), int(last["replicate"]))
        return str(show(*place, turn=int(last["turn"])))
    return ""
