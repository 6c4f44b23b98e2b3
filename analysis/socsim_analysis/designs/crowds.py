"""Crowds that estimate: whether people who see each other's numbers come closer to the truth, and to each other.

Statistics of tables like those in `socsim_analysis.designs.crowd_tables`. The unit is the world: the group of people who could
see each other. Where a group worked on several tasks, its value is the mean over its tasks. All statistics are NaN, with no
unit, where there are no rows; a group or task for which a ratio is not defined is left out, and the share left out is noted.

Sources: Becker, Brackbill & Centola (2017), PNAS 114(26), E5070-E5076; Lorenz, Rauhut, Schweitzer & Helbing (2011), PNAS
108(22), 9020-9025.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from socsim_analysis.designs.crowd_tables import ESTIMATES, TRIALS, WEIGHTS, peer_weights, trials_in, two_rounds
from socsim_analysis.designs.tables import in_arm, of_arm, one_of
from socsim_analysis.designs.units import Statistic, Unit, UnitValues, by_unit, statistic, summarised

__all__ = [
    "STATISTICS",
    "diversity",
    "diversity_by_round",
    "diversity_ratio",
    "exact_share",
    "hub_away_change",
    "hub_toward_change",
    "individual_error_change",
    "mean_error_change",
    "mean_error_first",
    "mean_error_last",
    "median_error_change",
    "median_error_first",
    "median_error_last",
    "sd_ratio",
    "weight_on_peers",
]

_OVER_GROUPS = "mean over groups of the mean over their tasks"


def individual_error_change(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Relative change of the mean error of individuals, from the first to the last round.

    Of each group, last / first - 1 with its errors averaged over tasks; the estimate is the ratio of the means over groups, which
    is the mean of groups weighted by their first error. -1 or more; -.23 in decentralised networks of people.
    """
    means = _group_means(frame, arm, ["individual_error_first", "individual_error_last"])
    first, last = means["individual_error_first"], means["individual_error_last"]
    how = "ratio of the means over groups (of means over tasks), less 1"
    return summarised("crowds.individual_error_change", last / first - 1.0, how, weights=first)


def mean_error_first(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Error of the group's mean in the first round, in pooled standard deviations of first estimates."""
    return _level("mean_error_first", frame, arm)


def mean_error_last(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Error of the group's mean in the last round, in pooled standard deviations of first estimates."""
    return _level("mean_error_last", frame, arm)


def mean_error_change(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Change of the error of the group's mean from the first to the last round, in pooled standard deviations."""
    return _change("mean_error", frame, arm)


def median_error_first(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Error of the group's median in the first round, in pooled standard deviations of first estimates."""
    return _level("median_error_first", frame, arm)


def median_error_last(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Error of the group's median in the last round, in pooled standard deviations of first estimates."""
    return _level("median_error_last", frame, arm)


def median_error_change(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Change of the error of the group's median from the first to the last round, in pooled standard deviations."""
    return _change("median_error", frame, arm)


def sd_ratio(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Standard deviation of estimates in the last round over that in the first: how much diversity is left.

    Mean over tasks of the ratio, then over groups; 0 or more. A task on which the first estimates of a group are all equal is
    left out.
    """
    rows = trials_in(frame, arm)
    ratio = (rows["sd_last"] / rows["sd_first"]).where(rows["sd_first"] > 0)
    left_out = _share_left_out("tasks without a first spread", ratio.isna())
    values = ratio.groupby(rows["world"]).mean()
    return summarised("crowds.sd_ratio", values, f"{_OVER_GROUPS} of the ratio last to first", left_out=left_out)


def hub_toward_change(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Change of the error of the group's mean where the hub's first estimate lies on the truth's side of that mean."""
    return _hub("crowds.hub_toward_change", 1.0, frame, arm)


def hub_away_change(frame: pd.DataFrame, arm: object = None) -> UnitValues:
    """Change of the error of the group's mean where the hub's first estimate lies on the other side of that mean."""
    return _hub("crowds.hub_away_change", 0.0, frame, arm)


def weight_on_peers(frame: pd.DataFrame, arm: object = None, unit: Unit = "world") -> UnitValues:
    """Weight on others in the first revision, among weights from 0 to 1; how many lie outside is noted.

    See `peer_weights`. The estimate is the mean over revisions (groups weighted by theirs). ``left_out`` gives the share of
    revisions that moved away from the number seen (below 0) and of those that went beyond it (above 1).
    """
    table, checked = one_of(frame, (WEIGHTS, ESTIMATES))
    rows = of_arm(checked if table is WEIGHTS else peer_weights(frame), checked, arm)
    inside = rows["weight"].between(0.0, 1.0)
    left_out = {
        **_share_left_out("moved away from others", rows["weight"] < 0.0),
        **_share_left_out("went beyond others", rows["weight"] > 1.0),
    }
    how = "mean over all revisions with a weight from 0 to 1"
    return by_unit("crowds.weight_on_peers", rows[inside], "weight", unit, how, left_out)


def diversity_by_round(frame: pd.DataFrame) -> pd.DataFrame:
    """Standard deviation (divisor n - 1) of the logarithms of estimates: columns ``arm, world, task, round, n, sd_log``.

    Estimates of 0 or less have no logarithm and are left out; with fewer than two, ``sd_log`` is missing.
    """
    table = ESTIMATES.check(frame)
    rows = table[table["estimate"] > 0]
    groups = rows.assign(log=np.log(rows["estimate"])).groupby(["arm", "world", "task", "round"])["log"]
    return pd.DataFrame({"n": groups.size(), "sd_log": groups.std()}).reset_index()


def diversity(frame: pd.DataFrame, arm: object = None, at_round: int = 1) -> UnitValues:
    """Standard deviation of the logarithms of estimates in a round (the first, if none is named)."""
    rows = in_arm(ESTIMATES.check(frame), arm)
    rows = rows[rows["round"] == at_round]
    left_out = _share_left_out("estimates of 0 or less", (rows["estimate"] <= 0) & rows["estimate"].notna())
    values = diversity_by_round(rows).groupby("world")["sd_log"].mean()
    return summarised("crowds.diversity", values, _OVER_GROUPS, left_out=left_out)


def diversity_ratio(frame: pd.DataFrame, arm: object = None, first: int | None = None, last: int | None = None) -> UnitValues:
    """Standard deviation of log estimates in the last round over that in the first, as in Lorenz et al. (2011).

    Mean over tasks of the ratio, then over groups. A task without any spread in the first round is left out.
    """
    checked = in_arm(ESTIMATES.check(frame), arm)
    name, how = "crowds.diversity_ratio", f"{_OVER_GROUPS} of the ratio last to first"
    if checked.empty:
        return summarised(name, pd.Series(dtype=float), how)
    before, after = two_rounds(checked, first, last)
    table = diversity_by_round(checked).pivot(index=["world", "task"], columns="round", values="sd_log")
    ratio = (table[after] / table[before]).where(table[before] > 0)
    left_out = _share_left_out("tasks without a first spread", ratio.isna())
    return summarised(name, ratio.groupby("world").mean(), how, left_out=left_out)


def exact_share(frame: pd.DataFrame, arm: object = None, at_round: int = 1, unit: Unit = "world") -> UnitValues:
    """Share of estimates in a round (the first, if none is named) that are exactly true: high where the answer is known.

    Exactly means up to a billionth of the truth. The estimate is the share of all estimates given.
    """
    rows = in_arm(ESTIMATES.check(frame), arm)
    rows = rows[(rows["round"] == at_round) & rows["estimate"].notna()]
    exact = np.isclose(rows["estimate"], rows["truth"], rtol=1e-9, atol=0.0).astype(float)
    return by_unit("crowds.exact_share", rows.assign(exact=exact), "exact", unit, "share of all estimates of the round")


def _group_means(frame: pd.DataFrame, arm: object, columns: list[str]) -> pd.DataFrame:
    """Means of groups over their tasks, with tasks on which all columns have a value."""
    return trials_in(frame, arm).dropna(subset=columns).groupby("world")[columns].mean()


def _level(column: str, frame: pd.DataFrame, arm: object) -> UnitValues:
    return summarised(f"crowds.{column}", _group_means(frame, arm, [column])[column], _OVER_GROUPS)


def _change(what: str, frame: pd.DataFrame, arm: object) -> UnitValues:
    means = _group_means(frame, arm, [f"{what}_first", f"{what}_last"])
    how = f"{_OVER_GROUPS} of last less first"
    return summarised(f"crowds.{what}_change", means[f"{what}_last"] - means[f"{what}_first"], how)


def _hub(name: str, toward: float, frame: pd.DataFrame, arm: object) -> UnitValues:
    rows = trials_in(frame, arm)
    rows = rows[rows["hub_toward"] == toward]
    values = (rows["mean_error_last"] - rows["mean_error_first"]).groupby(rows["world"]).mean()
    return summarised(name, values, f"{_OVER_GROUPS} of this kind, of last less first")


def _share_left_out(reason: str, out: pd.Series) -> dict[str, float]:
    return {reason: float(out.mean())} if len(out) and bool(out.any()) else {}


_TRIALS = (TRIALS, ESTIMATES)
STATISTICS: tuple[Statistic, ...] = (
    *(
        statistic("crowds", "world", _TRIALS, one)
        for one in (
            individual_error_change,
            mean_error_first,
            mean_error_last,
            mean_error_change,
            median_error_first,
            median_error_last,
            median_error_change,
            sd_ratio,
            hub_toward_change,
            hub_away_change,
        )
    ),
    statistic("crowds", "world", (WEIGHTS, ESTIMATES), weight_on_peers),
    *(statistic("crowds", "world", (ESTIMATES,), one) for one in (diversity, diversity_ratio, exact_share)),
)
"""Statistics of this design."""
