"""A reporting checklist of a run, filled from its folder, as Markdown; what the folder cannot know is marked.

Two parts: a description of the model in the order of the ODD protocol (Grimm et al. 2020), and items for studies with language
models: those of GUIDE-LLM, and a few of our own. A filled list is not a good study, and an entry filled by program is to be read
by the person who signs it.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from socsim.errors import SocsimError
from socsim.record.manifest import write_whole
from socsim_analysis.checklist.entries import Entry, blanks, entry_text
from socsim_analysis.checklist.guide_llm import core_entries, optional_entries, own_entries
from socsim_analysis.checklist.odd import odd_entries
from socsim_analysis.document import read_blocks
from socsim_analysis.frames import RunLike, Snapshot
from socsim_analysis.markdown import md_text
from socsim_analysis.report import Written, write_page

__all__ = ["CHECKLIST_NAME", "render_checklist", "write_checklist"]

CHECKLIST_NAME = "checklist.md"
"""Name of the file inside a run folder."""
_ODD = (
    "In the order and under the names of the ODD protocol: Grimm, V. et al. (2020). The ODD Protocol for Describing Agent-Based "
    "and Other Simulation Models: A Second Update to Improve Clarity, Replication, and Structural Realism. Journal of Artificial "
    "Societies and Social Simulation, 23(2) 7. https://doi.org/10.18564/jasss.4259"
)
_GUIDE = (
    "Codes and topics of the core and optional items follow the summary of GUIDE-LLM (Feuerriegel et al., 2026, Nature Human "
    "Behaviour) at https://www.llm-checklist.com/checklist; the wording is socsim's. Hand in the official form; this is a "
    "draft for it."
)
_OWN = "Of socsim's own, part of neither protocol."


def write_checklist(run: RunLike, path: Path | str | None = None) -> Path:
    """Write the checklist of a run.

    Args:
        run: a finished run, or one that still goes on.
        path: the file; ``checklist.md`` in the run folder where not given.

    Returns:
        The path of the file.
    """
    target = Path(path) if path is not None else run.path / CHECKLIST_NAME
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, render_checklist(run).encode("utf-8"))
    return target


def render_checklist(run: RunLike) -> str:
    """The checklist of a run as Markdown."""
    written = write_page(run)
    whole = written.run
    parts = [
        _part("Description of the model (ODD)", _ODD, odd_entries(whole)),
        _part(
            "GUIDE-LLM: core items", _GUIDE, core_entries(whole, _examples(run, whole), _verdicts(written, "people", "findings"))
        ),
        _part("GUIDE-LLM: optional items", "These have no codes.", optional_entries(whole, _verdicts(written, "signal"))),
        _part("Further items", _OWN, own_entries(whole)),
    ]
    left = blanks("".join(parts))
    head = (
        f"# Reporting checklist: {md_text(whole.scenario.name)}\n\nFilled from the run folder by socsim "
        f"{md_text(str(whole.manifest.get('socsim', '')))}; status of the run: {md_text(whole.status)}. {left} places are marked "
        "\\[to be written: …\\]: the folder cannot know them, and a person must. Read the rest, too: it says what was run, not "
        "whether that was right."
    )
    return "\n\n".join((head, *parts)) + "\n"


def _part(title: str, note: str, entries: list[Entry]) -> str:
    texts = [entry_text(one, 4 if one.within else 3) for one in entries]
    return "\n\n".join((f"## {title}", md_text(note), *texts))


def _verdicts(written: Written, *anchors: str) -> list[str]:
    """What parts of the page conclude, in their words, each after what it is about."""
    found = []
    for anchor in anchors:
        about = ""
        for block in read_blocks(written.parts[anchor]) if anchor in written.parts else ():
            about = block.text if block.kind == "heading" else about
            if block.kind == "paragraph" and block.role == "verdict":
                found.append(f"{about}: {block.text}" if about else block.text)
    return found


def _examples(run: RunLike, whole: Snapshot) -> list[tuple[str, str]]:
    """One exact exchange of each phase, where the run can tell."""
    show = getattr(run, "show", None)
    events = whole.events
    if show is None or events.empty:
        return []
    asked = events[events["calls"].map(len) > 0].drop_duplicates("phase", keep="last")
    found = []
    for row in asked.to_dict("records"):
        with suppress(SocsimError):
            place = (int(row["agent"]), int(row["step"]), str(row["arm"]), int(row["replicate"]))
            where = f"phase “{row['phase']}”, agent {place[0]}, step {place[1]}, arm {place[2]}, replicate {place[3]}"
            found.append((where, str(show(*place, turn=int(row["turn"])))))
    return found
