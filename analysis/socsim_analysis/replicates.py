"""How many worlds an effect of a stated size needs, from how much it varied over the worlds of a pilot.

A difference d between two variants of a world, which share their random numbers, has in world r the value d_r; its standard
deviation over worlds is s. A paired t test at level α with n worlds finds a true difference δ with the power of the noncentral t
distribution with n - 1 degrees of freedom and noncentrality δ √n / s (Cohen 1988, Statistical Power Analysis, chapter 2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import scipy.stats

from socsim_analysis.contrasts import contrast_table
from socsim_analysis.frames import RunLike, opinion_items, treatment_arm
from socsim_analysis.sweeps import factor_in_words, factors_of, sweep_table

__all__ = ["Advice", "Difference", "differences_of", "power_of", "replicates_for"]

MOST = 1_000_000


@dataclass(frozen=True)
class Advice:
    """Worlds for an effect, with the range that comes of not knowing the standard deviation exactly.

    ``low`` and ``high`` are the numbers at the ends of the 90 % interval of the standard deviation; ``high`` is infinite where
    the pilot says next to nothing of it.
    """

    replicates: int
    low: int
    high: float


def power_of(replicates: int, sd: float, effect: float, alpha: float = 0.05) -> float:
    """Power of a two-sided paired t test, 0 to 1.

    Args:
        replicates: worlds, at least 2.
        sd: standard deviation of the difference over worlds, above 0.
        effect: the true difference, other than 0.
        alpha: level of the test.
    """
    freedom, shift = replicates - 1, abs(effect) / sd * math.sqrt(replicates)
    critical = float(scipy.stats.t.ppf(1.0 - alpha / 2.0, freedom))
    tails = scipy.stats.nct.sf(critical, freedom, shift) + scipy.stats.nct.cdf(-critical, freedom, shift)
    return float(tails) if math.isfinite(tails) else 1.0


def replicates_for(sd: float, effect: float, *, pilot: int, power: float = 0.8, alpha: float = 0.05) -> Advice:
    """The smallest number of worlds with the power asked for.

    Example:
        >>> replicates_for(1.0, 0.5, pilot=20).replicates
        34

    Args:
        sd: standard deviation of the difference over the worlds of the pilot, above 0.
        effect: the smallest difference that should be found.
        pilot: worlds of the pilot, at least 2.
        power: probability of finding it, between ``alpha`` and 1.
        alpha: level of the test.

    Raises:
        ValueError: the effect is 0, or the pilot has one world, or worlds that do not differ: that a difference was the same in
            a few worlds is no sign that it always is.
    """
    if effect == 0.0 or not math.isfinite(effect):
        raise ValueError("every number of worlds finds an effect of 0 as seldom as any other; give its size")
    if pilot < 2:
        raise ValueError("one world shows nothing of how much worlds differ; the pilot needs two or more")
    if not sd > 0.0:
        raise ValueError("the difference was the same in all worlds of the pilot, which shows nothing of how much it varies")
    freedom = pilot - 1
    low, high = (sd * math.sqrt(freedom / float(scipy.stats.chi2.ppf(share, freedom))) for share in (0.95, 0.05))
    return Advice(_smallest(sd, effect, power, alpha), _smallest(low, effect, power, alpha), _bounded(high, effect, power, alpha))


def _bounded(sd: float, effect: float, power: float, alpha: float) -> float:
    found = _smallest(sd, effect, power, alpha)
    return math.inf if found >= MOST else found


def _smallest(sd: float, effect: float, power: float, alpha: float) -> int:
    """By bisection, as power grows with the number of worlds."""
    low, high = 2, 2
    while power_of(high, sd, effect, alpha) < power:
        low, high = high, high * 2
        if high >= MOST:
            return MOST
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if power_of(middle, sd, effect, alpha) >= power else (middle + 1, high)
    return high


@dataclass(frozen=True)
class Difference:
    """A difference of means, and how much it varied over replicates."""

    item: str
    name: str
    sd: float
    replicates: int


def differences_of(run: RunLike) -> list[Difference]:
    """Every difference of means at the last step that was seen in two replicates or more: of a sweep's factors, or of arms."""
    found = []
    for item in opinion_items(run):
        if factors_of(run):
            table = sweep_table(run, item)
            for row in table[(table["quantity"] == "mean") & (table["replicates"] > 1)].to_dict("records"):
                name = f"{factor_in_words(str(row['factor']))}: {row['level']} against {row['reference']}"
                found.append(Difference(item, name, float(row["sd"]), int(row["replicates"])))
            continue
        table = contrast_table(run, item)
        for control, group in table[table["quantity"] == "mean"].groupby("control", sort=False):
            last = group.loc[group["step"] == group["step"].max(), "difference"].dropna()
            if len(last) > 1:
                name = f"{treatment_arm(run)} against {control}, change since the first step"
                found.append(Difference(item, name, float(last.std(ddof=1)), len(last)))
    return found
