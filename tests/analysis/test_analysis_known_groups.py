"""Known-groups check against scipy on frames, and where it is not defined."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import scipy.stats
from fake_run import Recipe, fake_run
from socsim_analysis.known_groups import known_groups


def test_correlation_with_a_held_back_variable() -> None:
    run = fake_run(Recipe(failing=frozenset({("treatment", 0, 3)})))
    ideology, region = known_groups(run, "services")
    rows = run.responses[(run.responses["arm"] == "treatment") & (run.responses["step"] == 0)]
    people = run.agents[run.agents["arm"] == "treatment"].set_index("agent")
    pairs = rows[rows["status"] == "answered"].set_index("agent")["expected"].to_frame("x").join(people["reference_ideology"])
    assert ideology.association is not None
    assert ideology.association.n == 33
    assert ideology.association.pearson == pytest.approx(pairs["x"].astype(float).corr(pairs["reference_ideology"]))
    assert ideology.association.spearman == pytest.approx(
        pairs["x"].astype(float).rank().corr(pairs["reference_ideology"].rank())
    )
    assert sum(group.n for group in ideology.groups) == 33
    assert region.association is None
    assert [group.category for group in region.groups] == ["north", "south"]
    assert sum(group.n for group in region.groups) == 32


def test_constant_opinions_have_no_correlation() -> None:
    run = fake_run()
    rows = run.responses.assign(expected=4.0)
    ideology = known_groups(replace(run, responses=rows), "services")[0]
    assert ideology.association is not None
    assert math.isnan(ideology.association.spearman)


def test_facts_can_be_checked_the_same_way_and_too_many_categories_give_no_groups() -> None:
    age, party = known_groups(fake_run(), "services", prefix="fact_")
    assert age.groups == ()
    assert age.association is not None
    assert [group.category for group in party.groups] == ["Democrat", "Republican"]


def test_share_between_groups_equals_that_of_an_analysis_of_variance() -> None:
    run = fake_run()
    party = known_groups(run, "services", prefix="fact_")[1]
    rows = run.responses[(run.responses["arm"] == "treatment") & (run.responses["step"] == 0)]
    people = run.agents[run.agents["arm"] == "treatment"].set_index("agent")["fact_party"]
    x = rows.set_index("agent")["expected"].astype(float)
    f = scipy.stats.f_oneway(*(x[people[x.index] == name] for name in ("Democrat", "Republican"))).statistic
    assert party.between_share == pytest.approx(f / (f + 32))
    assert party.chance_share == pytest.approx(1 / 33)
    age = known_groups(run, "services", prefix="fact_")[0]
    assert math.isnan(age.between_share)
