"""Calls through a provider's batch endpoint: gathered until the simulation waits, sent as one job, answered hours later.

Nothing is lost or paid for twice if the process ends on the way. What a job holds is written down before it is sent, and
its number as soon as the provider gives it; a job that was sent without its number having been written down is found again
by its name among the provider's jobs. A job stays open in the ledger until all its replies are in the record, and an open
one is waited for, or read again, by whoever resumes the run.

It knows nothing of HTTP: a `BatchDoor` does.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, TypeVar

from socsim.errors import InferenceError, Unavailable
from socsim.inference.types import Capabilities, Completion, Engine, EngineIdentity, LoopBound, Request

__all__ = ["BatchDoor", "BatchJob", "BatchLedger", "BatchingEngine", "JobState", "OpenBatch"]

Reply = Mapping[str, Any] | InferenceError
"""A reply as it came, or why there is none; only who has asked can read it, in this process or in a later one."""
T = TypeVar("T")
_QUIET_S = 0.25
"""A job is sent when no further call has come for so long: everybody who acts waits for an answer then."""


@dataclass(frozen=True, slots=True)
class JobState:
    """How a provider's job stands. ``failed`` jobs were not carried out at all; ``done`` ones may lack some replies."""

    status: Literal["running", "done", "failed"]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class BatchJob:
    """A job to be sent: its name, and each call with a number of its own, which the provider gives back."""

    name: str
    calls: tuple[tuple[str, Request, int], ...]
    """(number, request, seed)."""


class BatchDoor(Protocol):
    """A provider's batch endpoint."""

    async def send(self, job: BatchJob) -> str:
        """Send a job; returns the provider's id of it. The job's name is stored with it."""
        ...

    async def find(self, name: str) -> str | None:
        """The provider's id of the job with this name, if it was sent."""
        ...

    async def state(self, job_id: str) -> JobState:
        """How a job stands."""
        ...

    async def replies(self, job_id: str) -> dict[str, Reply]:
        """What came of the calls of a job that is done, by their numbers; calls without any outcome are left out."""
        ...

    def read(self, request: Request, reply: Mapping[str, Any]) -> Completion:
        """A reply to a request.

        Raises:
            InferenceError: the provider answered with an error, or with what is no reply.
        """
        ...


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A job that was written down and has not ended. ``keys`` are (number, request digest, seed); ``job_id`` "" if unknown."""

    name: str
    keys: tuple[tuple[str, str, int], ...]
    job_id: str = ""


class BatchLedger(Protocol):
    """Where jobs are written down; every method returns when it is safe from the end of the process."""

    def put_batch_intent(self, batch: OpenBatch) -> None: ...

    def set_batch_id(self, name: str, job_id: str) -> None: ...

    def open_batches(self) -> list[OpenBatch]: ...

    def close_batch(self, name: str, status: str) -> None: ...


@dataclass(slots=True)
class _Waiting:
    request: Request
    seed: int
    job: str = ""
    future: asyncio.Future[Reply] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class BatchingEngine:
    """An engine whose calls go through a batch endpoint.

    Args:
        engine: the engine whose identity and abilities these are; closed with this one.
        door: its batch endpoint.
        ledger: where jobs are written down.
        most: calls in one job at most.
        poll_s: seconds between two looks at a job.
    """

    def __init__(self, engine: Engine, door: BatchDoor, ledger: BatchLedger, *, most: int = 50_000, poll_s: float = 30.0) -> None:
        self._engine = engine
        self._door = door
        self._ledger = ledger
        self._most = most
        self._poll_s = poll_s
        self._gathered: list[_Waiting] = []
        self._came = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._collector: asyncio.Task[None] | None = None
        self._earlier: dict[tuple[str, int], asyncio.Future[Reply]] = {}
        self._left: dict[str, int] = {}

    @property
    def identity(self) -> EngineIdentity:
        """Of the engine behind it."""
        return self._engine.identity

    def capabilities(self) -> Capabilities:
        """Of the engine behind it, except that as many calls as a job holds are served at once, one text each."""
        return replace(self._engine.capabilities(), parallel=self._most, samples=1, priority=False, linger_s=0.0, at_once=False)

    async def generate(self, request: Request, *, seed: int = 0) -> Completion:
        """Wait for the job that answers this call, one of an earlier process or one to be sent.

        Raises:
            InferenceError: the provider answered the call with an error, or did not carry out the job.
        """
        if self._collector is None:
            self._take_up()
            self._collector = self._task(self._collect())
        earlier = self._earlier.pop((request.digest(), seed), None)
        if earlier is not None:
            reply = await earlier
            if not isinstance(reply, _NotSent):
                return self._read(request, reply)
        waiting = _Waiting(request, seed)
        self._gathered.append(waiting)
        self._came.set()
        try:
            return self._read(request, await waiting.future)
        finally:
            asyncio.get_running_loop().call_soon(self._taken, waiting.job)

    def _read(self, request: Request, reply: Reply) -> Completion:
        if isinstance(reply, InferenceError):
            raise reply
        return self._door.read(request, reply)

    def _taken(self, job: str) -> None:
        """A reply was taken, and is on its way to the record by now; a job of which all are is not needed any more."""
        if job in self._left:
            self._left[job] -= 1
            if self._left[job] == 0:
                del self._left[job]
                self._ledger.close_batch(job, "done")

    def close(self) -> None:
        """Close the engine behind it; jobs go on at the provider and are taken up by whoever resumes."""
        self._engine.close()

    async def leave(self) -> None:
        """Cancel what waits in this process; the engine behind it leaves the loop, too."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._collector = None
        if isinstance(self._engine, LoopBound):
            await self._engine.leave()

    def _task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _take_up(self) -> None:
        """Wait for the jobs of an earlier process."""
        for batch in self._ledger.open_batches():
            futures = {}
            for number, digest, seed in batch.keys:
                futures[number] = self._earlier[digest, seed] = asyncio.get_running_loop().create_future()
            self._task(self._finish_earlier(batch, futures))

    async def _finish_earlier(self, batch: OpenBatch, futures: dict[str, asyncio.Future[Reply]]) -> None:
        try:
            job_id: str | None = batch.job_id
            if not job_id:
                job_id = await _patiently(lambda: self._door.find(batch.name), self._poll_s)
            if job_id is None:
                self._ledger.close_batch(batch.name, "never sent")
                replies: dict[str, Reply] = dict.fromkeys(futures, _NotSent("the job was never sent"))
            else:
                if not batch.job_id:
                    self._ledger.set_batch_id(batch.name, job_id)
                replies = await self._await_job(job_id, list(futures))
        except Exception as error:
            _settle_all(futures, error)
            return
        for number, future in futures.items():
            if not future.done():
                future.set_result(replies[number])

    async def _collect(self) -> None:
        while True:
            await self._came.wait()
            self._came.clear()
            while len(self._gathered) < self._most:
                before = len(self._gathered)
                await asyncio.sleep(_QUIET_S)
                if len(self._gathered) == before:
                    break
            calls, self._gathered = self._gathered[: self._most], self._gathered[self._most :]
            calls = [call for call in calls if not call.future.done()]
            if self._gathered:
                self._came.set()
            if calls:
                self._task(self._carry_out(calls))

    async def _carry_out(self, calls: Sequence[_Waiting]) -> None:
        name = f"socsim-{uuid.uuid4().hex}"
        numbered = {f"{name}-{number}": call for number, call in enumerate(calls)}
        futures = {number: call.future for number, call in numbered.items()}
        try:
            keys = tuple((number, call.request.digest(), call.seed) for number, call in numbered.items())
            self._ledger.put_batch_intent(OpenBatch(name, keys))
            job = BatchJob(name, tuple((number, call.request, call.seed) for number, call in numbered.items()))
            job_id = await self._send(job)
            self._ledger.set_batch_id(name, job_id)
            replies = await self._await_job(job_id, list(numbered))
        except Exception as error:
            _settle_all(futures, error)
            return
        self._left[name] = len(calls)
        for number, call in numbered.items():
            call.job = name
            if not call.future.done():
                call.future.set_result(replies[number])

    async def _send(self, job: BatchJob) -> str:
        """Send a job once: where it is not known whether it arrived, the provider is asked."""
        try:
            return await self._door.send(job)
        except InferenceError as error:
            if not error.transient:
                self._ledger.close_batch(job.name, f"refused: {error}")
                raise
        found = await _patiently(lambda: self._door.find(job.name), self._poll_s)
        if found is None:
            self._ledger.close_batch(job.name, "never sent")
            raise Unavailable("the batch job could not be sent")
        return found

    async def _await_job(self, job_id: str, numbers: Sequence[str]) -> dict[str, Reply]:
        """What came of each call of a job, by its number."""
        while True:
            state = await _patiently(lambda: self._door.state(job_id), self._poll_s)
            if state.status != "running":
                break
            await asyncio.sleep(self._poll_s)
        found: dict[str, Reply] = {}
        if state.status == "done":
            found = dict(await _patiently(lambda: self._door.replies(job_id), self._poll_s))
        detail = f": {state.detail}" if state.detail else ""
        missing = Unavailable(f"the provider's batch job {job_id} ended without a reply to this call{detail}")
        return {number: found.get(number, missing) for number in numbers}


class _NotSent(InferenceError):
    """A job of an earlier process never reached the provider; its calls are asked anew."""


def _settle_all(futures: dict[str, asyncio.Future[Reply]], error: Exception) -> None:
    for future in futures.values():
        if not future.done():
            future.set_exception(error)
            future.exception()  # whoever waits gets it; where nobody does, it is not reported as forgotten


async def _patiently(ask: Callable[[], Awaitable[T]], wait_s: float) -> T:
    """Ask the provider until it answers; a job may take a day, and an outage in between is no reason to lose it."""
    while True:
        try:
            return await ask()
        except InferenceError as error:
            if not error.transient:
                raise
        await asyncio.sleep(wait_s)
