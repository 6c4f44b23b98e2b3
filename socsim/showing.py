"""A recorded event as text for a reader: every call with its exact prompt and reply, and what was made of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from socsim.errors import RecordError
from socsim.events import ActionRow, EventRow, MessageRow, ResponseRow
from socsim.inference.types import CallFailure, Completion, Request, Segment
from socsim.inference.vectors import unpack_vector
from socsim.record.rows import EventKey, event_key
from socsim.record.store import RecordStore

__all__ = ["show_event", "show_request"]

_CONTROL = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]")


def show_event(store: RecordStore, event: EventRow, *, tokens: bool = False) -> str:
    """What an agent remembered at its turn, all calls in program order, then all that came of them.

    Text of prompts, replies and memories is printed indented by two blanks and otherwise as it is, except that control characters
    are written as escapes (``\\x1b``), so that no reply can steer the reader's terminal.

    Args:
        store: the record that holds the event.
        event: which one.
        tokens: also print token ids, prompt pieces one by one.

    Raises:
        RecordError: the record lacks one of its calls.
    """
    title = f"agent {event.agent}, step {event.step} ({event.phase}), arm {event.arm}, replicate {event.replicate}"
    title += f", turn {event.turn}" if event.turn else ""
    key = event_key(event)
    lines = [title, "=" * len(title), *_setting_lines(store, key)]
    for number, (path, digest, draw) in enumerate(event.calls, start=1):
        lines += ["", f"call {number} of {len(event.calls)}: {path}", f"request {digest}, draw {draw or 'none (a score)'}"]
        lines += _call_lines(store, digest, draw, tokens=tokens)
    lines += ["", "what came of it", "---------------", *_result_lines(store, key)]
    return "\n".join(lines) + "\n"


def show_request(request: Request) -> str:
    """The prompt of a request, message by message, with the sampling or the candidates."""
    return "\n".join(_request_lines(request))


def _call_lines(store: RecordStore, digest: str, draw: str, *, tokens: bool) -> Iterator[str]:
    outcome = store.get(digest, draw)
    if outcome is None:
        raise RecordError(f"{store.path}: holds no call {digest} with draw {draw!r}.")
    request = store.load_request(digest)
    yield from _request_lines(request)
    if isinstance(outcome, CallFailure):
        yield f"failed: {outcome.kind} after {outcome.attempts} attempts: {outcome.message}"
        return
    if tokens:
        yield from _prompt_tokens(outcome)
    yield from _reply_lines(request, outcome, tokens=tokens)


def _request_lines(request: Request) -> Iterator[str]:
    for role, segments in groupby(request.segments, key=lambda segment: segment.role):
        yield f"[{role}]" if request.style == "chat" else "[plain text]"
        yield from _indented(_joined(list(segments)))
    if request.sampling is not None:
        s = request.sampling
        yield (
            f"sampling: temperature {s.temperature:g}, top_p {s.top_p:g}, top_k {s.top_k}, min_p {s.min_p:g}, "
            f"repetition_penalty {s.repetition_penalty:g}, max_tokens {s.max_tokens}, stop {list(s.stop)!r}"
        )


def _joined(segments: Sequence[Segment]) -> str:
    return "".join(segment.text for segment in segments)


def _prompt_tokens(completion: Completion) -> Iterator[str]:
    if not completion.pieces:
        yield "prompt tokens: not given by the engine"
        return
    yield f"prompt tokens: {sum(len(piece.ids) for piece in completion.pieces)}"
    for piece in completion.pieces:
        kind = "template" if piece.template else "text"
        yield f"  {kind} {piece.text!r}: {_ids(piece.ids)}"


def _reply_lines(request: Request, completion: Completion, *, tokens: bool) -> Iterator[str]:
    if request.kind == "score":
        yield "log-probabilities of the candidates:"
        ids = completion.candidate_ids if tokens and completion.candidate_ids else [None] * len(request.candidates)
        for candidate, logprob, tokens_of in zip(request.candidates, completion.logprobs, ids, strict=True):
            yield f"  {candidate!r}: {logprob!r}" + ("" if tokens_of is None else f"  tokens {_ids(tokens_of)}")
        if request.terminators:
            yield f"  each followed by one of {list(request.terminators)!r}"
        return
    if request.kind == "embed":
        yield f"vector of {len(unpack_vector(completion.text))} numbers"
        return
    yield f"reply (finish_reason {completion.finish_reason}):"
    yield from _indented(completion.text)
    if tokens:
        yield f"reply tokens: {_ids(completion.token_ids) if completion.token_ids else 'not given by the engine'}"


def _setting_lines(store: RecordStore, key: EventKey) -> Iterator[str]:
    """Under what the turn was taken, and what the agent remembered then; nothing where there is neither."""
    for trial in store.rows_of("trials", key):
        yield f"{_escaped(trial.name)}: {_escaped(trial.level)}"
    recalled = store.rows_of("recalled", key)
    if recalled:
        yield from ("", "what it remembered", "------------------")
    for memory in recalled:
        yield f"{_escaped(memory.kind)}:"
        yield from _indented(memory.text)


def _result_lines(store: RecordStore, key: EventKey) -> Iterator[str]:
    for response in store.rows_of("responses", key):
        yield from _response_lines(response)
    for message in store.rows_of("messages", key):
        yield from _message_lines(message)
    for action in store.rows_of("actions", key):
        yield _action_line(action)
    for exposure in store.rows_of("exposures", key):
        yield f"exposure: {exposure.potential} there to see, {exposure.shown} shown, {exposure.engaged} reacted to"
    for number in store.rows_of("numbers", key):
        yield f"{_escaped(number.name)}: {number.value!r}"
    for change in store.rows_of("tie_changes", key):
        yield f"tie: reader {change.reader}, {_escaped(change.kind)}, author {change.author} ({_escaped(change.cause)})"


def _action_line(row: ActionRow) -> str:
    words = [f"action: {_escaped(row.kind)}"]
    words += [] if row.target is None else [f"to agent {row.target}"]
    words += [f"about {_escaped(row.about)}"] if row.about else []
    words += [] if row.amount is None else [f"amount {row.amount!r}"]
    return ", ".join(words) + ("" if row.status == "done" else ": the reply was no choice, nothing was done")


def _response_lines(row: ResponseRow) -> Iterator[str]:
    if row.status == "failed":
        yield f"answer to {row.item} ({row.method}): failed: {row.failure}"
        return
    numbers = f"value {row.value!r}, expected {row.expected!r}"
    yield f"answer to {row.item} ({row.method}): {row.option!r}, status {row.status}, {numbers}"
    if row.probabilities:
        yield f"  probabilities {list(row.probabilities)!r}, drawn with u = {row.u!r}"
    for reading in row.readings:
        yield f"  reading {reading.order}, {reading.labels}: mass {reading.mass!r}, {list(reading.probabilities)!r}"
        repaired = (f"replies repaired: {reading.repaired}",) if reading.repaired else ()
        yield from (f"    {words}" for words in (*reading.how, *repaired))


def _message_lines(row: MessageRow) -> Iterator[str]:
    cut = ", cut off" if row.cut_off else ""
    yield f"message: status {row.status}{cut}" + (f": {row.failure}" if row.failure else "")
    yield from _indented(row.text)


def _indented(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        yield f"  {_escaped(line)}"


def _escaped(text: str) -> str:
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def _ids(ids: Sequence[int]) -> str:
    return " ".join(map(str, ids))
