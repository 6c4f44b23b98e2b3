"""Response curves: how often people choose A, by how many of those they see do, with the fit of the Curie–Weiss form."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from statsmodels.stats.proportion import proportion_confint

from socsim.measures import ResponseCurve, fit_response_curve, response_probability
from socsim_analysis.designs.response_curve import SEEN_CHOICES
from socsim_analysis.figures.style import arm_colours, dashes, label, styled, symbols
from socsim_analysis.markup import numeral

__all__ = ["fit_table", "response_curve_figure", "response_table"]

_BESIDE = 0.025
"""By how much points of one arm stand beside those of the next, so that their intervals can be told apart."""


def response_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Shares by the mean choice of others: columns ``arm, m, n, share, low, high``.

    m = 2 · (others who chose A) / (others seen) - 1, from -1 to 1; who saw nobody is left out, and so are missing choices. Low
    and high are the ends of the 95 % Wilson interval, which takes choices as independent.

    Args:
        frame: a table like `socsim_analysis.designs.response_curve.SEEN_CHOICES`.

    Raises:
        TableError: the table is not like it.
    """
    rows = _seen(frame)
    groups = rows.groupby(["arm", "m"])["chose_a"]
    made = pd.DataFrame({"n": groups.size(), "share": groups.mean()}).reset_index()
    low, high = proportion_confint(made["share"] * made["n"], made["n"], method="wilson")
    return made.assign(low=np.asarray(low, dtype=float), high=np.asarray(high, dtype=float))


def fit_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Fits of P(m) = ½ [1 + tanh β(m + h)] by arm: columns ``arm, beta, beta_low, beta_high, h, h_low, h_high, n, problem``.

    See `socsim.measures.fit_response_curve`. Choices are taken as independent, so where people choose several times, or see each
    other, the intervals are too narrow.

    Args:
        frame: a table like `socsim_analysis.designs.response_curve.SEEN_CHOICES`.

    Raises:
        TableError: the table is not like it.
    """
    names = ["beta", "beta_low", "beta_high", "h", "h_low", "h_high", "n", "problem"]
    made = [(arm, *(getattr(fit, name) for name in names)) for arm, fit in _fits(_seen(frame)).items()]
    return pd.DataFrame(made, columns=["arm", *names])


def response_curve_figure(frame: pd.DataFrame, *, choice: str = "A", colours: Mapping[str, str] | None = None) -> go.Figure:
    """Share that chooses A by the mean choice of those seen, with 95 % Wilson intervals, and the fitted curve of each arm.

    A flat curve is no influence; with β > 1 a majority keeps itself in a well-mixed population (De Marzo et al. 2024). A point's
    area goes with its number of choices; points of several arms stand a little beside each other. Where choices are told
    apart by one value of m, do not vary, or m does not, there is no curve.

    Args:
        frame: a table like `socsim_analysis.designs.response_curve.SEEN_CHOICES`.
        choice: what A is, for the axes.
        colours: of the arms; the usual ones where not given.

    Raises:
        TableError: the table is not like it.
    """
    shares, fits = response_table(frame), _fits(_seen(frame))
    arms = list(fits)
    chosen, shapes, lines = colours or arm_colours(arms), symbols(arms), dashes(arms)
    figure = go.Figure()
    largest = float(shares["n"].max()) if len(shares) else 1.0
    for number, arm in enumerate(arms):
        ours = shares[shares["arm"] == arm]
        beside = _BESIDE * (number - (len(arms) - 1) / 2)
        figure.add_trace(_points(ours, arm, chosen[arm], shapes[arm], largest, beside))
        curve = _curve(fits[arm], arm, chosen[arm], lines[arm])
        if curve is not None:
            figure.add_trace(curve)
    figure.add_hline(y=50, line={"color": "#9aa0aa", "width": 1, "dash": "dot"})
    what = label(choice, 30, 1)
    figure.update_xaxes(title_text=f"mean choice of those seen (−1: nobody, 1: everybody chose “{what}”)", range=[-1.1, 1.1])
    figure.update_yaxes(title_text=f"share that chooses “{what}” (%)", range=[-4, 104])
    return styled(figure, 420, margin={"l": 64, "r": 16, "t": 84, "b": 52})


def _seen(frame: pd.DataFrame) -> pd.DataFrame:
    rows = SEEN_CHOICES.check(frame).dropna(subset=["chose_a"])
    rows = rows[rows["k"] > 0]
    return rows.assign(m=2.0 * rows["m"] / rows["k"] - 1.0)


def _fits(rows: pd.DataFrame) -> dict[str, ResponseCurve]:
    return {str(arm): fit_response_curve(group["chose_a"], group["m"]) for arm, group in rows.groupby("arm", sort=False)}


def _points(rows: pd.DataFrame, arm: str, colour: str, symbol: str, largest: float, beside: float) -> go.Scatter:
    sizes = [6.0 + 14.0 * math.sqrt(n / largest) for n in rows["n"]]
    return go.Scatter(
        x=(rows["m"] + beside).tolist(),
        y=(100.0 * rows["share"]).tolist(),
        error_y={
            "type": "data",
            "symmetric": False,
            "array": (100.0 * (rows["high"] - rows["share"])).clip(lower=0.0).tolist(),
            "arrayminus": (100.0 * (rows["share"] - rows["low"])).clip(lower=0.0).tolist(),
            "thickness": 1.2,
            "width": 3,
        },
        mode="markers",
        name=f"{label(arm)} (n = {int(rows['n'].sum()):,})",
        marker={"size": sizes, "color": colour, "symbol": symbol, "line": {"color": "white", "width": 1}},
        customdata=rows[["n", "m"]].to_numpy(dtype=float).tolist(),
        hovertemplate=f"{label(arm)}: %{{y:.1f}} % of %{{customdata[0]}} choices at %{{customdata[1]:.2f}}<extra></extra>",
    )


def _curve(fit: ResponseCurve, arm: str, colour: str, dash: str) -> go.Scatter | None:
    if fit.problem or not (math.isfinite(fit.beta) and math.isfinite(fit.h)):
        return None
    m = np.linspace(-1.0, 1.0, 81)
    return go.Scatter(
        x=m.tolist(),
        y=(100.0 * response_probability(m, fit.beta, fit.h)).tolist(),
        mode="lines",
        name=f"{label(arm)}: β = {numeral(fit.beta)} ({numeral(fit.beta_low)} to {numeral(fit.beta_high)}), h = {numeral(fit.h)}",
        line={"color": colour, "width": 2.5, "dash": dash},
        hoverinfo="skip",
    )
