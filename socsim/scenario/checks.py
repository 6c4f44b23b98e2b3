"""What must hold of a scenario beyond the types of its fields, checked before anything is run.

Files, items, prompts, people, ties and schedule are checked for the declared world and again for every arm that changes
them, with the patch applied; then people and network are tried against their data.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from socsim.errors import Problem, ScenarioError
from socsim.scenario import document
from socsim.scenario.arms import patched_data, phase_paths
from socsim.scenario.file_checks import check_files
from socsim.scenario.findings import Finding, Findings
from socsim.scenario.item_checks import check_items, check_prompts
from socsim.scenario.people_checks import check_people, check_ties
from socsim.scenario.places import Places
from socsim.scenario.resolving import resolve
from socsim.scenario.root import Scenario
from socsim.scenario.schedule_checks import check_schedule
from socsim.scenario.study_checks import check_arms, check_study
from socsim.scenario.sweep_checks import check_sweep
from socsim.scenario.translating import translated
from socsim.scenario.trying import try_world
from socsim.scenario.worlds import ArmSpec

__all__ = ["check", "placed"]


def check(scenario: Scenario, folder: Path, places: Places) -> list[Problem]:
    """All semantic problems of a scenario, with their places.

    Args:
        scenario: the scenario as parsed.
        folder: where the files it names are.
        places: where its fields stand.
    """
    findings = Findings()
    check_files(scenario, folder, findings)
    check_arms(scenario, findings)
    check_study(scenario, findings)
    check_sweep(scenario, findings)
    resolved = _resolved(scenario, folder, findings)
    if resolved is None:
        check_prompts(scenario.prompts, findings)
        check_people(scenario.population, findings)
        return [_problem(finding, places) for finding in findings]
    check_study(resolved, findings)
    _check_parts(resolved, findings)
    if any(not arm.patch for arm in resolved.arms):
        check_schedule(resolved, findings)
        if not findings.under("population") and not findings.under("network"):
            _check_data(resolved, folder, findings)
            if not findings.found:
                arms = [(_place_of(index, arm), arm) for index, arm in enumerate(resolved.arms) if not arm.patch]
                try_world(resolved, arms, folder, findings)
    problems = [_problem(finding, places) for finding in findings]
    for index, arm in enumerate(resolved.arms):
        if arm.patch:
            problems += _arm_problems(resolved, index, arm, folder, findings, places)
    return problems


def placed(problem: Problem, places: Places) -> Problem:
    """A problem with the position of its field, where it has none yet."""
    if problem.line:
        return problem
    found = places.problem(tuple(part for part in problem.field.split(".") if part), problem.message, problem.fix)
    return replace(found, field=found.field or problem.field)


def _resolved(scenario: Scenario, folder: Path, findings: Findings) -> Scenario | None:
    """The scenario with its files read, or None where they cannot be; then the findings say why."""
    if any(_is_file_finding(finding) for finding in findings) or findings.under("sweep"):
        return None
    try:
        return resolve(scenario, folder)
    except ScenarioError as error:
        findings.add_error(error)
        return None


def _is_file_finding(finding: Finding) -> bool:
    return finding.path[-1] in ("file", "text_file", "table") or "any_of" in finding.path or finding.path[0] == "tables"


def _check_parts(scenario: Scenario, findings: Findings) -> None:
    if isinstance(scenario.items, dict):
        check_items(scenario.items, findings)
    check_prompts(scenario.prompts, findings)
    check_people(scenario.population, findings)
    if scenario.network is not None:
        check_ties(scenario.network, scenario.population, findings)


def _check_data(scenario: Scenario, folder: Path, findings: Findings) -> None:
    """Try people and network against their data and sizes."""
    from socsim.network.checks import check_network
    from socsim.population.checks import check_population

    problems = check_population(scenario.population, folder)
    if scenario.network is not None:
        problems += check_network(scenario.network, scenario.population.size, folder)
    for problem in problems:
        fix = problem.fix or "Correct this field"
        findings.add(tuple(problem.field.split(".")) if problem.field else ("population",), problem.message, fix)


def _arm_problems(scenario: Scenario, index: int, arm: ArmSpec, folder: Path, known: Findings, places: Places) -> list[Problem]:
    """Problems of an arm's world that the declared world does not have."""
    home: document.Path = (*_place_of(index, arm), "vary" if arm.factors else "patch")
    try:
        world = Scenario.model_validate(patched_data(scenario, arm))
    except ScenarioError as error:
        return [places.problem((*home, *p.field.split(".")), p.message, p.fix, at_key=True) for p in error.problems]
    except ValidationError as error:
        return [_arm_problem(problem, scenario, arm, home, places) for problem in translated(error, places, as_written=False)]
    findings = Findings()
    check_files(world, folder, findings)
    _check_parts(world, findings)
    check_schedule(world, findings)
    changed = {"population", "network"} & set(arm.patch)
    if changed and not findings.under("population") and not findings.under("network"):
        _check_data(world, folder, findings)
    if not findings.found and (changed or arm.shuffle is not None):
        try_world(world, [(_place_of(index, arm), arm)], folder, findings)
    before = set(known.found)
    return [
        _arm_problem(Problem(f.message, ".".join(map(str, f.path)), fix=f.fix), scenario, arm, home, places)
        for f in findings
        if f not in before
    ]


def _place_of(index: int, arm: ArmSpec) -> document.Path:
    """Where an arm is written: in the list of arms, or in the sweep of which it is a point."""
    return ("sweep",) if arm.factors else ("arms", index)


def _arm_problem(problem: Problem, scenario: Scenario, arm: ArmSpec, home: document.Path, places: Places) -> Problem:
    """A problem of a patched scenario at the place of the patch that causes it, else at the arm."""
    path = tuple(part for part in problem.field.split(".") if part)
    for name, phase_path in phase_paths(scenario).items():
        parts = tuple(str(part) for part in phase_path)
        if path[: len(parts)] == parts:
            path = ("phases", name, *path[len(parts) :])
    field = ".".join(path)
    varied = [factor for factor in arm.factors if field == factor or field.startswith(f"{factor}.")]
    path = (varied[0],) if varied else () if arm.factors else path
    arm_places = Places(places.document)
    while path and not arm_places.follow((*home, *path))[2]:
        path = path[:-1]
    written = arm_places.problem((*home, *path) if path else home[:2], problem.message, problem.fix)
    name = arm.name if arm.factors else _arm_name(places, home)
    return replace(written, message=f"in arm {name!r}: {problem.message}")


def _arm_name(places: Places, home: document.Path) -> str:
    written = places.follow(home)[0]
    return str(written[-1]) if isinstance(written[-1], str) and written[-1] != "patch" else str(home[1])


def _problem(finding: Finding, places: Places) -> Problem:
    return places.problem(finding.path, finding.message, finding.fix)
