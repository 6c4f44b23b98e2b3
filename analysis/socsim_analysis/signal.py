"""Does the model react? How far answers move with persona and messages, against how far they move with order and labels.

All movements are mean absolute differences of expected values, in units of the scale, so they can be compared: between two
people (Gini's mean difference), between the same person with and without neighbours' messages, and between two readings of the
same answer that differ only in the order of the options, or only in the labels or the sentence frame. A movement that is not
larger than the larger one of the last two is not told apart from how the question was put.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from socsim.measures import mean, mean_absolute_difference, mean_pairwise_difference, spread
from socsim_analysis.frames import RunLike, arm_names, control_of, item_values, opinions, replicates, treatment_arm

__all__ = ["Movement", "Signal", "reading_values", "signal_check", "verdict"]

_ANSWER = ["arm", "replicate", "step", "phase", "agent"]


@dataclass(frozen=True)
class Movement:
    """A mean absolute difference, the standard deviation that goes with it, and the number of what was compared."""

    size: float
    sd: float
    n: int

    @property
    def known(self) -> bool:
        """Whether there was anything to compare."""
        return not math.isnan(self.size)


@dataclass(frozen=True)
class Signal:
    """Movements of the answers to one item, in units of its scale.

    ``persona``: between people at the first step (n people; sd is the between-person SD), unknown where all have one persona.
    ``messages``: same person and step, treatment against alone (n pairs; sd of the signed differences). ``order`` and
    ``labels``: between two readings of one answer (n pairs of readings; sd of the absolute differences). ``mass``: mean
    probability on the options together.
    """

    item: str
    persona: Movement
    messages: Movement
    order: Movement
    labels: Movement
    mass: float

    @property
    def wording(self) -> float:
        """The larger of the movements with order and with labels; NaN where there was only one reading."""
        sizes = [part.size for part in (self.order, self.labels) if part.known]
        return max(sizes) if sizes else math.nan


def reading_values(run: RunLike, item: str) -> pd.DataFrame:
    """Expected value of each reading given an answer: columns of ``run.readings`` and ``x``; empty for items without a scale."""
    values = item_values(run, item)
    frame = run.readings
    frame = frame[frame["item"] == item].copy() if len(frame) else frame.copy()
    if values is None or frame.empty:
        return frame.iloc[0:0].assign(x=pd.Series(dtype=float))
    weights = np.asarray([list(row)[: len(values)] for row in frame["probabilities"]], dtype=float)
    totals = weights.sum(axis=1)
    frame["x"] = np.divide(weights @ np.asarray(values), totals, out=np.full(len(frame), np.nan), where=totals > 0)
    return frame


def _between_readings(frame: pd.DataFrame, varies: str, same: str) -> Movement:
    """Differences between readings of one answer that differ in ``varies`` and agree in ``same``."""
    columns = [*_ANSWER, *(name for name in ("turn",) if name in frame), same]
    left = frame[[*columns, "reading", varies, "x"]]
    pairs = left.merge(left, on=columns, suffixes=("", "_other"))
    pairs = pairs[(pairs["reading"] < pairs["reading_other"]) & (pairs[varies] != pairs[f"{varies}_other"])]
    differences = (pairs["x"] - pairs["x_other"]).abs().dropna()
    return Movement(mean(differences), spread(differences), len(differences))


def _with_persona(run: RunLike, frame: pd.DataFrame) -> Movement:
    first = frame["step"].min() if len(frame) else 0
    arm = treatment_arm(run)
    rows = frame[(frame["arm"] == arm) & (frame["step"] == first)]
    if run.agents.loc[run.agents["arm"] == arm, "persona"].nunique() < 2:
        return Movement(math.nan, math.nan, 0)
    worlds = [rows.loc[rows["replicate"] == number, "x"] for number in replicates(run)]
    sizes, sds = [mean_pairwise_difference(world) for world in worlds], [spread(world) for world in worlds]
    return Movement(mean(sizes), mean(sds), len(rows))


def _with_messages(run: RunLike, frame: pd.DataFrame) -> Movement:
    treatment = treatment_arm(run)
    alone = next((arm for arm in arm_names(run) if control_of(run, arm) == "alone"), None)
    keys = ["replicate", "step", "agent"]
    if alone is None or run.seen.empty:
        return Movement(math.nan, math.nan, 0)
    seen = run.seen[run.seen["arm"] == treatment][keys].drop_duplicates()
    ours = frame[frame["arm"] == treatment].merge(seen, on=keys)
    pairs = ours.merge(frame[frame["arm"] == alone], on=keys, suffixes=("", "_alone"))
    return Movement(mean_absolute_difference(pairs["x"], pairs["x_alone"]), spread(pairs["x"] - pairs["x_alone"]), len(pairs))


def signal_check(run: RunLike, item: str) -> Signal:
    """All movements of one item. Messages are compared where the agent of the treatment arm had something to read."""
    frame = opinions(run, item, "expected")
    readings = reading_values(run, item)
    masses = run.responses.loc[run.responses["item"] == item, "mass"].dropna()
    return Signal(
        item,
        _with_persona(run, frame),
        _with_messages(run, frame),
        _between_readings(readings, "order", "labels"),
        _between_readings(readings, "labels", "order"),
        mean(masses.astype(float)),
    )


def verdict(signal: Signal) -> tuple[str, ...]:
    """Sentences that say to what the model reacts, and to what it does not."""
    if math.isnan(signal.wording):
        return ("Not assessed: each answer was read in one way only, so there is nothing to hold movements against.",)
    if not (signal.persona.known or signal.messages.known):
        return (
            "Not assessed: no two people had different personas, and no arm can be held against one in which nobody read "
            f"messages. With the way the question is put, answers moved by {signal.wording:.2f} scale points.",
        )
    sentences = []
    dead = []
    for name, part in (("persona", signal.persona), ("messages", signal.messages)):
        if not part.known:
            sentences.append(f"Reaction to {name}: not assessed; the run holds nothing to compare.")
            continue
        moves = part.size > signal.wording
        dead += [] if moves else [name]
        against = f"({part.size:.2f}) than with the way the question is put ({signal.wording:.2f})"
        sentences.append(f"Answers move {'more' if moves else 'no more'} with {name} {against}.")
    if dead:
        sentences.insert(0, f"On this item the model does not react to {' or to '.join(dead)}.")
    return tuple(sentences)
