"""Small worlds for the proof that a result does not depend on when replies come: every way of meeting under every activation.

Replies are hashes of the whole prompt, so whoever sees anything else says something else, and everybody who reads it after that.
Latencies come from a generator of their own.
"""

from __future__ import annotations

import hashlib
import random
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from socsim import Scenario, ScriptedEngine
from socsim.events import ResultRow
from socsim.inference.manner import manner_of
from socsim.inference.types import Request
from socsim.interactions import KINDS
from socsim.model import Execution, SocialModel
from socsim.record.store import RecordStore
from socsim.runner import open_scenario
from socsim.scenario.ways_of_meeting import MEETINGS
from socsim.session import Session
from socsim.world import build_world

ACTIVATIONS: Mapping[str, Any] = {
    "simultaneous": "simultaneous",
    "random_sequential": "random_sequential",
    "dyad": "dyad",
    "dyads": "dyads",
    "groups": {"kind": "groups", "size": 4, "rounds": 2},
    "groups, hands raised": {"kind": "groups", "size": 4, "order": "raise_hand", "urge": "urge", "rounds": 2},
    "groups, together": {"kind": "groups", "size": 4, "order": "together"},
    "poisson": {"kind": "poisson", "rate": 0.7},
    "hourly": {"kind": "hourly", "rate": 0.7},
    "events, change": {"kind": "events", "on": "neighbour_change"},
    "events, mention": {"kind": "events", "on": "mention"},
}
ITEMS: Mapping[str, Any] = {
    "view": {
        "type": "ordinal",
        "text": "More of it?",
        "options": ["no", "perhaps", "yes"],
        "readout": {"method": "logprob", "draw": "fresh", "orders": "fixed", "labels": ["letters"]},
    },
    "guess": {"type": "number", "text": "How many?", "readout": {"method": "sample"}},
    "urge": {"type": "ordinal", "text": "Do you want to speak?", "options": ["no", "yes"], "readout": {"labels": ["letters"]}},
}
PHASES: dict[str, dict[str, Any]] = {
    "survey": {"interaction": {"kind": "survey"}, "remember": ["own_last_message", "own_last_answer"]},
    "neighbours": {"interaction": {"kind": "neighbours", "see": "messages"}, "remember": ["own_last_message", "own_last_answer"]},
    "estimates": {"interaction": {"kind": "estimates", "see": "answers", "summary": "each"}, "ask": ["guess"]},
    "conventions": {
        "interaction": {
            "kind": "conventions",
            "options": {
                "names": ["F", "J", "M"],
                "readout": {"orders": "fixed", "labels": ["letters"]},
                "committed": {"count": 2, "choice": "J", "from_step": 2},
            },
        },
        "ask": [],
        "say": None,
    },
    "votes": {
        "interaction": {
            "kind": "votes",
            "options": {
                "items": ["one", "two", "three"],
                "order": "ranked",
                "readout": {"orders": "fixed", "labels": ["letters"]},
            },
        },
        "ask": [],
        "say": None,
    },
    "staged": {"interaction": {"kind": "staged", "options": {"others": 3}}, "ask": ["urge"], "say": None},
    "exposure": {"interaction": {"kind": "exposure", "show": "message"}, "remember": ["own_last_answer"]},
    "feed": {
        "interaction": {
            "kind": "feed",
            "options": {
                "mix": {"followed": 3, "others": 2},
                "ranking": "popularity",
                "actions": ["post", "repost", "comment", "like", "follow", "unfollow", "block"],
                "most_actions": 2,
            },
        },
        "ask": [],
    },
    "adoption": {
        "interaction": {
            "kind": "adoption",
            "options": {
                "what": "it",
                "seeds": {"count": 2},
                "absorbing": False,
                "readout": {"orders": "fixed", "labels": ["letters"]},
            },
        },
        "ask": [],
        "say": None,
    },
    "games": {
        "interaction": {
            "kind": "games",
            "options": {"game": "prisoners_dilemma", "talk": True, "readout": {"orders": "fixed", "labels": ["letters"]}},
        },
        "ask": [],
    },
}
"""What a phase with an interaction of each kind says; those without an entry say its kind alone."""


def combinations() -> Iterator[tuple[str, str]]:
    """Every interaction with every activation that it goes with."""
    for kind in KINDS:
        for name, activation in ACTIVATIONS.items():
            word = activation if isinstance(activation, str) else activation["kind"]
            meetings = MEETINGS.get(kind)
            if (meetings is None or word in meetings) and (kind, name) not in REFUSED:
                yield kind, name


REFUSED: set[tuple[str, str]] = {
    ("adoption", "events, mention"),
    *(("games", name) for name in ACTIVATIONS if name.startswith("groups")),
}  # fmt: skip
"""Combinations that scenario checks refuse for other reasons."""


def world_of(kind: str, activation: str, *, people: int = 10, steps: int = 3, graph: int = 0) -> Scenario:
    """A scenario with one phase of talk."""
    phase = {"interaction": {"kind": kind}, **PHASES.get(kind, {})}
    return Scenario.model_validate(
        {
            "socsim": 1,
            "name": "proof",
            "seed": 11 + graph,
            "population": {"size": people},
            "network": {"graph": {"watts_strogatz": {"k": 4, "p": 0.3}}},
            "items": dict(ITEMS),
            "conditions": {"message": {"levels": {"one": "It is good.", "other": "It is bad."}}},
            "schedule": [
                {
                    "phase": "talk",
                    "repeat": steps,
                    "activation": ACTIVATIONS[activation],
                    "ask": ["view"],
                    "say": {"topic": "it"},
                    **phase,
                }
            ],
            "inference": {"engine": "scripted", "model": "scripted"},
        }
    )


def reply(request: Request, seed: int) -> str:
    """A hash of the prompt and of the draw, which names somebody now and then."""
    digest = hashlib.sha256(f"{seed} {_prompt(request)}".encode()).hexdigest()
    return f"{digest[:12]} Person {int(digest[:4], 16) % 12 + 1}"


def scores(request: Request) -> tuple[float, ...]:
    """Log-probabilities that are hashes of the prompt."""
    digest = hashlib.sha256(_prompt(request).encode()).digest()
    return tuple(-1.0 - digest[index] / 64 for index in range(len(request.candidates)))


def _prompt(request: Request) -> str:
    return "\n".join(f"{segment.role}: {segment.text}" for segment in request.segments)


def rows_under(
    scenario: Scenario, execution: Execution, *, latency_seed: int = 0, checked: bool = True, longest_s: float = 0.003
) -> list[ResultRow]:
    """All rows of a world carried out in one way, in the order in which they were written."""
    unrelated = random.Random(latency_seed)
    engine = ScriptedEngine(reply, scores, latency=lambda _request, _seed: unrelated.random() ** 3 * longest_s)
    prepared = open_scenario(scenario)
    rows: list[ResultRow] = []
    with tempfile.TemporaryDirectory() as folder:
        store = RecordStore.create(Path(folder) / "record.sqlite", {"name": "proof"})
        with Session(store, engine, prepared.scenario.inference) as session:
            world = build_world(prepared.scenario, prepared.scenario.arms[0], 0, None, manner_of(engine.capabilities()))
            model = SocialModel(world, session.client, session.loop, rows.extend, checked=checked)
            model.run(execution)
    return rows
