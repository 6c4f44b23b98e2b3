"""Jobs alike go together, nobody is forgotten, and a failed batch is everybody's failure."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from socsim.errors import Unavailable
from socsim.inference.hf_queue import Job, JobQueue


class Worker:
    """Doubles numbers; waits at its gate before each batch."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.batches: list[list[Any]] = []

    def __call__(self, jobs: Sequence[Job]) -> Sequence[Any]:
        self.gate.wait(5.0)
        self.batches.append([job.content for job in jobs])
        if any(job.content == "bad" for job in jobs):
            raise ZeroDivisionError("bad")
        return [job.content * 2 if job.content != "odd" else ValueError("odd") for job in jobs]


def run(body: Any) -> Worker:
    worker = Worker()
    queue = JobQueue(worker, 4)
    try:
        asyncio.run(body(queue, worker))
    finally:
        worker.gate.set()
        queue.close()
    return worker


def test_jobs_of_one_kind_go_together_up_to_the_size_and_in_order() -> None:
    async def body(queue: JobQueue, worker: Worker) -> None:
        first = asyncio.ensure_future(queue.submit(("x",), 0))
        await asyncio.sleep(0.01)
        kinds = [("a",), ("b",), ("a",), ("a",), ("a",), ("a",), ("b",)]
        others = [asyncio.ensure_future(queue.submit(kind, n)) for n, kind in enumerate(kinds, start=1)]
        await asyncio.sleep(0)
        worker.gate.set()
        assert await asyncio.gather(first, *others) == [2 * n for n in range(8)]

    assert run(body).batches == [[0], [1, 3, 4, 5], [2, 7], [6]]


def test_a_job_larger_than_a_batch_goes_alone() -> None:
    async def body(queue: JobQueue, worker: Worker) -> None:
        worker.gate.set()
        assert await queue.submit(("a",), 5, size=9) == 10

    run(body)


def test_errors_reach_those_they_belong_to() -> None:
    async def body(queue: JobQueue, worker: Worker) -> None:
        worker.gate.set()
        with pytest.raises(ValueError, match="odd"):
            await queue.submit(("a",), "odd")
        with pytest.raises(ZeroDivisionError):
            await queue.submit(("a",), "bad")
        assert await queue.submit(("a",), 1) == 2

    run(body)


def test_jobs_that_were_given_up_are_not_worked_on() -> None:
    async def body(queue: JobQueue, worker: Worker) -> None:
        first = asyncio.ensure_future(queue.submit(("x",), 0))
        await asyncio.sleep(0.01)
        gone = asyncio.ensure_future(queue.submit(("a",), 1))
        stays = asyncio.ensure_future(queue.submit(("a",), 2))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        worker.gate.set()
        assert await asyncio.gather(first, stays) == [0, 4]

    assert run(body).batches == [[0], [2]]


def test_closing_tells_who_waits_and_who_comes_later() -> None:
    async def body(queue: JobQueue, worker: Worker) -> None:
        first = asyncio.ensure_future(queue.submit(("x",), 1))
        await asyncio.sleep(0.01)
        waiting = asyncio.ensure_future(queue.submit(("a",), 2))
        await asyncio.sleep(0)
        closing = asyncio.get_running_loop().run_in_executor(None, queue.close)
        await asyncio.sleep(0.01)
        worker.gate.set()
        await closing
        assert await first == 2
        with pytest.raises(Unavailable, match="closed"):
            await waiting
        with pytest.raises(Unavailable, match="closed"):
            await queue.submit(("a",), 3)

    run(body)
