"""Each dynamic against a plain implementation that reads the same draws, on small random graphs; and what holds for all."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socsim.dynamics import (
    SIR,
    Axelrod,
    ComplexContagion,
    Deffuant,
    DeGroot,
    FriedkinJohnsen,
    HegselmannKrause,
    IndependentCascade,
    MajorityRule,
    NamingGame,
    Neighbours,
    NoisyVoter,
    QVoter,
    Repulsion,
    SocialImpact,
    Sznajd,
    Thresholds,
    Voter,
    complete_graph,
    neighbours_from_edges,
    run,
    settled,
)

N = 12
COMMITTED = np.arange(N) < 3
FIRST = np.linspace(-1, 1, N)
Rows = list[list[int]]


def random_graph(seed: int, directed: bool = False) -> tuple[Neighbours, Rows]:
    """A sparse graph (with lone agents at times), and its rows as lists."""
    rng = np.random.default_rng(seed)
    edges = [(i, j) for i in range(N) for j in range(N) if i != j and (directed or i < j) and rng.random() < 0.2]
    graph = neighbours_from_edges(N, edges, directed=directed)
    ties = set(edges) | (set() if directed else {(j, i) for i, j in edges})
    return graph, [sorted(j for i, j in ties if i == one) for one in range(N)]


def draw(rows: Rows, agents: Any, rng: np.random.Generator) -> list[int]:
    return [rows[i][int(u * len(rows[i]))] if rows[i] else i for i, u in zip(agents, rng.random(len(agents)), strict=True)]


def meet(rule: Callable[[list[Any], int, int], None]) -> Callable[..., Any]:
    def step(x: list[Any], rows: Rows, rng: np.random.Generator) -> list[Any]:
        agents = rng.integers(N, size=N)
        for i, j in zip(agents, draw(rows, agents, rng), strict=True):
            rule(x, int(i), j)
        return x

    return step


def copy(x: list[Any], i: int, j: int) -> None:
    x[i] = x[j]


def approach(x: list[Any], i: int, j: int) -> None:
    if abs(x[i] - x[j]) < 0.4:
        x[i], x[j] = x[i] + 0.3 * (x[j] - x[i]), x[j] + 0.3 * (x[i] - x[j])


def approach_or_part(x: list[Any], i: int, j: int) -> None:
    gap = abs(x[i] - x[j])
    sign = 1 if gap < 0.4 else -1 if gap > 0.9 else 0
    x[i], x[j] = (max(-1.0, min(1.0, a + sign * 0.2 * (b - a))) for a, b in ((x[i], x[j]), (x[j], x[i])))


def noisy_voter(x: list[Any], rows: Rows, rng: np.random.Generator) -> list[Any]:
    agents = rng.integers(N, size=N)
    sources, uniforms, stances = draw(rows, agents, rng), rng.random(N), rng.integers(2, size=N)
    for k, i in enumerate(agents):
        x[i] = stances[k] if uniforms[k] < 0.3 else x[sources[k]]
    return x


def q_voter(x: list[Any], rows: Rows, rng: np.random.Generator) -> list[Any]:
    agents, uniforms = rng.integers(N, size=N), None
    panels = rng.random((N, 2))
    uniforms = rng.random(N)
    for k, i in enumerate(agents):
        seen = [x[rows[i][int(u * len(rows[i]))]] if rows[i] else x[i] for u in panels[k]]
        if seen[0] == seen[1]:
            x[i] = seen[0]
        elif uniforms[k] < 0.4:
            x[i] = 1 - x[i]
    return x


def majority(x: list[Any], rows: Rows, rng: np.random.Generator) -> list[Any]:
    agents, uniforms = rng.integers(N, size=N), rng.random((N, 2))
    for k, i in enumerate(agents):
        left = list(rows[i])
        if len(left) >= 2:
            group = [i] + [left.pop(int(u * len(left))) for u in uniforms[k]]
            ones = sum(x[m] for m in group)
            for m in group:
                x[m] = 1 if ones >= 2 else 0
    return x


def sznajd(x: list[Any], rows: Rows, rng: np.random.Generator) -> list[Any]:
    agents = rng.integers(N, size=N)
    for i, j in zip(agents, draw(rows, agents, rng), strict=True):
        if i != j and x[i] == x[j]:
            for m in rows[i] + rows[j]:
                x[m] = x[i]
    return x


def synchronous(rule: Callable[[list[Any], list[int], int], Any]) -> Callable[..., Any]:
    return lambda x, rows, rng: [rule(x, rows[i], i) for i in range(N)]


def average(x: list[Any], row: list[int]) -> float:
    return sum(x[j] for j in row) / len(row)


def confident(x: list[Any], row: list[int], i: int) -> float:
    near = [x[j] for j in [i, *row] if abs(x[j] - x[i]) <= 0.5]
    return x[i] + 0.7 * (sum(near) / len(near) - x[i])


def impact(x: list[Any], row: list[int], i: int) -> int:
    against, with_me = [j for j in row if x[j] != x[i]], [j for j in [i, *row] if x[j] == x[i]]
    pressure = math.sqrt(len(against)) * sum(1.0 + FIRST[j] for j in against) / max(len(against), 1)
    return 1 - x[i] if pressure > math.sqrt(len(with_me)) * 0.8 else x[i]


def spread(infection: float, stay: float, recovered: bool) -> Callable[..., Any]:
    def step(x: list[Any], rows: Rows, rng: np.random.Generator) -> list[Any]:
        after = []
        for i, u in enumerate(rng.random(N)):
            k = sum(x[j] == 1 for j in rows[i])
            if x[i] == 0:
                after.append(int(u < 1 - (1 - infection) ** k))
            elif x[i] == 1:
                after.append(2 if not recovered or u < stay else 1)
            else:
                after.append(2)
        return after

    return step


def axelrod(x: list[Any], rows: Rows, rng: np.random.Generator) -> list[Any]:
    agents = rng.integers(N, size=N)
    sources, uniforms = draw(rows, agents, rng), rng.random((N, 2))
    for i, j, (u, v) in zip(agents, sources, uniforms, strict=True):
        differ = [f for f in range(3) if x[i][f] != x[j][f]]
        if differ and u < 1 - len(differ) / 3:
            x[i][differ[int(v * len(differ))]] = x[j][differ[int(v * len(differ))]]
    return x


def naming(x: list[Any], rows: Rows, rng: np.random.Generator) -> list[Any]:
    agents = rng.integers(N, size=N)
    hearers, uniforms = draw(rows, agents, rng), rng.random(N)
    for i, j, u in zip(agents, hearers, uniforms, strict=True):
        if i == j:
            continue
        words = [w for w in range(3) if x[i][w]]
        if not words:
            words = [int(u * 3)]
            u = 0.0
            if not COMMITTED[i]:
                x[i][words[0]] = True
        word = words[int(u * len(words))]
        if x[j][word]:
            for one in (i, j):
                if not COMMITTED[one]:
                    x[one] = [w == word for w in range(3)]
        elif not COMMITTED[j]:
            x[j][word] = True
    return x


CASES: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "voter": (Voter(), "stance", meet(copy)),
    "voter at once": (Voter(True), "stance", lambda x, rows, rng: [x[j] for j in draw(rows, range(N), rng)]),
    "noisy voter": (NoisyVoter(0.3), "stance", noisy_voter),
    "q-voter": (QVoter(2, 0.4), "stance", q_voter),
    "majority rule": (MajorityRule(3), "stance", majority),
    "sznajd": (Sznajd(), "stance", sznajd),
    "degroot": (DeGroot(0.3), "opinion", synchronous(lambda x, row, i: 0.7 * x[i] + 0.3 * average(x, row or [i]))),
    "friedkin-johnsen": (
        FriedkinJohnsen(0.3, 0.2, FIRST),
        "opinion",
        synchronous(lambda x, row, i: 0.5 * x[i] + 0.3 * average(x, row or [i]) + 0.2 * FIRST[i]),
    ),
    "hegselmann-krause": (HegselmannKrause(0.5, 0.7), "opinion", synchronous(confident)),
    "deffuant": (Deffuant(0.4, 0.3), "opinion", meet(approach)),
    "repulsion": (Repulsion(0.4, 0.9, 0.2), "opinion", meet(approach_or_part)),
    "axelrod": (Axelrod(), "traits", axelrod),
    "social impact": (SocialImpact(1.0 + FIRST, 0.8), "stance", synchronous(impact)),
    "naming game": (NamingGame(COMMITTED), "names", naming),
    "cascade": (IndependentCascade(0.4), "phase", spread(0.4, 1.0, False)),
    "sir": (SIR(0.4, 0.3), "phase", spread(0.4, 0.3, True)),
    "thresholds": (
        Thresholds(0.3),
        "active",
        synchronous(lambda x, row, i: x[i] or (bool(row) and sum(x[j] for j in row) / len(row) >= 0.3)),
    ),
    "complex contagion": (ComplexContagion(2), "active", synchronous(lambda x, row, i: x[i] or sum(x[j] for j in row) >= 2)),
}


def start_of(kind: str, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    if kind == "opinion":
        return rng.uniform(-1, 1, N)
    if kind == "names":
        return (rng.random((N, 3)) < 0.4) | (COMMITTED[:, None] & (np.arange(3) == 0))
    if kind == "active":
        return rng.random(N) < 0.3
    return rng.integers({"stance": 2, "traits": 3, "phase": 3}[kind], size=(N, 3) if kind == "traits" else N)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", range(8))
def test_a_dynamic_equals_its_plain_implementation(name: str, seed: int) -> None:
    dynamic, kind, plain = CASES[name]
    graph, rows = random_graph(seed, directed=seed % 2 == 1)
    start = start_of(kind, np.random.default_rng(100 + seed))
    before, ours, theirs = start.copy(), np.random.default_rng(seed), np.random.default_rng(seed)
    expected = start.tolist()
    for state in run(dynamic, start, graph, ours, 4).states[1:]:
        expected = plain(expected, rows, theirs)
        np.testing.assert_allclose(state.astype(float), np.array(expected, dtype=float), atol=1e-12)
    np.testing.assert_array_equal(start, before)


UNIFORM = [name for name, case in CASES.items() if case[1] in ("opinion", "stance") and name not in ("noisy voter", "q-voter")]


@pytest.mark.parametrize("name", [name for name in UNIFORM if name != "friedkin-johnsen"])
@given(seed=st.integers(0, 10_000), stance=st.sampled_from([0, 1]))
@settings(max_examples=20, deadline=None)
def test_consensus_is_absorbing(name: str, seed: int, stance: int) -> None:
    dynamic, kind, _ = CASES[name]
    start = np.full(N, stance, dtype=float if kind == "opinion" else np.int64)
    end = run(dynamic, start, random_graph(seed)[0], np.random.default_rng(seed), 3).states[-1]
    np.testing.assert_allclose(end, start, atol=1e-12)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[1] == "opinion"])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_opinions_stay_within_their_bounds(name: str, seed: int) -> None:
    start = start_of("opinion", np.random.default_rng(seed))
    states = run(CASES[name][0], start, random_graph(seed)[0], np.random.default_rng(seed), 5).states
    low, high = (-1.0, 1.0) if name in ("repulsion", "friedkin-johnsen") else (start.min(), start.max())
    assert np.all((states >= low - 1e-12) & (states <= high + 1e-12))


DRAWLESS = ["degroot", "hegselmann-krause", "thresholds", "complex contagion"]


@pytest.mark.parametrize("name", DRAWLESS)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_other_numbers_for_the_agents_change_nothing_else(name: str, seed: int) -> None:
    dynamic, kind, _ = CASES[name]
    _, rows = random_graph(seed)
    rng = np.random.default_rng(seed)
    start, new = start_of(kind, rng), rng.permutation(N)
    moved = neighbours_from_edges(N, [(int(new[i]), int(new[j])) for i in range(N) for j in rows[i]])
    there = np.empty_like(start)
    there[new] = start
    plain = run(dynamic, start, random_graph(seed)[0], rng, 3).states[-1]
    np.testing.assert_allclose(run(dynamic, there, moved, rng, 3).states[-1][new].astype(float), plain.astype(float), atol=1e-12)


def test_hegselmann_krause_on_a_complete_graph_equals_the_general_way() -> None:
    x, whole = np.random.default_rng(1).random(50), complete_graph(50)
    near = np.abs(x[:, None] - x[None, :]) <= 0.2
    expected = (near @ x) / near.sum(axis=1)
    np.testing.assert_allclose(HegselmannKrause(0.2).step(x, whole, np.random.default_rng(0)), expected, atol=1e-12)


def test_weights_count_in_averages() -> None:
    graph = Neighbours(np.array([0, 2, 2, 2]), np.array([1, 2]), np.array([3.0, 1.0]))
    after = DeGroot(1.0).step(np.array([0.0, 1.0, 5.0]), graph, np.random.default_rng(0))
    np.testing.assert_allclose(after, [2.0, 1.0, 5.0])


def test_a_run_stops_by_its_rule_or_after_its_steps() -> None:
    graph, rng = complete_graph(5), np.random.default_rng(0)
    ended = run(DeGroot(0.5), np.arange(5.0), graph, rng, 200, settled(1e-6))
    assert ended.stopped
    assert ended.steps < 200
    assert run(DeGroot(0.5), np.arange(5.0), graph, rng, 3).states.shape == (4, 5)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="itself"):
        neighbours_from_edges(3, [(1, 1)])
    with pytest.raises(ValueError, match="0 to 2"):
        neighbours_from_edges(3, [(1, 3)])
    with pytest.raises(ValueError, match="noise"):
        NoisyVoter(1.5)
    with pytest.raises(ValueError, match="the start has 4"):
        run(Voter(), np.zeros(4), complete_graph(5), np.random.default_rng(0), 1)
