"""Verdicts: does a run agree with a finding about people, differ from it, or is neither shown?

The rule, for the difference run - human and a margin m declared with the finding:

- *differ*: the 95 % interval excludes zero and is not wholly inside (-m, m);
- *match*: the 90 % interval lies inside (-m, m), which is two one-sided tests at 5 % (Schuirmann 1987);
- else *inconclusive*. Where both hold, which a 95 % interval across the margin can bring about, it is *differ*.
- *no verdict* with fewer than five worlds, or where worlds do not differ; *not assessed* where a precondition failed.

The worlds are the unit and must be independent; the uncertainty of the human estimate enters
(`socsim_analysis.statistics.deciding` has the formulas). A quantity that cannot be negative because it is a distance lies above
zero also where run and people are alike: hold distances against their floor (`socsim_analysis.distances`), not against zero by
this rule.

How well the rule holds its rates was simulated, with the human value taken for exact: how often it says *differ* though run and
people are of the same population / how often it says *match* though the true difference is the margin, at the margin and on the
side at which this is most frequent. Both should be .05 or less.

========================  ===========   ===========   ===========   ===========
values of worlds          5 worlds      8             20            40
========================  ===========   ===========   ===========   ===========
normal                    .034 / .028   .037 / .034   .042 / .044   .047 / .048
share of 20 people, .5    .029 / .028   .038 / .035   .044 / .045   .045 / .046
share of 20 people, .1    .028 / .062   .047 / .040   .043 / .049   .044 / .051
skewed (gamma, skew 1)    .043 / .054   .043 / .061   .042 / .055   .042 / .053
exponential (skew 2)      .063 / .084   .052 / .074   .043 / .065   .039 / .057
lognormal (skew 6.2)      .099 / .101   .086 / .086   .066 / .084   .056 / .083
========================  ===========   ===========   ===========   ===========

So both rates hold where worlds are near normal, as averages over many people are, and the rule is careful with few worlds. Where
worlds are skewed, *match* is said up to .012 too often with a skewness of 1, and both are said too often with strong skewness
and few worlds. A human estimate that is itself uncertain takes rates of near normal worlds closer to .05; of skewed ones it
adds at most .016 with 5 worlds, when its standard error is about half of the run's, and less with more. Plain t intervals
(``method="t"``) miss more: with exponential worlds .118 / .147 at 5 worlds, .067 / .091 at 40. A studentised bootstrap misses
about as often as the rule does, but needs random numbers and has infinite ends with few worlds on a coarse scale.

Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power approach for assessing the equivalence
of average bioavailability. J. Pharmacokinet. Biopharm. 15, 657–680.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import scipy.stats
from numpy.typing import ArrayLike, NDArray

from socsim_analysis.markup import plural
from socsim_analysis.statistics.deciding import (
    OUTCOMES,
    HumanEstimate,
    VerdictMethod,
    bounds_of,
    outcomes_of,
    summaries,
)
from socsim_analysis.statistics.intervals import LEAST_UNITS, interval_over_units, present, units_differ
from socsim_analysis.statistics.wording import DIRECTION_RULE, RULE, interval_words, number, people_words

__all__ = ["DirectionVerdict", "HumanEstimate", "Tost", "Verdict", "direction_verdict", "tost", "verdict"]

NOT_ASSESSED = "not assessed"
NO_VERDICT = "no verdict"


@dataclass(frozen=True)
class Tost:
    """Two one-sided t tests; ``p`` is the larger of both: the difference is shown to be inside the margin where it is small.

    ``p_lower`` belongs to the null hypothesis that the difference is -margin or less, ``p_upper`` to margin or more.
    """

    difference: float
    error: float
    degrees: float
    p_lower: float
    p_upper: float
    p: float


def tost(values: ArrayLike, human: HumanEstimate, margin: float) -> Tost:
    """Two one-sided tests of mean(values) - human against ±margin, with the t distribution of Welch and Satterthwaite.

    p values are NaN with fewer than `LEAST_UNITS` worlds and where worlds do not differ; missing values (NaN) are left out.

    Args:
        values: one per world.
        human: what is known of people.
        margin: largest difference that does not matter, above 0.

    Example:
        >>> round(tost([0.9, 1.1, 1.0, 1.2, 0.8], HumanEstimate(1.0), 0.3).p, 4)
        0.0066
    """
    x = present(values)
    _checked(margin)
    if x.size < LEAST_UNITS or not units_differ(x):
        difference = float(x.mean()) - human.value if x.size else math.nan
        return Tost(difference, math.nan, math.nan, math.nan, math.nan, math.nan)
    run = summaries(x)
    bounds = bounds_of(run, human.value, human.error, human.degrees, "t")
    difference, error, degrees = float(run.means[0]) - human.value, float(bounds.errors[0]), float(bounds.degrees[0])
    lower = float(scipy.stats.t.sf((difference + margin) / error, degrees))
    upper = float(scipy.stats.t.cdf((difference - margin) / error, degrees))
    return Tost(difference, error, degrees, lower, upper, max(lower, upper))


@dataclass(frozen=True)
class Verdict:
    """The outcome of the rule with every number behind it; what there is none of is NaN.

    ``run`` is the mean over ``worlds``, ``missing`` worlds had no value, ``error`` and ``degrees`` are those of the difference,
    ``skew`` is G₁ of the worlds. ``reason`` says why there is no verdict or why it was not assessed.
    """

    outcome: str
    run: float
    human: HumanEstimate
    margin: float
    worlds: int
    missing: int
    difference: float = math.nan
    error: float = math.nan
    degrees: float = math.nan
    skew: float = math.nan
    low90: float = math.nan
    high90: float = math.nan
    low95: float = math.nan
    high95: float = math.nan
    method: VerdictMethod = "wider of both"
    reason: str = ""

    @property
    def sentence(self) -> str:
        """The outcome in words, with numbers, margin and rule."""
        if self.outcome in (NO_VERDICT, NOT_ASSESSED):
            return f"{self.outcome.capitalize()}: {self.reason}. Margin ±{number(self.margin)}. {RULE}"
        return (
            f"{self.outcome.capitalize()}: the run has {number(self.run)} over {self.worlds} worlds, people have "
            f"{people_words(self.human)}; the difference is {number(self.difference)}, 90 % interval "
            f"{interval_words(self.low90, self.high90)}, 95 % interval {interval_words(self.low95, self.high95)}, "
            f"margin ±{number(self.margin)}. {RULE}"
        )


def verdict(
    values: ArrayLike, human: HumanEstimate, margin: float, *, failed: str = "", method: VerdictMethod = "wider of both"
) -> Verdict:
    """Hold a run against a finding by the rule of this module.

    Args:
        values: the quantity in each world; missing ones (NaN) are left out and counted.
        human: what is known of people.
        margin: largest difference that does not matter, above 0, in the units of the values.
        failed: why a precondition failed (the model cannot do the task); then the verdict is *not assessed*.
        method: of the intervals; plain ``t`` only to compare with other software.

    Raises:
        ValueError: the margin is not above 0, or a value is infinite.

    Example:
        >>> verdict([0.52, 0.48, 0.5, 0.51, 0.49, 0.5], HumanEstimate(0.5), 0.1).outcome
        'match'
        >>> verdict([0.52, 0.48, 0.5, 0.51, 0.49, 0.5], HumanEstimate(0.7), 0.1).outcome
        'differ'
        >>> verdict([0.52, 0.48, 0.5, 0.51], HumanEstimate(0.5), 0.1).outcome
        'no verdict'
    """
    x = present(values)
    _checked(margin)
    worlds, missing = int(x.size), _size(values) - int(x.size)
    mean = float(x.mean()) if worlds else math.nan
    plain = Verdict("", mean, human, margin, worlds, missing, mean - human.value, method=method)
    if failed:
        return replace(plain, outcome=NOT_ASSESSED, reason=failed)
    if reason := _too_little(x):
        return replace(plain, outcome=NO_VERDICT, reason=reason)
    run = summaries(x)
    bounds = bounds_of(run, human.value, human.error, human.degrees, method)
    return replace(
        plain,
        outcome=OUTCOMES[int(outcomes_of(run, bounds, margin)[0])],
        error=float(bounds.errors[0]),
        degrees=float(bounds.degrees[0]),
        skew=float(run.skews[0]),
        low90=float(bounds.low90[0]),
        high90=float(bounds.high90[0]),
        low95=float(bounds.low95[0]),
        high95=float(bounds.high95[0]),
    )


@dataclass(frozen=True)
class DirectionVerdict:
    """For findings of a sign only: ``outcome`` is "same direction", "opposite direction", "inconclusive" (or why there is none).

    ``low95`` and ``high95`` belong to the run's own effect.
    """

    outcome: str
    run: float
    human: HumanEstimate
    worlds: int
    missing: int
    low95: float = math.nan
    high95: float = math.nan
    reason: str = ""

    @property
    def sentence(self) -> str:
        """The outcome in words, with numbers and rule."""
        if self.outcome in (NO_VERDICT, NOT_ASSESSED):
            return f"{self.outcome.capitalize()}: {self.reason}. {DIRECTION_RULE}"
        because = f" ({self.reason})" if self.reason else ""
        return (
            f"{self.outcome.capitalize()}{because}: the effect of the run is {number(self.run)} over {self.worlds} worlds, 95 % "
            f"interval {interval_words(self.low95, self.high95)}; {self._people}. {DIRECTION_RULE}"
        )

    @property
    def _people(self) -> str:
        if self.human.fixed and self.human.value:
            return f"that of people is {'above' if self.human.value > 0.0 else 'below'} zero"
        return f"people have {people_words(self.human)}"


def direction_verdict(values: ArrayLike, human: HumanEstimate, *, failed: str = "") -> DirectionVerdict:
    """Hold the sign of an effect against the sign that people show: by the 95 % interval of the run's mean.

    *Inconclusive* where that interval holds zero, and where people's own 95 % interval does, so that they show no direction. The
    size is not compared. No verdict with fewer than five worlds, or where they do not differ.

    Args:
        values: the effect in each world; missing ones (NaN) are left out and counted.
        human: people's effect; without an interval its sign is taken for certain.
        failed: why a precondition failed; then *not assessed*.

    Raises:
        ValueError: a value is infinite.

    Example:
        >>> direction_verdict([0.2, 0.4, 0.3, 0.1, 0.5], HumanEstimate(0.1)).outcome
        'same direction'
    """
    x = present(values)
    worlds, missing = int(x.size), _size(values) - int(x.size)
    mean = float(x.mean()) if worlds else math.nan
    none = (NOT_ASSESSED, failed) if failed else (NO_VERDICT, _too_little(x))
    if none[1]:
        return DirectionVerdict(none[0], mean, human, worlds, missing, reason=none[1])
    found = interval_over_units(x, 0.95, method="wider of both")
    quantile = float(scipy.stats.t.ppf(0.975, human.degrees))
    ends = (found.low, found.high)
    if abs(human.value) <= quantile * human.error or human.value == 0.0:
        return DirectionVerdict("inconclusive", mean, human, worlds, missing, *ends, "people show no direction")
    sign = 1 if found.low > 0.0 else -1 if found.high < 0.0 else 0
    outcome = {0: "inconclusive", 1: "same direction", -1: "opposite direction"}[sign if human.value > 0.0 else -sign]
    return DirectionVerdict(outcome, mean, human, worlds, missing, *ends)


def _size(values: ArrayLike) -> int:
    return int(np.size(np.asarray(values, dtype=float)))


def _too_little(x: NDArray[np.float64]) -> str:
    """Why worlds allow no verdict; empty where they do."""
    if x.size < LEAST_UNITS:
        return f"{plural(x.size, 'world')}, and there is no verdict below {LEAST_UNITS}"
    return "" if units_differ(x) else f"all {x.size} worlds have the same value, which does not show how much worlds differ"


def _checked(margin: float) -> None:
    if not (margin > 0.0 and math.isfinite(margin)):
        raise ValueError(f"a margin is a number above 0, not {margin}")
