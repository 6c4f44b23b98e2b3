"""One call with its attempts: which errors are worth another try, how long to wait, and what is left in the end."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from socsim.errors import (
    ContentFiltered,
    ContextOverflow,
    InferenceError,
    RateLimited,
    Refused,
    Rejected,
    TimedOut,
    Unavailable,
)
from socsim.inference.types import CallFailure, Completion, Engine, FailureKind, Request

__all__ = ["Attempted", "Backoff", "attempt_call", "bad_reply", "failure_of"]

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


@dataclass(frozen=True, slots=True)
class Attempted:
    """What came of a call, and after how many attempts."""

    outcome: Completion | CallFailure
    attempts: int


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
    if request.kind == "text":
        return ""
    count, expected = len(completion.logprobs), len(request.candidates)
    if count != expected:
        return f"{count} log-probabilities for {expected} candidates"
    if any(math.isnan(p) or p > _ROUNDING for p in completion.logprobs):
        return f"not log-probabilities: {completion.logprobs}"
    return ""


async def attempt_call(
    engine: Engine,
    request: Request,
    seed: int,
    *,
    bounds: tuple[int, float],
    backoff: Backoff,
    before_attempt: Callable[[], Awaitable[None]],
) -> Attempted:
    """Ask the engine, and again after transient errors.

    Args:
        engine: who is asked.
        request: what is asked.
        seed: for texts; the same in every attempt.
        bounds: (attempts at most, seconds an attempt may take).
        backoff: how long to wait between attempts.
        before_attempt: awaited before each attempt; keeps the pace.

    Returns:
        The completion, or the failure of the last attempt. Errors that are no `InferenceError` pass through.
    """
    attempts, timeout_s = bounds
    attempt = 0
    while True:
        attempt += 1
        await before_attempt()
        try:
            completion = await _once(engine, request, seed, timeout_s)
        except InferenceError as error:
            wait_s = backoff.wait_s(attempt, error)
            if wait_s is None or attempt >= attempts:
                return Attempted(failure_of(error, attempt), attempt)
        else:
            problem = bad_reply(request, completion)
            return Attempted(CallFailure("bad_reply", problem, attempt) if problem else completion, attempt)
        await asyncio.sleep(wait_s)


async def _once(engine: Engine, request: Request, seed: int, timeout_s: float) -> Completion:
    try:
        async with asyncio.timeout(timeout_s) as limit:
            return await engine.generate(request, seed=seed)
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise TimedOut(f"no answer within {timeout_s:g} s") from error
