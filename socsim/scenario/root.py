"""A whole scenario, as declared in a file or built in Python."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from socsim.scenario.asking import ItemSpec, ItemTableSpec, PromptsSpec
from socsim.scenario.base import Spec
from socsim.scenario.people import NetworkSpec, PopulationSpec
from socsim.scenario.schedule import ScheduleEntry
from socsim.scenario.worlds import (
    AnalysisSpec,
    ArmSpec,
    CompareSpec,
    ConditionSpec,
    FailuresSpec,
    InferenceSpec,
)

__all__ = ["Scenario"]

_CONTROLS = ("alone", "yoked", "shuffled")


def _normal_arm(entry: Any) -> Any:
    """``treatment`` → the world as declared; ``alone`` → a control; ``{shuffled: rewire}``; ``{name: patch}``."""
    if isinstance(entry, str):
        return {"name": entry, "control": entry} if entry in _CONTROLS else {"name": entry}
    if isinstance(entry, dict) and len(entry) == 1:
        ((name, body),) = entry.items()
        if name == "shuffled":
            return {"name": name, "control": name, "shuffle": body}
        if name == "yoked":
            return {"name": name, "control": name, "yoke": body}
        if name not in ArmSpec.model_fields:
            return {"name": name, "patch": body or {}}
    return entry


class Scenario(Spec):
    """One study: people, ties, items, what happens when, variants of the world, and how answers are read.

    Example:
        >>> Scenario(socsim=1, name="poll", population={"size": 3}, schedule=({"phase": "ask"},)).population.size
        3
    """

    socsim: Literal[1]
    """Version of the format."""
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")
    question: str = ""
    source: str = ""
    seed: int = Field(default=0, ge=0)
    replicates: int = Field(default=1, ge=1)
    tables: dict[str, str] = Field(default_factory=dict)
    """Names for CSV or Parquet files beside the scenario."""
    population: PopulationSpec
    network: NetworkSpec | None = None
    items: dict[str, ItemSpec] | ItemTableSpec = Field(default_factory=dict)
    prompts: PromptsSpec = PromptsSpec()
    conditions: dict[str, ConditionSpec] = Field(default_factory=dict)
    schedule: tuple[ScheduleEntry, ...] = Field(min_length=1)
    arms: tuple[ArmSpec, ...] = (ArmSpec(name="treatment"),)
    baselines: tuple[str, ...] = ()
    """Classical models fitted to every arm; ``no_change`` and ``drift_only`` always are."""
    compare: tuple[CompareSpec, ...] = ()
    preconditions: dict[str, Any] = Field(default_factory=dict)
    analysis: AnalysisSpec = AnalysisSpec()
    failures: FailuresSpec = FailuresSpec()
    inference: InferenceSpec = InferenceSpec()

    @field_validator("arms", mode="before")
    @classmethod
    def _arms(cls, value: Any) -> Any:
        if isinstance(value, dict):
            value = [{name: body} for name, body in value.items()]
        if isinstance(value, list | tuple):
            return tuple(_normal_arm(entry) for entry in value)
        return value
