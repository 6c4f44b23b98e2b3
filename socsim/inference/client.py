"""The one door between agents and an engine: record, merging of equal calls, admission, pace, attempts.

A call is identified by its request and its draw key. What is in the record is never asked again; equal calls in flight
are one call. Who asks first or whose reply comes first changes nothing in what anyone gets.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from types import TracebackType

from socsim.errors import RecordError
from socsim.inference.admission import Admission, Pace
from socsim.inference.retrying import Attempted, Backoff, attempt_call
from socsim.inference.types import CallFailure, Completion, DrawKey, Engine, Request
from socsim.record.store import RecordStore
from socsim.scenario.engines import LimitsSpec
from socsim.seeding import uniform

__all__ = ["ClientStats", "InferenceClient", "engine_seed"]

Outcome = Completion | CallFailure
_Key = tuple[str, str]
_CHARACTERS_PER_TOKEN = 3


@dataclass(frozen=True, slots=True)
class ClientStats:
    """Counts of one client. Tokens and attempts are of calls that this client sent to the engine."""

    calls: int = 0
    """Calls that the engine answered or finally failed."""
    replayed: int = 0
    """Answers taken from what the record held when it was opened."""
    deduplicated: int = 0
    """Answers shared with an equal call of this client, finished or in flight."""
    failures: int = 0
    """Calls that stayed without an answer."""
    attempts: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    possibly_billed_twice: int = 0
    """Calls without an outcome that were found when the record was opened; see `RecordStore.possibly_billed_twice`."""


def engine_seed(draw: DrawKey | None) -> int:
    """Seed for the engine's sampler, 0 to 2^31 - 1; 0 for a call without a draw key."""
    return 0 if draw is None else int(uniform(draw.seed, "engine", draw.text()) * 2.0**31)


@dataclass(slots=True)
class _Flight:
    """A call on its way, and how many wait for it."""

    task: asyncio.Task[Outcome]
    waiting: int = field(default=0)


class InferenceClient:
    """Asks an engine through the record. Used from one event loop; `close` it before the loop ends.

    Args:
        engine: who answers what is not in the record; None to replay only.
        record: where calls come from and go to; stays open.
        limits: bounds on load, time and attempts. Without ``parallel``, twice the engine's own number is in flight, so
            that it always has the next request at hand.
        backoff: waits between attempts.
    """

    def __init__(
        self,
        engine: Engine | None,
        record: RecordStore,
        *,
        limits: LimitsSpec | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._engine = engine
        self._record = record
        self._limits = limits or LimitsSpec()
        self._backoff = backoff or Backoff()
        parallel = self._limits.parallel or (2 * engine.capabilities().parallel if engine else 1)
        self._admission = Admission(parallel)
        self._linger_s = engine.capabilities().linger_s if engine else 0.0
        rpm, tpm = self._limits.requests_per_minute, self._limits.tokens_per_minute
        self._request_pace = Pace(rpm) if rpm else None
        self._token_pace = Pace(tpm) if tpm else None
        self._flights: dict[_Key, _Flight] = {}
        self._tasks: set[asyncio.Task[Outcome]] = set()
        self._answered_here: set[_Key] = set()
        self._stats = ClientStats()
        self._replayed = 0
        self._deduplicated = 0

    async def __aenter__(self) -> InferenceClient:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    @property
    def stats(self) -> ClientStats:
        """Counts so far."""
        return replace(
            self._stats,
            replayed=self._replayed,
            deduplicated=self._deduplicated,
            possibly_billed_twice=self._record.found_unanswered,
        )

    @property
    def replay_only(self) -> bool:
        """Whether there is no engine, so that a call missing from the record is an error."""
        return self._engine is None

    def lookup_now(self, request: Request, draw: DrawKey | None, *, digest: str | None = None) -> Outcome | None:
        """The recorded outcome, None if there is none yet. Synchronous and fast.

        Args:
            request: what is asked.
            draw: which draw of it; None where the answer is no draw.
            digest: ``request.digest()``, if known already.
        """
        key = (digest or request.digest(), draw.text() if draw else "")
        found = self._record.get(*key)
        if found is not None:
            if key in self._answered_here:
                self._deduplicated += 1
            else:
                self._replayed += 1
        return found

    async def submit(
        self, request: Request, draw: DrawKey | None, *, priority: float = 0.0, digest: str | None = None
    ) -> Outcome:
        """The outcome of a call: from the record, from an equal call in flight, or from the engine.

        Args:
            request: what is asked.
            draw: which draw of it; calls with equal request and draw are one call.
            priority: lower goes first where calls wait for a place; equals in order of arrival.
            digest: ``request.digest()``, if known already.

        Raises:
            RecordError: the record cannot be written, or there is no engine and the call is not in the record.
            Exception: an error of the engine that is no `InferenceError`, as it is.
        """
        digest = digest or request.digest()
        found = self.lookup_now(request, draw, digest=digest)
        if found is not None:
            return found
        if self._engine is None:
            raise RecordError(
                f"{self._record.path}: the record has no reply for request {digest}, draw {draw.text() if draw else 'none'}, "
                "and there is no engine to ask. The run is unfinished (resume it), or the scenario or the code has changed."
            )
        key = (digest, draw.text() if draw else "")
        flight = self._flights.get(key)
        if flight is None:
            call = self._call(self._engine, request, digest, draw, priority)
            flight = self._flights[key] = _Flight(asyncio.get_running_loop().create_task(call))
            self._tasks.add(flight.task)
            flight.task.add_done_callback(lambda _: self._landed(key, flight))
        else:
            self._deduplicated += 1
        return await self._wait(key, flight)

    async def close(self) -> None:
        """Cancel what is in flight and wait until no task of this client is left. Engine and record stay open."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait(self, key: _Key, flight: _Flight) -> Outcome:
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if flight.waiting == 0 and not flight.task.done():
                self._leave(key, flight)
                flight.task.cancel()

    def _leave(self, key: _Key, flight: _Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]

    def _landed(self, key: _Key, flight: _Flight) -> None:
        self._leave(key, flight)
        self._tasks.discard(flight.task)
        if not flight.task.cancelled():
            flight.task.exception()  # an error of which every consumer has gone is not reported as forgotten

    async def _call(self, engine: Engine, request: Request, digest: str, draw: DrawKey | None, priority: float) -> Outcome:
        await self._admission.acquire(priority)
        try:
            self._record.begin_call(digest, draw)
            attempted = await attempt_call(
                engine,
                request,
                engine_seed(draw),
                bounds=(self._limits.attempts, self._limits.timeout_s),
                backoff=self._backoff,
                before_attempt=lambda: self._keep_pace(request),
            )
        finally:
            self._leave_place()
        self._record.put_call(request, digest, draw, attempted.outcome, attempted.attempts)
        self._answered_here.add((digest, draw.text() if draw else ""))
        self._count(request, attempted)
        return attempted.outcome

    def _leave_place(self) -> None:
        if self._linger_s > 0.0:
            asyncio.get_running_loop().call_later(self._linger_s, self._admission.release)
        else:
            self._admission.release()

    async def _keep_pace(self, request: Request) -> None:
        if self._request_pace:
            await self._request_pace.wait()
        if self._token_pace:
            await self._token_pace.wait(_expected_tokens(request))

    def _count(self, request: Request, attempted: Attempted) -> None:
        old, outcome = self._stats, attempted.outcome
        failed = isinstance(outcome, CallFailure)
        self._stats = replace(
            old, calls=old.calls + 1, failures=old.failures + failed, attempts=old.attempts + attempted.attempts
        )
        if isinstance(outcome, Completion):
            usage = outcome.usage
            self._stats = replace(
                self._stats,
                prompt_tokens=old.prompt_tokens + usage.prompt_tokens,
                cached_tokens=old.cached_tokens + usage.cached_tokens,
                completion_tokens=old.completion_tokens + usage.completion_tokens,
            )
            if self._token_pace:
                self._token_pace.correct(usage.prompt_tokens + usage.completion_tokens - _expected_tokens(request))


def _expected_tokens(request: Request) -> float:
    """A guess before the call, for the pace only; corrected by the true number afterwards."""
    characters = sum(len(segment.text) for segment in request.segments)
    return characters / _CHARACTERS_PER_TOKEN + (request.sampling.max_tokens if request.sampling else 0)
