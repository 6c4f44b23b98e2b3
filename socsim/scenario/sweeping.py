"""Sweeps: one study in many variants. A design over fields of the scenario is written out as arms, one for each point and arm.

All arms of a replicate share their random numbers, so points are compared within replicates.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from socsim.scenario.arms import REPLACED, phase_paths
from socsim.scenario.dumping import plain_data
from socsim.scenario.root import Scenario
from socsim.scenario.worlds import ArmSpec, Level, SweepSpec
from socsim.seeding import stream

__all__ = ["ARM", "Point", "expanded_arms", "is_field", "is_range", "point_of", "points_of", "touched", "unfolded"]

_LONGEST = 24
"""Characters of a value in the name of an arm; longer ones are numbered."""
ARM = "arm"
"""The factor that says which arm it is, where there are several at each point."""
_RANGE = {"from", "to", "integer", "log"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A level of a factor: as it is recorded, as it stands in names of arms, and the value or patch that it stands for."""

    level: Level
    word: str
    value: Any


@dataclass(frozen=True, slots=True)
class Point:
    """One variant: the chosen level of every factor, and what they change together, as an arm's patch."""

    chosen: dict[str, Choice]
    patch: dict[str, Any]

    @property
    def levels(self) -> dict[str, Level]:
        """The level of every factor."""
        return {factor: choice.level for factor, choice in self.chosen.items()}

    @property
    def name(self) -> str:
        """The levels in words, with the last part of each factor's name where that is enough to tell it."""
        ends = [factor.rsplit(".", 1)[-1] for factor in self.chosen]
        called = [end if ends.count(end) == 1 else factor for end, factor in zip(ends, self.chosen, strict=True)]
        return ", ".join(f"{name}={choice.word}" for name, choice in zip(called, self.chosen.values(), strict=True))


def point_of(arm: ArmSpec) -> dict[str, Level]:
    """The levels of the point at which an arm stands; empty without a sweep."""
    return {factor: level for factor, level in arm.factors.items() if factor != ARM}


def is_field(factor: str) -> bool:
    """Whether a factor is a field of the scenario; else it stands for named patches."""
    return "." in factor


def is_range(values: object) -> bool:
    """Whether values are given as a range."""
    return isinstance(values, Mapping) and {"from", "to"} <= set(values) <= _RANGE


def expanded_arms(scenario: Scenario) -> tuple[ArmSpec, ...]:
    """Every arm at every point of the scenario's sweep; the arms themselves where there is none."""
    points = points_of(scenario)
    if not points:
        return scenario.arms
    alone = len(scenario.arms) == 1
    return tuple(
        arm.model_copy(
            update={
                "name": point.name if alone else f"{arm.name}, {point.name}",
                "patch": _over(point.patch, arm.patch),
                "factors": point.levels if alone else {**point.levels, ARM: arm.name},
            }
        )
        for point in points
        for arm in scenario.arms
    )


def unfolded(scenario: Scenario) -> Scenario:
    """The scenario with the points of its sweep as arms; as it is where it has none."""
    if scenario.sweep is None:
        return scenario
    return scenario.model_copy(update={"arms": expanded_arms(scenario), "sweep": None})


def points_of(scenario: Scenario) -> tuple[Point, ...]:
    """The points of a scenario's sweep, in the order of its design; none without a sweep."""
    if scenario.sweep is None:
        return ()
    data, paths = plain_data(scenario), phase_paths(scenario)
    phases = {name: _at(data, path) for name, path in paths.items()}
    return tuple(_point(data | {"phases": phases}, chosen) for chosen in _design(scenario.sweep, scenario.seed))


def _at(data: Any, path: Sequence[str | int]) -> Any:
    for part in path:
        data = data[part]
    return data


def _point(data: Mapping[str, Any], chosen: Mapping[str, Choice]) -> Point:
    """What is changed by all factors together; checks see to it that no factor undoes another (`touched`)."""
    patch: dict[str, Any] = {}
    for factor, choice in chosen.items():
        own = _set(_over(data, patch), factor.split("."), choice.value) if is_field(factor) else choice.value
        patch = _over(patch, own)
    return Point(dict(chosen), patch)


def touched(patch: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The fields that a patch gives values, each with its dots; what a patch replaces whole is one field."""
    for name, value in patch.items():
        below = f"{path}.{name}" if path else name
        if isinstance(value, Mapping) and value and name not in REPLACED:
            yield from touched(value, below)
        else:
            yield below


def _set(data: Any, path: Sequence[str], value: Any) -> dict[str, Any]:
    """The patch that gives one field a value. What a patch replaces whole is written whole."""
    name, *rest = path
    if not rest:
        return {name: value}
    old = data.get(name) if isinstance(data, Mapping) else None
    if name == "graph" and isinstance(old, Mapping) and rest[0] == old.get("generator"):  # written {GENERATOR: {parameter: …}}
        rest[0] = "parameters"
    new = _set(old, rest, value)
    return {name: _over(old, new) if name in REPLACED and isinstance(old, Mapping) else new}


def _over(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """``new`` over ``old``, mapping by mapping; what a patch replaces whole is replaced whole."""
    both = {
        name: _over(old[name], value)
        if isinstance(value, Mapping) and isinstance(old.get(name), Mapping) and name not in REPLACED
        else value
        for name, value in new.items()
    }
    return {**old, **both}


def _design(spec: SweepSpec, seed: int) -> Iterator[dict[str, Choice]]:
    if spec.design == "latin_hypercube":
        yield from _latin_hypercube(spec, seed)
        return
    choices = {factor: _choices(values, spec.steps) for factor, values in spec.vary.items()}
    if spec.design == "grid":
        for found in itertools.product(*choices.values()):
            yield dict(zip(choices, found, strict=True))
        return
    first = {factor: own[0] for factor, own in choices.items()}
    yield first
    for factor, own in choices.items():
        for choice in own[1:]:
            yield {**first, factor: choice}


def _latin_hypercube(spec: SweepSpec, seed: int) -> Iterator[dict[str, Choice]]:
    """McKay, Beckman & Conover (1979), Technometrics 21(2), 239-245."""
    count = spec.points
    assert count is not None
    columns: dict[str, list[Choice]] = {}
    for factor, values in spec.vary.items():
        drawn = stream(seed, "sweep", factor)
        strata = drawn.permutation(count)
        if is_range(values):
            assert isinstance(values, Mapping)
            found = [_in_range(values, (int(stratum) + float(drawn.random())) / count) for stratum in strata]
            columns[factor] = [_plain_choice(value) for value in found]
        else:
            choices = _choices(values, spec.steps)
            columns[factor] = [choices[int(stratum) * len(choices) // count] for stratum in strata]
    for number in range(count):
        yield {factor: column[number] for factor, column in columns.items()}


def _choices(values: Sequence[Any] | Mapping[str, Any], steps: int) -> list[Choice]:
    """The levels of a factor with what they stand for."""
    if is_range(values):
        assert isinstance(values, Mapping)
        found = dict.fromkeys(_in_range(values, step / (steps - 1)) for step in range(steps))
        return [_plain_choice(value) for value in found]
    if isinstance(values, Mapping):
        return [Choice(name, name, plain_data(patch) or {}) for name, patch in values.items()]
    return [_plain_choice(plain_data(value), number) for number, value in enumerate(values, start=1)]


def _plain_choice(value: Any, number: int = 1) -> Choice:
    """A value as a level; one that is long, or no single value, stands in names as its number in the list."""
    single = isinstance(value, str | bool | int | float)
    text = str(value)
    short = single and len(text) <= _LONGEST and text.isprintable() and "/" not in text
    return Choice(value if single else f"#{number}", text if short else f"#{number}", value)


def _in_range(values: Mapping[str, Any], share: float) -> int | float:
    low, high = float(values["from"]), float(values["to"])
    found = math.exp(math.log(low) + share * math.log(high / low)) if values.get("log") else low + share * (high - low)
    return round(found) if values.get("integer") else float(f"{found:.6g}")
