"""Curves of acceptance: which share accepts an offer, by its size.

Three ways: raw shares at each size; isotonic, the closest curve (least squares, weighted by answers) that never falls; logistic,
the most likely curve of the form 1/(1 + exp(-(a + b x))).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Literal

import numpy as np
import pandas as pd
import scipy.optimize
import statsmodels.api as sm
from numpy.typing import NDArray

__all__ = ["Method", "curve_of_answers", "curve_of_thresholds"]

Method = Literal["raw", "isotonic", "logistic"]


def curve_of_thresholds(least: pd.Series, offers: Iterable[float]) -> pd.DataFrame:
    """From the least offer that each person would accept: columns ``offer, n, share``, the share with a least offer up to it.

    It never falls. Missing thresholds are left out; without any, ``share`` is NaN.
    """
    known = np.sort(least.dropna().to_numpy(dtype=float))
    at = np.asarray(list(offers), dtype=float)
    accepted = np.searchsorted(known, at + 1e-9, side="right")
    share = accepted / len(known) if len(known) else np.full(len(at), np.nan)
    return pd.DataFrame({"offer": at, "n": len(known), "share": share})


def curve_of_answers(offers: pd.Series, accepted: pd.Series, method: Method = "raw") -> pd.DataFrame:
    """From offers made and answers to them: columns ``offer, n, share``, one row per offer made.

    The logistic curve is NaN where no finite one is most likely: all answers are alike, or some size parts all refusals from
    all acceptances.
    """
    known = pd.DataFrame({"offer": offers.astype(float), "yes": accepted.astype(float)}).dropna()
    groups = known.groupby("offer")["yes"]
    curve = pd.DataFrame({"n": groups.size(), "share": groups.mean()}).reset_index()
    if curve.empty or method == "raw":
        return curve
    if method == "isotonic":
        fitted = scipy.optimize.isotonic_regression(curve["share"].to_numpy(), weights=curve["n"].to_numpy(dtype=float))
        return curve.assign(share=fitted.x)
    return curve.assign(share=_logistic(known, curve["offer"].to_numpy(dtype=float)))


def _logistic(known: pd.DataFrame, at: NDArray[np.float64]) -> NDArray[np.float64]:
    refused, taken = known.loc[known["yes"] == 0, "offer"], known.loc[known["yes"] == 1, "offer"]
    if refused.empty or taken.empty or refused.max() <= taken.min() or taken.max() <= refused.min():
        return np.full(len(at), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = sm.GLM(known["yes"].to_numpy(), sm.add_constant(known["offer"].to_numpy()), family=sm.families.Binomial()).fit(
            tol=1e-12
        )
    return np.asarray(1.0 / (1.0 + np.exp(-(fit.params[0] + fit.params[1] * at))))
