"""Who read whom, and how opinions went from one step to the next: the transitions that baselines are fitted to.

An agent's peers at a step are the authors whose messages or answers were in its prompt. In an arm in which nobody is shown
anybody of that world (``alone``, ``yoked``) they are the authors the same agent read at the same step in the treatment arm, if
ties are the same: a fit there says what the method finds where there was no influence. Where nothing was seen in any arm, they
are all authors it is tied to.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from socsim.measures import neighbour_means
from socsim_analysis.baselines import Transitions
from socsim_analysis.frames import Channel, Opinions, RunLike, control_of, opinions, treatment_arm, world_opinions

__all__ = ["world_transitions"]

_OWN = "authors actually read"
_WOULD_BE = "authors read by the same agent in the treatment arm (here their texts were not shown)"
_TIES = "all authors tied to"


def _of_world(frame: pd.DataFrame, arm: str, replicate: int) -> pd.DataFrame:
    return frame[(frame["arm"] == arm) & (frame["replicate"] == replicate)] if len(frame) else frame


def _pairs(ties: pd.DataFrame) -> set[tuple[int, int]]:
    return set(zip(ties["author"].tolist(), ties["reader"].tolist(), strict=True))


def _reading_list(run: RunLike, arm: str, replicate: int) -> tuple[pd.DataFrame | None, str]:
    """Rows ``step, agent, author, author_step`` and what they are; None where only ties can say."""
    own = _of_world(run.seen, arm, replicate)
    shown_elsewhere = control_of(run, arm) == "yoked"
    if len(own) and not shown_elsewhere:
        return own, _OWN
    treatment = treatment_arm(run)
    would_be = _of_world(run.seen, treatment, replicate)
    same = _pairs(_of_world(run.ties, arm, replicate)) == _pairs(_of_world(run.ties, treatment, replicate))
    if len(would_be) and same and arm != treatment:
        return would_be, _WOULD_BE
    return None, _TIES


def _seen_means(world: Opinions, seen: pd.DataFrame, step: int) -> NDArray[np.float64]:
    rows = seen[seen["step"] == step]
    size = world.x.shape[0]
    authors, steps = rows["author"].to_numpy(dtype=int), rows["author_step"].to_numpy(dtype=int)
    valid = (authors >= 0) & (authors < size)
    values = np.full(len(rows), np.nan)
    for author_step in np.unique(steps):
        chosen = valid & (steps == author_step)
        values[chosen] = world.at(int(author_step))[authors[chosen]]
    means = pd.Series(values).groupby(rows["agent"].to_numpy(dtype=int)).mean()
    result = np.full(size, np.nan)
    result[means.index.to_numpy(dtype=int)] = means.to_numpy(dtype=float)
    return result


def world_transitions(run: RunLike, item: str, channel: Channel, arm: str, replicate: int) -> Transitions:
    """All transitions of one world between consecutive steps at which the item was asked.

    A transition needs an answer at both steps; peers without an answer are left out of the mean of peers.

    Args:
        run: the run.
        item: name of the item.
        channel: expected values or drawn answers.
        arm: name of the arm.
        replicate: number of the replicate.
    """
    world = world_opinions(run, opinions(run, item, channel), arm, replicate)
    seen, source = _reading_list(run, arm, replicate)
    ties = _of_world(run.ties, arm, replicate)
    first = world.x[:, 0] if world.steps else np.empty(0)
    parts: list[NDArray[np.float64]] = []
    for before, step in zip(world.steps, world.steps[1:], strict=False):
        now, after = world.at(before), world.at(step)
        if seen is not None:
            peers = _seen_means(world, seen, step)
        else:
            peers = neighbour_means(now, ties["author"].to_numpy(dtype=int), ties["reader"].to_numpy(dtype=int))
        both = ~(np.isnan(now) | np.isnan(after))
        parts.append(np.stack([now, after, first, peers])[:, both])
    whole = np.concatenate(parts, axis=1) if parts else np.empty((4, 0))
    return Transitions(whole[0], whole[1], whole[2], whole[3], source)
