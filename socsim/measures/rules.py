"""The rule by which agents act, read off their histories: a logit of the action on own and neighbours' past actions.

A rule describes; it is no proof of influence. People with like neighbours act alike for other reasons, too (Manski 1993, *Rev.
Econ. Stud.* 60): compare the rule with that of an arm in which nobody saw the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from socsim.measures.groups import Groups, group_codes
from socsim.measures.logits import fit_logit, logistic
from socsim.measures.networks import neighbour_means
from socsim.measures.segregation import tie_ends

__all__ = ["History", "Rule", "RuleComparison", "compare_rules", "fit_rule", "history_rows"]

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class History:
    """One row per agent and step: the action (0 or 1), what went before by name, and the agent; NaN where missing."""

    actions: Reals
    columns: Mapping[str, Reals]
    agents: NDArray[np.int64]


@dataclass(frozen=True)
class Rule:
    """Coefficients (log odds) of the intercept and each column, with intervals and covariance clustered by agent.

    ``n`` rows of ``n_agents`` agents count; ``excluded_share`` of all rows had a missing value. ``problem`` is "" or says why all
    coefficients are NaN: "no rows", "constant outcome", "collinear columns", "separated", "not converged". With a single
    agent there are coefficients, but no intervals.
    """

    names: tuple[str, ...]
    coefficients: Reals
    low: Reals
    high: Reals
    covariance: Reals
    n: int
    n_agents: int
    excluded_share: float
    log_likelihood: float
    problem: str = ""


@dataclass(frozen=True)
class RuleComparison:
    """Differences (second - first) with intervals, and the Wald test that all are 0; NaN where a rule has no covariance."""

    names: tuple[str, ...]
    differences: Reals
    low: Reals
    high: Reals
    statistic: float
    degrees: int
    p_value: float


def history_rows(actions: ArrayLike, authors: ArrayLike, readers: ArrayLike, *, lags: int = 1) -> History:
    """Rows for `fit_rule` from a panel: columns own_1, … and neighbours_1, … for what was 1, … steps before.

    ``neighbours`` is the share, between 0 and 1, of authors who acted: of those authors whose action is known, NaN where
    there is none. Ties are those of all steps. Source: the linear-in-means exposure of Manski 1993. A panel with no more
    steps than lags gives no rows.

    Args:
        actions: 0 or 1 (NaN where missing), of the shape (steps, agents).
        authors: agent at one end of each tie; ties without direction are given once each way.
        readers: agent at the other end.
        lags: number of steps back, 1 or more.

    Raises:
        ValueError: another shape, no lags, or ends of ties that do not fit.

    Example:
        >>> history_rows([[0, 1], [1, 1]], [1], [0]).columns["neighbours_1"].tolist()
        [1.0, nan]
    """
    panel = np.asarray(actions, dtype=float)
    if panel.ndim != 2 or lags < 1:
        raise ValueError(f"a panel has the shape (steps, agents) and at least one lag, got {panel.shape} and {lags}")
    steps, agents = panel.shape
    a, r = tie_ends(agents, authors, readers)
    around = np.array([neighbour_means(step, a, r) for step in panel]).reshape(panel.shape)
    rows = max(0, steps - lags)
    columns = {f"own_{lag}": panel[lags - lag : lags - lag + rows].ravel() for lag in range(1, lags + 1)}
    columns |= {f"neighbours_{lag}": around[lags - lag : lags - lag + rows].ravel() for lag in range(1, lags + 1)}
    return History(panel[lags:].ravel(), columns, np.tile(np.arange(agents), rows))


def fit_rule(actions: ArrayLike, columns: Mapping[str, ArrayLike], agents: Groups, *, level: float = 0.95) -> Rule:
    """Logit of an action on columns, log(p / (1 - p)) = b_0 + Σ b_k x_k, by maximum likelihood; coefficients have no bounds.

    Intervals are b ± t(G - 1) · se with standard errors clustered by agent (Liang & Zeger 1986, *Biometrika* 73, with
    G/(G-1) · (n-1)/(n-k)), for G agents; with fewer than about 30 they are still too narrow (Cameron & Miller 2015, *J. Human
    Resources* 50). Agents of one world act on each other, which clusters by agent do not allow for: with several worlds
    give the world in place of the agent. Source: the log-linear rule of Blume 1993,
    *Games Econ. Behav.* 5.

    Rows with a missing value are left out and counted.

    Args:
        actions: 0 or 1, NaN where missing.
        columns: numbers by name, one per action; an intercept is added.
        agents: whose action it is.
        level: of the intervals.

    Raises:
        ValueError: an action that is not 0 or 1, columns of another length or not finite, or a level outside 0 … 1.

    Example:
        >>> rule = fit_rule([0, 0, 0, 1, 0, 1, 1, 1], {"saw": [0, 0, 0, 0, 1, 1, 1, 1]}, range(8))
        >>> rule.names, rule.coefficients.round(4).tolist()
        (('intercept', 'saw'), [-1.0986, 2.1972])
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"the level must lie between 0 and 1, got {level}")
    y, unit = np.asarray(actions, dtype=float).ravel(), group_codes(agents)
    parts = {name: np.asarray(column, dtype=float).ravel() for name, column in columns.items()}
    if any(part.size != y.size for part in (unit, *parts.values())):
        raise ValueError(f"each of {y.size} actions needs an agent and a number in each column")
    design = np.column_stack((np.ones(y.size), *parts.values()))
    known = ~(np.isnan(y) | np.isnan(design).any(axis=1)) & (unit >= 0)
    excluded = 1.0 - float(known.mean()) if y.size else float("nan")
    y, design = y[known], design[known]
    unit = np.unique(unit[known], return_inverse=True)[1]
    if not np.isin(y, (0.0, 1.0)).all() or not np.isfinite(design).all():
        raise ValueError("actions must be 0 or 1, and columns finite")
    fit = fit_logit(design, y)
    n_agents = int(unit.max(initial=-1)) + 1
    covariance = (
        fit.covariance if fit.problem else _clustered(design, y - logistic(design @ fit.coefficients), unit, fit.covariance)
    )
    half = _half_widths(covariance, n_agents - 1, level)
    b = fit.coefficients
    names = ("intercept", *parts)
    return Rule(names, b, b - half, b + half, covariance, y.size, n_agents, excluded, fit.log_likelihood, fit.problem)


def _clustered(design: Reals, residuals: Reals, unit: NDArray[np.intp], inverse: Reals) -> Reals:
    """The sandwich of scores summed within units, with corrections for few units and rows; NaN with a single unit."""
    n, k = design.shape
    units = int(unit.max()) + 1
    if units < 2 or n <= k:
        return np.full((k, k), np.nan)
    scores = design * residuals[:, None]
    sums = np.column_stack([np.bincount(unit, weights=scores[:, column]) for column in range(k)])
    correction = units / (units - 1) * (n - 1) / (n - k)
    covariance: Reals = correction * inverse @ (sums.T @ sums) @ inverse
    return covariance


def _half_widths(covariance: Reals, degrees: float, level: float) -> Reals:
    from scipy.special import stdtrit

    quantile = float(stdtrit(degrees, 0.5 + level / 2.0)) if degrees >= 1 else float("nan")
    half: Reals = quantile * np.sqrt(np.diag(covariance))
    return half


def compare_rules(first: Rule, second: Rule, *, level: float = 0.95) -> RuleComparison:
    """Differences of two rules' coefficients, b₂ - b₁, with W = d' (V₁ + V₂)⁻¹ d against χ² with as many degrees as coefficients.

    The rules must come from different agents, as V₁ + V₂ takes them as independent. Intervals are d ± t · se with the degrees of
    the rule with fewer agents. Log odds also differ where only the noise does (Allison 1999, *Sociol. Methods Res.* 28): look at
    ratios of coefficients, too. Source: Paternoster et al. 1998, *Criminology* 36, for one
    coefficient, as a Wald test of all.

    All NaN where a rule has no coefficients; the test is NaN, too, where V₁ + V₂ is singular, as with fewer agents than
    coefficients.

    Raises:
        ValueError: the rules have other columns or another order of them, or a level outside 0 … 1.

    Example:
        >>> saw = {"saw": [0, 0, 0, 0, 1, 1, 1, 1]}
        >>> rule = fit_rule([0, 0, 0, 1, 0, 1, 1, 1], saw, range(8))
        >>> compare_rules(rule, rule).p_value
        1.0
    """
    from scipy.special import chdtrc

    if first.names != second.names:
        raise ValueError(f"rules must have the same columns, got {', '.join(first.names)} and {', '.join(second.names)}")
    if not 0.0 < level < 1.0:
        raise ValueError(f"the level must lie between 0 and 1, got {level}")
    d, covariance = second.coefficients - first.coefficients, first.covariance + second.covariance
    half = _half_widths(covariance, min(first.n_agents, second.n_agents) - 1, level)
    k, statistic = d.size, float("nan")
    error = np.sqrt(np.diag(covariance))
    if np.isfinite(covariance).all() and np.isfinite(d).all() and (error > 0.0).all():
        scaled = covariance / np.outer(error, error)
        if np.linalg.matrix_rank(scaled, tol=1e-9) == k:
            statistic = float((d / error) @ np.linalg.solve(scaled, d / error))
    return RuleComparison(first.names, d, d - half, d + half, statistic, k, float(chdtrc(k, statistic)))
