"""Which valid parts of a scenario this version cannot run; it says so and never skips one in silence."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from socsim.errors import Problem, ScenarioError
from socsim.scenario.arms import patched, phase_paths
from socsim.scenario.asking import ItemSpec
from socsim.scenario.document import Path
from socsim.scenario.root import Scenario
from socsim.scenario.schedule import PhaseSpec
from socsim.scenario.schedule_checks import phases

__all__ = ["RUNS", "not_yet_available"]

RUNS = {
    "interaction": (
        "none",
        "survey",
        "exposure",
        "neighbours",
        "custom",
        "dyads",
        "staged",
        "groups",
        "estimates",
        "conventions",
        "votes",
        "adoption",
        "games",
        "feed",
    ),
    "method": ("logprob", "cloze", "sample", "verbalized", "verbalized_sampling", "expert", "text", "number"),
    "type": ("nominal", "ordinal", "number", "text"),
    "engine": ("embedded", "scripted", "openai", "vllm", "transformers"),
    "baseline": (
        "no_change",
        "drift_only",
        "degroot",
        "friedkin_johnsen",
        "deffuant_weisbuch",
        "hegselmann_krause",
        "voter",
        "linear_threshold",
    ),
}
"""What this version runs, by kind of thing."""

_Missing = tuple[Path, str]


def not_yet_available(scenario: Scenario) -> list[Problem]:
    """Valid parts that this version cannot run, of the declared world and of every arm's; empty where it all runs."""
    everything = [*_study(scenario), *_world(scenario)]
    seen = set(everything)
    for index, arm in enumerate(scenario.arms):
        if not arm.patch:
            continue
        try:
            world = patched(scenario, arm)
        except (ScenarioError, ValidationError):
            continue  # an invalid patch is an error, found when the file is checked
        for path, what in _world(world):
            if (path, what) not in seen:
                everything.append((_in_patch(scenario, index, path), f"{what} (arm {arm.name!r})"))
    return [
        Problem(
            f"not yet available: {what}",
            ".".join(str(part) for part in path),
            fix=_advice(path),
        )
        for path, what in dict.fromkeys(everything)
    ]


def _advice(path: Path) -> str:
    """What this version runs in that place, or that the rest runs without it."""
    kinds = {"kind": "interaction", "method": "method", "type": "type", "engine": "engine"}
    kind = "baseline" if path[0] == "baselines" else kinds.get(str(path[-1]))
    return f"This version runs: {', '.join(RUNS[kind])}" if kind else "Without it, this version runs the rest"


def _in_patch(scenario: Scenario, index: int, path: Path) -> Path:
    for name, phase_path in phase_paths(scenario).items():
        if path[: len(phase_path)] == phase_path:
            return ("arms", index, "patch", "phases", name, *path[len(phase_path) :])
    return ("arms", index, "patch", *path)


def _study(scenario: Scenario) -> Iterator[_Missing]:
    for index, baseline in enumerate(scenario.baselines):
        if baseline not in RUNS["baseline"]:
            yield ("baselines", index), f"baseline {baseline!r}"
    for index, entry in enumerate(scenario.compare):
        if entry.filter is not None:
            yield ("compare", index, "filter"), "filters of a finding"
    for name in scenario.preconditions:
        yield ("preconditions", name), f"precondition {name!r}"
    if scenario.analysis.human is not None:
        yield ("analysis", "human"), "comparison with a table of human effects"


def _world(scenario: Scenario) -> Iterator[_Missing]:
    if isinstance(scenario.items, dict):
        for name, item in scenario.items.items():
            yield from _item(("items", name), item)
    for path, phase, _ in phases(scenario):
        yield from _phase(path, phase)


def _item(path: Path, item: ItemSpec) -> Iterator[_Missing]:
    if item.type not in RUNS["type"]:
        yield (*path, "type"), f"{item.type} items"
    elif item.readout.method not in RUNS["method"]:
        yield (*path, "readout", "method"), f"readout {item.readout.method!r}"


def _phase(path: Path, phase: PhaseSpec) -> Iterator[_Missing]:
    spec = phase.interaction
    if spec == "none":
        return
    if spec.kind not in RUNS["interaction"]:
        yield (*path, "interaction", "kind"), f"interaction {spec.kind!r}"
    elif spec.kind != "estimates" and spec.summary not in (None, "each"):
        yield (*path, "interaction", "summary"), f"summary {spec.summary!r} of what is seen"
