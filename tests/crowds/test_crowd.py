"""Agents in arrays: steps, those who act, logs by column, files of ties."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from socsim import crowds
from socsim.crowds import ColumnLog, Crowd
from socsim.dynamics import Axelrod, DeGroot, Neighbours, Voter, neighbours_from_edges
from socsim.errors import RecordError


def graph(n: int = 30, seed: int = 3) -> Neighbours:
    return crowds.watts_strogatz(n, 4, 0.2, np.random.default_rng(seed))


def opinions(n: int = 30) -> np.ndarray[Any, Any]:
    return np.random.default_rng(7).random(n)


def test_a_step_is_that_of_a_plain_loop() -> None:
    ties, start = graph(), opinions()
    crowd = Crowd(ties, {"opinion": start}, {"opinion": DeGroot(0.3)}, seed=1)
    crowd.run(3)
    x = start.tolist()
    for _ in range(3):
        near = [ties.indices[ties.indptr[i] : ties.indptr[i + 1]].tolist() for i in range(30)]
        x = [0.7 * x[i] + 0.3 * sum(x[j] for j in near[i]) / len(near[i]) if near[i] else x[i] for i in range(30)]
    np.testing.assert_allclose(crowd.column("opinion"), x, rtol=1e-12)
    assert crowd.steps_done == 3


def test_the_same_seed_gives_the_same_world_whatever_else_is_in_it() -> None:
    start = np.arange(30) % 2
    one = Crowd(graph(), {"stance": start}, {"stance": Voter()}, seed=5)
    other = Crowd(
        graph(), {"x": opinions(), "stance": start}, {"x": DeGroot(0.1), "stance": Voter()}, seed=5, measures={"m": lambda c: 0.0}
    )
    third = Crowd(graph(), {"stance": start}, {"stance": Voter()}, seed=6)
    for crowd in (one, other, third):
        crowd.run(4)
    assert one.column("stance").tolist() == other.column("stance").tolist() != third.column("stance").tolist()


def test_only_those_who_act_change() -> None:
    start, who = opinions(), np.array([4, 9, 11])
    crowd = Crowd(graph(), {"opinion": start}, {"opinion": DeGroot(0.5)}, seed=1, acting=lambda step, rng: who)
    whole = Crowd(graph(), {"opinion": start}, {"opinion": DeGroot(0.5)}, seed=1)
    crowd.step()
    whole.step()
    changed = np.flatnonzero(crowd.column("opinion") != start)
    assert set(changed) <= set(who)
    np.testing.assert_allclose(crowd.column("opinion")[who], whole.column("opinion")[who])


def test_those_who_act_are_drawn_from_a_stream_of_their_own() -> None:
    seen: list[tuple[int, list[int]]] = []

    def acting(step: int, rng: np.random.Generator) -> Any:
        who = rng.choice(30, 5, replace=False)
        seen.append((step, who.tolist()))
        return who

    for _ in range(2):
        Crowd(graph(), {"x": opinions()}, {"x": DeGroot(0.5)}, seed=2, acting=acting).run(2)
    assert seen[:2] == seen[2:]
    assert [step for step, _ in seen[:2]] == [1, 2]
    assert seen[0][1] != seen[1][1]


def test_rows_of_some_are_cut_out_with_their_weights() -> None:
    whole = neighbours_from_edges(4, [(0, 1), (0, 2), (1, 3)])
    weighted = Neighbours(whole.indptr, whole.indices, np.arange(1.0, 7.0))
    some = weighted.read_by_only(np.array([0, 3]))
    assert some.degrees.tolist() == [2, 0, 0, 1]
    assert some.indices.tolist() == [1, 2, 1]
    assert some.weights is not None
    assert some.weights.tolist() == [1.0, 2.0, 6.0]


def test_columns_are_copied_and_cannot_be_written_to() -> None:
    start = opinions()
    crowd = Crowd(graph(), {"x": start}, {}, seed=1)
    start[0] = 99.0
    assert crowd.column("x")[0] != 99.0
    with pytest.raises(ValueError, match="read-only"):
        crowd.column("x")[0] = 1.0
    assert crowd.person(3) == {"x": crowd.column("x")[3]}


def test_measures_are_taken_at_the_start_and_after_every_step() -> None:
    crowd = Crowd(
        graph(), {"x": opinions()}, {"x": DeGroot(0.5)}, seed=1, measures={"spread": lambda c: float(c.column("x").std())}
    )
    crowd.run(5)
    spreads = [row["spread"] for row in crowd.measured]
    assert len(spreads) == 6
    assert spreads == sorted(spreads, reverse=True)
    assert spreads[0] == pytest.approx(opinions().std())


def test_every_step_is_logged_and_read_alone(tmp_path: Path) -> None:
    culture = np.random.default_rng(1).integers(3, size=(30, 2))
    path = tmp_path / "steps.parquet"
    with ColumnLog(path) as log:
        rules = {"x": DeGroot(0.5), "culture": Axelrod()}
        crowd = Crowd(graph(), {"x": opinions(), "culture": culture}, rules, seed=1, log=log)
        before = crowd.column("x").copy()
        crowd.run(2)
        assert not path.exists(), "a file that is being written does not have its name yet"
    found = crowds.read_columns(path, 2)
    assert sorted(found) == ["culture.0", "culture.1", "x"]
    assert found["x"].tolist() == crowd.column("x").tolist()
    assert np.stack([found["culture.0"], found["culture.1"]], axis=1).tolist() == crowd.column("culture").tolist()
    assert crowds.read_columns(path, 0)["x"].tolist() == before.tolist()
    with pytest.raises(KeyError, match="no step 3"):
        crowds.read_columns(path, 3)


def test_a_log_refuses_another_shape_and_an_old_file(tmp_path: Path) -> None:
    log = ColumnLog(tmp_path / "a.parquet")
    log.write(0, {"x": np.zeros(3)})
    with pytest.raises(RecordError, match="step 1 cannot be written"):
        log.write(1, {"y": np.zeros(3)})
    log.close()
    with pytest.raises(RecordError, match="is closed"):
        log.write(1, {"x": np.zeros(3)})
    with pytest.raises(RecordError, match="exists already"):
        ColumnLog(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("columns", "rules", "says"),
    [({"x": np.zeros(4)}, {}, "4 rows, the graph has 30"), ({"x": np.zeros(30)}, {"y": DeGroot(0.1)}, "there are not: y")],
)
def test_a_crowd_that_does_not_fit_is_refused(columns: dict[str, Any], rules: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Crowd(graph(), columns, rules, seed=1)


def test_ties_are_read_from_csv(tmp_path: Path) -> None:
    path = tmp_path / "ties.csv.gz"
    path.write_bytes(gzip.compress(b"since,reader,author\n2001,0,2\n2002,1,2\n"))
    assert crowds.read_neighbours(path).degrees.tolist() == [1, 1, 2]
    assert crowds.read_neighbours(path, 5, directed=True).degrees.tolist() == [1, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("reader,other\n0,1\n", "columns reader and author"),
        ("reader,author\n0,x\n", "whole number"),
        ("reader,author\n0,\n", "whole number"),
        ("reader,author\n0,0\n", "itself"),
        ("reader,author\n0,1\n1,0\n", "twice"),
        ("reader,author\n0,-1\n", "0 to"),
    ],
)
def test_bad_ties_are_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "ties.csv"
    path.write_text(text)
    with pytest.raises(RecordError, match=says) as caught:
        crowds.read_neighbours(path)
    assert "ties.csv" in str(caught.value)


def test_a_log_that_an_error_cuts_off_does_not_get_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"

    def fails() -> None:
        with ColumnLog(path) as log:
            log.write(0, {"x": np.zeros(3)})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert not path.exists()
    assert path.with_name("a.parquet.partial").exists()
