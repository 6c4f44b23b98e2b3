"""What a scenario itself says a run is held against: its `compare` entries, each with the arms it names."""

from __future__ import annotations

from socsim.measures import ResponseCurve
from socsim_analysis.against_people import AgainstPeople, NotComparable, compare_many
from socsim_analysis.findings import known_findings
from socsim_analysis.findings.registry import Finding, FindingError, find_finding
from socsim_analysis.frames import RunLike, snapshot

__all__ = ["compare_declared"]


def compare_declared(
    run: RunLike, *, arm: str | None = None, against: str | None = None, curve: ResponseCurve | None = None
) -> list[AgainstPeople | NotComparable]:
    """Every finding of the registry that the scenario names under ``compare``, in its order, with the arms named there.

    Distributions of people, which the page holds against the run in a part of its own, are left out.

    Args:
        run: the run.
        arm: an arm for all of them, instead of those that the scenario names.
        against: another arm likewise.
        curve: the response curve of single agents; see `socsim_analysis.against_people.compare_run`.
    """
    run = snapshot(run)
    found: dict[int, AgainstPeople | NotComparable] = {}
    alike: dict[tuple[str | None, str | None], list[tuple[int, Finding]]] = {}
    for index, entry in enumerate(run.scenario.compare):
        if entry.finding in known_findings():
            continue
        try:
            finding = find_finding(entry.finding)
        except FindingError as error:
            found[index] = NotComparable(str(error))
        else:
            alike.setdefault((arm or entry.arm, against or entry.against), []).append((index, finding))
    for (own, other), entries in alike.items():
        compared = compare_many(run, [finding for _, finding in entries], arm=own, against=other, curve=curve)
        found |= dict(zip((index for index, _ in entries), compared, strict=True))
    return [found[index] for index in sorted(found)]
