"""How many worlds a verdict needs: the probability of *match* where run and people are of the same population, by simulation.

Worlds are taken for normal with a given standard deviation (of a pilot), and the human estimate for normal around the truth
with its standard error. The rule is the one of `socsim_analysis.statistics.equivalence`, so the numbers are those of the rule
that is used, good to about .01. The standard deviation of a pilot of few worlds is itself uncertain; see
`socsim_analysis.replicates` for how much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.stats
from numpy.typing import NDArray

from socsim_analysis.markup import plural
from socsim_analysis.statistics.deciding import VerdictMethod, WorldSummary, bounds_of, outcomes_of, summaries
from socsim_analysis.statistics.intervals import LEAST_UNITS
from socsim_analysis.statistics.wording import number

__all__ = ["OutcomeShares", "Reachable", "outcome_shares", "power_of_match", "reachable", "worlds_needed"]

DRAWS = 10_000
"""Simulated runs."""

MOST = 100_000
"""Most worlds that `worlds_needed` tries."""

SIMULATED_WORLDS = 100
"""Up to this many worlds every world is drawn; with more, mean, SD and skewness are drawn, which are independent of each
other."""

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class OutcomeShares:
    """Probabilities of the outcomes; all 0 below five worlds, where there is no verdict."""

    match: float
    differ: float
    inconclusive: float


def outcome_shares(
    worlds: int,
    sd: float,
    margin: float,
    *,
    difference: float = 0.0,
    human_error: float = 0.0,
    method: VerdictMethod = "wider of both",
) -> OutcomeShares:
    """Probability of each outcome for a true difference of run and people.

    Args:
        worlds: number of worlds.
        sd: standard deviation over worlds, above 0.
        margin: largest difference that does not matter, above 0.
        difference: the true difference; 0 where both are of the same population.
        human_error: standard error of the human estimate; 0 where it is taken for exact.
        method: of the intervals.

    Raises:
        ValueError: a standard deviation or margin is not above 0, or an error is below 0.
    """
    if not (sd > 0.0 and margin > 0.0 and human_error >= 0.0) or not all(map(math.isfinite, (sd, margin, human_error))):
        raise ValueError("the standard deviation and the margin are above 0, the error of the human estimate is not below 0")
    if worlds < LEAST_UNITS:
        return OutcomeShares(0.0, 0.0, 0.0)
    rng = np.random.default_rng(worlds)
    people = rng.normal(0.0, human_error, DRAWS) if human_error else np.zeros(DRAWS)
    run = _runs(worlds, sd, difference, rng)
    found = outcomes_of(run, bounds_of(run, people, human_error, math.inf, method), margin)
    return OutcomeShares(*(float(np.mean(found == outcome)) for outcome in (2, 3, 1)))


def _runs(worlds: int, sd: float, difference: float, rng: np.random.Generator) -> WorldSummary:
    if worlds <= SIMULATED_WORLDS:
        return summaries(rng.normal(difference, sd, (DRAWS, worlds)))
    n = worlds
    errors = sd * np.sqrt(rng.chisquare(n - 1, DRAWS) / (n - 1) / n)
    skews = rng.normal(0.0, math.sqrt(6.0 * n * (n - 1) / ((n - 2) * (n + 1) * (n + 3))), DRAWS)
    return WorldSummary(rng.normal(difference, sd / math.sqrt(n), DRAWS), errors, skews, n)


def power_of_match(
    worlds: int, sd: float, margin: float, *, human_error: float = 0.0, method: VerdictMethod = "wider of both"
) -> float:
    """P(match | same population), 0 to 1: how often a run that is as people are is shown to be so.

    0 below five worlds, and where the margin is too small for what is known.

    Example:
        >>> abs(power_of_match(20, 1.0, 0.8) - 0.93) < 0.03
        True
    """
    return outcome_shares(worlds, sd, margin, human_error=human_error, method=method).match


def worlds_needed(
    sd: float, margin: float, power: float = 0.8, *, human_error: float = 0.0, method: VerdictMethod = "wider of both"
) -> int | None:
    """The smallest number of worlds with P(match | same population) of ``power`` or more; at least five.

    None where `MOST` worlds are not enough; mostly because the human estimate is too uncertain for the margin, whatever is
    simulated.

    Raises:
        ValueError: the power is not between 0 and 1, or see `outcome_shares`.

    Example:
        >>> worlds_needed(1.0, 0.5, human_error=0.4) is None
        True
    """
    if not 0.0 < power < 1.0:
        raise ValueError(f"a power lies between 0 and 1, not at {power}")

    def enough(worlds: int) -> bool:
        return power_of_match(worlds, sd, margin, human_error=human_error, method=method) >= power

    low, high = LEAST_UNITS - 1, LEAST_UNITS
    while not enough(high):
        if high >= MOST:
            return None
        low, high = high, min(2 * high, MOST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


@dataclass(frozen=True)
class Reachable:
    """Which verdicts a number of worlds can reach, with worlds that differ as much as stated and are not skewed.

    ``half90`` and ``half95`` are the half widths of the intervals that are to be expected. *Match* can be reached where
    ``half90`` is below the margin. ``differ_from`` is the smallest difference seen that is called *differ*. NaN below five
    worlds.
    """

    outcomes: tuple[str, ...]
    worlds: int
    sd: float
    margin: float
    half90: float
    half95: float
    differ_from: float
    match_power: float

    @property
    def sentence(self) -> str:
        """What the worlds allow, in words."""
        if not self.outcomes:
            return f"{plural(self.worlds, 'world')}: no verdict can be reached below {LEAST_UNITS}."
        words = (
            f"With {self.worlds} worlds (SD {number(self.sd)}) and margin ±{number(self.margin)}, a difference of "
            f"{number(self.differ_from)} or more is called differ"
        )
        if "match" not in self.outcomes:
            return f"{words}; match is out of reach, as the 90 % interval (±{number(self.half90)}) is wider than the margin."
        return f"{words}; a run that is as people are is called match with probability {self.match_power:.2f}."


def reachable(worlds: int, sd: float, margin: float, *, human_error: float = 0.0) -> Reachable:
    """Which verdicts can be reached at all, and how easily.

    Args:
        worlds: number of worlds.
        sd: standard deviation over worlds, above 0.
        margin: largest difference that does not matter, above 0.
        human_error: standard error of the human estimate; 0 where it is taken for exact.

    Raises:
        ValueError: see `outcome_shares`.

    Example:
        >>> reachable(5, 1.0, 0.5).outcomes, reachable(20, 1.0, 0.5).outcomes
        (('inconclusive', 'differ'), ('inconclusive', 'match', 'differ'))
    """
    power = power_of_match(worlds, sd, margin, human_error=human_error)
    if worlds < LEAST_UNITS:
        return Reachable((), worlds, sd, margin, math.nan, math.nan, math.nan, 0.0)
    own, theirs = sd**2 / worlds, human_error**2
    degrees = (own + theirs) ** 2 / (own**2 / (worlds - 1))
    half90, half95 = (float(scipy.stats.t.ppf(share, degrees)) * math.sqrt(own + theirs) for share in (0.95, 0.975))
    outcomes = ("inconclusive", "match", "differ") if half90 < margin else ("inconclusive", "differ")
    return Reachable(outcomes, worlds, sd, margin, half90, half95, max(half95, margin - half95), power)
