from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from socsim.errors import ScenarioError
from socsim.network.checks import check_network
from socsim.network.generators import GENERATORS
from socsim.network.graphs import build_graph
from socsim.scenario.people import NetworkSpec


def network(graph: dict[str, Any], **more: Any) -> NetworkSpec:
    return NetworkSpec.model_validate({"graph": graph, **more})


def build(graph: dict[str, Any], n: int, folder: Path | None = None, seed: int = 1, **more: Any) -> Any:
    return build_graph(network(graph, **more), n, np.random.default_rng(seed), folder)


@pytest.mark.parametrize(
    ("name", "n", "ties"),
    [("karate_club", 34, 78), ("les_miserables", 77, 254), ("davis_southern_women", 18, 139), ("florentine_families", 15, 20)],
)
def test_shipped_networks_have_their_published_sizes(name: str, n: int, ties: int) -> None:
    graph = build({"name": name}, n)
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (n, ties)
    assert list(graph) == list(range(n))


EXAMPLES: dict[str, tuple[int, dict[str, Any]]] = {
    "erdos_renyi": (20, {"p": 0.3}),
    "watts_strogatz": (20, {"k": 4, "p": 0.2}),
    "barabasi_albert": (20, {"m": 2}),
    "random_regular": (20, {"d": 3}),
    "stochastic_block_model": (20, {"sizes": [8, 12], "p": [[0.8, 0.1], [0.1, 0.8]]}),
    "complete": (6, {}),
    "ring": (6, {}),
    "lattice": (20, {"dim": [4, 5], "periodic": True}),
    "configuration_model": (6, {"deg_sequence": [3, 2, 2, 2, 2, 1]}),
    "star": (6, {}),
    "path": (6, {}),
}


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_every_generator_builds_and_repeats_for_one_seed(name: str) -> None:
    n, parameters = EXAMPLES[name]
    first, again = build({name: parameters}, n), build({name: parameters}, n)
    assert sorted(first) == list(range(n))
    assert set(first.edges()) == set(again.edges())
    assert check_network(network({name: parameters}), n, None) == []


def test_a_configuration_model_has_exactly_its_degrees() -> None:
    degrees = [5, 4, 4, 3, 3, 2, 2, 2, 2, 1]
    graph = build({"configuration_model": {"deg_sequence": degrees}}, 10)
    assert [graph.degree(i) for i in range(10)] == degrees
    assert nx.number_of_selfloops(graph) == 0


def test_weights_are_kept_only_where_declared() -> None:
    assert build({"name": "karate_club"}, 34, weight="weight").edges[0, 1]["weight"] == 4.0
    assert "weight" not in build({"name": "karate_club"}, 34).edges[0, 1]


@pytest.mark.parametrize(
    ("graph", "n", "field", "fix"),
    [
        ({"name": "karate_club"}, 40, "network.graph.name", "34"),
        ({"random_regular": {"d": 3}}, 5, "network.graph.parameters.d", "even"),
        ({"watts_strogatz": {"k": 10, "p": 0.1}}, 10, "network.graph.parameters.k", "from 2 to 9"),
        ({"watts_strogatz": {"k": 3, "p": 0.1}}, 10, "network.graph.parameters.k", "even"),
        ({"barabasi_albert": {"m": 10}}, 10, "network.graph.parameters.m", "from 1 to 9"),
        ({"erdos_renyi": {"p": 1.5}}, 10, "network.graph.parameters.p", "between 0 and 1"),
        ({"erdos_renyi": {"p": 0.5, "directd": 1}}, 10, "network.graph.parameters.directd", "There are: p"),
        ({"erdos_renyi": {"p": 0.5, "n": 3}}, 10, "network.graph.parameters.n", "Leave n out"),
        ({"stochastic_block_model": {"sizes": [3, 3], "p": [[1, 0], [0, 1]]}}, 10, "network.graph.parameters.sizes", "10"),
        ({"lattice": {"dim": [3, 3]}}, 10, "network.graph.parameters.dim", "10"),
        ({"configuration_model": {"deg_sequence": [1, 1, 1]}}, 3, "network.graph.parameters.deg_sequence", "even"),
        ({"complete": {}}, 1_000_000, "network.graph", "ties"),
    ],
)
def test_impossible_graphs_name_field_and_fix(graph: dict[str, Any], n: int, field: str, fix: str) -> None:
    (problem,) = check_network(network(graph), n, None)
    assert problem.field == field
    assert fix in problem.fix
    with pytest.raises(ScenarioError):
        build(graph, n)


def test_files_of_every_format_give_the_same_graph(tmp_path: Path) -> None:
    source = nx.relabel_nodes(nx.path_graph(4), {0: "a", 1: "b", 2: "c", 3: "d"})
    nx.write_graphml(source, tmp_path / "g.graphml")
    nx.write_gexf(source, tmp_path / "g.gexf")
    (tmp_path / "g.edgelist").write_text("# ties\na b\nb c\nc d\n")
    (tmp_path / "g.csv").write_text(",a,b,c,d\na,0,1,0,0\nb,1,0,1,0\nc,0,1,0,1\nd,0,0,1,0\n")
    (tmp_path / "g.json").write_text(
        '{"nodes": [{"id": "a"}, {"id": "b"}, {"id": "c"}, {"id": "d"}], "links": '
        '[{"source": "a", "target": "b"}, {"source": "b", "target": "c"}, {"source": "c", "target": "d"}]}'
    )
    for name in ("g.graphml", "g.gexf", "g.edgelist", "g.csv", "g.json"):
        graph = build({"file": name}, 4, tmp_path)
        assert {frozenset(edge) for edge in graph.edges()} == {frozenset(pair) for pair in ((0, 1), (1, 2), (2, 3))}, name
        assert [graph.nodes[i]["label"] for i in range(4)] == ["a", "b", "c", "d"], name


@pytest.mark.parametrize("text", ['<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><graphml/>', "<graphml><broken", ""])
def test_unsafe_or_broken_xml_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "g.graphml").write_text(text)
    (problem,) = check_network(network({"file": "g.graphml"}), 3, tmp_path)
    assert problem.field == "network.graph.file"


@pytest.mark.parametrize("text", ["a a\n", "a b\nb a\n", "a b x\n"])
def test_loops_double_ties_and_bad_weights_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "g.txt").write_text(text)
    assert check_network(network({"file": "g.txt"}), 2, tmp_path)


def test_a_file_outside_the_folder_is_refused(tmp_path: Path) -> None:
    (problem,) = check_network(network({"file": "../g.txt"}), 2, tmp_path)
    assert "outside" in problem.message


def test_a_periodic_lattice_ties_nobody_to_themselves() -> None:
    graph = build({"lattice": {"dim": [1, 6], "periodic": True}}, 6)
    assert nx.number_of_selfloops(graph) == 0
    assert nx.is_isomorphic(graph, nx.cycle_graph(6))


def test_the_edge_list_that_networkx_writes_is_read_with_its_weights(tmp_path: Path) -> None:
    source = nx.Graph()
    source.add_edge("a", "b", weight=2.5)
    source.add_edge("b", "c", weight=1)
    nx.write_edgelist(source, tmp_path / "g.edgelist")
    nx.write_edgelist(nx.path_graph(3), tmp_path / "plain.edgelist")
    nx.write_weighted_edgelist(source, tmp_path / "weighted.edgelist")
    for name in ("g.edgelist", "weighted.edgelist"):
        graph = build({"file": name}, 3, tmp_path, weight="weight")
        assert [graph.edges[edge]["weight"] for edge in ((0, 1), (1, 2))] == [2.5, 1.0]
    assert build({"file": "plain.edgelist"}, 3, tmp_path).number_of_edges() == 2


@pytest.mark.parametrize(
    ("name", "text", "says", "advises"),
    [
        ("g.csv", "source,target\na,b\n", "same names", "format: edgelist"),
        ("g.csv", ";a;b\na;0;1\nb;1;0\n", "semicolons", "square table"),
        ("g.csv", ",a,b\na,0,nan\nb,nan,0\n", "line 2: 'nan' is not a finite number", "square table"),
        ("g.edgelist", "from,to,weight\na,b,1\n", "'weight' is not a number", "without a header"),
        ("g.json", '{"nodes": []}', 'it needs lists "nodes" and "edges"', '"source"'),
        ("g.json", "[" * 5000, "depth limit", '"source"'),
        ("g.gexf", '<?xml version="1.0" encoding="utf-16"?><gexf/>', "encoding is utf-16", "UTF-8"),
        (
            "g.graphml",
            '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><key id="w" for="edge" attr.name="weight"/>'
            '<graph edgedefault="undirected"><node id="a"/></graph></graphml>',
            "No key type",
            "plain GraphML",
        ),
    ],
)
def test_files_that_are_something_else_are_refused_with_advice(
    tmp_path: Path, name: str, text: str, says: str, advises: str
) -> None:
    (tmp_path / name).write_text(text)
    (problem,) = check_network(network({"file": name}), 2, tmp_path)
    assert says in problem.message
    assert advises in problem.fix


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "g.gexf").write_bytes('<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><gexf/>'.encode("utf-16"))
    (problem,) = check_network(network({"file": "g.gexf"}), 2, tmp_path)
    assert "not UTF-8" in problem.message
