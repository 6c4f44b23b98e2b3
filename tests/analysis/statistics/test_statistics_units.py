"""Units: connected components, averaged and drawn whole."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import pytest
from socsim_analysis.statistics.units import broken_units, connected_units, draw_units, unit_means, unit_numbers


def test_units_are_the_components_that_networkx_finds() -> None:
    rng = np.random.default_rng(1)
    for n, edges in ((1, 0), (30, 0), (60, 25), (60, 60)):
        ties = [tuple(pair) for pair in rng.integers(n, size=(edges, 2)).tolist()]
        graph = nx.Graph()
        graph.add_nodes_from(range(n))
        graph.add_edges_from(ties)
        found = connected_units(range(n), ties)
        expected = sorted(sorted(component) for component in nx.connected_components(graph))
        assert sorted(np.flatnonzero(found == unit).tolist() for unit in np.unique(found)) == expected
        assert list(dict.fromkeys(found.tolist())) == list(range(len(expected)))


def test_direction_of_a_tie_does_not_matter() -> None:
    assert connected_units("abc", [("a", "b"), ("c", "b")]).tolist() == [0, 0, 0]


def test_groups_of_several_phases_join_people_through_each_other() -> None:
    nodes = [(0, 1), (0, 2), (0, 3), (0, 4), (1, 1)]
    first, second = ["x", "x", "y", None, "z"], [None, 7, 7, math.nan, math.nan]
    assert connected_units(nodes, groups=[first]).tolist() == [0, 0, 1, 2, 3]
    assert connected_units(nodes, groups=[first, second]).tolist() == [0, 0, 0, 1, 2]


def test_equal_labels_of_two_lists_do_not_join() -> None:
    assert connected_units("abc", groups=[["x", None, None], [None, "x", "x"]]).tolist() == [0, 1, 1]


def test_nobody_has_no_units() -> None:
    assert connected_units([]).size == 0
    assert draw_units([], 1).size == 0
    assert unit_means([], []).means.size == 0
    assert unit_means([math.nan], [0]).means.size == 0


@pytest.mark.parametrize(
    ("nodes", "ties", "groups", "said"),
    [
        ("aa", [], [], "twice"),
        ("ab", [("a", "z")], [], "'z'"),
        ("ab", [], [["x"]], "1 group labels for 2 nodes"),
    ],
)
def test_what_cannot_be_a_network_is_refused(nodes: str, ties: list[tuple[str, str]], groups: list[list[str]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        connected_units(nodes, ties, groups)


def test_means_of_units_are_those_of_a_loop() -> None:
    rng = np.random.default_rng(2)
    x, units, w = rng.normal(size=200), rng.integers(3, 20, 200), rng.uniform(0.5, 2.0, 200)
    x[::7] = math.nan
    found = unit_means(x, units, w)
    for unit, mean, weight in zip(found.units, found.means, found.weights, strict=True):
        rows = [(a, b) for a, unit_of, b in zip(x, units, w, strict=True) if unit_of == unit and not math.isnan(a)]
        assert mean == pytest.approx(sum(a * b for a, b in rows) / sum(b for _, b in rows))
        assert weight == pytest.approx(sum(b for _, b in rows))
    with pytest.raises(ValueError, match="weights"):
        unit_means([1.0], [0], [-1.0])
    with pytest.raises(ValueError, match="2 units"):
        unit_means([1.0], [0, 1])


def test_drawn_units_are_whole_and_each_is_drawn_once_on_average() -> None:
    units = np.asarray([4, 1, 1, 9, 4, 4, 2])
    counts = np.zeros(7)
    rng = np.random.default_rng(3)
    for _ in range(2000):
        rows = np.bincount(draw_units(units, rng), minlength=7)
        assert all(len(set(rows[units == unit])) == 1 for unit in (1, 2, 4, 9))
        assert sum(int(rows[units == unit][0]) for unit in (1, 2, 4, 9)) == 4
        counts += rows
    assert counts / 2000 == pytest.approx(np.ones(7), abs=0.08)
    assert draw_units(units, 5).tolist() == draw_units(units, 5).tolist()


def test_broken_units_are_named() -> None:
    assert broken_units([3, 3, 5, 5, 8], ["train", "train", "train", "test", "test"]) == (5,)
    assert broken_units([], []) == ()
    with pytest.raises(ValueError, match="parts"):
        broken_units([1], [])


def test_numbers_follow_first_appearance() -> None:
    assert unit_numbers([("a", 1), ("b", 1), ("a", 1)]).tolist() == [0, 1, 0]
