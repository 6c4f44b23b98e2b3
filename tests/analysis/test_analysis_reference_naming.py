"""The classical row of a naming game: worlds made by a rule are foretold best by that rule, and the score is a proper one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from fake_run import money_run
from numpy.typing import NDArray
from socsim_analysis.against_people import compare_run
from socsim_analysis.designs.of_runs import table_of
from socsim_analysis.findings.registry import Finding, find_finding
from socsim_analysis.frames import Snapshot
from socsim_analysis.reference_rows.naming_models import best_naming_fit, energy_score, naming_worlds

from socsim.dynamics import NamingGame, Voter, neighbours_from_edges
from socsim.scenario import Scenario

NAMES = ("F", "J", "Q", "W")
N, ROUNDS, WORLDS = 16, 24, 8


def pairs(rng: np.random.Generator) -> list[tuple[int, int]]:
    order = rng.permutation(N)
    return [(int(order[i]), int(order[i + 1])) for i in range(0, N, 2)]


def said_by(
    rule: str, meetings: list[list[tuple[int, int]]], committed: NDArray[np.bool_], rng: np.random.Generator
) -> np.ndarray:
    """Names said in every round by people of a rule, written apart from the code that is tested."""
    start = np.where(committed, 1, rng.integers(len(NAMES), size=N))
    said = [start]
    known = np.eye(len(NAMES), dtype=bool)[start]
    for met in meetings[:-1]:
        graph = neighbours_from_edges(N, met)
        if rule == "naming game":
            known = NamingGame(committed).step(known, graph, rng)
            said.append(np.array([rng.choice(np.flatnonzero(row)) for row in known]))
        elif rule == "voter":
            said.append(Voter().step(said[-1], graph.read_by_only(np.flatnonzero(~committed)), rng))
        else:
            said.append(start)
    return np.stack(said)


def game(rule: str, committed: int = 0, **options: Any) -> Snapshot:
    """A run of a naming game whose people follow a rule."""
    rng = np.random.default_rng(7)
    share = {"committed": {"count": committed, "choice": "J"}} if committed else {}
    spec = {
        "socsim": 1, "name": "names", "replicates": WORLDS, "population": {"size": N},
        "schedule": [{"phase": "play", "repeat": ROUNDS, "activation": "dyads",
                      "interaction": {"kind": "conventions", "options": {"names": list(NAMES), **share, **options}}}],
        "inference": {"engine": "scripted"},
    }  # fmt: skip
    rows, people = [], []
    for replicate in range(WORLDS):
        zealots = np.arange(N) < committed
        meetings = [pairs(rng) for _ in range(ROUNDS)]
        said = said_by(rule, meetings, zealots, rng)
        for step, met in enumerate(meetings):
            for one, other in [*met, *((b, a) for a, b in met)]:
                kind = "committed" if zealots[one] else "choose"
                rows.append(
                    ("treatment", replicate, step, "play", one, 0, 0, kind, "done", other, NAMES[said[step, one]], np.nan)
                )
        people += [("treatment", replicate, agent, "", "", 1.0, "", "m") for agent in range(N)]
    columns = ["arm", "replicate", "step", "phase", "agent", "turn", "position", "kind", "status", "target", "about", "amount"]
    who = ["arm", "replicate", "agent", "node", "source_id", "weight", "persona", "model"]
    return replace(
        money_run(),
        scenario=Scenario.model_validate(spec),
        agents=pd.DataFrame(people, columns=who),
        actions=pd.DataFrame(rows, columns=columns),
    )


def consensus(name: str = "conventions.consensus_share") -> Finding:
    base = find_finding("asch1956.error_share").model_dump(by_alias=True)
    base["statistic"] = {"name": name, "how": "as said", "unit": "share"}
    return Finding.model_validate(base | {"preconditions": []})


@pytest.mark.parametrize("committed", [0, 4])
@pytest.mark.parametrize("rule", ["no change", "voter", "naming game"])
def test_the_rule_that_made_the_worlds_foretells_them_best(rule: str, committed: int) -> None:
    run = game(rule, committed)
    table = table_of(run, "conventions")
    assert table is not None
    fit = best_naming_fit(run, table, "treatment")
    assert fit is not None
    assert rule in (fit.model, *fit.alike)
    assert fit.scores[fit.model] == min(fit.scores.values())
    if not committed:  # whom a minority pulls over goes about as fast by either rule
        assert fit.model == rule
    if rule == "no change":
        assert not fit.alike


@pytest.mark.parametrize("statistic", ["conventions.consensus_share", "conventions.alternative_share"])
def test_the_row_covers_a_run_of_the_naming_game(statistic: str) -> None:
    run = game("naming game", 4)
    run = replace(run, actions=run.actions[run.actions["step"] < 12])  # before all have come to one name
    found = compare_run(run, consensus(statistic))
    (row,) = [row for row in found.rows if row.role == "classical"]
    assert row.name == "classical model: naming game"
    assert row.low <= found.values.estimate <= row.high
    assert row.high - row.low < 0.5


def test_people_who_do_not_move_are_not_taken_for_a_naming_game() -> None:
    found = compare_run(game("no change"), consensus())
    (row,) = [row for row in found.rows if row.role == "classical"]
    assert row.name == "classical model: no change"
    assert row.estimate == pytest.approx(found.values.estimate)


def test_worlds_are_read_as_they_were_played() -> None:
    run = game("naming game", 4)
    table = table_of(run, "conventions")
    assert table is not None
    world = naming_worlds(run, table, "treatment")[2]
    acts = run.actions[run.actions["replicate"] == 2]
    assert world.committed.tolist() == [agent < 4 for agent in range(N)]
    for step in (0, 5, ROUNDS - 1):
        now = acts[acts["step"] == step].set_index("agent")
        assert [world.names[name] for name in world.chosen[step]] == now["about"].sort_index().tolist()
        graph = nx.Graph([(agent, int(target)) for agent, target in now["target"].items()])
        assert set(zip(world.met[step].rows.tolist(), world.met[step].indices.tolist(), strict=True)) == {
            pair for a, b in graph.edges for pair in ((a, b), (b, a))
        }
    free = acts[(acts["kind"] == "choose") & (acts["step"] == 3)]["about"]
    assert world.shares(world.chosen)[2].tolist() == pytest.approx([float((free == name).mean()) for name in world.names])


def test_the_energy_score_of_one_number_is_the_ranked_probability_score() -> None:
    """CRPS = ∫ (F(x) - 1{x ≥ y})² dx, with F of the drawn numbers: summed here over a fine grid."""
    rng = np.random.default_rng(1)
    drawn = rng.normal(size=7)
    for y in (-2.0, 0.1, 1.4):
        grid = np.linspace(-6, 6, 1_200_001)
        below = np.searchsorted(np.sort(drawn), grid, side="right") / 7
        crps = float(np.sum((below - (grid >= y)) ** 2) * (grid[1] - grid[0]))
        assert energy_score(drawn[:, None], np.array([y])) == pytest.approx(crps, abs=1e-4)


def test_a_choice_that_failed_stays_out() -> None:
    run = game("naming game")
    actions = run.actions.copy()
    gone = (actions["step"] == 3) & (actions["agent"] == 5)
    actions.loc[gone, ["status", "about"]] = ["failed", ""]
    run = replace(run, actions=actions)
    table = table_of(run, "conventions")
    assert table is not None
    fit = best_naming_fit(run, table, "treatment")
    assert fit is not None
    for made in fit.tables:
        assert ((made["chosen"] == "") == (table["chosen"] == "")).all()


def test_a_game_of_one_round_has_no_course_to_foretell() -> None:
    run = game("naming game")
    run = replace(run, actions=run.actions[run.actions["step"] == 0])
    table = table_of(run, "conventions")
    assert table is not None
    assert best_naming_fit(run, table, "treatment") is None
