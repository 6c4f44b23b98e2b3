"""The language-model agent: observe → act → apply.

`SocialAgent.act` is the one place where an agent thinks. It may make several calls; what it asked, said and published is
collected in its event and applied by the model afterwards, for all agents of a step in a fixed order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

import mesa
import numpy as np
from pydantic import BaseModel

from socsim.effects import Effects
from socsim.errors import UndeclaredRandomness
from socsim.event import Event
from socsim.items import ItemFailure, Response
from socsim.observation import Observation
from socsim.population.persona import Persona
from socsim.scenario.asking import ItemSpec, ReadoutSpec

if TYPE_CHECKING:
    from socsim.model import SocialModel

__all__ = ["SocialAgent", "act_in", "refuse_while_acting"]

M = TypeVar("M", bound=BaseModel)
_event: ContextVar[Event | None] = ContextVar("socsim_event", default=None)


async def act_in(event: Event, agent: SocialAgent) -> None:
    """Let an agent act: what it asks and says belongs to its event, and generators shared by all are out of reach."""
    token = _event.set(event)
    try:
        await agent.act(event.observation)
    finally:
        _event.reset(token)


def refuse_while_acting(name: str) -> None:
    """Raise if called inside ``act``.

    Raises:
        UndeclaredRandomness: the order of replies would decide who gets which number.
    """
    if _event.get() is not None:
        raise UndeclaredRandomness(
            f"{name} is shared by all agents, so inside act the order of replies would decide what it returns. "
            "Use self.generator, which belongs to this agent and step alone."
        )


class SocialAgent(mesa.Agent):  # type: ignore[misc]
    """A person in a world.

    Attributes:
        number: 0-based number of the person, the same in every arm; Mesa's ``unique_id`` counts from 1.
        person: facts, documents and weight.
        persona: the person in words, as prompts show it.
        node: node of the network on which the person stands.

    Subclass and override `act` to script another behaviour:

        class Contrarian(SocialAgent):
            async def act(self, observation):
                answer = await self.ask("services")
                self.publish("I am not so sure.")
    """

    model: SocialModel

    def __init__(self, model: SocialModel, number: int, person: Persona, persona: str, node: int) -> None:
        super().__init__(model)
        self.number = number
        self.person = person
        self.persona = persona
        self.node = node

    async def act(self, observation: Observation) -> None:
        """Do what the interaction of the phase wants of a person: mostly answer the items, then write a message.

        Override this; `ask`, `say` and `publish` are its means. All random numbers must come from `generator`. A class that
        overrides it acts step by step, as nobody knows what it looks at; where it looks at its observation only, say so with
        ``declared = True``, and it may act ahead.
        """
        await self.event.playing.act(self, observation)

    async def ask(self, item: str) -> Response | ItemFailure:
        """Ask the model an item as this person, privately, by the item's declared readout."""
        return await self.event.ask(item)

    async def ask_as(self, model: type[M], request: str, *, name: str = "", max_tokens: int = 512) -> M | ItemFailure:
        """Ask the model something as this person, privately, for a reply in the form of a pydantic model.

            class Plan(BaseModel):
                hours: int
                reason: str

            plan = await self.ask_as(Plan, "How many hours will you give, and why?")

        The engine is held to the form where it can be. A reply that is not in it is asked for again and shown for repair as
        often as the scenario's ``failures`` say; it is never guessed at.

        Args:
            model: the class of the reply.
            request: what is asked. It is data: braces in it mean nothing.
            name: under which name the reply is recorded among the answers; the name of the class where not given.
            max_tokens: longest reply.

        Returns:
            The reply; or the failures on the way to none, the last with the reply as it was.
        """
        return await self.event.ask_as(model, request, name=name, max_tokens=max_tokens)

    async def say(self, request: str | None = None) -> str | None:
        """Let the model write a public message; others may see it from the next step on.

        Args:
            request: what to write, instead of the phase's wording.

        Returns:
            The message, or None where the model gave none.
        """
        return await self.event.say(request)

    async def choose(
        self, name: str, question: str, options: Sequence[str], *, readout: Mapping[str, Any] | None = None
    ) -> Response | ItemFailure:
        """Ask the model as this person which of some options it takes, privately.

            choice = await self.choose("move", "What do you do?", ["cooperate", "defect"])

        Args:
            name: under which it is recorded among the answers; no item's name.
            question: what is asked.
            options: at least two, all different; ``choice.choice`` is the index of the one taken.
            readout: how it is read, as an item's ``readout``; ``logprob`` where not given.

        Returns:
            The choice, or the failures on the way to none; never a guess.
        """
        spec = ItemSpec(type="nominal", text=question, options=tuple(options), readout=ReadoutSpec(**(readout or {})))
        return await self.event.choose(name, spec)

    @property
    def effects(self) -> Effects:
        """What follows from this turn besides answers and a message: `Effects.do`, `Effects.keep`, ties, cells."""
        return self.event.effects

    def answer(self, item: str, answer: str | float) -> Response:
        """Answer an item by a rule, without a call, with an option or a number; the answer is recorded as ``scripted``.

        Raises:
            ValueError: it is no answer to the item.
        """
        return self.event.answer(item, answer)

    def publish(self, text: str) -> None:
        """Make ``text`` the agent's public message, without a model call (for rule-based agents)."""
        self.event.publish(text)

    @property
    def event(self) -> Event:
        """The event in which this agent acts.

        Raises:
            RuntimeError: outside ``act`` there is none.
        """
        event = _event.get()
        if event is None or event.observation.agent != self.number:
            raise RuntimeError("ask, say, publish and generator belong inside act(observation)")
        return event

    @property
    def generator(self) -> np.random.Generator:
        """Random numbers of this agent and step alone, the same whatever the others do."""
        return self.event.generator

    def opinion(self, item: str) -> float | None:
        """Expected value of the agent's newest answer to an item; None if it has none. For data collectors."""
        response = self.model.state.last_answer(self.number, item)
        return response.expected if response else None

    @property
    def message(self) -> str | None:
        """The agent's newest public message. For data collectors."""
        return self.model.state.last_message(self.number)

    @property
    def random(self) -> Any:
        """Mesa's shared generator; out of reach inside `act`."""
        refuse_while_acting("agent.random")
        return self.model.random

    @property
    def rng(self) -> Any:
        """Mesa's shared numpy generator; out of reach inside `act`."""
        refuse_while_acting("agent.rng")
        return self.model.rng
