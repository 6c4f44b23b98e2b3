"""The best classical model of a naming game: the run's own meetings and committed people, played by a simple rule.

Three rules, each from everybody's first name, over the pairs that met in each round of the run; the committed keep theirs:

- no change: everybody stays with its first name
- voter: one takes the name of the other (`socsim.dynamics.Voter`)
- naming game: who hears a name that it knows drops all others, as does who said it; else it adds it
  (`socsim.dynamics.NamingGame`)

In a round of the run each of two chooses in front of the other, so a round is a step of the rule in which only the pairs of
the round meet: two acts of saying a name a pair in the mean. The rules have no parameter to fit: every world is one that was
held out. They are judged by how well the worlds that they give foretell the course of the run, the shares of all names by
round, with the energy score

    ES = mean |X - y| - ½ mean |X - X'|,

X and X' of simulated worlds and y the run's, |.| the Euclidean norm over rounds and names divided by √(rounds); smaller is
better, and the smallest is expected of the rule that made the data (Gneiting & Raftery 2007, *J. Am. Stat. Assoc.* 102). Round
1, where all start alike, is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from socsim.dynamics import NamingGame, Neighbours, Voter, neighbours_from_edges
from socsim_analysis.frames import Snapshot
from socsim_analysis.reference_rows.crowd_models import as_good

__all__ = ["MODELS", "NamingFit", "NamingWorld", "best_naming_fit", "energy_score", "naming_worlds"]

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
MODELS = ("no change", "voter", "naming game")
_MOST_SETS, _LEAST_SETS, _PLAYS = 40, 10, 1_000_000
"""Simulated sets of worlds: as many as make so many choices, within these bounds."""


@dataclass(frozen=True, eq=False)
class NamingWorld:
    """One group of n people over rounds: who is ``committed``, everybody's ``first`` name (its number among ``names``, -1
    where it never chose one), the ``chosen`` numbers of shape (rounds, n) with -1 for none, who met whom in each round, and
    the places of the table's rows with their ``cells`` (round, person)."""

    names: tuple[str, ...]
    committed: Flags
    first: NDArray[np.int64]
    chosen: NDArray[np.int64]
    met: tuple[Neighbours, ...]
    rows: NDArray[np.int64]
    cells: tuple[NDArray[np.int64], NDArray[np.int64]]

    def shares(self, chosen: NDArray[np.int64]) -> Reals:
        """Shares of the names among free choices from round 2 on, shape (rounds - 1, names); 0 in a round without any."""
        free = np.where(self.committed[None, :], -1, chosen)[1:]
        counts = np.stack([(free == name).sum(axis=1) for name in range(len(self.names))], axis=1).astype(float)
        return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0))


@dataclass(frozen=True)
class NamingFit:
    """The rule with the smallest mean energy score over worlds, all ``scores``, and for each simulated set the table it makes.

    ``alike`` are rules whose scores are larger by no more than one standard error of the differences, world by world.
    """

    model: str
    scores: dict[str, float]
    alike: tuple[str, ...]
    worlds: int
    tables: tuple[pd.DataFrame, ...]


def best_naming_fit(run: Snapshot, table: pd.DataFrame, arm: str) -> NamingFit | None:
    """The rule that foretells the run's worlds best; None where these have fewer than two rounds, or nobody met anybody.

    Args:
        run: the run.
        table: its table of the design ``conventions``, rows numbered from 0.
        arm: the arm.
    """
    worlds = naming_worlds(run, table, arm)
    if not worlds or any(len(one.chosen) < 2 for one in worlds) or not any(met.indices.size for one in worlds for met in one.met):
        return None
    plays = sum(one.chosen.size for one in worlds)
    sets = int(np.clip(_PLAYS // plays, _LEAST_SETS, _MOST_SETS))
    rng = np.random.default_rng(run.scenario.seed)
    made = {model: [[_played(model, one, rng) for one in worlds] for _ in range(sets)] for model in MODELS}
    by_world = {model: np.array([_score(one, place, made[model]) for place, one in enumerate(worlds)]) for model in MODELS}
    scores = {model: float(values.mean()) for model, values in by_world.items()}
    best = min(MODELS, key=lambda model: scores[model])
    alike = tuple(model for model in MODELS if model != best and as_good(by_world[model] - by_world[best]))
    tables = tuple(_table(table, worlds, each) for each in made[best])
    return NamingFit(best, scores, alike, len(worlds), tables)


def naming_worlds(run: Snapshot, table: pd.DataFrame, arm: str) -> list[NamingWorld]:
    """The worlds of an arm as arrays; none where the rounds of the table are not those of the run's actions."""
    names = tuple(sorted({str(one) for one in table["chosen"].dropna()} - {""}))
    number = {name: place for place, name in enumerate(names)}
    actions = run.actions[(run.actions["arm"] == arm) & run.actions["kind"].isin(["choose", "committed"])]
    found = []
    for replicate, acts in actions.groupby("replicate"):
        rows = table[(table["arm"] == arm) & (table["world"] == f"replicate {replicate}")]
        people = np.asarray(rows["person"], dtype=np.int64)
        rounds = np.asarray(rows["round"], dtype=np.int64) - 1
        last = int(rounds.max()) + 1 if len(rounds) else 0
        steps = sorted(int(one) for one in acts["step"].unique())[-last:]
        if not last or len(steps) != last:
            return []
        everybody = run.agents.loc[(run.agents["arm"] == arm) & (run.agents["replicate"] == replicate), "agent"]
        chosen = np.full((last, int(everybody.max()) + 1), -1, dtype=np.int64)
        chosen[rounds, people] = [number.get(str(one), -1) for one in rows["chosen"]]
        committed = np.zeros(chosen.shape[1], dtype=bool)
        committed[people[rows["committed"].to_numpy(dtype=bool)]] = True
        known = chosen >= 0
        first = np.where(known.any(axis=0), chosen[known.argmax(axis=0), np.arange(chosen.shape[1])], -1)
        met = tuple(_pairs(acts[acts["step"] == step], chosen.shape[1]) for step in steps)
        places = rows.index.to_numpy(dtype=np.int64)
        found.append(NamingWorld(names, committed, first, chosen, met, places, (rounds, people)))
    return found


def _pairs(acts: pd.DataFrame, n: int) -> Neighbours:
    """Who met whom in a round; a choice that failed met nobody."""
    there = acts[(acts["status"] == "done") & (acts["target"] >= 0)]
    both = [(int(one), int(other)) for one, other in zip(there["agent"], there["target"], strict=True)]
    return neighbours_from_edges(n, both)


def _played(model: str, world: NamingWorld, rng: np.random.Generator) -> NDArray[np.int64]:
    """Names said in every round, of the shape of ``chosen``, also by those who said none."""
    if model == "no change":
        return np.repeat(world.first[None, :], len(world.chosen), axis=0)
    return _voter(world, rng) if model == "voter" else _naming_game(world, rng)


def _voter(world: NamingWorld, rng: np.random.Generator) -> NDArray[np.int64]:
    """Who has not chosen yet has the first name that it will choose; the committed read nobody."""
    state, free, said = world.first.copy(), np.flatnonzero(~world.committed), []
    for met in world.met:
        said.append(state)
        state = Voter().step(state, met.read_by_only(free), rng)
    return np.stack(said)


def _naming_game(world: NamingWorld, rng: np.random.Generator) -> NDArray[np.int64]:
    n, rule = len(world.first), NamingGame(world.committed)
    state = np.zeros((n, len(world.names)), dtype=bool)
    there = world.first >= 0
    state[np.flatnonzero(there), world.first[there]] = True
    said = []
    for met in world.met:
        ranks = np.where(state, rng.random(state.shape), -1.0)  # the largest of equal draws: any of the names known, alike
        said.append(np.where(state.any(axis=1), ranks.argmax(axis=1), -1))
        state = rule.step(state, met, rng)
    return np.stack(said)


def _score(world: NamingWorld, place: int, sets: Sequence[Sequence[NDArray[np.int64]]]) -> float:
    silent = world.chosen < 0
    made = np.stack([world.shares(np.where(silent, -1, each[place])) for each in sets])
    return energy_score(made.reshape(len(sets), -1), world.shares(world.chosen).ravel()) / float(np.sqrt(len(world.chosen) - 1))


def energy_score(sets: Reals, seen: Reals) -> float:
    """mean |X - y| - ½ mean |X - X'| over all pairs, X the rows of ``sets``, shape (sets, k), and y ``seen``, shape (k,).

    With k = 1 it is the continuous ranked probability score.
    """
    apart = np.linalg.norm(sets[:, None, :] - sets[None, :, :], axis=2)
    return float(np.linalg.norm(sets - seen[None, :], axis=1).mean() - apart.mean() / 2.0)


def _table(table: pd.DataFrame, worlds: Sequence[NamingWorld], played: Sequence[NDArray[np.int64]]) -> pd.DataFrame:
    """The table with the names of a simulated set; who said none in the run says none."""
    chosen = table["chosen"].to_numpy(dtype=object).copy()
    for world, said in zip(worlds, played, strict=True):
        names = np.asarray([*world.names, ""], dtype=object)
        kept = np.where(world.chosen < 0, -1, said)
        chosen[world.rows] = names[kept[world.cells]]
    return table.assign(chosen=chosen)
