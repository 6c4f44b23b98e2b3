"""Mixed models against closed forms of balanced designs and statsmodels' formula interface; refusals in words."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import statsmodels.formula.api as smf
from socsim_analysis.statistics.mixed import mixed_effects

RNG = np.random.default_rng(1)
WORLDS, PEOPLE = 12, 10
WORLD = np.repeat(np.arange(WORLDS), PEOPLE)
GROUP = np.tile(np.repeat(np.arange(5), 2), WORLDS)
BETWEEN = ["control" if world < 6 else "treatment" for world in WORLD]
X = RNG.normal(size=WORLDS)[WORLD] + RNG.normal(size=WORLDS * PEOPLE) + (WORLD >= 6)


def test_arms_of_whole_worlds_have_the_t_interval_of_their_means() -> None:
    means = X.reshape(WORLDS, PEOPLE).mean(axis=1)
    theirs = scipy.stats.ttest_ind(means[6:], means[:6])
    fit = mixed_effects(X, BETWEEN, WORLD.tolist())
    (effect,) = fit.effects
    assert (effect.arm, effect.reference) == ("treatment", "control")
    assert effect.estimate == pytest.approx(means[6:].mean() - means[:6].mean(), abs=1e-6)
    assert (effect.low, effect.high) == pytest.approx(tuple(theirs.confidence_interval(0.95)), rel=1e-4)
    squares = X.reshape(WORLDS, PEOPLE).var(axis=1, ddof=1).mean()
    assert fit.sd_residual == pytest.approx(math.sqrt(squares), rel=1e-4)
    pooled = (means[6:].var(ddof=1) + means[:6].var(ddof=1)) / 2
    assert fit.sd_world == pytest.approx(math.sqrt(pooled - squares / PEOPLE), rel=1e-3)
    assert (fit.worlds, fit.groups, fit.n, fit.refusal, fit.note) == (12, 0, 120, "", "")


def test_scale_and_place_of_the_outcome_do_not_matter() -> None:
    plain, moved = mixed_effects(X, BETWEEN, WORLD.tolist()), mixed_effects(X * 1e4 + 7e4, BETWEEN, WORLD.tolist())
    assert moved.effects[0].error == pytest.approx(1e4 * plain.effects[0].error, rel=1e-3)
    assert moved.sd_world == pytest.approx(1e4 * plain.sd_world, rel=1e-3)


def test_groups_within_worlds_are_those_of_the_formula_interface() -> None:
    x = X + RNG.normal(0.0, 0.8, (WORLDS, 5))[WORLD, GROUP]
    frame = pd.DataFrame({"x": x, "arm": BETWEEN, "world": WORLD, "group": GROUP})
    model = smf.mixedlm("x ~ arm", frame, groups="world", re_formula="1", vc_formula={"g": "0 + C(group)"})
    theirs = model.fit(method=["powell"])
    fit = mixed_effects(np.append(x, math.nan), [*BETWEEN, "late"], [*WORLD.tolist(), 99], [*GROUP.tolist(), 0])
    assert (fit.worlds, fit.groups, fit.n) == (12, 60, 120)
    assert fit.effects[0].estimate == pytest.approx(theirs.fe_params.iloc[1], rel=1e-3)
    assert fit.effects[0].error == pytest.approx(theirs.bse_fe.iloc[1], rel=5e-3)
    assert fit.sd_group == pytest.approx(math.sqrt(theirs.vcomp[0]), rel=1e-2)


def test_arms_within_worlds_are_held_against_the_reference_named() -> None:
    arms = ["b", "a", "c", "a", "b"] * 24
    shift = {"a": 0.0, "b": 2.0, "c": -2.0}
    fit = mixed_effects(X + [shift[arm] for arm in arms], arms, WORLD.tolist(), reference="a", level=0.9)
    assert [(one.arm, one.reference) for one in fit.effects] == [("b", "a"), ("c", "a")]
    for one in fit.effects:
        assert one.low < shift[str(one.arm)] < one.high
        assert one.high - one.low == pytest.approx(2 * scipy.stats.t.ppf(0.95, 9) * one.error)
    assert mixed_effects(X, arms, WORLD.tolist()).effects[0].reference == "b"


def test_worlds_that_do_not_vary_are_fitted_and_noted() -> None:
    x = RNG.normal(size=120)
    x = x - x.reshape(WORLDS, PEOPLE).mean(axis=1)[WORLD] + 0.02 * RNG.normal(size=WORLDS)[WORLD]
    fit = mixed_effects(x, BETWEEN, WORLD.tolist())
    error = scipy.stats.ttest_ind(x[60:], x[:60])
    width = (fit.effects[0].high - fit.effects[0].low) / (2 * scipy.stats.t.ppf(0.975, 10))
    assert width == pytest.approx((x[60:].mean() - x[:60].mean()) / error.statistic, rel=1e-2)
    assert "not to vary" in fit.note


@pytest.mark.parametrize(
    ("x", "arms", "worlds", "groups", "said"),
    [
        (X, ["one"] * 120, WORLD, None, "one arm only"),
        (X[:40], BETWEEN[:20] + BETWEEN[-20:], WORLD[:40], None, "4 worlds are too few for 2 arms"),
        (np.ones(120), BETWEEN, WORLD, None, "the same outcome"),
        (X, BETWEEN, np.arange(120), None, "every world has one row"),
        (X[WORLD], BETWEEN, WORLD, None, "hardly differ"),
        (X, BETWEEN, WORLD, WORLD, "every world has one group"),
        (X, BETWEEN, WORLD, np.arange(120), "every group has one row"),
        ([], [], [], None, "one arm only"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_words(
    x: np.ndarray, arms: list[str], worlds: np.ndarray, groups: np.ndarray | None, said: str
) -> None:
    fit = mixed_effects(x, arms, list(worlds), None if groups is None else list(groups))
    assert said in fit.refusal
    assert fit.effects == ()
    assert math.isnan(fit.sd_residual)


def test_a_fit_that_does_not_converge_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from statsmodels.regression.mixed_linear_model import MixedLM

    whole = MixedLM.fit
    monkeypatch.setattr(MixedLM, "fit", lambda self, **options: whole(self, **options, maxiter=1))
    fit = mixed_effects(X, BETWEEN, WORLD.tolist())
    assert "did not converge (" in fit.refusal
    assert fit.effects == ()


def test_arms_that_cannot_be_told_apart_are_an_error() -> None:
    with pytest.raises(ValueError, match="'none' is none of the arms"):
        mixed_effects(X, BETWEEN, WORLD.tolist(), reference="none")
    with pytest.raises(ValueError, match="1 arms"):
        mixed_effects(X, ["a"], WORLD.tolist())
    with pytest.raises(ValueError, match="infinite"):
        mixed_effects([math.inf], ["a"], [0])
