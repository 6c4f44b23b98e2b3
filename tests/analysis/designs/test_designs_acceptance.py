"""Curves of acceptance, against the definition of the closest rising curve and another optimiser."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st
from socsim_analysis.designs.acceptance import curve_of_answers, curve_of_thresholds


def test_thresholds_give_the_share_with_a_least_offer_up_to_it() -> None:
    found = curve_of_thresholds(pd.Series([0.1, 0.3, 0.3, 0.5, None]), [0.0, 0.1 + 0.2, 0.5])
    assert found.to_dict("list") == {"offer": [0.0, 0.1 + 0.2, 0.5], "n": [4, 4, 4], "share": [0.0, 0.75, 1.0]}
    assert curve_of_thresholds(pd.Series(dtype=float), [0.5])["share"].isna().all()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=40))
def test_the_isotonic_curve_is_the_least_of_the_greatest_means(answers: list[tuple[int, bool]]) -> None:
    offers, accepted = (pd.Series(one, dtype=float) for one in zip(*answers, strict=True))
    raw, found = curve_of_answers(offers, accepted), curve_of_answers(offers, accepted, "isotonic")
    share, n = raw["share"].to_numpy(), raw["n"].to_numpy(dtype=float)
    size = len(share)
    expected = [
        max(
            min(np.average(share[low : high + 1], weights=n[low : high + 1]) for high in range(at, size)) for low in range(at + 1)
        )
        for at in range(size)
    ]
    assert found["share"].tolist() == pytest.approx(expected)
    assert found["n"].tolist() == raw["n"].tolist()


def test_the_logistic_curve_is_the_most_likely_one() -> None:
    rng = np.random.default_rng(3)
    offers = rng.choice([0.1, 0.2, 0.3, 0.4, 0.5], 200)
    accepted = rng.random(200) < 1 / (1 + np.exp(-(-3 + 10 * offers)))
    found = curve_of_answers(pd.Series(offers), pd.Series(accepted), "logistic")

    def surprise(parameters: np.ndarray) -> float:
        z = (parameters[0] + parameters[1] * offers) * np.where(accepted, 1, -1)
        return float(np.logaddexp(0, -z).sum())

    best = scipy.optimize.minimize(surprise, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}).x
    expected = 1 / (1 + np.exp(-(best[0] + best[1] * found["offer"])))
    assert found["share"].to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-5)


@pytest.mark.parametrize("accepted", [[0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1]])
def test_where_no_finite_logistic_curve_is_most_likely_there_is_none(accepted: list[int]) -> None:
    found = curve_of_answers(pd.Series([0.1, 0.2, 0.3, 0.4]), pd.Series(accepted), "logistic")
    assert found["share"].isna().all()


def test_answers_that_are_missing_do_not_count() -> None:
    found = curve_of_answers(pd.Series([0.1, 0.1, 0.2]), pd.Series([1.0, None, 0.0]))
    assert found.to_dict("list") == {"offer": [0.1, 0.2], "n": [1, 1], "share": [1.0, 0.0]}
    assert curve_of_answers(pd.Series([0.1]), pd.Series([None], dtype=float), "isotonic").empty
