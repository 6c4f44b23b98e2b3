"""How one model call is stored: request by reference, outcome exactly."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import orjson

from socsim.inference.types import CallFailure, Completion, Request, SamplingParams, Segment, TokenPiece, Usage
from socsim.record.packing import (
    pack_floats,
    pack_ids,
    pack_refs,
    pack_text,
    unpack_floats,
    unpack_ids,
    unpack_refs,
    unpack_text,
)
from socsim.record.segments import PartReader, PartWriter

__all__ = [
    "CALL_COLUMNS",
    "CallKey",
    "CallRow",
    "Outcome",
    "PendingCall",
    "call_row",
    "columns_of",
    "decode_outcome",
    "decode_request",
    "encode_call",
]

Outcome = Completion | CallFailure
CallKey = tuple[str, str]
"""(request digest, text of the draw key or "")."""

CALL_COLUMNS = (
    "digest", "draw", "frame", "segments", "failure", "text", "finish_reason", "logprobs", "candidate_ids",
    "token_ids", "pieces", "prompt_tokens", "completion_tokens", "cached_tokens", "elapsed_s", "attempts", "notes", "ttft_s",
    "reused",
)  # fmt: skip
"""Stored columns of a call, in order."""

_SINCE_VERSION_2 = {"notes": "NULL", "ttft_s": "NULL", "reused": "0"}

_ROLES = ("system", "user", "assistant")
_NUMBER_OF_ROLE = {role: number for number, role in enumerate(_ROLES)}
_SHORT_REPLY = 256
"""Replies of fewer bytes are not compressed: it saves a quarter of them, and takes as long as all else that is done to one."""


class PendingCall(NamedTuple):
    """A call on its way into the record."""

    request: Request
    digest: str
    draw: str
    outcome: Outcome
    attempts: int
    reused: bool = False
    """Whether it was taken from another record instead of being asked."""


class CallRow(NamedTuple):
    """A recorded call as a row of the table of calls. Times, tokens and attempts are telemetry, not results."""

    digest: str
    draw: str
    kind: str
    status: str
    text: str
    finish_reason: str
    logprobs: tuple[float, ...]
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    elapsed_s: float
    attempts: int
    failure: str
    notes: tuple[str, ...] = ()
    """How the engine did what it could not do as asked."""
    ttft_s: float = 0.0
    reused: bool = False
    """Taken from another record; times, tokens and attempts are what it took there."""


def columns_of(version: str) -> str:
    """The stored columns as a record of a schema version has them, for a SELECT; what it lacks is NULL or nothing."""
    absent = _SINCE_VERSION_2 if version == "1" else {}
    return ", ".join(f"{absent[column]} AS {column}" if column in absent else column for column in CALL_COLUMNS)


def _frame(request: Request) -> str:
    """What is left of a request without its segments, as JSON text."""
    s = request.sampling
    sampling = s and (s.temperature, s.top_p, s.top_k, s.min_p, s.repetition_penalty, s.max_tokens, s.stop)
    whole = (request.kind, request.style, request.model, sampling, request.candidates, request.terminators)
    extras = request.extras()
    return orjson.dumps((*whole, extras) if extras else whole).decode()


def encode_call(call: PendingCall, parts: PartWriter) -> tuple[Any, ...]:
    """The call as stored, in the order of `CALL_COLUMNS`; its parts are stored on the way."""
    request, outcome = call.request, call.outcome
    segments = pack_refs([parts.text(s.text) * len(_ROLES) + _NUMBER_OF_ROLE[s.role] for s in request.segments])
    head = (bytes.fromhex(call.digest), call.draw, parts.text(_frame(request)), segments)
    if isinstance(outcome, CallFailure):
        failure = orjson.dumps((outcome.kind, outcome.message, outcome.attempts)).decode()
        return (*head, failure, *(None,) * 10, call.attempts, None, None, int(call.reused))
    known = [segment.text for segment in request.segments]
    ids = outcome.candidate_ids
    return (
        *head,
        None,
        pack_text(outcome.text, _SHORT_REPLY),
        outcome.finish_reason,
        pack_floats(outcome.logprobs),
        parts.text(orjson.dumps(ids).decode()) if ids else None,
        pack_ids(outcome.token_ids),
        pack_refs([parts.piece(piece, known) for piece in outcome.pieces]),
        outcome.usage.prompt_tokens,
        outcome.usage.completion_tokens,
        outcome.usage.cached_tokens,
        outcome.elapsed_s,
        call.attempts,
        orjson.dumps(outcome.notes).decode() if outcome.notes else None,
        outcome.ttft_s or None,
        int(call.reused),
    )


@functools.lru_cache(maxsize=4096)
def _candidate_ids(text: str) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(ids) for ids in orjson.loads(text))


def decode_outcome(row: tuple[Any, ...], parts: PartReader) -> Outcome:
    """The outcome from a stored call, equal to what was put in, bit for bit."""
    failure = row[4]
    if failure is not None:
        return CallFailure(*orjson.loads(failure))
    text, finish_reason, logprobs, candidate_ids, token_ids, pieces = row[5:11]
    return Completion(
        text=unpack_text(text),
        finish_reason=finish_reason,
        logprobs=unpack_floats(logprobs),
        candidate_ids=() if candidate_ids is None else _candidate_ids(parts.text(candidate_ids)),
        token_ids=unpack_ids(token_ids),
        pieces=_pieces(pieces, parts.piece),
        usage=Usage(prompt_tokens=row[11], completion_tokens=row[12], cached_tokens=row[13]),
        elapsed_s=row[14],
        notes=() if row[16] is None else tuple(orjson.loads(row[16])),
        ttft_s=row[17] or 0.0,
    )


def call_row(row: tuple[Any, ...], parts: PartReader) -> CallRow:
    """A stored call as a row of the table of calls."""
    outcome, kind = decode_outcome(row, parts), orjson.loads(parts.text(row[2]))[0]
    telemetry = {
        "prompt_tokens": row[11] or 0,
        "cached_tokens": row[13] or 0,
        "completion_tokens": row[12] or 0,
        "elapsed_s": row[14] or 0.0,
        "attempts": row[15],
        "ttft_s": row[17] or 0.0,
        "reused": bool(row[18]),
    }
    head = (row[0].hex(), row[1], kind)
    if isinstance(outcome, CallFailure):
        return CallRow(*head, "failed", "", "", (), failure=f"{outcome.kind}: {outcome.message}", **telemetry)
    said = (outcome.text, outcome.finish_reason, outcome.logprobs)
    return CallRow(*head, "ok", *said, failure="", notes=outcome.notes, **telemetry)


def _pieces(stored: bytes, find: Callable[[int], TokenPiece]) -> tuple[TokenPiece, ...]:
    return tuple(find(number) for number in unpack_refs(stored))


def decode_request(row: tuple[Any, ...], parts: PartReader) -> Request:
    """The request of a stored call."""
    kind, style, model, sampling, candidates, terminators, *extras = orjson.loads(parts.text(row[2]))
    segments = []
    for ref in unpack_refs(row[3]):
        number, role = divmod(ref, len(_ROLES))
        segments.append(Segment(_ROLES[role], parts.text(number)))  # type: ignore[arg-type]
    return Request(
        kind=kind,
        segments=tuple(segments),
        style=style,
        sampling=None if sampling is None else _sampling(*sampling),
        candidates=tuple(candidates),
        terminators=tuple(terminators),
        model=model,
        **(extras[0] if extras else {}),
    )


def _sampling(*stored: Any) -> SamplingParams:
    *numbers, stop = stored
    return replace(SamplingParams(*numbers), stop=tuple(stop))
