"""Complex contagion: people who need two neighbours spread a thing further where neighbours know each other; others do not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import networkx as nx
import pytest
from classical import Rule, held, played, study
from socsim_analysis.statistics.intervals import interval_over_units

from socsim import Run


def joins(*chances: float) -> Rule:
    """Who joins with these chances where none, one, two … neighbours have joined; the last one holds for more."""

    def rule(prompt: str, options: Sequence[str]) -> list[float]:
        told = re.search(r"who have joined Tavelo: (\d+|none) of \d+\.", prompt)
        assert told is not None
        n = 0 if told[1] == "none" else int(told[1])
        chance = chances[min(n, len(chances) - 1)]
        return [chance if option == "join it" else 1.0 - chance for option in options]

    return rule


def contagion(rule: Rule, out: Path, replicates: int = 8, size: int = 28, seeds: int = 2) -> Run:
    changed = {"population__size": size, "schedule__spread__interaction__options__seeds__count": seeds}
    return played(study("contagion", replicates=replicates, **changed), rule, out)


def reinforcement(done: Run) -> str:
    found = held(done, "centola2010.reinforcement")
    assert found.verdict is not None
    return found.verdict.outcome


@pytest.fixture(scope="module")
def complex_ones(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """More first members than in the file, as with two of them it is often chance whether anything begins at all."""
    return contagion(joins(0.0, 0.08, 1.0), tmp_path_factory.mktemp("complex") / "run", size=48, seeds=4)


def test_networks_differ_in_clustering_alone(complex_ones: Run) -> None:
    ties = complex_ones.ties
    for (arm, _), rows in ties.groupby(["arm", "replicate"]):
        graph = nx.from_pandas_edgelist(rows, "author", "reader")
        assert set(dict(graph.degree).values()) == {4}
        assert (nx.average_clustering(graph) > 0.45) == (arm != "random")
    seeds = complex_ones.actions.query("kind == 'seed'").groupby(["replicate", "arm"])["agent"].agg(tuple).unstack()
    assert (seeds["clustered"] == seeds["random"]).all()


def test_nobody_is_asked_before_a_neighbour_has_joined(complex_ones: Run) -> None:
    numbers = complex_ones.numbers
    exposed = numbers[numbers["name"] == "exposed"]
    assert (exposed.loc[exposed["arm"] != "unprompted", "value"] > 0).all()
    assert (exposed.loc[exposed["arm"] == "unprompted", "value"] == 0).all()
    assert not (complex_ones.actions.query("arm == 'unprompted'")["kind"] == "adopt").any()


def test_people_who_need_a_second_neighbour_go_further_where_neighbours_know_each_other(complex_ones: Run) -> None:
    found = held(complex_ones, "centola2010.clustering")
    assert (found.arm, found.against) == ("clustered", "random")
    assert interval_over_units(found.values.values, 0.95).low > 0.0


def test_a_second_neighbour_shows_in_the_rates(tmp_path: Path) -> None:
    assert reinforcement(contagion(joins(0.0, 0.3, 0.9), tmp_path / "run")) == "same direction"


def test_people_for_whom_one_neighbour_is_as_good_as_two_do_not(tmp_path: Path) -> None:
    done = contagion(joins(0.0, 0.35, 0.35), tmp_path / "run")
    found = held(done, "centola2010.clustering")
    assert found.values.estimate < 0.0
    assert found.verdict is not None
    assert found.verdict.outcome == "differ"
    assert reinforcement(done) == "inconclusive"


def test_people_who_join_whoever_has_joined_reach_everybody_unprompted(tmp_path: Path) -> None:
    """No contagion at all: the arm without neighbours shows it, and there is nothing to tell networks apart by."""
    done = contagion(joins(0.9), tmp_path / "run", replicates=5)
    joined = done.actions.query("kind == 'adopt'").groupby("arm")["agent"].size()
    assert joined["unprompted"] > 0.8 * 5 * 26
    found = held(done, "centola2010.clustering")
    assert found.values.estimate == pytest.approx(0.0, abs=0.1)
