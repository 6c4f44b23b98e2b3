"""The one door between agents and an engine: record, merging of equal calls, caps, admission, turns, attempts.

A call is identified by its request and its draw key. What is in the record is never asked again; equal calls in flight
are one call, and draws of an equal prompt that wait together are one prefill. Who asks first or whose reply comes first
changes nothing in what anyone gets.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from types import TracebackType
from typing import Any, Protocol

from socsim.errors import InferenceError, RateLimited, RecordError, RunStopped, TimedOut
from socsim.inference.admission import Admission
from socsim.inference.backlog import Backlog
from socsim.inference.flights import CallKey, Flight, Flights, Outcome
from socsim.inference.retrying import Backoff, ask_once, bad_reply, failure_of, going_on
from socsim.inference.statistics import ClientStats, Statistics
from socsim.inference.throttling import AdaptiveLimit, TokenGuess, Turns
from socsim.inference.types import CallFailure, Completion, DrawKey, Engine, Request, TokenCounter, Usage
from socsim.record.calls import PendingCall
from socsim.record.store import RecordStore
from socsim.scenario.engines import LimitsSpec
from socsim.seeding import uniform

__all__ = ["Caps", "ClientStats", "InferenceClient", "engine_seed"]

_PREFIX = 256
"""Characters of a prompt by which waiting calls are put in order."""


class Caps(Protocol):
    """Caps on a whole run; see `socsim.inference.spending.Spending`."""

    def admit(self, prompt_tokens: float, completion_tokens: float, calls: int = 1) -> int:
        """Set tokens aside for an attempt at so many calls; returns a number to give back.

        Raises:
            RunStopped: a cap is reached.
        """
        ...

    def settle(self, number: int, usage: Usage | None) -> None:
        """Replace what was set aside by what the attempt took; None where it was not answered."""
        ...


def engine_seed(draw: DrawKey | None) -> int:
    """Seed for the engine's sampler, 0 to 2^31 - 1; 0 for a call without a draw key."""
    return 0 if draw is None else _seed(draw, draw.text())


def _seed(draw: DrawKey | None, text: str) -> int:
    return 0 if draw is None else int(uniform(draw.seed, "engine", text) * 2.0**31)


class InferenceClient:
    """Asks an engine through the record. Used from one event loop; `close` it before the loop ends.

    Args:
        engine: who answers what is not in the record; None to replay only.
        record: where calls come from and go to; stays open.
        limits: bounds on load, time and attempts. Without ``parallel``, twice the engine's own number is in flight, so
            that it always has the next request at hand.
        backoff: waits between attempts.
        caps: caps on the whole run; none where not given.
    """

    def __init__(
        self,
        engine: Engine | None,
        record: RecordStore,
        *,
        limits: LimitsSpec | None = None,
        backoff: Backoff | None = None,
        caps: Caps | None = None,
    ) -> None:
        self._engine = engine
        self._record = record
        self._limits = limits or LimitsSpec()
        self._backoff = backoff or Backoff()
        self._caps = caps
        able = engine.capabilities() if engine else None
        self.parallel = self._limits.parallel or (2 * able.parallel if able else 1)
        """Calls that are in flight at most."""
        self._linger_s = able.linger_s if able else 0.0
        self._at_once = able is not None and able.at_once and able.samples == 1
        self._admission = Admission(self.parallel)
        self._adaptive = AdaptiveLimit(self.parallel)
        self._turns = Turns(self._limits.requests_per_minute, self._limits.tokens_per_minute)
        self._guess = TokenGuess()
        self._flights = Flights(able.samples if able else 1)
        self._answered_here: set[int] = set()
        """Hashes of keys: a set of whole keys would take the memory of millions of texts, for a mere count."""
        self._statistics = Statistics()
        self._replayed = 0
        self._deduplicated = 0
        self._stopped: RunStopped | None = None

    async def __aenter__(self) -> InferenceClient:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    @property
    def stats(self) -> ClientStats:
        """Counts and durations so far."""
        return self._statistics.snapshot(
            replayed=self._replayed,
            deduplicated=self._deduplicated,
            possibly_billed_twice=self._record.found_unanswered,
            in_flight=self._admission.in_use,
            queued=self._admission.waiting,
            places=self._admission.places,
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
        return self._found((digest or request.digest(), draw.text() if draw else ""))

    def _found(self, key: CallKey) -> Outcome | None:
        found = self._record.get(*key)
        if found is not None:
            if hash(key) in self._answered_here:
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
            priority: lower goes first where calls wait for a place; equals by the beginning of their prompts.
            digest: ``request.digest()``, if known already.

        Raises:
            RecordError: the record cannot be written, or there is no engine and the call is not in the record.
            RunStopped: a cap on the run is reached.
            Exception: an error of the engine that is no `InferenceError`, as it is.
        """
        key = (digest or request.digest(), draw.text() if draw else "")
        found = self._found(key)
        if found is not None:
            return found
        if self._engine is None:
            raise RecordError(
                f"{self._record.path}: the record has no reply for request {key[0]}, draw {key[1] or 'none'}, and there is no "
                "engine to ask: the scenario or the code is not what it was, or the run was cut off before this call."
            )
        if self._stopped is not None:
            raise self._stopped
        member = self._flights.member(key)
        if member is None:
            member = self._flights.board(request, key, draw, priority, self._start)
            if member.outcome is not None:
                return member.outcome
            if member.error is not None:
                raise member.error
        else:
            self._deduplicated += 1
        waiting = member.wait()
        try:
            return await waiting
        except asyncio.CancelledError:
            if self._stopped is None:
                self._flights.leave(member)
            raise

    async def answer_all(self, backlog: Backlog) -> AsyncIterator[tuple[int, Outcome]]:
        """Numbers and outcomes of all calls of a backlog, as they come; what is asked is described when a place is near.

        Leaving the iteration cancels what is in flight.
        """
        running: set[asyncio.Task[tuple[int, Outcome]]] = set()
        try:
            while backlog or running:
                while backlog and len(running) < 2 * self.parallel:
                    running.add(asyncio.get_running_loop().create_task(self._described(*backlog.pop())))
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    yield task.result()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _described(self, number: int, priority: float, describe: object) -> tuple[int, Outcome]:
        assert callable(describe)
        request, draw = describe()
        return number, await self.submit(request, draw, priority=priority)

    async def close(self) -> None:
        """Cancel what is in flight and wait until no task of this client is left. Engine and record stay open.

        Where a cap on the run was reached, what is in flight is waited for instead: it is paid for.
        """
        tasks = [flight.task for flight in self._flights if flight.task is not None]
        for task in tasks if self._stopped is None else ():
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._turns.close()

    def _start(self, flight: Flight) -> asyncio.Task[None] | None:
        """A flight becomes a task where it has to wait for anything."""
        work: Coroutine[Any, Any, None] = self._fly(flight)
        if self._at_once and flight.request.kind != "embed":
            try:
                waits_for = work.send(None)
            except StopIteration:
                return None
            work = _go_on(work, waits_for)
        return asyncio.get_running_loop().create_task(work)

    async def _fly(self, flight: Flight) -> None:
        """Carry a flight to its end and tell everybody who waits."""
        try:
            outcomes, attempts = await self._attempts(flight)
            self._settle(flight, outcomes, attempts)
        except BaseException as error:
            if isinstance(error, RunStopped):
                self._stopped = error
            self._flights.landed(flight)
            for member in flight.members:
                member.fail(error)
            if isinstance(error, asyncio.CancelledError) or not isinstance(error, Exception):
                raise

    def _settle(self, flight: Flight, outcomes: Sequence[Outcome], attempts: int) -> None:
        for number, (member, outcome) in enumerate(zip(flight.members, outcomes, strict=True)):
            tried = attempts if number == 0 else 0
            self._record.put_pending(PendingCall(flight.request, flight.digest, member.key[1], outcome, tried))
            self._answered_here.add(hash(member.key))
        self._statistics.settled(outcomes, attempts)
        self._flights.landed(flight)
        for member, outcome in zip(flight.members, outcomes, strict=True):
            member.settle(outcome)

    async def _attempts(self, flight: Flight) -> tuple[Sequence[Outcome], int]:
        """Outcomes, one for each member in the order of the draws, and the number of attempts."""
        request, attempt = flight.request, 0
        prefix = "" if self._admission.is_free else _beginning(request)
        while True:
            attempt += 1
            if not self._admission.take():
                await self._admission.acquire(flight.priority, kind=request.kind, prefix=prefix)
            begun = self._statistics.begun()
            try:
                if attempt == 1:
                    self._hand_over(flight)
                completions = await self._one_attempt(flight)
            except InferenceError as error:
                self._note_trouble(error, begun)
                wait_s = self._backoff.wait_s(attempt, error)
                if wait_s is None or attempt >= self._limits.attempts:
                    return [failure_of(error, attempt)] * len(flight.members), attempt
            else:
                self._note_success()
                elapsed = self._statistics.now() - begun
                return [_checked(request, completion, attempt, elapsed) for completion in completions], attempt
            finally:
                self._leave_place()
            await asyncio.sleep(wait_s)

    def _hand_over(self, flight: Flight) -> None:
        self._flights.close(flight)
        for member in flight.sort():
            self._record.begin_call(flight.digest, member.draw)

    async def _one_attempt(self, flight: Flight) -> Sequence[Completion]:
        assert self._engine is not None
        request, texts = flight.request, len(flight.members)
        measured = self._turns.bounded or self._caps is not None
        prompt = await self._prompt_tokens(request) if measured else 0.0
        reply = texts * request.sampling.max_tokens if request.sampling else 0
        if self._turns.bounded:
            await self._turns.wait(prompt + reply)
        aside = self._caps.admit(prompt, reply, texts) if self._caps is not None else 0
        usage: Usage | None = None
        try:
            seeds = [_seed(member.draw, member.key[1]) for member in flight.members]
            timeout_s = self._limits.timeout_s
            completions = await ask_once(self._engine, request, seeds, timeout_s=timeout_s, priority=flight.priority)
            if measured:
                usage = _total(completions)
                self._guess.learn(request, usage.prompt_tokens)
                self._turns.correct(usage.prompt_tokens + usage.completion_tokens - prompt - reply)
            return completions
        finally:
            if self._caps is not None:
                self._caps.settle(aside, usage)

    async def _prompt_tokens(self, request: Request) -> float:
        """Tokens of a prompt: counted where the engine has the model's tokenizer, else guessed from the replies so far."""
        if isinstance(self._engine, TokenCounter) and self._engine.capabilities().token_ids:
            return float(await self._engine.count_tokens(request))
        return self._guess.prompt(request)

    def _note_trouble(self, error: InferenceError, begun: float) -> None:
        busy = isinstance(error, RateLimited | TimedOut)
        if busy and self._limits.adapt and self._adaptive.had_trouble(begun):
            self._admission.resize(self._adaptive.places)

    def _note_success(self) -> None:
        if self._adaptive.went_well():
            self._admission.resize(self._adaptive.places)

    def _leave_place(self) -> None:
        if self._linger_s > 0.0:
            asyncio.get_running_loop().call_later(self._linger_s, self._admission.release)
        else:
            self._admission.release()


async def _go_on(work: Coroutine[Any, Any, None], waits_for: object) -> None:
    await going_on(work, waits_for)


def _beginning(request: Request) -> str:
    return "\0".join([segment.text[:_PREFIX] for segment in request.segments])[:_PREFIX]


def _checked(request: Request, completion: Completion, attempt: int, elapsed_s: float) -> Outcome:
    problem = bad_reply(request, completion)
    if problem:
        return CallFailure("bad_reply", problem, attempt)
    return completion if completion.elapsed_s else completion.timed(elapsed_s)


def _total(completions: Sequence[Completion]) -> Usage:
    usages = [completion.usage for completion in completions]
    return Usage(
        sum(usage.prompt_tokens for usage in usages),
        sum(usage.completion_tokens for usage in usages),
        sum(usage.cached_tokens for usage in usages),
    )
