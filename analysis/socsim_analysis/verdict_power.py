"""How much a verdict could have shown with the worlds there are: its power at their number and observed spread.

For a margin: P(match | run and people are of the same population) and P(differ | the true difference is two margins); for a
direction: the effect that would be found with probability .8. All by drawing normal worlds under the printed rule
(`socsim_analysis.statistics.planning`, `socsim_analysis.statistics.deciding`), good to about .01 (.02 of the SD). The spread is
that of the run itself, so with few worlds it is uncertain, and power says nothing beyond the interval about what *is* the case:
it tells what to plan for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from socsim_analysis.statistics.deciding import HumanEstimate, bounds_of, summaries
from socsim_analysis.statistics.intervals import LEAST_UNITS, units_differ
from socsim_analysis.statistics.planning import outcome_shares
from socsim_analysis.statistics.wording import number

__all__ = ["VerdictPower", "power_of_direction", "power_of_verdict"]

_POWER = 0.8
_DRAWS, _NUMBERS = 10_000, 2_000_000
"""Runs drawn for a direction: so many, or as make so many numbers."""


@dataclass(frozen=True)
class VerdictPower:
    """``match`` and ``differ`` as in the module's text, or, for directions, ``effect``; what does not apply is NaN."""

    worlds: int
    sd: float
    match: float = math.nan
    differ: float = math.nan
    effect: float = math.nan

    @property
    def sentence(self) -> str:
        """The power in one line."""
        base = f"Power with {self.worlds} worlds and their SD of {number(self.sd)}:"
        if not math.isnan(self.effect):
            return f"{base} an effect of ±{number(self.effect)} would be found with probability .80."
        return (
            f"{base} P(match | same population) = {self.match:.2f}, "
            f"P(differ | true difference of two margins) = {self.differ:.2f}."
        )


def power_of_verdict(values: pd.Series, human: HumanEstimate, margin: float) -> VerdictPower | None:
    """Power of a verdict about a margin; None where worlds are too few for one, or do not differ."""
    x = _known(values)
    if x is None:
        return None
    sd = float(x.std(ddof=1))
    same = outcome_shares(x.size, sd, margin, human_error=human.error)
    apart = outcome_shares(x.size, sd, margin, difference=2.0 * margin, human_error=human.error)
    return VerdictPower(x.size, sd, same.match, apart.differ)


def power_of_direction(values: pd.Series) -> VerdictPower | None:
    """The effect that would be found with probability .8; None where worlds are too few for a verdict, or do not differ."""
    x = _known(values)
    if x is None:
        return None
    sd = float(x.std(ddof=1))
    drawn = np.random.default_rng(x.size).normal(0.0, sd, (max(500, min(_DRAWS, _NUMBERS // x.size)), x.size))
    low95 = bounds_of(summaries(drawn), 0.0, 0.0, math.inf).low95  # an effect shifts it and changes nothing else
    return VerdictPower(x.size, sd, effect=-float(np.quantile(low95, 1.0 - _POWER)))


def _known(values: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    x = values.dropna().to_numpy(dtype=float)
    return x if x.size >= LEAST_UNITS and units_differ(x) else None
