"""A whole scenario, as declared in a file or built in Python."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag, field_validator

from socsim.scenario.asking import ItemSpec, ItemTableSpec, PromptsSpec
from socsim.scenario.base import Spec
from socsim.scenario.engines import InferenceSpec
from socsim.scenario.people import NetworkSpec, PopulationSpec
from socsim.scenario.remembering import MemorySpec
from socsim.scenario.schedule import ScheduleEntry
from socsim.scenario.worlds import (
    AnalysisSpec,
    ArmSpec,
    Baseline,
    BranchSpec,
    CompareSpec,
    ConditionSpec,
    FailuresSpec,
    SweepSpec,
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


def _items_kind(value: Any) -> str:
    table = "for_each" in value if isinstance(value, dict) else isinstance(value, ItemTableSpec)
    return "<table>" if table else "<named>"


Items = Annotated[
    Annotated[dict[str, ItemSpec], Tag("<named>")] | Annotated[ItemTableSpec, Tag("<table>")], Discriminator(_items_kind)
]


class Scenario(Spec):
    """One study: people, ties, items, what happens when, variants of the world, and how answers are read.

    Example:
        >>> Scenario(socsim=1, name="poll", population={"size": 3}, schedule=({"phase": "ask"},)).population.size
        3
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    socsim: Literal[1]
    """Version of the format."""
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")
    question: str = ""
    source: str = ""
    seed: int = Field(default=0, ge=0, lt=2**63)
    replicates: int = Field(default=1, ge=1, le=100_000)
    tables: dict[str, str] = Field(default_factory=dict)
    """Names for CSV or Parquet files beside the scenario."""
    population: PopulationSpec
    network: NetworkSpec | None = None
    items: Items = Field(default_factory=dict)
    prompts: PromptsSpec = PromptsSpec()
    conditions: dict[str, ConditionSpec] = Field(default_factory=dict)
    memory: MemorySpec | None = None
    """How people remember, in phases that remember ``memory``."""
    schedule: tuple[ScheduleEntry, ...] = Field(min_length=1)
    branch: BranchSpec | None = None
    """Set in runs that `socsim fork` makes: what is otherwise from a step on."""
    arms: tuple[ArmSpec, ...] = (ArmSpec(name="treatment"),)
    sweep: SweepSpec | None = None
    """Many variants of the study; in a run they stand as arms."""
    baselines: tuple[Baseline, ...] = ()
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
            for index, entry in enumerate(value):
                if isinstance(entry, dict) and len(entry) > 1 and not set(entry) & set(ArmSpec.model_fields):
                    raise ValueError(f"entry {index + 1} holds several arms. Write one {{name: patch}} per entry of the list")
            return tuple(_normal_arm(entry) for entry in value)
        return value
