"""People, and how much their own number moves by sampling alone: the noise floor under every difference.

From an interval of people with standard error u over n units, m units drawn anew have the standard error u √(n/m) around the
truth, and lie around the *first* estimate with √(u² + u² n/m), as that is a sample itself: 95 % of new samples are within 1.96
times this (a prediction interval with the normal quantile). m is what the run has of the units that n counts: people, or
groups, which are its worlds. Where the source gives n without an interval and the number p is a mean of shares from 0 to 1,
the standard deviation of a unit is at most √(p(1 - p)), so the floor is an upper bound.

From a table of people, its worlds (or, where there are too few, its people) are parted at random, again and again: the
estimates of halves scatter around that of all by as much as the whole table's does around the truth, as a half drawn without
replacement has the variance σ²/n.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from socsim.seeding import stream
from socsim_analysis.designs import STATISTICS
from socsim_analysis.findings.registry import Finding
from socsim_analysis.markup import count
from socsim_analysis.reference_rows.values import NotComparable, Prepared, Row, values_of
from socsim_analysis.statistics.deciding import HumanEstimate

__all__ = ["human_estimate", "human_row", "noise_floor", "split_halves"]

Integers = NDArray[np.int64]
_Z = 1.959963984540054
_HALVES = 50
"""Times that a table is parted."""
_LEAST = 10
"""Units of which halves are taken."""

_OF_PEOPLE = frozenset({"people"})
_OF_WORLDS = frozenset({"groups", "pairs", "runs", "pairs of networks"})

_SHARES = frozenset(
    {
        "conformity.error_share",
        "conformity.control_error",
        "conformity.never_erred",
        "conformity.always_erred",
        "conformity.mostly_erred",
        "dictator.given_share",
        "dictator.nothing_share",
        "dictator.half_share",
        "dictator.more_than_half_share",
        "money_request.one_to_three_steps",
        "money_request.request_share",
        "obedience.full_obedience",
        "public_goods.contribution",
        "public_goods.first_contribution",
        "public_goods.last_contribution",
        "repeated_games.cooperation",
        "repeated_games.cooperation_in_round",
        "ultimatum.acceptance",
        "ultimatum.half_share",
        "ultimatum.min_accept_share",
        "ultimatum.offer_share",
    }
)
"""Statistics that are means of shares from 0 to 1 over units."""


def human_estimate(finding: Finding) -> HumanEstimate | None:
    """What the finding says of people; None where it says a direction only."""
    estimate = finding.estimate
    if estimate is None:
        return None
    if estimate.low is None or estimate.high is None or estimate.level is None:
        return HumanEstimate(estimate.value)
    return HumanEstimate(estimate.value, estimate.low, estimate.high, estimate.level)


def human_row(finding: Finding) -> Row | None:
    """The number of the finding with its interval."""
    human = finding.estimate
    if human is None:
        return None
    ends = (math.nan, math.nan) if human.low is None or human.high is None else (human.low, human.high)
    who = "people" if finding.of_people else "another simulation (no people)"
    return Row(who, human.value, *ends, f"{count(human.n)} {human.units}" if human.n else human.interval, "people")


def noise_floor(finding: Finding, table: pd.DataFrame, arm: str, against: str | None = None) -> Row | None:
    """Where people drawn anew would lie, as many as the run has; None where the source gives too little to say.

    Args:
        finding: the finding, with n and mostly an interval.
        table: the table of the run.
        arm: the arm that is compared.
        against: the other arm of a difference; not used where there is none.
    """
    human, given = human_estimate(finding), finding.estimate
    if human is None or given is None or given.n is None or not finding.of_people:
        return None
    rows = table[table["arm"].isin([arm, against])]
    anew = _units_of(rows, given.units)
    if not anew:
        return None
    error, bound = human.error, ""
    if human.fixed:
        if finding.statistic.name not in _SHARES or not 0.0 < given.value < 1.0:
            return None
        error, bound = math.sqrt(given.value * (1.0 - given.value) / given.n), "at most, "
    half = _Z * math.sqrt(error**2 + error**2 * given.n / anew)
    where = (
        "the source gives no interval, so the spread of a unit is taken for the largest that its mean allows"
        if human.fixed
        else f"from the interval of the source ({given.interval})"
    )
    note = (
        f"People drawn anew: where 95 % of new samples of {count(anew)} {given.units} would lie, given that the first "
        f"{count(given.n)} are a sample, too; {where}."
    )
    over = f"{bound}{count(anew)} {given.units}, as in the run"
    return Row("people drawn anew", given.value, given.value - half, given.value + half, over, "noise floor", note)


def _units_of(rows: pd.DataFrame, units: str) -> int:
    """How many of the source's units the run has; 0 where its rows do not say."""
    if units in _OF_PEOPLE and "person" in rows:
        return len(rows[["world", "person"]].drop_duplicates())
    return int(rows["world"].nunique()) if units in _OF_WORLDS else 0


def split_halves(made: Prepared, finding: Finding, arm: str, against: str | None, whole: float) -> Row | None:
    """Where halves of a table of people lie, drawn at random; None where it has too few worlds or people for halves.

    Args:
        made: the table of people.
        finding: the finding.
        arm: the arm that is compared.
        against: the other arm of a difference.
        whole: the estimate of the whole table.
    """
    table = made.shortest(STATISTICS[finding.statistic.name])
    mine = table["arm"].isin([arm, against])
    columns, word = ["world"], "worlds"
    if table.loc[mine, "world"].nunique() < _LEAST and STATISTICS[finding.statistic.name].unit == "person":
        columns, word = ["world", "person"], "people"
    codes = np.asarray(table.groupby(columns, sort=False, dropna=False).ngroup(), dtype=np.int64)
    units = np.unique(codes[mine.to_numpy()])
    if len(units) < _LEAST:
        return None
    halves = list(_halves(table, codes, units, finding, arm, against))
    if len(halves) < _HALVES / 2:
        return None
    pairs = np.asarray(halves, dtype=float)
    low, high = np.quantile(pairs, [0.025, 0.975])
    apart = float(np.mean(np.abs(pairs[:, 0] - pairs[:, 1])))
    note = (
        f"Halves of people: the {word} are parted at random {len(pairs)} times; 95 % of halves lie there. The two halves of a "
        f"pair are {apart:.3g} apart in the mean."
    )
    return Row("halves of these people", whole, float(low), float(high), f"halves of {len(units)} {word}", "noise floor", note)


def _halves(
    table: pd.DataFrame, codes: Integers, units: Integers, finding: Finding, arm: str, against: str | None
) -> Iterator[tuple[float, float]]:
    """Estimates of both halves; rows of other units (of other arms, which may give the unit of errors) stay in either."""
    rng = stream(0, "split halves", finding.finding)
    for _ in range(_HALVES):
        left = rng.permutation(units)[: len(units) // 2]
        out = [np.zeros(int(codes.max()) + 1, dtype=bool) for _ in range(2)]
        out[0][np.setdiff1d(units, left)] = True
        out[1][left] = True
        try:
            one, two = (values_of(table[~dropped[codes]], finding, arm, against).estimate for dropped in out)
        except NotComparable:
            continue
        if math.isfinite(one) and math.isfinite(two):
            yield one, two
