"""Recorded calls for other programs: whole calls as JSON lines or Parquet, and prompts for load tests of a server.

Everything is streamed, so a long record needs little memory; a file is there as a whole or not at all.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import chain, groupby, islice
from pathlib import Path
from typing import IO, Any

import orjson

from socsim.errors import RecordError
from socsim.inference.types import CallFailure, Request
from socsim.record.calls import PendingCall
from socsim.record.store import RecordStore

__all__ = ["export_jsonl", "export_parquet", "export_requests"]

_ROWS_AT_ONCE = 2048


def export_jsonl(store: RecordStore, path: Path) -> int:
    """Write every call with its whole prompt as one line of JSON, in the order of recording.

    Returns:
        The number of calls.
    """
    return _write_lines(path, (_plain(call) for call in store.whole_calls(by_time=True)))


def export_requests(store: RecordStore, path: Path) -> int:
    """Write the texts asked for as a trace for load tests, in the order of recording, one JSON object a line.

    ``prompt`` (the whole prompt as one text) and ``output_tokens`` (as many as the reply had) are what the custom data set of
    ``vllm bench serve`` reads; ``messages`` is the prompt as an OpenAI chat body has it. Failed calls are left out.

    Returns:
        The number of requests.
    """
    return _write_lines(path, _requests(store.whole_calls(by_time=True)))


def export_parquet(store: RecordStore, path: Path) -> int:
    """Like `export_jsonl`, as a Parquet file; messages and sampling are JSON text.

    Returns:
        The number of calls.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"logprobs": pa.list_(pa.float64()), "token_ids": pa.list_(pa.int64()), "reused": pa.bool_()}
    types |= dict.fromkeys(("candidates", "terminators", "notes"), pa.list_(pa.string()))
    types |= dict.fromkeys(("prompt_tokens", "cached_tokens", "completion_tokens", "attempts"), pa.int64())
    types |= dict.fromkeys(("elapsed_s", "ttft_s"), pa.float64())
    count = 0
    calls = store.whole_calls(by_time=True)
    first = list(islice(calls, 1))
    columns = list(_plain(first[0])) if first else ["digest", "draw"]
    schema = pa.schema([(column, types.get(column, pa.string())) for column in columns])
    rows = (_flat(_plain(call)) for call in chain(first, calls))
    with _whole_file(path) as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
        while batch := list(islice(rows, _ROWS_AT_ONCE)):
            writer.write_table(pa.Table.from_pylist(batch, schema))
            count += len(batch)
    return count


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    return {name: orjson.dumps(value).decode() if name in ("messages", "sampling") else value for name, value in row.items()}


def _plain(call: PendingCall) -> dict[str, Any]:
    """A call as plain values."""
    request, outcome = call.request, call.outcome
    failed = isinstance(outcome, CallFailure)
    row: dict[str, Any] = {
        "digest": call.digest,
        "draw": call.draw,
        "kind": request.kind,
        "style": request.style,
        "model": request.model,
        "messages": _messages(request),
        "sampling": asdict(request.sampling) if request.sampling else None,
        "candidates": list(request.candidates),
        "terminators": list(request.terminators),
        "constraint": request.constraint,
        "adapter": request.adapter,
        "status": "failed" if failed else "ok",
        "failure": f"{outcome.kind}: {outcome.message}" if isinstance(outcome, CallFailure) else "",
    }
    names = ("text", "finish_reason", "logprobs", "token_ids", "notes")
    absent = ("", "", (), (), ())
    values = absent if isinstance(outcome, CallFailure) else [getattr(outcome, name) for name in names]
    row |= {name: list(value) if isinstance(value, tuple) else value for name, value in zip(names, values, strict=True)}
    usage = None if isinstance(outcome, CallFailure) else outcome.usage
    row |= {name: getattr(usage, name, 0) for name in ("prompt_tokens", "cached_tokens", "completion_tokens")}
    row |= {name: getattr(outcome, name, 0.0) for name in ("elapsed_s", "ttft_s")}
    return row | {"attempts": call.attempts, "reused": call.reused}


def _messages(request: Request) -> list[dict[str, str]]:
    """The prompt as chat messages: neighbouring segments of one role are one message."""
    return [
        {"role": role, "content": "".join(segment.text for segment in segments)}
        for role, segments in groupby(request.segments, key=lambda segment: segment.role)
    ]


def _requests(calls: Iterable[PendingCall]) -> Iterator[dict[str, Any]]:
    for call in calls:
        request, outcome = call.request, call.outcome
        if request.kind != "text" or isinstance(outcome, CallFailure):
            continue
        longest = request.sampling.max_tokens if request.sampling else 1
        yield {
            "prompt": "".join(segment.text for segment in request.segments),
            "output_tokens": outcome.usage.completion_tokens or longest,
            "messages": _messages(request),
        }


def _write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    with _whole_file(path) as file:
        for row in rows:
            file.write(_json(row) + b"\n")
            count += 1
    return count


def _json(row: dict[str, Any]) -> bytes:
    """As JSON; a text that is no valid Unicode (a lone surrogate in a reply) is written with escapes."""
    try:
        return orjson.dumps(row)
    except TypeError:
        import json

        return json.dumps(row).encode()


@contextlib.contextmanager
def _whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name when all of it is written."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            yield file
        beside.replace(path)
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error.strerror or error}. Check free space and permissions.") from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()
