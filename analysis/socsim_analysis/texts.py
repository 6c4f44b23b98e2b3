"""What was written: shares of repeated, empty and cut-off messages, and a sample to read."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from socsim_analysis.frames import RunLike, arm_names, opinion_items, opinions

__all__ = ["MessageShares", "SampledMessage", "message_shares", "normalised_text", "sample_messages"]

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class MessageShares:
    """Messages of one arm. Shares are between 0 and 1; NaN where there is nothing to count.

    ``asked`` messages were asked for. Of these, ``empty``, ``failed`` and ``cut_off`` are shares. Of the ``written`` ones,
    ``duplicate`` is the share whose exact text had been written before in the same arm and replicate (1 - different texts /
    texts), ``duplicate_normalised`` the same without regard to case, punctuation and spaces, and ``own_repeat`` the
    share equal to the same agent's previous message, among those that have one.
    """

    arm: str
    asked: int
    written: int
    empty: float
    failed: float
    cut_off: float
    duplicate: float
    duplicate_normalised: float
    own_repeat: float


@dataclass(frozen=True)
class SampledMessage:
    """One message with its author, what the author had read, and its opinion at the step before and at this step."""

    arm: str
    replicate: int
    step: int
    agent: int
    persona: str
    read: tuple[str, ...]
    text: str
    cut_off: bool
    before: float
    after: float


def normalised_text(text: str) -> str:
    """``text`` without case, punctuation and repeated spaces, in Unicode form NFKC.

    Example:
        >>> normalised_text("  Yes,  I  AGREE! ")
        'yes i agree'
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(" " if unicodedata.category(letter)[0] in "PZ" else letter for letter in folded)
    return _SPACE.sub(" ", kept).strip()


def message_shares(run: RunLike) -> tuple[MessageShares, ...]:
    """Shares of every arm that was asked for messages."""
    messages = run.messages
    arms = [arm for arm in arm_names(run) if len(messages) and (messages["arm"] == arm).any()]
    return tuple(_shares(arm, messages[messages["arm"] == arm]) for arm in arms)


def _shares(arm: str, rows: pd.DataFrame) -> MessageShares:
    written = rows[rows["status"] == "ok"].sort_values(["replicate", "agent", "step"])
    plain = written.assign(plain=written["text"].map(normalised_text))
    previous = plain.groupby(["replicate", "agent"])["plain"].shift()
    return MessageShares(
        arm=arm,
        asked=len(rows),
        written=len(written),
        empty=_share(int((rows["status"] == "empty").sum()), len(rows)),
        failed=_share(int((rows["status"] == "failed").sum()), len(rows)),
        cut_off=_share(int(rows["cut_off"].astype(bool).sum()), len(rows)),
        duplicate=_share(int(plain.duplicated(["replicate", "text"]).sum()), len(plain)),
        duplicate_normalised=_share(int(plain.duplicated(["replicate", "plain"]).sum()), len(plain)),
        own_repeat=_share(int((plain["plain"] == previous).sum()), int(previous.notna().sum())),
    )


def _share(count: int, total: int) -> float:
    return count / total if total else math.nan


def sample_messages(run: RunLike, rng: np.random.Generator, per_arm: int = 4) -> tuple[SampledMessage, ...]:
    """Up to ``per_arm`` written messages of each arm, drawn without replacement, in order of arm, step and agent.

    Opinions are expected values on the first item with numeric answers; NaN where missing or not asked.
    """
    messages = run.messages
    written = messages[messages["status"] == "ok"] if len(messages) else messages
    items = opinion_items(run)
    frame = opinions(run, items[0]) if items else pd.DataFrame(columns=["arm", "replicate", "step", "agent", "x"])
    known = {
        (str(row["arm"]), int(row["replicate"]), int(row["agent"]), int(row["step"])): float(row["x"])
        for row in frame.to_dict("records")
    }
    sampled = []
    for arm in arm_names(run):
        rows = written[written["arm"] == arm] if len(written) else written
        size = min(per_arm, len(rows))
        chosen = sorted(rng.choice(len(rows), size=size, replace=False).tolist()) if size else []
        sampled += [_sampled(run, row, known) for row in rows.iloc[chosen].to_dict("records")]
    return tuple(sampled)


def _sampled(run: RunLike, row: Mapping[Any, Any], known: Mapping[tuple[str, int, int, int], float]) -> SampledMessage:
    arm, replicate, step, agent = str(row["arm"]), int(row["replicate"]), int(row["step"]), int(row["agent"])
    people, seen = run.agents, run.seen
    person = people[(people["arm"] == arm) & (people["replicate"] == replicate) & (people["agent"] == agent)]
    if len(seen):
        same = (seen["arm"] == arm) & (seen["replicate"] == replicate) & (seen["step"] == step) & (seen["agent"] == agent)
        seen = seen[same].sort_values("position")
    return SampledMessage(
        arm=arm,
        replicate=replicate,
        step=step,
        agent=agent,
        persona=str(person["persona"].iloc[0]) if len(person) else "",
        read=tuple(str(text) for text in seen["text"]) if len(seen) else (),
        text=str(row["text"]),
        cut_off=bool(row["cut_off"]),
        before=known.get((arm, replicate, agent, step - 1), math.nan),
        after=known.get((arm, replicate, agent, step), math.nan),
    )
