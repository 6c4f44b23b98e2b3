"""A run held against a finding about people: distances beside the noise floor that belongs to each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from socsim.measures import shares
from socsim.seeding import stream
from socsim_analysis.distances import DISTANCES, Distance, Floor, distance, sampling_floor
from socsim_analysis.findings import DistributionFinding
from socsim_analysis.frames import RunLike, arm_names, item_spec, replicates

__all__ = ["DistributionComparison", "compare_distribution"]

FLOOR_DRAWS = 100_000
"""Simulated samples behind a floor: the mean is good to .0002 for total variation and samples of a hundred."""


@dataclass(frozen=True)
class DistributionComparison:
    """Distances of one world from the human distribution.

    ``exact`` are the answers' mean probabilities, given an answer; they hold no sampling of ours, so ``exact_distances``
    stand against ``one_sample`` (what one human sample of this size is away from its own population). ``drawn`` are shares
    of the ``n_drawn`` drawn answers; ``drawn_distances`` stand against ``two_samples``. ``references`` are distances of
    simple distributions from the human one. ``missing`` answers had failed or were valid non-answers.
    """

    finding: DistributionFinding
    item: str
    arm: str
    replicate: int
    n_drawn: int
    missing: int
    exact: tuple[float, ...]
    drawn: tuple[float, ...]
    exact_distances: Mapping[Distance, float]
    drawn_distances: Mapping[Distance, float]
    one_sample: Mapping[Distance, Floor]
    two_samples: Mapping[Distance, Floor]
    references: Mapping[str, Mapping[Distance, float]]


def compare_distribution(
    run: RunLike,
    finding: DistributionFinding,
    kinds: Sequence[Distance] = tuple(DISTANCES),
    *,
    arm: str | None = None,
    replicate: int | None = None,
) -> DistributionComparison | None:
    """Compare the answers at the first step of one world with ``finding``.

    The item is the one whose options are those of the finding.

    Args:
        run: the run.
        finding: what is known about people.
        kinds: which distances.
        arm: name of the arm; the first where not given.
        replicate: number of the replicate; the first where not given.

    Returns:
        The comparison, or None where the world holds no answer to compare.

    Raises:
        ValueError: no item, or more than one, has the finding's options.
    """
    item = _item(run, finding)
    arm = arm if arm is not None else next(iter(arm_names(run)), "")
    replicate = replicate if replicate is not None else next(iter(replicates(run)), 0)
    rows = run.responses
    rows = rows[(rows["item"] == item) & (rows["arm"] == arm) & (rows["replicate"] == replicate)]
    rows = rows[rows["step"] == rows["step"].min()]
    answered = rows[rows["status"] == "answered"]
    size = len(finding.options)
    if answered.empty:
        return None
    exact = _exact([row for row in rows["probabilities"] if row is not None and len(row) >= size], size)
    drawn = shares([int(choice) for choice in answered["choice"]], size)
    n = len(answered)
    human, values = finding.probabilities, finding.values
    return DistributionComparison(
        finding=finding,
        item=item,
        arm=arm,
        replicate=replicate,
        n_drawn=n,
        missing=len(rows) - n,
        exact=tuple(exact.tolist()),
        drawn=tuple(drawn.tolist()),
        exact_distances={k: distance(k, exact, human, values) for k in kinds} if exact.size else {},
        drawn_distances={k: distance(k, drawn, human, values) for k in kinds},
        one_sample={k: _floor(human, values, finding.n, k) for k in kinds},
        two_samples={k: _floor(human, values, (finding.n, n), k) for k in kinds},
        references={
            name: {k: distance(k, row, human, values) for k in kinds} for name, row in finding.reference_distributions().items()
        },
    )


@lru_cache(maxsize=256)
def _floor(human: tuple[float, ...], values: tuple[float, ...], n: int | tuple[int, int], kind: Distance) -> Floor:
    """A floor, the same in every run; kept, since all worlds of a run share it."""
    return sampling_floor(human, n, FLOOR_DRAWS, stream(0, "sampling floor", kind), kind, values)


def _item(run: RunLike, finding: DistributionFinding) -> str:
    items = run.scenario.items if isinstance(run.scenario.items, dict) else {}
    fitting = [name for name in items if (spec := item_spec(run, name)) is not None and spec.options == finding.options]
    if len(fitting) != 1:
        found = ", ".join(fitting) or "none"
        raise ValueError(f"finding {finding.finding} needs exactly one item with its options; found: {found}")
    return fitting[0]


def _exact(probabilities: Sequence[Sequence[float]], size: int) -> NDArray[np.float64]:
    """Mean over people of the probabilities of the options, each given an answer; empty where there are none."""
    if not probabilities:
        return np.empty(0)
    rows = np.asarray([list(row)[:size] for row in probabilities], dtype=float)
    totals = rows.sum(axis=1, keepdims=True)
    kept = totals[:, 0] > 0.0
    return np.asarray((rows[kept] / totals[kept]).mean(axis=0)) if kept.any() else np.empty(0)
