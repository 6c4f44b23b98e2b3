"""Replicas of one engine on several nodes, and the engine that stands for all of them.

A call goes to the replica that has seen its beginning before while queues are balanced, else to the shorter queue; from one
that is lost it moves on to others, or waits until one is back. Nothing here knows Ray: actors are whatever has
``method.remote(…)`` that can be awaited.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from math import inf
from typing import Any

from socsim.clusters.couriers import Courier, Desk, UnknownTicket
from socsim.errors import ClusterError, InferenceError, Unavailable
from socsim.inference.http_endpoints import Endpoints, EndpointStats
from socsim.inference.http_errors import Unreachable
from socsim.inference.retrying import ask_once
from socsim.inference.types import Capabilities, Completion, Engine, EngineIdentity, Request, Segment, TokenCounter
from socsim.inference.vectors import unpack_vector
from socsim.record.caching import engine_difference

__all__ = ["Answer", "EngineHost", "EnginePool", "Introduction", "pool_of"]

_AFFINE = 256
"""Characters of a prompt's beginning by which a replica is chosen."""
_AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine made of a call: completions, or the error that it raised."""

    completions: tuple[Completion, ...] = ()
    error: InferenceError | None = None

    @property
    def status(self) -> int:
        """As of a server: 503 where the engine cannot be reached or is broken."""
        return 503 if isinstance(self.error, Unavailable) else 200


@dataclass(frozen=True, slots=True)
class Introduction:
    """Who an engine is, and what it can do."""

    identity: EngineIdentity
    able: Capabilities


class EngineHost(Desk):
    """One replica; the body of an actor that owns one engine.

    Args:
        make: makes the engine, on its own node, when it is first needed; so what is wrong is told to who asks.
    """

    def __init__(self, make: Callable[[], Engine]) -> None:
        super().__init__()
        self._make = make

    @cached_property
    def _engine(self) -> Engine:
        return self._make()

    def introduce(self) -> Introduction:
        """Who the engine is."""
        return Introduction(self._engine.identity, self._engine.capabilities())

    async def serve(self, request: Request, seeds: Sequence[int], priority: float) -> Answer:
        """One attempt; whoever asks sees to the time that it may take."""
        try:
            return Answer(tuple(await ask_once(self._engine, request, seeds, timeout_s=inf, priority=priority)))
        except InferenceError as error:
            return Answer(error=error)

    async def count_tokens(self, request: Request) -> int:
        """Tokens of a prompt, where the engine knows the tokenizer."""
        assert isinstance(self._engine, TokenCounter)
        return await self._engine.count_tokens(request)

    def close(self) -> None:
        """Free what the engine has."""
        self._engine.close()


class EnginePool:
    """All replicas as one engine.

    Args:
        hosts: actors of `EngineHost`, by names that say where they stand.
        introduction: of one of them; all are the same.
        lost: whether an error says that an actor is gone, rather than that it failed at something.
    """

    def __init__(self, hosts: Mapping[str, Any], introduction: Introduction, lost: Callable[[BaseException], bool]) -> None:
        self._hosts = dict(hosts)
        self._couriers = {name: Courier(host) for name, host in hosts.items()}
        self._identity = introduction.identity
        self._able = replace(introduction.able, parallel=introduction.able.parallel * len(self._hosts), at_once=False)
        self._lost = lost
        self._endpoints = Endpoints(tuple(self._hosts))
        self._model = ""

    @property
    def identity(self) -> EngineIdentity:
        """That of each replica."""
        return self._identity

    def capabilities(self) -> Capabilities:
        """What each can do, in as many places as all of them have."""
        return self._able

    def stats(self) -> tuple[EndpointStats, ...]:
        """What each replica did so far."""
        return self._endpoints.stats()

    async def generate(self, request: Request, *, seed: int = 0, priority: float = 0.0) -> Completion:
        """Let a replica answer."""
        (completion,) = await self._ask(request, (seed,), priority)
        return completion

    async def sample(self, request: Request, *, seeds: Sequence[int]) -> list[Completion]:
        """Several texts of one replica."""
        return list(await self._ask(request, tuple(seeds), 0.0))

    def serving(self, request: Request) -> EnginePool:
        """The same pool, for vectors of the model that is named: texts alone do not say whose they are to be."""
        named = copy(self)
        named._model = request.model
        return named

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """Vectors, to single precision, as they are recorded."""
        requests = [Request("embed", (Segment("user", text),), "plain", model=self._model) for text in texts]
        return [unpack_vector((await self.generate(request)).text) for request in requests]

    async def count_tokens(self, request: Request) -> int:
        """Tokens of the prompt in the tokenizer of any replica that is there.

        Raises:
            Unavailable: none is.
        """
        for host in self._hosts.values():
            try:
                return int(await host.count_tokens.remote(request))
            except Exception as error:
                if not self._lost(error):
                    raise
        raise Unavailable("none of the engines can be reached")

    async def _ask(self, request: Request, seeds: tuple[int, ...], priority: float) -> tuple[Completion, ...]:
        """The answer of a replica; where none is left it is waited for one, as lost ones are started again."""
        prefix = request.segments[0].text[:_AFFINE] if request.segments else ""

        async def send(name: str) -> Answer:
            try:
                answer: Answer = await self._couriers[name].ask(request, seeds, priority)
            except Exception as error:
                if self._lost(error) or isinstance(error, UnknownTicket):
                    raise Unreachable(f"the engine on {name} is gone") from error
                raise
            return answer

        while True:
            with suppress(Unavailable):  # of those that are lost only: what an engine raises comes as an answer
                answer = await self._endpoints.call(prefix, send)
                break
            await asyncio.sleep(_AGAIN_S)
        if answer.error is not None:
            raise answer.error
        return answer.completions

    def close(self) -> None:
        """Nothing to close here; the actors belong to whoever made them."""


def pool_of(hosts: Mapping[str, Any], introductions: Sequence[Introduction], lost: Callable[[BaseException], bool]) -> EnginePool:
    """The pool of replicas that have introduced themselves.

    Raises:
        ClusterError: they are not of one model.
    """
    first = introductions[0]
    for name, other in zip(hosts, introductions, strict=True):
        difference = engine_difference(asdict(first.identity), other.identity) if other is not first else ""
        if difference:
            raise ClusterError(
                f"the engine on {name} is not that on {next(iter(hosts))} ({difference}). Put the same model onto all nodes"
            )
    return EnginePool(hosts, first, lost)
