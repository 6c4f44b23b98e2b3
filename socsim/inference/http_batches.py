"""The batch endpoint of a hosted API, as its own client offers it: files of requests in, files of replies out.

It knows how jobs travel; what a call looks like on the wire, and how a reply is read, it is told.
"""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from socsim.errors import BadReply, InferenceError, Unavailable
from socsim.inference.provider_batch import BatchJob, JobState, Reply
from socsim.inference.types import Completion, Request

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["HostedBatches", "Wire"]

_NAME = "socsim_job"
_ENDED = {"completed": "done", "expired": "done", "cancelled": "done", "failed": "failed"}
_LOOKED_THROUGH = 2000
"""Jobs of the provider that are looked through for a name, newest first."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wire:
    """How calls look on the wire of an endpoint.

    ``path`` is such as ``/v1/chat/completions``; ``body`` makes the JSON object of a request, ``read`` a completion from
    (status code, JSON object) of a reply or raises an `InferenceError`, ``error`` turns a client's error into one of ours,
    ``clean`` takes a key that the provider repeats out of bytes.
    """

    path: str
    body: Callable[[Request, int], Mapping[str, Any]]
    read: Callable[[Request, int, Mapping[str, Any]], Completion]
    error: Callable[[Exception], InferenceError]
    clean: Callable[[bytes], bytes]


class HostedBatches:
    """A `socsim.inference.provider_batch.BatchDoor` of a hosted API.

    Args:
        client: the provider's client, made anew for the running event loop where it has changed.
        wire: how calls look.
        window_h: completion window asked for, in hours.
    """

    def __init__(self, client: Callable[[], AsyncOpenAI], wire: Wire, window_h: int = 24) -> None:
        self._client = client
        self._wire = wire
        self._window = f"{window_h}h"

    async def send(self, job: BatchJob) -> str:
        """Upload the requests and start the job; its name travels as metadata.

        Raises:
            InferenceError: the provider refuses it, or it is not known whether it arrived.
        """
        lines = b"\n".join(
            orjson.dumps({"custom_id": number, "method": "POST", "url": self._wire.path, "body": self._wire.body(request, seed)})
            for number, request, seed in job.calls
        )
        client = self._client()
        file = await self._translated(client.files.create(file=(f"{job.name}.jsonl", io.BytesIO(lines)), purpose="batch"))
        made = await self._translated(
            client.batches.create(
                completion_window=self._window,  # type: ignore[arg-type]
                endpoint=self._wire.path,  # type: ignore[arg-type]
                input_file_id=file.id,
                metadata={_NAME: job.name},
            )
        )
        return str(made.id)

    async def find(self, name: str) -> str | None:
        """The job with this name among the provider's latest."""
        looked = 0
        async with self._translating():
            async for batch in self._client().batches.list(limit=100):
                if (batch.metadata or {}).get(_NAME) == name:
                    return str(batch.id)
                looked += 1
                if looked >= _LOOKED_THROUGH:
                    break
        return None

    async def state(self, job_id: str) -> JobState:
        """How a job stands. What an expired or cancelled one has answered counts."""
        batch = await self._translated(self._client().batches.retrieve(job_id))
        status = _ENDED.get(batch.status, "running")
        errors = (batch.errors.data if batch.errors else None) or []
        detail = "; ".join(str(error.message) for error in errors[:3])
        return JobState(status, detail or ("" if batch.status in ("completed", "in_progress") else batch.status))  # type: ignore[arg-type]

    async def replies(self, job_id: str) -> dict[str, Reply]:
        """What came of each call of a job."""
        batch = await self._translated(self._client().batches.retrieve(job_id))
        found: dict[str, Reply] = {}
        for file_id in (batch.error_file_id, batch.output_file_id):
            if file_id:
                content = await self._translated(self._client().files.content(file_id))
                found.update(_rows(self._wire.clean(content.content)))
        return found

    def read(self, request: Request, reply: Mapping[str, Any]) -> Completion:
        """A reply to a request, from its line in the file of replies."""
        try:
            if reply.get("error"):
                message = reply["error"].get("message") or reply["error"]
                raise Unavailable(f"the provider did not answer this call of a batch: {message}")
            response = reply["response"]
            return self._wire.read(request, int(response["status_code"]), response["body"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadReply(f"a reply of a batch is malformed: {error!r}") from error

    async def _translated(self, call: Awaitable[T]) -> T:
        async with self._translating():
            return await call

    @asynccontextmanager
    async def _translating(self) -> Any:
        try:
            yield
        except InferenceError:
            raise
        except Exception as error:
            raise self._wire.error(error) from error


def _rows(content: bytes) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Lines of a file by the numbers of their calls."""
    for line in content.splitlines():
        try:
            row = orjson.loads(line)
            yield str(row["custom_id"]), row
        except (orjson.JSONDecodeError, KeyError, TypeError):
            continue  # a line without a number belongs to no call; the call that it was for counts as unanswered
