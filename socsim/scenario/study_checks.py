"""What must hold of arms, conditions, comparisons and inference beyond their types."""

from __future__ import annotations

import math
import re

from pydantic import ValidationError

from socsim.scenario.document import Path
from socsim.scenario.findings import Findings
from socsim.scenario.item_checks import repeated
from socsim.scenario.places import listed
from socsim.scenario.root import Scenario
from socsim.scenario.schedule_checks import interacts, phases
from socsim.scenario.worlds import ArmSpec, ConditionSpec

__all__ = ["check_arms", "check_study"]

_FINDING = re.compile(r"[a-z0-9_]+\.[a-z0-9_.]+\Z")
_REQUESTS = tuple(str(amount) for amount in range(11, 21))
CONTROLS = ("alone", "yoked", "shuffled")


def check_arms(scenario: Scenario, findings: Findings) -> None:
    """Check the list of arms and the controls; patches are checked by applying them."""
    if not scenario.arms:
        findings.add(("arms",), "there is no arm", "Write arms: [treatment], or remove `arms`")
    for index, name in repeated(arm.name for arm in scenario.arms):
        findings.add(("arms", index), f"the arm {name!r} stands twice", "Give every arm a name of its own: {NAME: {…}}")
    social = any(interacts(phase) is not None for _, phase, _ in phases(scenario))
    for index, arm in enumerate(scenario.arms):
        path: Path = ("arms", index)
        if not arm.name.strip() or len(arm.name) > 100 or not arm.name.isprintable() or "/" in arm.name:
            findings.add(path, f"{arm.name[:100]!r} cannot name an arm", "Use a short word without /")
        if arm.control is None:
            _check_plain_arm(arm, path, findings)
        else:
            _check_control(scenario, arm, path, findings)
            if not social and not arm.patch:
                message = f"the control {arm.control!r} has nothing to control: no phase has an interaction"
                findings.add(path, message, "Remove the arm, or add an interaction to a phase")


def _check_plain_arm(arm: ArmSpec, path: Path, findings: Findings) -> None:
    if arm.name in CONTROLS:
        fix = f"Write it as `- {arm.name}` in a list of arms, or give the patch another name"
        findings.add(path, f"{arm.name!r} is a ready-made control and cannot name a patch", fix)
    for field in ("shuffle", "yoke"):
        if getattr(arm, field) is not None:
            findings.add(
                (*path, field), f"`{field}` belongs to a control", f"Add control: {'yoked' if field == 'yoke' else 'shuffled'}"
            )


def _check_control(scenario: Scenario, arm: ArmSpec, path: Path, findings: Findings) -> None:
    if arm.control == "shuffled":
        if arm.shuffle is None:
            fix = "Write {shuffled: permute_people} or {shuffled: rewire}"
            findings.add(path, "the control `shuffled` needs to know what is shuffled", fix)
        if scenario.network is None and "network" not in arm.patch:
            findings.add(path, "there is no network to shuffle", "Add `network: {graph: …}`, or remove the arm")
    elif arm.shuffle is not None:
        findings.add((*path, "shuffle"), f"`shuffle` belongs to the control shuffled (found {arm.control})", "Remove it")
    if arm.control != "yoked":
        if arm.yoke is not None:
            findings.add((*path, "yoke"), f"`yoke` belongs to the control yoked (found {arm.control})", "Remove it")
        return
    yoke = arm.yoke or {}
    if len(yoke) != 1:
        fix = "Write {yoked: {world: other_replicate}} or {yoked: {messages: FILE}}"
        findings.add(path, "the control `yoked` needs one source of messages", fix)
    if "world" in yoke:
        if yoke["world"] != "other_replicate":
            message = f"there is no world {yoke['world']!r} to take messages from"
            findings.add((*path, "yoke", "world"), message, listed(yoke["world"], ("other_replicate",)))
        elif scenario.replicates < 2:
            message = f"another replicate is needed, and replicates is {scenario.replicates}"
            findings.add((*path, "yoke", "world"), message, "Write replicates: 2 or more, or yoke to {messages: FILE}")
        if all(other.control is not None for other in scenario.arms):
            message = "no arm without a control writes messages to take"
            findings.add((*path, "yoke", "world"), message, "Add the arm `treatment`")


def check_study(scenario: Scenario, findings: Findings) -> None:
    """Check everything that is said once for a study: conditions, comparison, inference."""
    for name, condition in scenario.conditions.items():
        _check_condition(name, condition, scenario, findings)
    _check_compare(scenario, findings)
    for index, model in repeated(scenario.baselines):
        findings.add(("baselines", index), f"the baseline {model!r} stands twice", "Keep one of them")
    _check_models(scenario, findings)
    bounds = scenario.preconditions
    for name, value in bounds.items():
        if isinstance(value, list | tuple) and not _is_interval(value):
            findings.add(("preconditions", name), "an interval is two numbers, the smaller first", "Write [low, high]")


def _is_interval(value: list[object] | tuple[object, ...]) -> bool:
    numbers = [part for part in value if isinstance(part, int | float) and not isinstance(part, bool)]
    return len(value) == 2 and len(numbers) == 2 and numbers[0] < numbers[1]


def _check_condition(name: str, condition: ConditionSpec, scenario: Scenario, findings: Findings) -> None:
    path: Path = ("conditions", name)
    levels = condition.levels
    if not name.strip() or not name.isprintable() or "." in name or name == "persona":
        findings.add(path, f"{name!r} cannot name a condition", "Use a short word without a dot, and not `persona`")
    factorial = [other.assign for other in scenario.conditions.values()].count("factorial")
    if condition.assign == "factorial" and factorial < 2:
        message = "a factorial assignment crosses conditions, and only one says so"
        findings.add((*path, "assign"), message, "Write assign: complete, or give another condition assign: factorial")
    if isinstance(levels, tuple):
        if len(levels) < 2:
            findings.add((*path, "levels"), f"a condition needs two levels or more; found {len(levels)}", "Add a level")
        for index, level in repeated(levels):
            findings.add((*path, "levels", index), f"the level {level!r} stands twice", "Give every level another name")
    elif "table" in levels:
        for field in ("table", "column"):
            if not isinstance(levels.get(field), str):
                findings.add((*path, "levels"), f"levels from a table need a text `{field}`", "Write {table: NAME, column: NAME}")
        for field in levels:
            if field not in ("table", "column", "text"):
                findings.add((*path, "levels", field), f"unknown field {field!r}", listed(field, ("table", "column", "text")))
    elif len(levels) < 2 or not all(text is None or isinstance(text, str) for text in levels.values()):
        fix = "Write {level: text, …} with two levels or more, or {table: NAME, column: NAME}"
        findings.add((*path, "levels"), "levels are names with a text each, or with none", fix)
    if condition.assign == "clusters" and scenario.network is None:
        fix = "Add `network: {graph: …}`, or assign otherwise"
        findings.add((*path, "assign"), "without a network there are no communities", fix)
    if (condition.assign == "blocked") != (condition.block_by is not None):
        where = path if condition.block_by is None else (*path, "block_by")
        findings.add(where, "`assign: blocked` and `block_by: FACT` go together", "Give both, or neither")
    known = [*scenario.population.facts, *scenario.population.reference]
    if condition.block_by is not None and condition.block_by not in known:
        fix = listed(condition.block_by, known, "Facts")
        findings.add((*path, "block_by"), f"there is no fact {condition.block_by!r}", fix)


def _check_compare(scenario: Scenario, findings: Findings) -> None:
    items = scenario.items if isinstance(scenario.items, dict) else {}
    arms = [arm.name for arm in scenario.arms]
    for index, entry in enumerate(scenario.compare):
        path: Path = ("compare", index, "finding")
        for field in ("arm", "against"):
            name = getattr(entry, field)
            if name is not None and not {name, name.partition(":")[0]} & set(arms):  # "ARM: …" is a part that a table makes of it
                findings.add(("compare", index, field), f"there is no arm {name!r}", listed(name, arms, "Arms"))
        if not _FINDING.match(entry.finding):
            fix = listed(entry.finding, ("money_request.basic",), "Findings")
            findings.add(path, f"{entry.finding!r} does not name a finding", fix)
        elif entry.finding == "money_request.basic" and not any(item.options == _REQUESTS for item in items.values()):
            message = "money_request.basic is about an item with the options 11 to 20, and there is none"
            findings.add(path, message, 'Give an item the options "11", "12" … "20", in this order')
    named = [" ".join(filter(None, (entry.finding, entry.arm, entry.against))) for entry in scenario.compare]
    for index, _ in repeated(named):
        name = scenario.compare[index].finding
        findings.add(
            ("compare", index, "finding"), f"the finding {name!r} stands twice", "Keep one of them, or give them other arms"
        )


def _check_models(scenario: Scenario, findings: Findings) -> None:
    model = scenario.inference.model
    path: Path = ("inference", "model")
    if isinstance(model, str):
        if not model.strip() or not model.isprintable():
            findings.add(path, "the model's name is empty", "Write e.g. smollm2-135m, or the path of a .gguf file")
        return
    if not model:
        findings.add(path, "no model is given", "Write a name, or [{name: …, share: …}, …]")
        return
    total = math.fsum(part.share for part in model)
    if abs(total - 1.0) > 0.001:
        findings.add(path, f"the models' shares sum to {total:g}", "Change them so that they sum to 1")
    for index, name in repeated(part.label for part in model):
        fix = "Keep one of them, or give one another name: called"
        findings.add((*path, index, "name"), f"the model {name!r} stands twice", fix)
    try:
        alone = scenario.inference.models
    except ValidationError as error:
        for first in error.errors(include_input=False)[:1]:
            where = ".".join(str(part) for part in first["loc"])
            findings.add(path, f"{where}: {first['msg'].removeprefix('Value error, ')}", "Change it in the model that it is of")
        return
    if scenario.inference.batch is not None:
        findings.add(("inference", "batch"), "several models have no batch endpoint together", "Leave `batch` out")
    for name in alone:
        if not name.strip() or not name.isprintable():
            findings.add(path, "a model's name is empty", "Write e.g. smollm2-135m, or the path of a .gguf file")
    if "model" in scenario.conditions:
        fix = "Give the condition another name"
        findings.add(("conditions", "model"), "which model answers is called `model` where there are several", fix)
