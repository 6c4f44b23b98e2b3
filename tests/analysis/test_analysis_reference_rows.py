"""Rows beside a verdict: each is found in data that were made by what it stands for, and is left out where it says nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fake_run import fake_run
from socsim_analysis.against_people import AgainstPeople, NotComparable, compare_many, compare_run, compare_table
from socsim_analysis.designs import group_polarization
from socsim_analysis.designs.of_runs import table_of
from socsim_analysis.findings.registry import Finding, find_finding
from socsim_analysis.frames import Snapshot, snapshot
from socsim_analysis.reference_rows import Row
from socsim_analysis.reference_rows.arms import role_of_arm
from socsim_analysis.reference_rows.crowd_models import best_crowd_fit
from socsim_analysis.reference_rows.crowd_worlds import crowd_worlds, with_numbers
from socsim_analysis.reference_rows.people import noise_floor
from socsim_analysis.reference_rows.uniform import DRAWN, tables_by_chance

from socsim import Observation, Run, Scenario, ScriptedEngine, SocialAgent, run

RULES = {"degroot": (0.4, 0.0, 0.02), "friedkin_johnsen": (0.3, 0.4, 0.02), "deaf": (0.0, 0.0, 0.3)}
"""Weight on the others, weight on the own first answer, and noise, as a share of the own answer."""


def estimating(rule: str) -> type[SocialAgent]:
    """People who guess, and then follow a rule; the first answers are spread as log-normal numbers."""
    w, s, noise = RULES[rule]

    class Guessing(SocialAgent):
        async def act(self, observation: Observation) -> None:
            (item,) = observation.asks
            kept = self.__dict__.setdefault("kept", {})
            if observation.phase.startswith("first"):
                answer = float(np.exp(5 + 0.6 * self.generator.normal()))
                kept[item] = (answer, answer)
            first, now = kept[item]
            shown = float(dict(observation.facts).get("shown", now))
            if not observation.phase.startswith("first"):
                answer = (now + w * (shown - now) + s * (first - now)) * (1 + noise * self.generator.normal())
            kept[item] = (first, min(max(answer, 1.0), 5000.0))
            self.answer(item, kept[item][1])

    return Guessing


def crowd(out: Path, rule: str, **changes: Any) -> Run:
    seeing = {"interaction": {"kind": "estimates", "see": "answers", "summary": "mean"}, "ask": ["item"]}
    number = {"type": "number", "text": "How many?", "range": [1, 5000], "truth": 180.5, "readout": {"method": "number"}}
    spec = {
        "socsim": 1,
        "name": "crowd",
        "replicates": 9,
        "population": {"size": 8, "data": "statsmodels/anes96", "facts": {"age": "age"}, "per_world": True},
        "network": {"graph": {"random_regular": {"d": 4}}},
        "items": {"jar": number, "shelf": number},
        "schedule": [
            {"for_each_item": {"order": "as_given"}, "phases": [
                {"phase": "first", "ask": ["item"]}, {"phase": "second", **seeing}, {"phase": "third", **seeing}]}
        ],
        "arms": [
            "treatment",
            "alone",
            {"shuffled": "rewire"},
            {"solo": {"phases": {"second": {"interaction": "none"}, "third": {"interaction": "none"}}}},
            {"plain": {"population": {"persona": {"renderer": "none"}}}},
            {"star": {"network": {"graph": {"star": {}}}}},
        ],
    }  # fmt: skip
    scenario = Scenario.model_validate(spec | changes)
    return run(scenario, engine=ScriptedEngine(), agent_class=estimating(rule), out=out)


@pytest.fixture(scope="module")
def averaging(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return snapshot(crowd(tmp_path_factory.mktemp("crowd") / "run", "degroot"))


@pytest.fixture(scope="module")
def against(averaging: Snapshot) -> AgainstPeople:
    return compare_run(averaging, find_finding("becker2017.spread_ratio"))


def the(found: AgainstPeople, role: str) -> Row:
    (row,) = [row for row in found.rows if row.role == role]
    return row


CROWDS = ("becker2017.spread_ratio", "becker2017.individual_error", "becker2017.mean_error", "becker2017.weight_on_peers")


@pytest.mark.parametrize("name", CROWDS)
def test_people_who_average_are_covered_by_the_row_of_degroot(averaging: Snapshot, name: str) -> None:
    found = compare_run(averaging, find_finding(name))
    row = the(found, "classical")
    assert row.name == "classical model: DeGroot"
    assert "(w = 0.40)" in row.note or "(w = 0.41)" in row.note
    if name == "becker2017.weight_on_peers":
        assert row.estimate == pytest.approx(0.4, abs=0.02)  # every revision has the same weight
        assert found.values.estimate == pytest.approx(0.4, abs=0.03)
    elif name == "becker2017.mean_error":  # on ties of equal degrees DeGroot keeps the mean
        assert row.estimate == pytest.approx(0.0, abs=1e-9)
        assert found.values.estimate == pytest.approx(0.0, abs=0.02)
    else:
        assert row.low <= found.values.estimate <= row.high


def test_who_holds_on_to_the_first_answer_is_found_by_friedkin_and_johnsen(tmp_path: Path) -> None:
    done = snapshot(crowd(tmp_path / "run", "friedkin_johnsen", arms=["treatment"]))
    table = table_of(done, "crowds")
    assert table is not None
    fit = best_crowd_fit(crowd_worlds(done, table, "treatment"))
    assert fit is not None
    assert fit.model == "Friedkin–Johnsen"
    assert (fit.w, fit.s) == pytest.approx((0.3, 0.4), abs=0.05)
    assert fit.errors["Friedkin–Johnsen"] < fit.errors["DeGroot"] < fit.errors["no change"]
    found = compare_run(done, find_finding("becker2017.spread_ratio"))
    row = the(found, "classical")
    assert row.low <= found.values.estimate <= row.high


def test_who_does_not_listen_gets_the_model_without_change(tmp_path: Path) -> None:
    done = snapshot(crowd(tmp_path / "run", "deaf", arms=["treatment"]))
    found = compare_run(done, find_finding("becker2017.spread_ratio"))
    row = the(found, "classical")
    assert row.name == "classical model: no change"
    assert row.estimate == pytest.approx(1.0)
    assert math.isnan(row.low)  # all worlds have the same ratio


def test_numbers_put_back_make_the_same_table_with_the_numbers_that_were_shown(averaging: Snapshot) -> None:
    table = table_of(averaging, "crowds")
    assert table is not None
    for arm in ("treatment", "star", "shuffled", "alone", "solo"):
        worlds = crowd_worlds(averaging, table, arm)
        again = with_numbers(table, worlds, [one.estimates for one in worlds])
        rows = table["arm"] == arm
        assert np.allclose(again["estimate"], table["estimate"], equal_nan=True)
        assert np.allclose(again.loc[rows, "shown"], table.loc[rows, "shown"], rtol=1e-4, equal_nan=True), arm
        assert table.loc[rows, "shown"].notna().any() == (arm not in ("alone", "solo"))


def test_arms_are_named_by_what_they_are(averaging: Snapshot, against: AgainstPeople) -> None:
    names = [row.name for row in against.rows if row.role in ("control", "arm")]
    assert names == [
        "nobody sees anybody (arm alone)",
        "empty persona (arm plain)",
        "ties rewired, degrees kept (arm shuffled)",
        "nobody sees anybody (arm solo)",
        "other arm: star",
    ]
    assert role_of_arm(averaging, "treatment", "solo") == ""
    assert role_of_arm(averaging, "nobody", "treatment") == ""


@pytest.mark.parametrize(
    ("arm", "name"),
    [
        ({"shuffled": "permute_people"}, "everybody in another's place"),
        ({"yoked": {"world": "other_replicate"}}, "messages of another world"),
        ({"yoked": {"messages": "topics.txt"}}, "messages on another topic"),
    ],
)
def test_ready_made_controls_have_plain_names(averaging: Snapshot, arm: dict[str, Any], name: str) -> None:
    spec = averaging.scenario.model_dump(mode="json", by_alias=True, exclude_unset=True) | {"arms": ["treatment", arm]}
    changed = replace(averaging, scenario=Scenario.model_validate(spec))
    assert role_of_arm(changed, next(iter(arm)), "treatment") == name


def test_without_ties_nobody_is_averaged_with(averaging: Snapshot) -> None:
    found = compare_run(averaging, find_finding("becker2017.spread_ratio"), arm="solo")
    assert not [row for row in found.rows if row.role == "classical"]


def test_answers_by_chance_are_where_chance_answers_are(averaging: Snapshot) -> None:
    """A run whose numbers are uniform over the range lies where the row of uniform answers lies."""
    rng = np.random.default_rng(5)
    rows = averaging.responses.copy()
    rows["value"] = rng.uniform(1, 5000, len(rows))
    found = compare_run(replace(averaging, responses=rows), find_finding("becker2017.individual_error"))
    row = the(found, "uniform")
    assert row.low < found.values.estimate < row.high
    before = compare_run(averaging, find_finding("becker2017.individual_error"))
    assert not the(before, "uniform").low < before.values.estimate < the(before, "uniform").high


def finding(statistic: str, **options: Any) -> Finding:
    base = find_finding("asch1956.error_share").model_dump(by_alias=True)
    base["statistic"] = {"name": statistic, "how": "as said", "unit": "share", "options": options}
    return Finding.model_validate(base | {"preconditions": []})


def choices(rng: np.random.Generator) -> dict[str, tuple[pd.DataFrame, str]]:
    """For designs of choices and amounts, tables of 20 worlds that are answered by chance, and a statistic."""
    n = 120
    who = pd.DataFrame({"world": [f"w{i % 20}" for i in range(n)], "arm": "", "person": [f"p{i}" for i in range(n)]})
    money = who.assign(endowment=10.0)
    return {
        "money_request": (who.assign(request=rng.integers(11, 21, n)), "money_request.one_to_three_steps"),
        "public_goods": (
            pd.concat([money.assign(round=r, contribution=rng.integers(0, 11, n)) for r in (1, 2)], ignore_index=True),
            "public_goods.first_contribution",
        ),
        "dictator": (money.assign(given=rng.integers(0, 11, n)), "dictator.half_share"),
        "ultimatum": (money.assign(offer=rng.integers(0, 11, n), min_accept=rng.integers(0, 11, n)), "ultimatum.acceptance"),
        "response_curve": (who.assign(k=3, m=rng.integers(0, 4, n), chose_a=rng.integers(0, 2, n)), "response_curve.share_at"),
        "repeated_games": (who.assign(round=1, cooperated=rng.integers(0, 2, n)), "repeated_games.cooperation"),
        "conventions": (
            who[:48].assign(world=[f"w{i % 8}" for i in range(48)], round=1, chosen=rng.choice(["F", "J"], 48), alternative="J"),
            "conventions.alternative_share",
        ),
        "market": (
            pd.DataFrame([(f"w{w}", "", f"s{s}", d) for w in range(20) for s, d in enumerate(rng.multinomial(60, [0.1] * 10))],
                         columns=["world", "arm", "song", "downloads"]),
            "market.inequality",
        ),
    }  # fmt: skip


@pytest.mark.parametrize("design", ["money_request", "public_goods", "dictator", "ultimatum", "response_curve",
                                    "repeated_games", "conventions", "market"])  # fmt: skip
def test_tables_answered_by_chance_lie_where_the_uniform_row_lies(design: str) -> None:
    table, statistic = choices(np.random.default_rng(11))[design]
    found = compare_table(table, finding(statistic))
    row = the(found, "uniform")
    assert row.low < found.values.estimate < row.high
    expected = {"money_request": 0.3, "dictator": 1 / 11, "ultimatum": 3 / 11, "public_goods": 0.5}.get(design)
    if expected is not None:
        assert row.estimate == pytest.approx(expected, abs=0.03)


def test_uniform_answers_leave_gaps_and_everything_else_as_it_is() -> None:
    table = choices(np.random.default_rng(1))["dictator"][0].assign(given=lambda rows: rows["given"].where(rows.index > 5))
    for one in tables_by_chance(None, table, "dictator"):
        assert one["given"].isna().tolist() == table["given"].isna().tolist()
        pd.testing.assert_frame_equal(one.drop(columns="given"), table.drop(columns="given"))
        assert set(one["given"].dropna()) <= set(map(float, range(11)))


def test_amounts_with_fractions_are_drawn_with_fractions() -> None:
    table = choices(np.random.default_rng(1))["dictator"][0].assign(given=2.5)
    assert any((one["given"] % 1 != 0).any() for one in tables_by_chance(None, table, "dictator"))


def test_opinions_are_drawn_among_the_points_of_their_scale() -> None:
    rng = np.random.default_rng(4)
    points = np.linspace(-1.0, 1.0, 7)
    table = pd.DataFrame({"world": [f"replicate {i // 20}" for i in range(400)], "arm": "treatment",
                          "group": "services, group 0", "person": [str(i % 20) for i in range(400)],
                          "before": rng.choice(points, 400), "after": rng.choice(points, 400)})  # fmt: skip
    drawn = tables_by_chance(fake_run(), table, "group_polarization")
    assert set(np.round(drawn[0]["after"], 6)) == set(np.round(points, 6))
    mean = group_polarization.spread_change(table, unit="world").estimate
    by_chance = [group_polarization.spread_change(one, unit="world").estimate for one in drawn]
    assert abs(mean - np.mean(by_chance)) < 3 * np.std(by_chance)
    assert tables_by_chance(fake_run(), table.assign(group="taxes, group 0"), "group_polarization") == []
    assert tables_by_chance(None, table, "group_polarization") == []


@pytest.mark.parametrize("design", ["diffusion", "obedience", "herding"])
def test_designs_without_bounded_answers_in_their_table_have_no_uniform_row(design: str) -> None:
    assert design not in DRAWN
    assert tables_by_chance(None, pd.DataFrame({"arm": [""]}), design) == []


def test_people_drawn_anew_lie_where_the_floor_says() -> None:
    """95 of 100 new samples of 60, given a first sample of 123 with its own t interval: both vary."""
    rng = np.random.default_rng(2)
    base = find_finding("asch1956.error_share")
    inside, draws = 0, 1000
    table = pd.DataFrame({"world": [f"w{i}" for i in range(60)], "arm": "", "person": "0"})
    for _ in range(draws):
        first, new = rng.beta(0.8, 1.4, 123), rng.beta(0.8, 1.4, 60)
        half = 1.96 * first.std(ddof=1) / math.sqrt(123)
        value = float(first.mean())
        estimate = base.estimate.model_copy(update={"value": value, "low": value - half, "high": value + half})  # type: ignore[union-attr]
        row = noise_floor(base.model_copy(update={"estimate": estimate}), table, "")
        assert row is not None
        inside += row.low <= new.mean() <= row.high
    assert inside / draws == pytest.approx(0.95, abs=0.02)


def test_a_floor_without_an_interval_is_the_largest_that_the_mean_allows() -> None:
    table = pd.DataFrame({"world": [f"w{i}" for i in range(50)], "arm": "", "person": "0"})
    row = noise_floor(find_finding("franzen2023.lines"), table, "")
    assert row is not None
    p, n = find_finding("franzen2023.lines").estimate.value, 210  # type: ignore[union-attr]
    half = 1.96 * math.sqrt(p * (1 - p) * (1 / 50 + 1 / n))
    assert (row.low, row.high) == pytest.approx((p - half, p + half), abs=1e-4)
    assert "at most, 50 people" in row.over


def test_no_floor_where_the_source_says_too_little() -> None:
    table = pd.DataFrame({"world": ["w0"], "arm": "", "person": "0"})
    assert noise_floor(find_finding("becker2017.weight_on_peers"), table, "") is None  # no interval, and no share
    assert noise_floor(find_finding("gurcay2015.discussion"), table, "") is None  # units that a run does not have
    assert noise_floor(find_finding("asch1955.ally"), table, "") is None  # a direction
    assert noise_floor(find_finding("ashery2025.tipping_llama2"), table, "") is None  # no people


def test_groups_of_people_are_counted_as_worlds(against: AgainstPeople) -> None:
    row = the(against, "noise floor")
    assert row.over == "9 groups, as in the run"
    estimate = find_finding("becker2017.spread_ratio").estimate
    assert estimate is not None
    assert estimate.low is not None
    assert estimate.high is not None
    error = max(estimate.value - estimate.low, estimate.high - estimate.value) / 1.959964
    assert (row.high - row.low) / 2 == pytest.approx(1.959964 * error * math.sqrt(1 + 13 / 9), rel=1e-4)


def test_halves_of_a_table_scatter_as_the_whole_does_by_sampling() -> None:
    """The halves of 40 worlds around their mean have about the standard error of the mean of all 40."""
    rng = np.random.default_rng(3)
    worlds = rng.normal(0.4, 0.1, 40)
    table = pd.DataFrame(
        [
            (f"w{w}", f"p{i}", f"t{t}", True, float(rng.random() < p))
            for w, p in enumerate(worlds)
            for i in (0, 1)
            for t in range(10)
        ],
        columns=["world", "person", "trial", "critical", "erred"],
    )
    found = compare_table(table, find_finding("asch1956.error_share"))
    row = the(found, "noise floor")
    assert row.name == "halves of these people"
    assert row.estimate == found.values.estimate
    by_world = table.groupby("world")["erred"].mean()
    assert (row.high - row.low) / (2 * 1.96) == pytest.approx(by_world.std(ddof=1) / math.sqrt(40), rel=0.25)
    few = table[table["world"].isin(["w0", "w1"])]
    assert not [one for one in compare_table(few, find_finding("asch1956.error_share")).rows if one.role == "noise floor"]


def test_an_untold_other_arm_is_refused_for_every_difference(averaging: Snapshot) -> None:
    table = pd.DataFrame(
        [(f"w{w}", arm, f"p{i}", float(i < (6 if arm == "clustered" else 4) + w % 2) or math.nan, False)
         for w in range(6) for arm in ("clustered", "random") for i in range(10)],
        columns=["world", "arm", "person", "adopted", "seed"],
    )  # fmt: skip
    clustering = find_finding("centola2010.clustering")
    with pytest.raises(NotComparable, match="difference between two arms"):
        compare_table(table, clustering, arm="clustered")
    found = compare_table(table, clustering, arm="clustered", against="random")
    assert found.values.estimate == pytest.approx(0.2)
    assert [row.role for row in found.rows] == ["people", "run"]


def test_rows_of_several_findings_are_those_of_each_alone(averaging: Snapshot, against: AgainstPeople) -> None:
    findings = [find_finding(name) for name in ("becker2017.median_error", "becker2017.spread_ratio")]
    _, one = compare_many(averaging, findings)
    assert isinstance(one, AgainstPeople)
    assert [(row.name, row.over, row.note) for row in one.rows] == [(row.name, row.over, row.note) for row in against.rows]
    assert np.allclose([row.estimate for row in one.rows], [row.estimate for row in against.rows], equal_nan=True)
