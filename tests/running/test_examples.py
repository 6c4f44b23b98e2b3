"""Every small study says what it asks, whence it comes, how it is run and for how long; and it runs, checked, and replays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from socsim import ScriptedEngine, load_scenario, replay, run
from socsim.interactions import KINDS
from socsim.scenario import LoadedScenario
from socsim.scenario.schedule import PhaseSpec
from socsim.scenario.schedule_checks import phases

SCENARIOS = Path(__file__).parents[2] / "scenarios"
EXAMPLES = sorted((SCENARIOS / "examples").glob("*.yaml"))
FINDINGS = sorted((SCENARIOS / "findings").glob("*.yaml"))


@pytest.mark.parametrize(
    "path", [*EXAMPLES, *FINDINGS, *sorted(SCENARIOS.glob("*.yaml"))], ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_a_study_begins_with_what_one_must_know(path: Path) -> None:
    comments = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    head = "\n".join(comments).lower()
    for word in ("question:", "source:", "command:", "duration:"):
        assert word in head, word
    assert f"socsim run {path.relative_to(SCENARIOS.parent)}" in head
    assert load_scenario(path).not_yet_available() == []


def shortened(path: Path, replicates: int) -> LoadedScenario:
    """A study with fewer worlds, and no phase repeated more than six times."""
    loaded = load_scenario(path)
    scenario = loaded.scenario
    schedule = []
    for entry in scenario.schedule:
        if isinstance(entry, PhaseSpec):
            entry = entry.model_copy(update={"repeat": min(entry.repeat, 6)})
        schedule.append(entry)
    changed = scenario.model_copy(update={"schedule": tuple(schedule), "replicates": min(scenario.replicates, replicates)})
    return replace(loaded, scenario=changed)


@pytest.mark.parametrize("path", [*EXAMPLES, *FINDINGS], ids=lambda path: path.stem)
def test_a_small_study_runs_checked_and_replays(path: Path, tmp_path: Path) -> None:
    study = path if path in EXAMPLES else shortened(path, 1)
    done = run(study, out=tmp_path / "run", engine=ScriptedEngine(), checked=True)
    assert done.status in ("complete", "incomplete")
    assert len(done.events) > 10
    assert replay(tmp_path / "run").verified


def test_every_way_of_meeting_has_a_small_study() -> None:
    used = set()
    for path in [*EXAMPLES, *FINDINGS]:
        for _, phase, _ in phases(load_scenario(path).scenario):
            used.add("survey" if phase.interaction == "none" else phase.interaction.kind)
    assert used >= set(KINDS)


@pytest.mark.parametrize("path", FINDINGS, ids=lambda path: path.stem)
def test_a_study_of_a_finding_names_findings_and_is_held_against_them(path: Path, tmp_path: Path) -> None:
    from socsim_analysis.declared import compare_declared
    from socsim_analysis.findings.registry import find_finding
    from socsim_analysis.report import write_report

    done = run(shortened(path, 2), out=tmp_path / "run", engine=ScriptedEngine())
    named = [find_finding(entry.finding) for entry in done.scenario.compare]
    assert named
    assert not [str(one) for one in compare_declared(done) if isinstance(one, Exception)]
    page = write_report(done).read_text(encoding="utf-8")
    assert all(finding.title.replace("'", "&#x27;") in page or finding.title in page for finding in named)
