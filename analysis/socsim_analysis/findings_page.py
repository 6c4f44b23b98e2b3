"""One page about several runs, each held against findings about people: all verdicts in one table, then what each rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from socsim_analysis.against_people import AgainstPeople, NotComparable
from socsim_analysis.findings.registry import Finding
from socsim_analysis.frames import RunLike, replicates, snapshot
from socsim_analysis.markup import Html, count, element, join, numeral, paragraph, section
from socsim_analysis.page import Page, whole_page, write_whole
from socsim_analysis.sections.findings import INTRODUCTION, compared_parts

__all__ = ["render_findings_page", "write_findings_page"]

Compared = Sequence[tuple[RunLike, Sequence[AgainstPeople | NotComparable]]]


def write_findings_page(compared: Compared, path: Path) -> Path:
    """Write the page; whoever opens it meanwhile sees the old page or the new one, never a part.

    Args:
        compared: runs, each with what came of holding it against findings.
        path: where to write it.

    Returns:
        The path of the page.
    """
    return write_whole(path, render_findings_page(compared))


def render_findings_page(compared: Compared) -> str:
    """The page as text."""
    pages = [(Page(snapshot(run)), found) for run, found in compared]
    summary = section("verdicts", "Held against findings about people", paragraph(INTRODUCTION), _verdicts(pages))
    studies: list[Html] = []
    for number, (page, found) in enumerate(pages, start=1):
        if number > 1:  # figures and tables are counted through all studies
            page.figures, page.tables = pages[number - 2][0].figures, pages[number - 2][0].tables
        studies.append(_study(number, page, found))
    links = [element("a", page.run.scenario.name, href=f"#study{number}") for number, (page, _) in enumerate(pages, start=1)]
    contents = element("nav", join(links, " "), aria_label="contents")
    return whole_page("Findings about people – socsim", [summary, contents, *studies])


def _verdicts(pages: Sequence[tuple[Page, Sequence[AgainstPeople | NotComparable]]]) -> Html:
    rows: list[list[str | Html]] = []
    for page, found in pages:
        name = page.run.scenario.name.replace("_", " ")
        for one in found:
            if isinstance(one, NotComparable):
                rows.append(["not comparable", name, str(one), "", "", ""])
                continue
            outcome = str(one.verdict.outcome) if one.verdict is not None else "described only"
            own = next((row for row in one.rows if row.role == "run"), None)
            ends = "none" if own is None or math.isnan(own.low) else f"{numeral(own.low, 3)} to {numeral(own.high, 3)}"
            arms = f"{one.arm} less {one.against}" if one.against else one.arm
            title = f"{one.finding.title} ({arms})" if arms else one.finding.title
            rows.append([outcome, name, title, numeral(one.values.estimate, 3), ends, _people(one.finding)])
    headers = ["verdict", "study", "finding (arm)", "run", "95 % interval", "people"]
    caption = "All verdicts. There is no score over several: a model may do as people do in one and not in another."
    return pages[0][0].table(caption, headers, rows, words=3) if pages else paragraph("No run.")


def _people(finding: Finding) -> str:
    if finding.estimate is not None:
        return numeral(finding.estimate.value, 3) + ("" if finding.of_people else " (another simulation)")
    return {"up": "above 0", "down": "below 0", None: "none given"}[finding.direction]


def _study(number: int, page: Page, found: Sequence[AgainstPeople | NotComparable]) -> Html:
    scenario = page.run.scenario
    model = page.run.manifest.get("model") or scenario.inference.model
    facts = (
        f"{scenario.question} Design after {scenario.source}. Model {model}; {count(len(replicates(page.run)))} worlds in each "
        f"of {count(len(page.arms))} arms; the run is {page.run.status}. Folder: {page.run.path}"
    )
    return section(f"study{number}", scenario.name, paragraph(facts), *compared_parts(page, found))
