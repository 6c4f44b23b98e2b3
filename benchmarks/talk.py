"""Requests in the shape of a simulation, without one: a persona, what some neighbours said, a short message asked for.

As in a run, all that an agent is asked begins with the same persona, and differs in the messages read. The messages come from
a generator instead of a model, so that nothing depends on anything and the same requests can be asked of any server.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from socsim.inference.types import Request, SamplingParams, Segment

__all__ = ["Asked", "Turn", "endless_talk", "requests_of", "talk"]

_PLACES = ("Ohio", "Texas", "Maine", "Oregon", "Georgia", "Iowa", "Nevada", "Vermont", "Utah", "Kansas", "Alaska", "Florida")
_JOBS = (
    "teacher",
    "nurse",
    "farmer",
    "plumber",
    "clerk",
    "driver",
    "engineer",
    "cook",
    "carpenter",
    "librarian",
    "guard",
    "tailor",
)
_VALUES = ("family", "fairness", "thrift", "faith", "independence", "order", "learning", "the environment", "tradition", "health")
_HABITS = (
    "reads the local paper", "talks politics at work", "votes in every election", "avoids arguments",
    "changes opinion when a good reason is given", "trusts neighbours more than officials", "watches the evening news",
    "listens before speaking", "has lived in the same town for decades", "worries about the cost of living",
)  # fmt: skip
_CLAIMS = (
    "The government should spend less", "Schools need more money", "Taxes are too high for us", "Buses should be free",
    "Rents must be capped", "Health care belongs to everybody", "Small shops deserve help", "The roads here are a disgrace",
    "Old people are forgotten", "Parks matter more than parking", "Wages have not kept up", "We already pay enough",
)  # fmt: skip
_REASONS = (
    "because my own bills keep rising", "since nobody else will take care of it", "as I have seen in our own town",
    "and the numbers in the paper say the same", "though I could be talked out of it", "because my children will pay for it",
    "and I have thought about it for years", "since the last plan did nothing at all", "as every neighbour would tell you",
)  # fmt: skip
_TOPIC = "Public services"


class Asked(Protocol):
    """What can be asked of a server or an engine: a call's prompt and the length of its reply."""

    @property
    def messages(self) -> list[dict[str, str]]: ...

    @property
    def plain_text(self) -> str: ...

    @property
    def reply_tokens(self) -> int: ...

    @property
    def request(self) -> Request: ...


@dataclass(frozen=True)
class Turn:
    """One agent's turn in one step: its persona, what it reads, and the longest reply in tokens."""

    agent: int
    step: int
    system: str
    user: str
    reply_tokens: int

    plain_text = ""
    """Only calls without a chat template have one."""

    @property
    def request(self) -> Request:
        """As a request of the inference layer."""
        segments = (Segment("system", self.system), Segment("user", self.user))
        return Request("text", segments, sampling=SamplingParams(max_tokens=self.reply_tokens))

    @property
    def messages(self) -> list[dict[str, str]]:
        """As chat messages."""
        return [{"role": "system", "content": self.system}, {"role": "user", "content": self.user}]


def talk(agents: int, steps: int, *, seed: int = 1, neighbours: int = 3, reply_tokens: int = 32) -> list[Turn]:
    """The turns of a talk, step by step and in each step by agent; the same for the same arguments.

    Args:
        agents: number of people.
        steps: turns of each.
        seed: of personas and messages.
        neighbours: messages read in each turn.
        reply_tokens: longest reply.
    """
    turns = endless_talk(agents, seed=seed, neighbours=neighbours, reply_tokens=reply_tokens)
    return list(itertools.islice(turns, agents * steps))


def endless_talk(
    agents: int, *, seed: int = 1, neighbours: int = 3, reply_tokens: int = 32, first_step: int = 0
) -> Iterator[Turn]:
    """`talk` without an end, from a later step on if wished."""
    personas = [_persona(random.Random(f"{seed}/{agent}"), agent) for agent in range(agents)]
    for step in itertools.count(first_step):
        for agent in range(agents):
            rng = random.Random(f"{seed}/{step}/{agent}")
            read = "\n".join(f"- {_message(rng)}" for _ in range(neighbours))
            asked = f"Topic: {_TOPIC}. Your neighbours wrote:\n{read}\nWrite what you tell them in one or two sentences."
            yield Turn(agent, step, personas[agent], asked, reply_tokens)


def requests_of(turns: list[Turn]) -> list[Request]:
    """The turns as requests of the inference layer."""
    return [turn.request for turn in turns]


def _persona(rng: random.Random, number: int) -> str:
    habits = ", ".join(rng.sample(_HABITS, 4))
    values = " and ".join(rng.sample(_VALUES, 2))
    return (
        f"You are person {number} in a study, {rng.randint(18, 90)} years old, a {rng.choice(_JOBS)} from {rng.choice(_PLACES)} "
        f"with {rng.randint(0, 5)} children. You care about {values}. You are somebody who {habits}. "
        "Stay in this role, speak as this person would, and keep it short."
    )


def _message(rng: random.Random) -> str:
    first, second = rng.sample(_CLAIMS, 2)
    return f"{first} {rng.choice(_REASONS)}. {second} {rng.choice(_REASONS)}."
