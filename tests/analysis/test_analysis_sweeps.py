"""Effects of what a sweep varied, against computations by hand; advice on replicates, against statsmodels and simulation."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from socsim_analysis.frames import opinion_items
from socsim_analysis.replicates import differences_of, power_of, replicates_for
from socsim_analysis.report import render_report
from socsim_analysis.sweeps import factors_of, sweep_table, world_table
from statsmodels.stats.power import TTestPower

from socsim import Run, Scenario, ScriptedEngine, replay, resume, run
from socsim.inference.types import Request
from socsim.scenario.sweeping import unfolded


def scores(request: Request) -> tuple[float, ...]:
    """Answers that depend on everything that is read, so that worlds and points differ."""
    weight = (int(request.digest()[:6], 16) % 97 + 1) / 99
    return tuple(math.log((weight if text.strip() == "B" else 1.0 - weight) / 2) for text in request.candidates)


def study(replicates: int, vary: dict[str, object], **sweep: object) -> Scenario:
    spec = Scenario.model_validate(
        {
            "socsim": 1,
            "name": "s",
            "seed": 8,
            "replicates": replicates,
            "population": {"size": 6, "data": "none", "persona": {"renderer": "none"}},
            "network": {"graph": {"watts_strogatz": {"k": 2, "p": 0.3}}},
            "items": {
                "bus": {"type": "ordinal", "text": "Free?", "options": ["no", "yes"], "readout": {"labels": ["letters"]}},
            },
            "schedule": [{"phase": "talk", "repeat": 2, "interaction": {"kind": "neighbours"}, "ask": ["bus"], "say": {}}],
            "sweep": {"vary": vary, **sweep},
        }
    )
    return unfolded(spec)


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Run:
    vary: dict[str, object] = {"phases.talk.interaction.at_most": [1, 2, 3], "network.graph.watts_strogatz.p": [0.0, 1.0]}
    spec = study(6, vary)
    return run(spec, engine=ScriptedEngine(scorer=scores), out=tmp_path_factory.mktemp("sweep") / "run")


def test_the_table_of_worlds_has_every_factor(grid: Run) -> None:
    assert factors_of(grid) == {"phases.talk.interaction.at_most": [1, 2, 3], "network.graph.watts_strogatz.p": [0.0, 1.0]}
    worlds = world_table(grid, "bus")
    assert len(worlds) == 6 * 6 * 3
    one = worlds[(worlds["arm"] == "at_most=2, p=1.0") & (worlds["replicate"] == 4) & (worlds["quantity"] == "mean")]
    answers = grid.responses
    there = answers[(answers["arm"] == "at_most=2, p=1.0") & (answers["replicate"] == 4) & (answers["step"] == 1)]
    assert one["value"].item() == pytest.approx(there["expected"].mean())
    assert (one["phases.talk.interaction.at_most"].item(), one["network.graph.watts_strogatz.p"].item()) == (2, 1.0)


def test_effects_are_those_computed_by_hand(grid: Run) -> None:
    worlds = world_table(grid, "bus")
    mean = worlds[worlds["quantity"] == "mean"].pivot(
        index="replicate", columns=["phases.talk.interaction.at_most", "network.graph.watts_strogatz.p"], values="value"
    )
    table = sweep_table(grid, "bus").set_index(["quantity", "factor", "level"])
    by_hand = ((mean[3, 0.0] - mean[1, 0.0]) + (mean[3, 1.0] - mean[1, 1.0])) / 2
    row = table.loc["mean", "phases.talk.interaction.at_most", "3"]
    half = 2.5705818 * by_hand.std(ddof=1) / math.sqrt(6)  # t(.975, 5)
    assert (row["reference"], row["replicates"], row["pairs"]) == ("1", 6, 2)
    assert row["effect"] == pytest.approx(by_hand.mean())
    assert (row["low"], row["high"]) == pytest.approx((by_hand.mean() - half, by_hand.mean() + half))
    assert row["sd"] == pytest.approx(by_hand.std(ddof=1))
    name = "phases.talk.interaction.at_most × network.graph.watts_strogatz.p"
    both = (mean[3, 1.0] - mean[1, 1.0]) - (mean[3, 0.0] - mean[1, 0.0])
    assert table.loc["mean", name, "3 & 1.0"]["effect"] == pytest.approx(both.mean())


def test_replicates_share_their_random_numbers(grid: Run) -> None:
    """At the first step nobody has read anything, so all that is drawn is drawn alike at all points, and not alike for all."""
    for table, drawn in ((grid.responses, "u"), (grid.messages, "text")):
        first = table[table["step"] == 0]
        wide = first.pivot(index=["replicate", "agent"], columns="arm", values=drawn)
        assert wide.shape == (6 * 6, 6)
        assert wide.nunique(axis=1).eq(1).all()
        assert wide.iloc[:, 0].nunique() > 30


def test_a_sweep_is_one_record_and_replays(grid: Run) -> None:
    assert replay(grid.path).verified
    assert len(grid.calls) < len(grid.events) * 3
    assert resume(grid.path).status == "complete"


def test_the_page_has_a_part_for_it_and_shows_the_first_arms(tmp_path: Path) -> None:
    spec = study(2, {"phases.talk.interaction.at_most": list(range(1, 11))})
    done = run(spec, engine=ScriptedEngine(scorer=scores), out=tmp_path / "run")
    page = render_report(done)
    assert 'id="sweep"' in page
    assert "10 variants of the world in 2 replicates each" in page
    assert "Other parts of this page show the first 8 variants" in page
    assert "at_most=8" in page
    assert "in each of 10 arms were asked" in page


def test_slopes_of_a_latin_hypercube_are_least_squares(tmp_path: Path) -> None:
    vary: dict[str, object] = {
        "network.graph.watts_strogatz.p": {"from": 0.0, "to": 1.0},
        "phases.talk.interaction.at_most": [1, 2],
    }
    spec = study(5, vary, design="latin_hypercube", points=6)
    done = run(spec, engine=ScriptedEngine(scorer=scores), out=tmp_path / "run")
    table = sweep_table(done, "bus")
    row = table[(table["quantity"] == "mean") & (table["factor"] == "network.graph.watts_strogatz.p")].iloc[0]
    worlds = world_table(done, "bus")
    mean = worlds[worlds["quantity"] == "mean"]
    slopes = []
    for _, found in mean.groupby("replicate"):
        x = found["network.graph.watts_strogatz.p"].astype(float)
        other = found["phases.talk.interaction.at_most"].astype(float)
        design = np.column_stack([np.ones(len(x)), x, other])
        solved = np.linalg.solve(design.T @ design, design.T @ found["value"].to_numpy(dtype=float))
        slopes.append(solved[1] * (x.max() - x.min()))
    assert row["effect"] == pytest.approx(np.mean(slopes))
    assert (row["replicates"], row["pairs"]) == (5, 0)


@pytest.mark.parametrize(("sd", "effect", "n"), [(1.0, 0.5, 20), (0.3, 0.05, 40), (2.0, 3.0, 5)])
def test_power_is_that_of_statsmodels(sd: float, effect: float, n: int) -> None:
    theirs = TTestPower().power(effect_size=effect / sd, nobs=n, alpha=0.05)
    assert power_of(n, sd, effect) == pytest.approx(float(theirs), abs=1e-8)


@pytest.mark.parametrize("effect", [0.2, 0.5, 1.0])
def test_advice_is_the_smallest_number_and_holds_in_simulation(effect: float) -> None:
    advice = replicates_for(1.0, effect, pilot=10)
    theirs = TTestPower().solve_power(effect_size=effect, power=0.8, alpha=0.05)
    assert advice.replicates == math.ceil(float(theirs))
    assert advice.low < advice.replicates < advice.high
    rng = np.random.default_rng(1)
    trials = 4000
    drawn = rng.normal(effect, 1.0, size=(trials, advice.replicates))
    t = drawn.mean(axis=1) / drawn.std(axis=1, ddof=1) * math.sqrt(advice.replicates)
    from scipy.stats import t as student

    found = float((np.abs(t) > student.ppf(0.975, advice.replicates - 1)).mean())
    assert 0.8 - 0.02 <= found <= 0.87


def test_advice_at_the_edges() -> None:
    with pytest.raises(ValueError, match="the same in all worlds of the pilot"):
        replicates_for(0.0, 0.1, pilot=5)
    assert replicates_for(100.0, 0.001, pilot=2).high == math.inf
    with pytest.raises(ValueError, match="effect of 0"):
        replicates_for(1.0, 0.0, pilot=5)
    with pytest.raises(ValueError, match="one world"):
        replicates_for(1.0, 1.0, pilot=1)


def test_differences_are_those_of_the_sweep_or_of_arms(grid: Run, tmp_path: Path) -> None:
    found = {one.name: one for one in differences_of(grid)}
    table = sweep_table(grid, "bus")
    row = table[(table["quantity"] == "mean") & (table["level"] == "3")].iloc[0]
    assert found["at_most: 3 against 1"].sd == pytest.approx(row["sd"])
    spec = study(3, {"phases.talk.interaction.at_most": [1, 2]})
    plain = spec.model_copy(update={"arms": tuple(arm.model_copy(update={"factors": {}}) for arm in spec.arms)})
    done = run(plain, engine=ScriptedEngine(scorer=scores), out=tmp_path / "run")
    (one,) = differences_of(done)
    assert (one.item, one.replicates) == ("bus", 3)
    assert "against at_most=2" in one.name
    assert opinion_items(done) == ("bus",)
    assert isinstance(done.responses, pd.DataFrame)
