"""Tables of estimation studies: what people guessed, round by round, and what that makes for every group and task.

Sources: Becker, Brackbill & Centola (2017), PNAS 114(26), E5070-E5076; Lorenz, Rauhut, Schweitzer & Helbing (2011), PNAS
108(22), 9020-9025. Errors are in units of the standard deviation (divisor n - 1) of all first estimates of the same task, over
every world and arm of the table, as in Becker et al.: hand over all arms together, or the unit differs.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from socsim_analysis.designs.tables import Column, Table, TableError, constant_within, of_arm, one_of

__all__ = ["ESTIMATES", "TRIALS", "WEIGHTS", "peer_weights", "trials", "trials_in", "two_rounds"]

_WORLD = Column("world", "label", "the group of people who could see each other")
_ARM = Column("arm", "label", "the network or information condition", optional=True)
_TASK = Column("task", "label", "the question")
_PERSON = Column("person", "label", "who answers; the same name within a world is the same person")

ESTIMATES = Table(
    "estimates",
    "one estimate of a person",
    (
        _WORLD,
        _ARM,
        _TASK,
        _PERSON,
        Column("round", "whole", "1 is before anything is seen", low=1),
        Column("estimate", "number", "the person's number; missing where there is none", gaps=True),
        Column("truth", "number", "the true answer, the same in all rows of a task"),
        Column("shown", "number", "the number of others seen before this estimate", optional=True, gaps=True),
        Column("hub", "flag", "whether the person is the centre of a star", optional=True),
    ),
    key=("arm", "world", "task", "person", "round"),
)

_ERROR = "in pooled standard deviations of first estimates"

TRIALS = Table(
    "trials",
    "one group on one task",
    (
        _WORLD,
        _ARM,
        _TASK,
        Column("n", "whole", "people with an estimate before and after", low=0),
        Column("individual_error_first", "number", f"mean error of individuals before, {_ERROR}", low=0, gaps=True),
        Column("individual_error_last", "number", f"the same after, {_ERROR}", low=0, gaps=True),
        Column("mean_error_first", "number", f"error of the group's mean before, {_ERROR}", low=0, gaps=True),
        Column("mean_error_last", "number", f"the same after, {_ERROR}", low=0, gaps=True),
        Column("median_error_first", "number", f"error of the group's median before, {_ERROR}", low=0, gaps=True),
        Column("median_error_last", "number", f"the same after, {_ERROR}", low=0, gaps=True),
        Column("sd_first", "number", f"standard deviation of estimates before, {_ERROR}", low=0, gaps=True),
        Column("sd_last", "number", f"the same after, {_ERROR}", low=0, gaps=True),
        Column(
            "hub_toward", "flag", "whether the hub's first estimate is on the truth's side of the mean", optional=True, gaps=True
        ),
    ),
    key=("arm", "world", "task"),
)

WEIGHTS = Table(
    "weights",
    "one revision of an estimate",
    (_WORLD, _ARM, _TASK, _PERSON, Column("weight", "number", "share of the way to the number seen that the estimate went")),
)


def trials(frame: pd.DataFrame, first: int | None = None, last: int | None = None) -> pd.DataFrame:
    """Groups on tasks, a table like `TRIALS`, from a table like `ESTIMATES`.

    Only people with an estimate in both rounds count, so that before and after are the same people. ``hub_toward`` compares the
    sides of the group's first mean on which the hub's first estimate and the truth lie; it is missing without a hub, or where
    either equals the mean. A task on which all first estimates are equal has no unit: its errors are missing. Of one person
    there is no standard deviation.

    Args:
        frame: estimates of all arms.
        first: the round before; the table's first if not given.
        last: the round after; the table's last if not given.

    Raises:
        TableError: see `Table.check`; a task has several truths; the table does not have the rounds.
    """
    table = ESTIMATES.check(frame)
    if table.empty:
        return TRIALS.check(pd.DataFrame(columns=TRIALS.names))
    truth = constant_within(table, "truth", ["task"])
    before, after = two_rounds(table, first, last)
    start = table[table["round"] == before]
    sd = start.groupby("task")["estimate"].std()
    columns = ["arm", "world", "task", "person"]
    end = table.loc[table["round"] == after, [*columns, "estimate"]].rename(columns={"estimate": "after"})
    pairs = start.merge(end, on=columns).dropna(subset=["estimate", "after"])
    pairs["unit"] = pairs["task"].map(sd).where(lambda x: x > 0)
    pairs["truth"] = pairs["task"].map(truth)
    rows = [
        {"arm": arm, "world": world, "task": task, **_trial(group)}
        for (arm, world, task), group in pairs.groupby(["arm", "world", "task"], sort=True)
    ]
    return TRIALS.check(pd.DataFrame(rows, columns=TRIALS.names))


def _trial(group: pd.DataFrame) -> dict[str, float]:
    unit, truth = float(group["unit"].iloc[0]), float(group["truth"].iloc[0])
    found: dict[str, float] = {"n": len(group)}
    for when, values in (("first", group["estimate"]), ("last", group["after"])):
        found[f"individual_error_{when}"] = float((values - truth).abs().mean()) / unit
        found[f"mean_error_{when}"] = abs(float(values.mean()) - truth) / unit
        found[f"median_error_{when}"] = abs(float(values.median()) - truth) / unit
        found[f"sd_{when}"] = float(values.std()) / unit
    mean = float(group["estimate"].mean())
    hubs = group.loc[group["hub"], "estimate"]
    sides = np.sign([float(hubs.iloc[0]) - mean, truth - mean]) if len(hubs) == 1 else np.zeros(2)
    found["hub_toward"] = float(sides[0] == sides[1]) if sides.all() else float("nan")
    return found


def two_rounds(table: pd.DataFrame, first: int | None, last: int | None) -> tuple[int, int]:
    """The rounds before and after: those given, else the first and last of the table.

    Raises:
        TableError: the table has no such rounds, or the first is not before the last.
    """
    there = sorted(int(one) for one in pd.unique(table["round"]))
    before, after = there[0] if first is None else first, there[-1] if last is None else last
    if before not in there or after not in there or before >= after:
        raise TableError(
            f"column 'round' must hold two rounds, one before the other; asked for {before} and {after}, it has {there}"
        )
    return before, after


def trials_in(frame: pd.DataFrame, arm: object = None) -> pd.DataFrame:
    """Trials of one arm, from a table like `TRIALS` or `ESTIMATES` (of which all arms give the unit of errors)."""
    table, checked = one_of(frame, (TRIALS, ESTIMATES))
    return of_arm(checked if table is TRIALS else trials(frame), checked, arm)


def peer_weights(frame: pd.DataFrame, first: int | None = None, second: int | None = None, least: float = 0.02) -> pd.DataFrame:
    """How far each estimate moved to the number seen, a table like `WEIGHTS`, from a table like `ESTIMATES` with ``shown``.

    w = (x2 - x1) / (s - x1), with the number s that was shown before the second estimate. 0 is an estimate that was kept, 1 one
    that was given up for s; below 0 are moves away from s, above 1 moves beyond it. Revisions where s and x1 are apart by no more
    than ``least`` of the truth are left out, as w is a ratio of two small numbers there.

    Args:
        frame: estimates with the number shown.
        first: round of x1; the table's first if not given.
        second: round of x2; the one after the first if not given.
        least: least distance of s from x1, as a share of the truth; .02 as in the human figure.

    Example:
        One who guessed 100, saw 200 and then said 150 has w = .5.

    Raises:
        TableError: see `Table.check`; the column ``shown`` is missing; the table does not have the rounds.
    """
    table = ESTIMATES.check(frame)
    if "shown" not in frame.columns:
        raise TableError("column 'shown' is missing: weights on others need the number that was seen before each estimate")
    if table.empty:
        return WEIGHTS.check(pd.DataFrame(columns=WEIGHTS.names))
    there = sorted(int(one) for one in pd.unique(table["round"]))
    before = there[0] if first is None else first
    after = next((one for one in there if one > before), before) if second is None else second
    before, after = two_rounds(table, before, after)
    columns = ["arm", "world", "task", "person"]
    start = table.loc[table["round"] == before, [*columns, "estimate"]].rename(columns={"estimate": "before"})
    pairs = table[table["round"] == after].merge(start, on=columns).dropna(subset=["before", "estimate", "shown"])
    pairs = pairs.assign(distance=pairs["shown"] - pairs["before"])
    pairs = pairs[(pairs["distance"].abs() > least * pairs["truth"].abs()) & (pairs["distance"] != 0)]
    return WEIGHTS.check(pairs.assign(weight=(pairs["estimate"] - pairs["before"]) / pairs["distance"]))
