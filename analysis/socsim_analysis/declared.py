"""What a scenario itself says a run is held against: its `compare` entries, each with the arms it names."""

from __future__ import annotations

from socsim_analysis.against_people import AgainstPeople, NotComparable, compare_many
from socsim_analysis.findings import known_findings
from socsim_analysis.findings.registry import FindingError, find_finding
from socsim_analysis.frames import RunLike, snapshot

__all__ = ["compare_declared"]


def compare_declared(run: RunLike) -> list[AgainstPeople | NotComparable]:
    """Every finding of the registry that the scenario names under ``compare``, in its order, with the arms named there.

    Distributions of people, which the page holds against the run in a part of its own, are left out.
    """
    run = snapshot(run)
    found: list[AgainstPeople | NotComparable] = []
    for entry in run.scenario.compare:
        if entry.finding in known_findings():
            continue
        try:
            finding = find_finding(entry.finding)
        except FindingError as error:
            found.append(NotComparable(str(error)))
            continue
        found += compare_many(run, [finding], arm=entry.arm, against=entry.against)
    return found
