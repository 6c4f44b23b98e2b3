"""Figures of runs: which a run can fill, from which tables, and that the page and files get the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fake_run import Recipe, fake_run, money_run
from socsim_analysis.figure_files import missing_kinds
from socsim_analysis.figure_tables import density_table, opinion_table, seen_choices
from socsim_analysis.frames import Snapshot
from socsim_analysis.run_figures import FIGURES, behaviour, figures_of, file_name, run_figures
from socsim_analysis.spreading import adopter_table

from socsim import Scenario, ScriptedEngine, run
from socsim.measures import leaning_density

DEBATE = fake_run(Recipe(noise=0.1, replicates=2))
EXAMPLES = Path(__file__).parents[2] / "scenarios" / "examples"


def test_a_debate_fills_what_it_holds_and_says_what_the_rest_needs() -> None:
    found = run_figures(DEBATE)
    kinds = ["trajectories", "networks", "densities", "convergence", "contrasts"]
    assert list(dict.fromkeys(one.kind for one in found)) == kinds
    assert set(missing_kinds(found)) == set(FIGURES) - set(kinds)
    for one in found:
        assert next(iter(one.tables)) == one.name
        assert one.caption
        assert all(len(frame) for frame in one.tables.values())


def test_missing_answers_are_rows_without_an_opinion() -> None:
    table = opinion_table(fake_run(), "services")
    gone = table[table["opinion"].isna()]
    assert gone[["arm", "step", "person"]].to_numpy().tolist() == [["treatment", 2, 5]]
    assert len(table) == 3 * 5 * 34
    assert table["arm"].drop_duplicates().tolist() == ["treatment", "alone", "shuffled"]


def test_densities_hold_everybody_once() -> None:
    table = density_table(DEBATE, "services", 1.0, 7.0)
    assert table is not None
    sums = table.groupby(["arm", "step"]).agg(people=("people", "sum"), n=("n", "first"))
    assert (sums["people"] == sums["n"]).all()
    assert sums.loc[("alone", 0), "n"] == 2 * 34
    alone = DEBATE.responses[(DEBATE.responses["arm"] == "alone") & (DEBATE.responses["step"] == 0)]
    first = alone[alone["replicate"] == 0].sort_values("agent")["expected"].to_numpy(dtype=float)
    ties = DEBATE.ties[(DEBATE.ties["arm"] == "alone") & (DEBATE.ties["replicate"] == 0)]
    one = density_table(fake_run(Recipe(noise=0.1)), "services", 1.0, 7.0)
    assert one is not None
    expected = leaning_density(first, ties["author"].to_numpy(), ties["reader"].to_numpy(), 1.0, 7.0, bins=10)
    cells = one[(one["arm"] == "alone") & (one["step"] == 0)]["people"].to_numpy().reshape(10, 10)
    assert np.allclose(cells, expected.density * expected.n * 0.36)


def test_choices_stand_beside_those_of_people() -> None:
    (found,) = run_figures(money_run())
    assert (found.kind, found.name) == ("choices", "choices_money_request_basic")
    table = found.tables[found.name]
    people = table[table["people"]].set_index("bin")["share"]
    assert people["17"] == pytest.approx(0.32)
    assert table.groupby("source")["n"].first().tolist() == [108, 108, 108]
    theirs = pd.DataFrame({"world": "w", "person": range(4), "request": [20, 20, 17, None]})
    *_, beside = figures_of(money_run(), "choices", theirs)
    mine = beside.tables["choices_money_request"]
    assert mine[mine["people"]].set_index("bin").loc[["17", "20"], "share"].tolist() == pytest.approx([1 / 3, 2 / 3])


def test_names_of_files_hold_nothing_of_other_places() -> None:
    assert file_name("a", "../../etc/pass wd\x00", "ü") == "a_etc_pass_wd"
    assert "/" not in file_name("..", "\\x/..")


def _adopting(ties: list[tuple[int, int]], decisions: list[tuple[int, int, str, int]], seeds: list[int], size: int) -> Snapshot:
    """One world: ties (author, reader), decisions (step, agent, kind, exposed), and who has adopted from the beginning."""
    where = {"arm": "treatment", "replicate": 0, "phase": "spread", "turn": 0, "position": 0, "target": None, "about": ""}
    kinds = [*decisions, *((0, seed, "seed", -1) for seed in seeds)]
    actions = [{**where, "step": step, "agent": agent, "kind": kind, "status": "done"} for step, agent, kind, _ in kinds]
    known = {agent: sum(reader == agent for _, reader in ties) for agent in range(size)}
    numbers = [
        {
            **{key: where[key] for key in ("arm", "replicate", "phase", "turn")},
            "step": step,
            "agent": agent,
            "name": name,
            "value": v,
        }
        for step, agent, _, exposed in decisions
        for name, v in (("exposed", exposed), ("known", known[agent]))
    ]
    base = fake_run(Recipe(arms=("treatment",)))
    people = base.agents.head(size).assign(arm="treatment", replicate=0, agent=range(size))
    frame = pd.DataFrame(ties, columns=["author", "reader"]).assign(arm="treatment", replicate=0, weight=1.0)
    return replace(base, agents=people, ties=frame, actions=pd.DataFrame(actions), numbers=pd.DataFrame(numbers))


def test_an_adopter_has_it_from_who_adopted_last_before_it() -> None:
    ties = [(0, 1), (0, 2), (1, 2), (3, 4)]
    run = _adopting(ties, [(0, 1, "adopt", 1), (1, 2, "adopt", 2), (1, 4, "adopt", 0), (1, 3, "nothing", 0)], [0], 5)
    table = adopter_table(run)
    assert table is not None
    assert table.set_index("adopter")["parent"].to_dict() == {"0": "", "1": "0", "2": "1", "4": ""}


def test_who_adopted_in_the_same_step_counts_only_where_it_had_been_seen() -> None:
    ties = [(1, 2), (2, 1), (2, 3)]
    run = _adopting(ties, [(0, 1, "adopt", 1), (0, 2, "adopt", 0), (0, 3, "adopt", 1)], [], 4)
    table = adopter_table(run)
    assert table is not None
    assert table.set_index("adopter")["parent"].to_dict() == {"2": "", "1": "2", "3": "2"}


def test_decisions_to_adopt_are_choices_after_those_of_others() -> None:
    run = _adopting([(0, 1), (2, 1)], [(0, 1, "nothing", 0), (1, 1, "adopt", 2)], [0], 3)
    table = seen_choices(run)["adopt"]
    assert table[["k", "m", "chose_a"]].to_numpy().tolist() == [[2, 0, 0.0], [2, 2, 1.0]]


def test_shares_of_a_feed_are_trees_under_their_posts(tmp_path: Path) -> None:
    done = run(EXAMPLES / "feed.yaml", engine=ScriptedEngine(), out=tmp_path / "run", report=False)
    table = adopter_table(done)
    assert table is not None
    shared = done.actions[(done.actions["kind"] == "repost") & (done.actions["status"] == "done")]
    assert len(shared) == (table["parent"] != "").sum() > 0
    assert sorted(shared["about"]) == sorted(table.loc[table["parent"] != "", "parent"])
    (found,) = [one for one in run_figures(done) if one.kind == "cascades"]
    assert found.tables["cascades"]["size"].sum() == len(table)


def test_answers_after_staged_choices_have_a_curve_for_each_item(tmp_path: Path) -> None:
    item = {"type": "nominal", "text": "Which?", "readout": {"draw": "fresh"}}
    scenario = Scenario.model_validate(
        {
            "socsim": 1,
            "name": "staged",
            "population": {"size": 3},
            "items": {"one": {**item, "options": ["dax", "wug"]}, "two": {**item, "options": ["mib", "tup"]}},
            "schedule": [
                {
                    "phase": name,
                    "repeat": 3,
                    "interaction": {
                        "kind": "staged",
                        "options": {"others": 2},
                        "wording": {"each": "{choices}", "choice": "{option}"},
                    },
                    "ask": [name],
                }
                for name in ("one", "two")
            ],
            "inference": {"engine": "scripted"},
        }
    )
    done = run(scenario, engine=ScriptedEngine(), out=tmp_path / "run", report=False)
    found = [one for one in run_figures(done) if one.kind == "response_curves"]
    assert [one.title for one in found] == ["Response curve: one: dax", "Response curve: two: mib"]
    assert found[0].tables["response_curve_one_dax"]["m"].tolist() == [-1.0, 0.0, 1.0]
    assert found[0].tables["response_curve_one_dax"]["n"].tolist() == [3, 3, 3]
    assert "Nobody made the choices shown" in found[0].caption


def test_errors_stand_beside_those_of_people(monkeypatch: pytest.MonkeyPatch) -> None:
    trials = pd.DataFrame({"world": "w", "person": [1, 1, 2, 2], "trial": ["a", "b", "a", "b"], "critical": True})
    ours = trials.assign(arm="treatment", erred=[1.0, 1.0, 1.0, None])
    theirs = trials.assign(erred=[0.0, 0.0, 0.0, 1.0])
    numbers = {"task": "t", "person": [1, 2, 1, 2], "round": [1, 1, 2, 2], "truth": 10.0}
    guesses = pd.DataFrame({"world": "w", "arm": "treatment", **numbers, "estimate": [10.0, 0.0, 20.0, 5.0]})
    tables = {"conformity": ours, "crowds": guesses}
    monkeypatch.setattr(behaviour, "table_of", lambda run, design: tables.get(design))
    conformity, estimates = figures_of(money_run(), "errors", theirs)
    found = conformity.tables["errors_conformity"].set_index(["source", "bin"])["share"]
    assert found["people"].tolist() == [0.5, 0.5, 0.0]
    assert found["treatment"].tolist() == [0.0, 0.5, 0.5]
    table = estimates.tables["errors_estimates"].set_index(["source", "bin"])
    assert table.loc[("run, first round", "−0.25 to 0.25"), ["share", "n"]].tolist() == [1.0, 1]
    assert (
        table.loc[("run, last round", "0.25 to 0.75"), "share"]
        == table.loc[("run, last round", "−0.75 to −0.25"), "share"]
        == 0.5
    )
    assert "1 estimates of 0 or less" in estimates.caption
    assert "hand over a tidy table of people" in estimates.caption
    assert "hand over" not in conformity.caption
