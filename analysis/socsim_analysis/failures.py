"""Failures counted by kind and by group: what was asked for, what came, and whom it concerns."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from socsim_analysis.frames import RunLike

__all__ = ["call_failures", "failures_by_group", "failures_by_kind"]

_MOST_CATEGORIES = 12
_TABLES = ("responses", "messages")


def _kind(failure: object) -> str:
    text = "" if failure is None or failure != failure else str(failure)
    return text.split(":", 1)[0].strip() or "no reason recorded"


def _asked(run: RunLike) -> Mapping[str, pd.DataFrame]:
    """Answers and messages asked for, with ``failed`` telling the ones that are none; an empty message is a failure."""
    frames = {}
    for name in _TABLES:
        frame: pd.DataFrame = getattr(run, name)
        if len(frame):
            frames[name] = frame.assign(failed=frame["status"].isin(["failed", "empty"]))
    return frames


def failures_by_kind(run: RunLike) -> pd.DataFrame:
    """Failed answers and messages: columns ``table, kind, count, asked, share``; empty where nothing failed."""
    rows = []
    for name, frame in _asked(run).items():
        failed = frame[frame["failed"]]
        kinds = failed["failure"].map(_kind).where(failed["status"] == "failed", "empty")
        rows += [(name, str(kind), int(count), len(frame), count / len(frame)) for kind, count in kinds.value_counts().items()]
    return pd.DataFrame(rows, columns=["table", "kind", "count", "asked", "share"])


def failures_by_group(run: RunLike) -> pd.DataFrame:
    """Columns ``table, group, value, count, asked, share``: by arm, phase, item (answers) and each fact of the person.

    Numeric facts with more than twelve values are cut into four groups of about equal size; texts with more are left out.
    """
    rows = []
    facts = _fact_groups(run.agents)
    for name, frame in _asked(run).items():
        merged = frame.merge(facts, on=["arm", "replicate", "agent"], how="left")
        groups = ["arm", "phase", *(["item"] if "item" in frame else []), *_fact_columns(facts)]
        for group in groups:
            parts = merged.groupby(merged[group].astype(object).where(merged[group].notna(), "missing").astype(str))
            for value, part in sorted(parts, key=lambda pair: _rank(pair[0])):
                count = int(part["failed"].sum())
                rows.append((name, group.removeprefix("fact_"), str(value), count, len(part), count / len(part)))
    return pd.DataFrame(rows, columns=["table", "group", "value", "count", "asked", "share"])


def call_failures(run: RunLike) -> pd.DataFrame:
    """Model calls without an answer after all attempts: columns ``kind, failure, count, calls``."""
    calls = run.calls
    if calls.empty:
        return pd.DataFrame(columns=["kind", "failure", "count", "calls"])
    failed = calls[calls["failure"].fillna("") != ""]
    counts = Counter(zip(failed["kind"], failed["failure"].map(_kind), strict=True))
    rows = [(kind, failure, count, int((calls["kind"] == kind).sum())) for (kind, failure), count in sorted(counts.items())]
    return pd.DataFrame(rows, columns=["kind", "failure", "count", "calls"])


def _fact_groups(agents: pd.DataFrame) -> pd.DataFrame:
    groups = agents[["arm", "replicate", "agent"]].copy()
    for column in _fact_columns(agents):
        values = agents[column]
        if values.nunique() <= _MOST_CATEGORIES:
            groups[column] = values.map(_label, na_action="ignore")
        elif pd.api.types.is_numeric_dtype(values):
            groups[column] = _quarters(values)
    return groups


def _rank(value: str) -> tuple[float, str]:
    """Numbers and groups of numbers in their order, then words."""
    if value.startswith("up to "):
        return -math.inf, value
    try:
        return float(value.removeprefix("over ").split(" ")[0]), value
    except ValueError:
        return math.inf, value


def _fact_columns(frame: pd.DataFrame) -> list[str]:
    return [str(column) for column in frame.columns if str(column).startswith("fact_")]


def _label(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float | np.number) else str(value)


def _quarters(values: pd.Series[float]) -> pd.Series[str]:
    cuts = sorted(set(np.nanquantile(values.to_numpy(dtype=float), [0.25, 0.5, 0.75]).tolist()))
    edges = [-np.inf, *cuts, np.inf]
    names = [f"up to {cuts[0]:g}", *(f"over {a:g} to {b:g}" for a, b in pairwise(cuts)), f"over {cuts[-1]:g}"]
    return pd.cut(values.astype(float), edges, labels=names).astype(object)
