from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from fake_run import MANIFEST
from socsim_analysis.effects import effect_table, way_table
from socsim_analysis.frames import Snapshot, opinions
from socsim_analysis.page import Page
from socsim_analysis.report import render_report
from socsim_analysis.sections.effects import effects_section
from socsim_analysis.signal import signal_check

from socsim.scenario import Scenario

LEVELS = ("control", "costs", "safety")
SHIFT = {"control": 0.0, "costs": 0.4, "safety": -0.2}
WORDINGS = (0.0, 1.5)
COLUMNS = {
    "ties": ["arm", "replicate", "author", "reader", "weight"],
    "seen": ["arm", "replicate", "step", "agent", "position", "author", "author_step", "text"],
    "messages": ["arm", "replicate", "step", "phase", "agent", "text", "status", "cut_off", "raw", "failure", "turn"],
    "events": ["arm", "replicate", "step", "phase", "agent", "observed", "did", "calls", "turn"],
    "readings": ["arm", "replicate", "step", "phase", "agent", "item", "reading", "order", "labels", "mass", "probabilities"],
    "calls": ["digest", "draw", "kind", "status", "prompt_tokens", "cached_tokens", "completion_tokens", "elapsed_s", "failure"],
}


def experiment(people: int = 12, replicates: int = 1, lost: float = 0.2, wording: str = "any", **parts: Any) -> Snapshot:
    """Everybody under every level in two wordings; a share of the answers has failed, so that nothing is balanced."""
    two = {"any_of": ["One {item} {options}", f"{wording} {{item}} {{options}}"], "per_agent": 2}
    spec = Scenario.model_validate(
        {
            "socsim": 1,
            "name": "experiment",
            "population": {"size": people},
            "conditions": {"message": {"levels": {level: level for level in LEVELS}, "assign": "each_in_own_context"}},
            "prompts": {"ask": two},
            "items": {"support": {"type": "ordinal", "text": "Support?", "options": ["no", "rather no", "rather yes", "yes"]}},
            "schedule": [{"phase": "treat", "interaction": {"kind": "exposure", "show": "message"}, "ask": ["support"]}],
            "inference": {"engine": "scripted"},
        }
        | parts
    )
    rng = np.random.default_rng(5)
    own = rng.normal(2.5, 0.5, people)
    rows: dict[str, list[dict[str, Any]]] = {"agents": [], "responses": [], "trials": []}
    for replicate in range(replicates):
        for agent in range(people):
            world = {"arm": "treatment", "replicate": replicate, "agent": agent}
            rows["agents"].append({**world, "node": "", "source_id": "", "weight": 1.0, "persona": "", "model": "m"})
            for turn, (way, level) in enumerate((way, level) for way in range(2) for level in LEVELS):
                at = {**world, "step": 0, "phase": "treat", "turn": turn}
                rows["trials"] += [{**at, "name": "message", "level": level}, {**at, "name": "prompts.ask", "level": str(way)}]
                x = float(own[agent] + SHIFT[level] + WORDINGS[way] + rng.normal(0.0, 0.3))
                answered = rng.random() >= lost
                answer = {"status": "answered" if answered else "failed", "expected": x if answered else None}
                rest = {"option": "", "choice": None, "entropy": None, "mass": 1.0, "u": 0.5, "probabilities": [0.25] * 4}
                rows["responses"].append(
                    {**at, "item": "support", "method": "logprob", "value": None, "failure": "", "raw": "", **rest, **answer}
                )
    frames = {name: pd.DataFrame(found) for name, found in rows.items()}
    empty = {name: pd.DataFrame(columns=columns) for name, columns in COLUMNS.items()}
    return Snapshot(Path("nowhere"), MANIFEST, spec, "complete", **frames, **empty)


def by_statsmodels(run: Snapshot, groups: str, *, centred: bool) -> Any:
    """Least squares with a dummy for every level and, where centred, every wording, and clustered standard errors."""
    wide = run.trials.pivot(index=["replicate", "agent", "turn"], columns="name", values="level").reset_index()
    answered = run.responses[run.responses["status"] == "answered"].merge(wide, on=["replicate", "agent", "turn"])
    design = pd.get_dummies(answered["message"])[["costs", "safety"]].astype(float)
    if centred:
        design = design.assign(way=(answered["prompts.ask"] == "1").astype(float))
    fit = sm.OLS(answered["expected"].astype(float), sm.add_constant(design))
    return fit.fit(cov_type="cluster", cov_kwds={"groups": answered[groups]}, use_t=True)


@pytest.mark.parametrize("centred", [False, True])
def test_effects_and_intervals_are_those_of_a_regression_with_clustered_errors(centred: bool) -> None:
    effects = {"reference": "control", **({"centre_within": "prompt"} if centred else {})}
    run = experiment(analysis={"effects": effects})
    table = effect_table(run, "support").set_index("level")
    other = by_statsmodels(run, "agent", centred=centred)
    low, high = other.conf_int()[0], other.conf_int()[1]
    for level in ("costs", "safety"):
        assert table.loc[level, "effect"] == pytest.approx(other.params[level], abs=1e-12)
        assert (table.loc[level, "low"], table.loc[level, "high"]) == pytest.approx((low[level], high[level]), abs=1e-10)
    assert set(table["units"]) == {12}
    assert set(table["unit"]) == {"person"}


def test_not_centred_an_effect_is_the_plain_difference_of_means() -> None:
    run = experiment()
    row = effect_table(run, "support").set_index("level").loc["costs"]
    assert row["reference"] == "control"
    assert row["effect"] == pytest.approx(row["mean"] - row["mean_reference"])


def test_a_drawn_non_answer_leaves_its_expected_value_and_a_failed_one_nothing() -> None:
    run = experiment()
    before = effect_table(run, "support")
    answered = run.responses.index[run.responses["status"] == "answered"]
    run.responses.loc[answered[::2], "status"] = "non_answer"
    assert effect_table(run, "support").equals(before)
    assert f"{len(answered[::2])} of 72 drawn answers were valid non-answers" in str(effects_section(Page(run)))
    run.responses.loc[answered[::2], "status"] = "failed"
    assert effect_table(run, "support")["n"].sum() < before["n"].sum()


def test_people_who_are_the_same_in_all_worlds_are_one_unit_and_new_ones_are_not() -> None:
    same = experiment(people=6, replicates=2)
    anew = experiment(people=6, replicates=2, population={"size": 6, "per_world": True})
    assert set(effect_table(same, "support")["units"]) == {6}
    assert set(effect_table(anew, "support")["units"]) == {12}


def test_once_people_have_met_the_world_is_the_unit() -> None:
    meeting = {"kind": "neighbours", "see": "messages", "of": "all"}
    phase = {"phase": "talk", "interaction": meeting, "ask": ["support"], "say": {}}
    run = experiment(people=4, replicates=6, schedule=[phase])
    table = effect_table(run, "support").set_index("level")
    other = by_statsmodels(run, "replicate", centred=False)
    assert set(table["unit"]) == {"world"}
    assert table.loc["safety", "low"] == pytest.approx(other.conf_int()[0]["safety"], abs=1e-10)


def test_people_who_all_answer_alike_have_no_interval() -> None:
    run = experiment(lost=0.0)
    shift = run.trials[run.trials["name"] == "message"].set_index(["replicate", "agent", "turn"])["level"].map(SHIFT)
    keys = pd.MultiIndex.from_frame(run.responses[["replicate", "agent", "turn"]])
    run.responses["expected"] = 2.0 + shift.reindex(keys).to_numpy()
    table = effect_table(run, "support").set_index("level")
    assert table.loc["costs", "effect"] == pytest.approx(0.4)
    assert table["low"].isna().all()


def test_with_few_units_there_is_no_interval() -> None:
    table = effect_table(experiment(people=4, lost=0.0), "support")
    assert table["effect"].notna().all()
    assert table["low"].isna().all()
    assert "no interval" in str(effects_section(Page(experiment(people=4))))


def test_a_random_reference_is_the_mean_over_the_references_drawn() -> None:
    run = experiment(lost=0.0, analysis={"effects": {"reference": "random", "repeats": 4000}})
    table = effect_table(run, "support").set_index("level")
    means = table["mean"]
    assert list(table.index) == list(LEVELS)
    for level in LEVELS:
        rest = means.drop(level).mean()
        assert table.loc[level, "effect"] == pytest.approx(means[level] - rest, abs=0.03)
        assert table.loc[level, "low"] < table.loc[level, "effect"] < table.loc[level, "high"]
    assert effect_table(run, "support").equals(effect_table(run, "support"))


def test_one_draw_of_a_reference_is_that_reference() -> None:
    drawn = effect_table(experiment(analysis={"effects": {"reference": "random", "repeats": 1}}), "support")
    (reference,) = set(LEVELS) - set(drawn["level"])
    named = effect_table(experiment(analysis={"effects": {"reference": reference}}), "support")
    for column in ("level", "effect", "low", "high"):
        assert list(drawn[column]) == list(named[column])


def test_nothing_is_held_against_a_reference_at_which_nobody_answered() -> None:
    run = experiment(analysis={"effects": {"reference": "control"}})
    control = run.trials[(run.trials["name"] == "message") & (run.trials["level"] == "control")]
    keys = ["agent", "turn"]
    lost = run.responses.merge(control[keys], on=keys, how="left", indicator=True)["_merge"] == "both"
    run.responses.loc[lost.to_numpy(), "status"] = "failed"
    assert effect_table(run, "support").empty


def test_where_nobody_differs_within_levels_the_interval_has_no_width() -> None:
    run = experiment(lost=0.0)
    run.responses["expected"] = 2.0
    table = effect_table(run, "support")
    assert table[["effect", "low", "high"]].abs().max().max() == pytest.approx(0.0, abs=1e-12)


def test_wordings_stand_beside_the_effects() -> None:
    run = experiment(lost=0.0)
    table = way_table(run, "support")
    assert list(table["name"]) == ["prompts.ask", "prompts.ask"]
    assert np.diff(table["mean"])[0] == pytest.approx(1.5, abs=0.1)


def test_the_page_shows_effects_and_texts_stay_data() -> None:
    page = render_report(experiment(wording="<script>alert(1)</script>", analysis={"effects": {"centre_within": "prompt"}}))
    assert 'id="effects"' in page
    assert "95 % intervals over 12 people" in page
    assert "support: against control, answers differ at costs +" in page
    assert "carry intervals over people" in page
    assert "One wording of the question" not in page
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_run_without_conditions_has_no_effects() -> None:
    run = experiment(conditions={})
    assert effect_table(run, "support").empty
    assert effects_section(Page(run)) is None


def test_the_opinion_of_somebody_asked_in_several_contexts_is_the_mean_over_them() -> None:
    run = experiment(people=5)
    found = opinions(run, "support")
    assert list(found["agent"]) == [0, 1, 2, 3, 4]
    answered = run.responses[(run.responses["agent"] == 3) & (run.responses["status"] == "answered")]
    assert found.loc[3, "x"] == pytest.approx(answered["expected"].astype(float).mean())


def test_readings_of_an_answer_are_compared_within_its_own_context() -> None:
    run = experiment(people=3, lost=0.0)
    at = ["arm", "replicate", "step", "phase", "agent", "turn", "item"]
    plain = run.responses[at].assign(reading=0, order="forward", labels="letters", mass=1.0)
    plain["probabilities"] = [[1.0 - turn / 10, 0.0, 0.0, turn / 10] for turn in plain["turn"]]
    both = pd.concat([plain, plain.assign(reading=1, order="backward")], ignore_index=True)
    order = signal_check(replace(run, readings=both), "support").order
    assert order.n == len(plain)
    assert order.size == pytest.approx(0.0)


def test_the_opinion_of_somebody_who_answers_again_in_one_step_is_the_last() -> None:
    crossed = experiment(people=2, lost=0.0, conditions={}, prompts={})
    run = replace(crossed, trials=crossed.trials.iloc[:0])
    last = run.responses[run.responses["turn"] == 5].set_index("agent")["expected"]
    assert opinions(run, "support").set_index("agent")["x"].to_dict() == last.to_dict()
