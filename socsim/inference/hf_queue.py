"""Jobs that wait for one thread, which takes as many alike as there are at a time. Knows nothing of models."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from socsim.errors import Unavailable

__all__ = ["Job", "JobQueue"]


@dataclass(slots=True, eq=False)
class Job:
    """Something to be worked on. Jobs with equal ``kind`` may be worked on together."""

    kind: tuple[str, ...]
    content: Any
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    size: int = 1
    given_up: threading.Event = field(default_factory=threading.Event)


class JobQueue:
    """One thread, and jobs in front of it.

    Args:
        work: called in the thread with jobs of one kind; returns a result or an exception for each.
        most: sizes of the jobs taken together add up to at most this, unless a single one is larger.
    """

    def __init__(self, work: Callable[[Sequence[Job]], Sequence[Any]], most: int) -> None:
        self._work = work
        self._most = most
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._serve, name="socsim-model", daemon=True)
        self._thread.start()

    async def submit(self, kind: tuple[str, ...], content: Any, size: int = 1) -> Any:
        """The result of a job; giving up the wait gives up the job.

        Raises:
            Unavailable: the queue is closed.
        """
        loop = asyncio.get_running_loop()
        job = Job(kind, content, loop, loop.create_future(), size)
        with self._changed:
            if self._closing:
                raise Unavailable("the engine is closed")
            self._waiting.append(job)
            self._changed.notify()
        try:
            return await job.future
        except asyncio.CancelledError:
            job.given_up.set()
            raise

    def close(self) -> None:
        """End the thread after what it works on; who still waits is told."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting) or self._closing)
                if self._closing:
                    left = list(self._waiting)
                    self._waiting.clear()
                    break
                jobs = self._take()
            if jobs:
                self._carry_out(jobs)
        for job in left:
            self._tell(job, Unavailable("the engine is closed"))

    def _take(self) -> list[Job]:
        """The first job, and those of its kind behind it that fit beside it."""
        jobs: list[Job] = []
        kept: deque[Job] = deque()
        size = 0
        while self._waiting:
            job = self._waiting.popleft()
            if job.given_up.is_set():
                continue
            if not jobs or (job.kind == jobs[0].kind and size + job.size <= self._most):
                jobs.append(job)
                size += job.size
            else:
                kept.append(job)
        self._waiting = kept
        return jobs

    def _carry_out(self, jobs: Sequence[Job]) -> None:
        try:
            results = self._work(jobs)
        except Exception as error:  # a failed batch is everybody's failure, and must reach them
            results = [error] * len(jobs)
        for job, result in zip(jobs, results, strict=True):
            self._tell(job, result)

    @staticmethod
    def _tell(job: Job, result: Any) -> None:
        def settle() -> None:
            if job.future.done():
                return
            if isinstance(result, BaseException):
                job.future.set_exception(result)
            else:
                job.future.set_result(result)

        if not job.loop.is_closed():
            try:
                job.loop.call_soon_threadsafe(settle)
            except RuntimeError:
                return  # the loop has been closed just now, and nobody waits any more
