"""What every analysis needs of a run: its tables read once, its items and arms, and opinions as numbers.

Missing answers (failed, or valid non-answers) have no opinion: they are left out, never carried forward or filled in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from socsim.readouts.plans import option_values
from socsim.scenario import Scenario
from socsim.scenario.asking import ItemSpec

__all__ = [
    "CHANNELS",
    "Channel",
    "Opinions",
    "RunLike",
    "Snapshot",
    "arm_names",
    "calls_of_their_own",
    "control_of",
    "in_order_of_arms",
    "in_several_contexts",
    "item_spec",
    "item_values",
    "of_arms",
    "opinion_items",
    "opinions",
    "phase_of_step",
    "replicates",
    "snapshot",
    "treatment_arm",
    "world_opinions",
]

Channel = Literal["expected", "value"]
CHANNELS: Mapping[Channel, str] = {"expected": "expected values", "value": "drawn answers"}
"""The two numeric forms of a private report."""


TRIALS = ("arm", "replicate", "step", "phase", "agent", "turn", "name", "level")
"""Columns of the table of trials: under which level of what each turn was taken."""


_PLACE = ("arm", "replicate", "step", "phase", "agent", "turn")
_LATER: Mapping[str, tuple[str, ...]] = {
    "trials": TRIALS,
    "actions": (*_PLACE, "position", "kind", "status", "target", "about", "amount"),
    "exposures": (*_PLACE, "potential", "shown", "engaged"),
    "recalled": (*_PLACE, "position", "kind", "text"),
    "tie_changes": (*_PLACE, "position", "kind", "reader", "author", "cause", "wave"),
    "numbers": (*_PLACE, "name", "value"),
}
"""Tables that not every run has, with their columns."""


def _none_of(name: str) -> pd.DataFrame:
    return pd.DataFrame(columns=_LATER[name])


class RunLike(Protocol):
    """A run folder as read: what `socsim.Run` offers and a `Snapshot` holds."""

    @property
    def path(self) -> Path: ...
    @property
    def manifest(self) -> Mapping[str, Any]: ...
    @property
    def scenario(self) -> Scenario: ...
    @property
    def status(self) -> str: ...
    @property
    def agents(self) -> pd.DataFrame: ...
    @property
    def ties(self) -> pd.DataFrame: ...
    @property
    def messages(self) -> pd.DataFrame: ...
    @property
    def responses(self) -> pd.DataFrame: ...
    @property
    def readings(self) -> pd.DataFrame: ...
    @property
    def seen(self) -> pd.DataFrame: ...
    @property
    def calls(self) -> pd.DataFrame: ...
    @property
    def events(self) -> pd.DataFrame: ...
    @property
    def trials(self) -> pd.DataFrame: ...


@dataclass(frozen=True)
class Snapshot:
    """All tables of a run, read once, so that the parts of a page agree even while the run goes on."""

    path: Path
    manifest: Mapping[str, Any]
    scenario: Scenario
    status: str
    agents: pd.DataFrame
    ties: pd.DataFrame
    messages: pd.DataFrame
    responses: pd.DataFrame
    readings: pd.DataFrame
    seen: pd.DataFrame
    calls: pd.DataFrame
    events: pd.DataFrame
    trials: pd.DataFrame = field(default_factory=lambda: _none_of("trials"))
    actions: pd.DataFrame = field(default_factory=lambda: _none_of("actions"))
    exposures: pd.DataFrame = field(default_factory=lambda: _none_of("exposures"))
    recalled: pd.DataFrame = field(default_factory=lambda: _none_of("recalled"))
    tie_changes: pd.DataFrame = field(default_factory=lambda: _none_of("tie_changes"))
    numbers: pd.DataFrame = field(default_factory=lambda: _none_of("numbers"))


@dataclass(frozen=True)
class Opinions:
    """Opinions of one world on one item: ``x[agent, column]`` at ``steps[column]``, NaN where missing."""

    steps: tuple[int, ...]
    x: NDArray[np.float64]

    def at(self, step: int) -> NDArray[np.float64]:
        """Opinion of each agent at a step; all NaN where the item was not asked."""
        if step not in self.steps:
            return np.full(self.x.shape[0], np.nan)
        column: NDArray[np.float64] = self.x[:, self.steps.index(step)]
        return column


def snapshot(run: RunLike) -> Snapshot:
    """Read every table of ``run`` once. A snapshot is returned as it is."""
    if isinstance(run, Snapshot):
        return run
    present = (name for name in Snapshot.__dataclass_fields__ if name not in _LATER or hasattr(run, name))
    return Snapshot(**{name: getattr(run, name) for name in present})


def of_arms(run: Snapshot, arms: Sequence[str]) -> Snapshot:
    """The part of a run that is of some arms; calls are of all."""
    frames = {name: value for name, value in vars(run).items() if isinstance(value, pd.DataFrame) and "arm" in value.columns}
    chosen: dict[str, Any] = {name: frame[frame["arm"].isin(arms)] for name, frame in frames.items()}
    scenario = run.scenario.model_copy(update={"arms": tuple(arm for arm in run.scenario.arms if arm.name in arms)})
    return replace(run, scenario=scenario, **chosen)


def item_spec(run: RunLike, item: str) -> ItemSpec | None:
    """The declared item; None where the scenario does not hold it under this name."""
    items = run.scenario.items
    return items.get(item) if isinstance(items, dict) else None


def item_values(run: RunLike, item: str) -> tuple[float, ...] | None:
    """Numbers that stand for the options of an ordinal item; None for other items."""
    spec = item_spec(run, item)
    return option_values(spec) if spec is not None else None


def opinion_items(run: RunLike) -> tuple[str, ...]:
    """Items of the scenario with at least one numeric answer, in its order; choices that interactions put are no opinions."""
    responses = run.responses
    if responses.empty:
        return ()
    found = set(responses.loc[responses["expected"].notna() | responses["value"].notna(), "item"])
    declared = list(run.scenario.items) if isinstance(run.scenario.items, dict) else []
    return tuple(item for item in declared if item in found)


def arm_names(run: RunLike) -> tuple[str, ...]:
    """Arms that the run holds, in the order of the scenario."""
    present = set(run.agents["arm"]) if not run.agents.empty else set()
    declared = [arm.name for arm in run.scenario.arms]
    return tuple(arm for arm in [*declared, *sorted(present - set(declared))] if arm in present)


def in_order_of_arms(run: RunLike, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of a table with a column ``arm`` in the order of the scenario's arms; within an arm as they were."""
    place = {arm: number for number, arm in enumerate(arm_names(run))}
    ordered: pd.DataFrame = frame.sort_values("arm", key=lambda arms: arms.map(place), kind="stable").reset_index(drop=True)
    return ordered


def control_of(run: RunLike, arm: str) -> str | None:
    """The ready-made control that an arm is (``alone``, ``yoked``, ``shuffled``), or None."""
    return next((spec.control for spec in run.scenario.arms if spec.name == arm), None)


def treatment_arm(run: RunLike) -> str:
    """The arm that others are held against: ``treatment`` if there is one, else the first that is no control."""
    arms = arm_names(run)
    if "treatment" in arms or not arms:
        return "treatment"
    return next((arm for arm in arms if control_of(run, arm) is None), arms[0])


def replicates(run: RunLike) -> tuple[int, ...]:
    """Numbers of the replicates that the run holds."""
    return tuple(sorted(int(number) for number in set(run.agents["replicate"]))) if not run.agents.empty else ()


def phase_of_step(run: RunLike) -> dict[int, str]:
    """Name of the phase of each step; without the item where worlds are asked others at it, as with a drawn order of items."""
    frame = run.responses if not run.responses.empty else run.messages
    names: dict[int, set[str]] = {}
    for step, phase in frame[["step", "phase"]].drop_duplicates().itertuples(index=False, name=None) if len(frame) else ():
        names.setdefault(int(step), set()).add(str(phase))
    return {
        step: found.pop() if len(found) == 1 else " / ".join(sorted({n.partition("[")[0] for n in found}))
        for step, found in names.items()
    }


def opinions(run: RunLike, item: str, channel: Channel = "expected") -> pd.DataFrame:
    """Answered opinions as rows ``arm, replicate, step, agent, x``; missing ones have no row.

    Where a person answers several times at one step, its opinion is the mean over contexts that are crossed, else the last.

    Args:
        run: the run.
        item: name of the item.
        channel: ``expected`` (mean of the answer's distribution) or ``value`` (the drawn answer).
    """
    responses = run.responses
    rows = responses[(responses["item"] == item) & (responses["status"] == "answered") & responses[channel].notna()]
    frame = rows[["arm", "replicate", "step", "agent"]].copy()
    frame["x"] = rows[channel].astype(float)
    if in_several_contexts(run):
        return frame.groupby(["arm", "replicate", "step", "agent"])["x"].mean().reset_index()
    return frame.drop_duplicates(["arm", "replicate", "step", "agent"], keep="last").reset_index(drop=True)


def in_several_contexts(run: RunLike) -> bool:
    """Whether people were asked the same several times in one step, in wordings or under conditions that are crossed."""
    trials = run.trials
    if trials.empty:
        return False
    return bool(trials.groupby(["arm", "replicate", "step", "agent", "name"])["level"].nunique().gt(1).any())


def world_opinions(run: RunLike, frame: pd.DataFrame, arm: str, replicate: int) -> Opinions:
    """The rows of one world as a matrix of agents × steps.

    Args:
        run: the run (for the number of agents).
        frame: rows of `opinions`.
        arm: name of the arm.
        replicate: number of the replicate.
    """
    size = int(((run.agents["arm"] == arm) & (run.agents["replicate"] == replicate)).sum())
    rows = frame[(frame["arm"] == arm) & (frame["replicate"] == replicate)]
    steps = tuple(sorted(int(step) for step in rows["step"].unique()))
    x = np.full((size, len(steps)), np.nan)
    columns = rows["step"].map({step: column for column, step in enumerate(steps)})
    x[rows["agent"].to_numpy(dtype=int), columns.to_numpy(dtype=int)] = rows["x"].to_numpy(dtype=float)
    return Opinions(steps, x)


def calls_of_their_own(run: RunLike) -> tuple[int, int]:
    """(different calls, all calls that events made), where equal calls of several people count once each time and once in all.

    The first over the second is the share of decisions that had a call of their own.
    """
    made = [(digest, draw) for calls in run.events["calls"] for _, digest, draw in _triples(calls)] if len(run.events) else []
    return len(set(made)), len(made)


def _triples(calls: Any) -> Iterator[tuple[str, str, str]]:
    for call in calls:
        yield (call["path"], call["digest"], call["draw"]) if isinstance(call, Mapping) else tuple(call)
