"""One attempt of a call, which errors are worth another one, how long to wait for it, and what is left in the end."""

from __future__ import annotations

import asyncio
import math
import random
import types
from collections.abc import Coroutine, Generator, Sequence
from typing import Any, TypeVar

from socsim.errors import (
    BadReply,
    ContentFiltered,
    ContextOverflow,
    InferenceError,
    RateLimited,
    Refused,
    Rejected,
    TimedOut,
    Unavailable,
)
from socsim.inference.types import CallFailure, Completion, Embedder, Engine, FailureKind, Prioritising, Request, Sampler, Serving
from socsim.inference.vectors import pack_vector

__all__ = ["Backoff", "ask_once", "bad_reply", "failure_of", "going_on"]

_KINDS: tuple[tuple[type[InferenceError], FailureKind], ...] = (
    (RateLimited, "rate_limited"),
    (TimedOut, "timed_out"),
    (Unavailable, "unavailable"),
    (ContextOverflow, "context_overflow"),
    (Refused, "refused"),
    (ContentFiltered, "content_filter"),
    (Rejected, "rejected"),
)
_ROUNDING = 1e-6

T = TypeVar("T")


class Backoff:
    """Growing waits between attempts: ``base_s * 2**(attempt - 1)``, at most ``longest_s``, times 0.5 to 1 at random.

    An engine's own advice (``retry_after_s``) is the least waited. Advice beyond ``patience_s`` is not followed: the call
    fails, and the message says so.
    """

    def __init__(self, base_s: float = 0.5, longest_s: float = 30.0, patience_s: float = 600.0) -> None:
        self.base_s = base_s
        self.longest_s = longest_s
        self.patience_s = patience_s
        self._jitter = random.Random()

    def wait_s(self, attempt: int, error: InferenceError) -> float | None:
        """Seconds to wait after the failed ``attempt`` (from 1); None: waiting is pointless."""
        if not error.transient:
            return None
        own = min(self.longest_s, self.base_s * 2.0 ** (attempt - 1)) * self._jitter.uniform(0.5, 1.0)
        advised = getattr(error, "retry_after_s", None)
        if advised is None:
            return own
        return None if advised > self.patience_s else advised + own


def failure_of(error: InferenceError, attempts: int) -> CallFailure:
    """The error as data."""
    kind: FailureKind = next((kind for cls, kind in _KINDS if isinstance(error, cls)), "bad_reply")
    advised = getattr(error, "retry_after_s", None)
    advice = f" (asked to wait {advised:g} s)" if advised is not None else ""
    return CallFailure(kind, f"{error}{advice}", attempts)


def bad_reply(request: Request, completion: Completion) -> str:
    """What is wrong with the form of a completion; empty if nothing."""
    if request.kind != "score":
        return ""
    count, expected = len(completion.logprobs), len(request.candidates)
    if count != expected:
        return f"{count} log-probabilities for {expected} candidates"
    if any(math.isnan(p) or p > _ROUNDING for p in completion.logprobs):
        return f"not log-probabilities: {completion.logprobs}"
    return ""


async def ask_once(
    engine: Engine, request: Request, seeds: Sequence[int], *, timeout_s: float, priority: float = 0.0
) -> Sequence[Completion]:
    """One attempt: a completion per seed.

    Args:
        engine: who is asked; several seeds only where it is a `Sampler`.
        request: what is asked.
        seeds: for texts; the same in every attempt.
        timeout_s: seconds that the attempt may take.
        priority: for an engine that orders its own queue.

    Raises:
        InferenceError: there is no answer; `TimedOut` where there was none in time.
    """
    work = _asked(engine, request, seeds, priority)
    try:
        waits_for = work.send(None)
    except StopIteration as answered:  # at once, so that there is nothing to bound: a timeout takes as long as all else here
        at_once: Sequence[Completion] = answered.value
        return at_once
    try:
        async with asyncio.timeout(timeout_s) as limit:
            return await going_on(work, waits_for)
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise TimedOut(f"no answer within {timeout_s:g} s") from error


async def _asked(engine: Engine, request: Request, seeds: Sequence[int], priority: float) -> Sequence[Completion]:
    if request.kind == "embed":
        return [await _vector(engine, request)] * len(seeds)
    if len(seeds) > 1:
        return await _several(engine, request, seeds)
    if engine.capabilities().priority:
        assert isinstance(engine, Prioritising)
        return (await engine.generate(request, seed=seeds[0], priority=priority),)
    return (await engine.generate(request, seed=seeds[0]),)


@types.coroutine
def going_on(work: Coroutine[Any, Any, T], waits_for: Any) -> Generator[Any, Any, T]:
    """Go on with a coroutine that has begun, and that waits for something."""
    while True:
        try:
            yield waits_for
        except BaseException as error:  # whatever is thrown into who awaits is thrown into the work, such as a cancellation
            try:
                waits_for = work.throw(error)
            except StopIteration as ended:
                result: T = ended.value
                return result
        else:
            return (yield from work.__await__())


async def _vector(engine: Engine, request: Request) -> Completion:
    if isinstance(engine, Serving):
        engine = engine.serving(request)
    if not isinstance(engine, Embedder):
        raise Rejected(f"the {engine.identity.engine} engine gives no embeddings")
    vectors = await engine.embed(["".join(segment.text for segment in request.segments)])
    if len(vectors) != 1 or not vectors[0] or not all(math.isfinite(value) for value in vectors[0]):
        raise BadReply(f"{len(vectors)} vectors came back for one text, or they are empty or not finite")
    return Completion(pack_vector(vectors[0]))


async def _several(engine: Engine, request: Request, seeds: Sequence[int]) -> Sequence[Completion]:
    assert isinstance(engine, Sampler)
    completions = await engine.sample(request, seeds=seeds)
    if len(completions) != len(seeds):
        raise BadReply(f"{len(completions)} texts came back, {len(seeds)} were asked for")
    return completions
