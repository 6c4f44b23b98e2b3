"""Fits of classical models: known weights are found, and an independent fit agrees."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from fake_run import Recipe, fake_run
from socsim_analysis.baselines import MODELS, BaselineFit, Transitions, fit_baselines
from socsim_analysis.reading import world_transitions


def _by_model(fits: tuple[BaselineFit, ...]) -> dict[str, BaselineFit]:
    return {fit.model: fit for fit in fits}


def _noisy() -> Transitions:
    rng = np.random.default_rng(4)
    now, first, peers = (rng.normal(4, 1, 200) for _ in range(3))
    return Transitions(now, now + 0.3 * (peers - now) + 0.2 * (first - now) + rng.normal(0, 0.5, 200), first, peers)


def test_least_squares_equals_statsmodels() -> None:
    t = _noisy()
    fits = _by_model(fit_baselines(t))
    change = t.after - t.now
    designs = {
        "drift_only": (np.ones((200, 1)), ["d"]),
        "degroot": ((t.peers - t.now)[:, None], ["w"]),
        "friedkin_johnsen": (np.column_stack([t.peers - t.now, t.first - t.now]), ["a", "s"]),
    }
    for model, (design, names) in designs.items():
        ols = sm.OLS(change, design).fit()
        fit = fits[model]
        assert [fit.parameters[name].value for name in names] == pytest.approx(ols.params)
        low, high = ols.conf_int(0.05).T
        assert [fit.parameters[name].low for name in names] == pytest.approx(low)
        assert [fit.parameters[name].high for name in names] == pytest.approx(high)
        assert fit.explained == pytest.approx(1 - ols.ssr / (change @ change))
    assert fits["no_change"].explained == 0.0
    assert fits["no_change"].rmse == pytest.approx(np.sqrt(np.mean(change**2)))


def test_degroot_weight_equals_a_search_over_weights() -> None:
    t = _noisy()
    grid = np.linspace(-1, 1, 4001)
    losses = [np.sum((t.after - (1 - w) * t.now - w * t.peers) ** 2) for w in grid]
    assert _by_model(fit_baselines(t))["degroot"].parameters["w"].value == pytest.approx(grid[int(np.argmin(losses))], abs=5e-4)


@pytest.mark.parametrize("weight", [0.0, 0.25, 0.6])
def test_weight_that_made_the_run_is_found_from_what_was_read(weight: float) -> None:
    run = fake_run(Recipe(weight=weight, noise=0.02))
    fits = _by_model(fit_baselines(world_transitions(run, "services", "expected", "treatment", 0)))
    assert fits["degroot"].parameters["w"].value == pytest.approx(weight, abs=0.02)
    assert fits["friedkin_johnsen"].parameters["a"].value == pytest.approx(weight, abs=0.05)


def test_arm_without_influence_is_fitted_on_the_authors_of_the_treatment_arm() -> None:
    run = fake_run(Recipe(weight=0.4, noise=0.02))
    alone = world_transitions(run, "services", "expected", "alone", 0)
    treated = world_transitions(run, "services", "expected", "treatment", 0)
    assert "not shown" in alone.source
    assert alone.with_peers().n == pytest.approx(treated.with_peers().n, abs=6)
    assert _by_model(fit_baselines(alone))["degroot"].parameters["w"].value == pytest.approx(0.0, abs=0.02)


def test_noise_alone_gives_a_weight_where_nobody_was_read() -> None:
    """Opinions that are drawn anew fall back to the mean, which a fit takes for influence: only the contrast tells."""
    rng = np.random.default_rng(3)
    truth = rng.normal(4, 0.3, 34)
    x = truth + rng.normal(0, 1, (6, 34))
    peers = np.array([[x[t][np.arange(34) != i].mean() for i in range(34)] for t in range(5)])
    t = Transitions(x[:-1].ravel(), x[1:].ravel(), np.tile(x[0], 5), peers.ravel())
    assert _by_model(fit_baselines(t))["degroot"].parameters["w"].value > 0.5


def test_drift_is_found_and_models_that_need_peers_are_left_out_without_them() -> None:
    now = np.linspace(1, 5, 9)
    fits = fit_baselines(Transitions(now, now + 0.5, now, np.full(9, np.nan)))
    assert [fit.model for fit in fits] == ["no_change", "drift_only"]
    assert fits[1].parameters["d"].value == pytest.approx(0.5)
    assert fits[1].explained == pytest.approx(1.0)


def test_missing_answers_make_no_transition() -> None:
    run = fake_run(Recipe(steps=4, failing=frozenset({("treatment", 2, 5)})))
    assert world_transitions(run, "services", "expected", "treatment", 0).n == 34 * 3 - 2
    assert world_transitions(run, "services", "value", "alone", 0).n == 34 * 3


def test_parameters_that_the_data_do_not_identify_are_missing() -> None:
    now = np.array([1.0, 2.0, 4.0, 5.0])
    peers = np.array([2.0, 3.0, 3.0, 2.0])
    fits = _by_model(fit_baselines(Transitions(now, now.copy(), now.copy(), peers)))
    assert math.isnan(fits["friedkin_johnsen"].parameters["s"].value)
    assert math.isnan(fits["degroot"].explained)
    empty = np.empty(0)
    assert math.isnan(_by_model(fit_baselines(Transitions(empty, empty, empty, empty)))["drift_only"].explained)


def test_unknown_model_is_refused() -> None:
    with pytest.raises(ValueError, match=", ".join(MODELS)):
        fit_baselines(_noisy(), ["bounded_confidence"])


def test_the_bound_of_deffuant_equals_a_search_over_bounds() -> None:
    rng = np.random.default_rng(8)
    now, peers = rng.random(200), rng.random(200)
    near = np.abs(peers - now) <= 0.3
    after = now + np.where(near, 0.4 * (peers - now), 0.0) + rng.normal(0, 0.01, 200)
    (fit,) = fit_baselines(Transitions(now, after, now, peers), ["deffuant_weisbuch"])
    best = min(
        (float(np.sum((after - now - mu * np.where(np.abs(peers - now) <= bound, peers - now, 0.0)) ** 2)), bound, mu)
        for bound in np.linspace(0.01, 1, 100)
        for mu in np.linspace(0, 1, 101)
    )
    assert fit.parameters["mu"].value == pytest.approx(0.4, abs=0.02)
    assert fit.parameters["epsilon"].low <= 0.3 <= fit.parameters["epsilon"].high + 0.02
    assert fit.parameters["epsilon"].value == pytest.approx(best[1], abs=0.02)
    assert fit.n * fit.rmse**2 <= best[0]
    assert fit.explained > 0.9
