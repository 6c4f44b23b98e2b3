"""How one model call is stored: request by reference, outcome exactly."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

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

__all__ = ["CALL_COLUMNS", "CallRow", "Outcome", "PendingCall", "decode_outcome", "decode_request", "encode_call"]

Outcome = Completion | CallFailure

CALL_COLUMNS = (
    "digest", "draw", "frame", "segments", "failure", "text", "finish_reason", "logprobs", "candidate_ids",
    "token_ids", "pieces", "prompt_tokens", "completion_tokens", "cached_tokens", "elapsed_s", "attempts",
)  # fmt: skip
"""Stored columns of a call, in order."""

_ROLES = ("system", "user", "assistant")


@dataclass(frozen=True, slots=True)
class PendingCall:
    """A call on its way into the record."""

    request: Request
    digest: str
    draw: str
    outcome: Outcome
    attempts: int


@dataclass(frozen=True, slots=True)
class CallRow:
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
    segments = pack_refs(parts.text(s.text) * len(_ROLES) + _ROLES.index(s.role) for s in request.segments)
    head = (bytes.fromhex(call.digest), call.draw, parts.text(_frame(request)), segments)
    if isinstance(outcome, CallFailure):
        failure = orjson.dumps((outcome.kind, outcome.message, outcome.attempts)).decode()
        return (*head, failure, *(None,) * 10, call.attempts)
    known = [segment.text for segment in request.segments]
    ids = outcome.candidate_ids
    return (
        *head,
        None,
        pack_text(outcome.text),
        outcome.finish_reason,
        pack_floats(outcome.logprobs),
        parts.text(orjson.dumps(ids).decode()) if ids else None,
        pack_ids(outcome.token_ids),
        pack_refs(parts.piece(piece, known) for piece in outcome.pieces),
        outcome.usage.prompt_tokens,
        outcome.usage.completion_tokens,
        outcome.usage.cached_tokens,
        outcome.elapsed_s,
        call.attempts,
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
    )


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
