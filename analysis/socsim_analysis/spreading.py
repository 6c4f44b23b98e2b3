"""Who has it from whom: adopters and shares of a run as trees, a table like `socsim_analysis.figures.tables.ADOPTERS`.

Adoption: an adopter has it from whoever of those it reads adopted last before it (the rule of Goel et al. 2016, *Management
Science* 62, for most recent exposure); of several at one step, from the one with the lowest number. Ties are those at the start.
Who adopted at the same step counts only as far as the number ``exposed`` says that the adopter had seen more than those of
earlier steps. Who had seen nobody adopt begins a cascade.

Feed: a share has it from the post or share that was shared; every post begins a cascade, and answers are no shares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from socsim_analysis.figures.tables import ADOPTERS
from socsim_analysis.frames import RunLike, in_order_of_arms

__all__ = ["adopter_table"]

_WORLD = ["arm", "replicate"]
_ADOPTED, _SHARED = "adopted", "shared"
_NOT_YET = -1
Adopter = tuple[str, int, str, str, str, int]
"""Arm, replicate, thing, adopter, parent and step."""


def adopter_table(run: RunLike) -> pd.DataFrame | None:
    """All adopters and shares of a run, a table like `ADOPTERS`; None where nobody could adopt or share."""
    actions: pd.DataFrame = getattr(run, "actions", pd.DataFrame())
    if actions.empty:
        return None
    done = actions[actions["status"] == "done"]
    made = [
        row
        for (arm, replicate), rows in done.groupby(_WORLD, sort=False)
        for row in (*_adoptions(run, str(arm), int(str(replicate)), rows), *_shares(str(arm), int(str(replicate)), rows))
    ]
    if not made:
        return None
    return in_order_of_arms(run, ADOPTERS.check(pd.DataFrame(made, columns=ADOPTERS.names)))


def _adoptions(run: RunLike, arm: str, replicate: int, rows: pd.DataFrame) -> Iterator[Adopter]:
    taken = rows[rows["kind"].isin(["adopt", "seed"])].sort_values(["step", "agent"])
    seeds = sorted({int(agent) for agent in taken.loc[taken["kind"] == "seed", "agent"]})
    first = taken[~taken["agent"].isin(seeds)].drop_duplicates("agent")
    ties = run.ties[(run.ties["arm"] == arm) & (run.ties["replicate"] == replicate)]
    read = {int(str(reader)): sorted({int(author) for author in authors}) for reader, authors in ties.groupby("reader")["author"]}
    when = dict.fromkeys(seeds, -1)  # from the beginning, whenever their first turn comes
    for seed in seeds:
        yield arm, replicate, _ADOPTED, str(seed), "", 0
    exposed = _exposed(run, arm, replicate)
    for step, there in first.groupby("step"):
        now = int(str(step))
        for agent, parent in _at_step(now, [int(agent) for agent in there["agent"]], read, exposed, when):
            yield arm, replicate, _ADOPTED, str(agent), "" if parent is None else str(parent), now


def _exposed(run: RunLike, arm: str, replicate: int) -> Mapping[tuple[int, int], int]:
    """How many adopters an agent had seen at its decision, by step and agent."""
    numbers: pd.DataFrame = getattr(run, "numbers", pd.DataFrame())
    if numbers.empty:
        return {}
    rows = numbers[(numbers["arm"] == arm) & (numbers["replicate"] == replicate) & (numbers["name"] == "exposed")]
    keys = zip(rows["step"].tolist(), rows["agent"].tolist(), strict=True)
    return dict(zip(keys, rows["value"].astype(int).tolist(), strict=True))


def _at_step(
    step: int,
    waiting: list[int],
    read: Mapping[int, Sequence[int]],
    exposed: Mapping[tuple[int, int], int],
    when: dict[int, int],
) -> Iterator[tuple[int, int | None]]:
    """Adopters of one step with their parents, each after its parent; ``when`` takes them up."""
    while waiting:
        placed = {agent: parent for agent in waiting if (parent := _parent(agent, step, read, exposed, when)) != _NOT_YET}
        if not placed:  # ties have changed since: nobody of this step counts
            placed = {agent: _latest(read.get(agent, ()), when, step) for agent in waiting}
        for agent, parent in placed.items():
            when[agent] = step
            yield agent, parent
        waiting = [agent for agent in waiting if agent not in placed]


def _parent(
    agent: int,
    step: int,
    read: Mapping[int, Sequence[int]],
    exposed: Mapping[tuple[int, int], int],
    when: Mapping[int, int],
) -> int | None:
    authors = read.get(agent, ())
    seen = exposed.get((step, agent), 0)
    if seen == 0:
        return None
    late = seen - sum(when.get(author, step) < step for author in authors)
    if late <= 0:
        return _latest(authors, when, step)
    beside = [author for author in authors if when.get(author) == step]
    return min(beside) if len(beside) >= late else _NOT_YET


def _latest(authors: Sequence[int], when: Mapping[int, int], before: int) -> int | None:
    """Who adopted last before a step; the lowest number of several."""
    there = [author for author in authors if author in when and when[author] < before]
    return min(there, key=lambda author: (-when[author], author)) if there else None


def _shares(arm: str, replicate: int, rows: pd.DataFrame) -> Iterator[Adopter]:
    posts = rows[rows["kind"].isin(["post", "repost"])]
    about = {f"{row.step}.{row.turn}.{row.agent}.{row.position}": str(row.about) for row in posts.itertuples()}
    for unknown in sorted({parent for parent in about.values() if parent} - set(about)):
        yield arm, replicate, _SHARED, unknown, "", _step(unknown)  # an answer that was shared
    for name, parent in about.items():
        yield arm, replicate, _SHARED, name, parent, _step(name)


def _step(post: str) -> int:
    return int(post.partition(".")[0])
